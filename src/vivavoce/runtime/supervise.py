"""Scopes that no task outlives, and provider iterators that fail in one known way only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, TypeVar, get_args

from ..providers.base import ProviderError

T = TypeVar("T")


class Scope:
    """The tasks of one session. A task that crashes is told to `crashed`; closing ends them all."""

    def __init__(self, crashed: Callable[[BaseException], None]) -> None:
        self._crashed = crashed
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, main: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start a task that ends with the scope."""
        task = asyncio.get_running_loop().create_task(main, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        if self._closed:
            task.cancel()
        return task

    async def close(self, within_s: float) -> list[str]:
        """Cancel every task and wait for them; the names of those which did not end in time."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=within_s)
        return sorted(task.get_name() for task in self._tasks)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._crashed(error)


class Guarded(Generic[T]):
    """Iterates over what a provider makes; whatever it raises becomes `ProviderError`. Closes the iterator on leaving.

    `make` is called on entering. What is no `kind`, a type or a union of them, fails too.
    """

    def __init__(self, make: Callable[[], AsyncIterator[T]], kind: Any = object) -> None:
        self._make = make
        self._kind = kind
        self._made: AsyncIterator[T] | None = None

    async def __aenter__(self) -> Guarded[T]:
        try:
            self._made = self._make()
        except Exception as error:
            raise as_provider_error(error) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        close = getattr(self._made, "aclose", None)
        if close is None:
            return
        try:
            await close()
        except Exception as failure:
            raise as_provider_error(failure) from failure

    def __aiter__(self) -> Guarded[T]:
        return self

    async def __anext__(self) -> T:
        assert self._made is not None
        try:
            made = await anext(self._made)
        except StopAsyncIteration:
            raise
        except Exception as error:
            raise as_provider_error(error) from error
        if not isinstance(made, self._kind):
            kinds = " or ".join(kind.__name__ for kind in get_args(self._kind) or (self._kind,))
            raise ProviderError("bad_output", f"it gave {type(made).__name__}, not {kinds}")
        return made


def as_provider_error(error: Exception) -> ProviderError:
    """What a provider raised, as the one error it may raise: code `died` unless it said better."""
    if isinstance(error, ProviderError):
        return error
    return ProviderError("died", f"{type(error).__name__}: {error}"[:300])
