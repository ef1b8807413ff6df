"""Warm connections to one vendor. A line is used by one speech at a time, and kept for the next one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

C = TypeVar("C")
R = TypeVar("R")

SPARE = 4
"""Idle lines kept of one kind."""
IDLE_S = 60.0
"""Vendors hang up after minutes; and an open line may count against an account's limit."""
SILENT_S = 2.0
"""A line given up after so long a silence is not trusted with another speech."""
_HANG_UP_S = 2.0


@dataclass(eq=False)
class Line(Generic[C]):
    """One connection. Read with `hear`, so that its last sign of life is known."""

    connection: C
    kind: Hashable
    _held: AbstractAsyncContextManager[C]
    uses: int = 0
    heard: float = 0.0
    """When something came last, or was asked for; time of the loop."""
    hushed: bool = False
    """It was told to be silent, and has not confirmed it yet."""
    expiry: asyncio.TimerHandle | None = field(default=None, repr=False)

    async def hear(self, message: Awaitable[R]) -> R:
        got = await message
        self.heard = asyncio.get_running_loop().time()
        return got


Say = Callable[[Line[C]], Awaitable[None]]


class Lines(Generic[C]):
    """`connect(kind)` opens a connection; kinds do not stand in for each other. `uses`: a line is given up after them.

    A warm line that turns out to be broken when it is asked is replaced.
    """

    def __init__(
        self, connect: Callable[[Any], AbstractAsyncContextManager[C]], uses: int = 1_000_000, idle_s: float = IDLE_S
    ) -> None:
        self._connect = connect
        self._uses = uses
        self._idle_s = idle_s
        self._idle: dict[Hashable, list[Line[C]]] = {}
        self._hanging_up: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def line(self, kind: Hashable, ask: Say[C], hush: Say[C]) -> AsyncIterator[Line[C]]:
        """A line that was asked by `ask`. Left by cancellation, `hush` is said; left by an error, it is hung up."""
        line = await self._asked(kind, ask)
        try:
            yield line
        except (asyncio.CancelledError, GeneratorExit):
            await self._interrupt(line, hush)
            raise
        except BaseException:
            self._drop(line)
            raise
        self._keep(line)

    async def close(self) -> None:
        """Hang up what is idle, and wait until all is hung up."""
        for line in [line for lines in self._idle.values() for line in lines]:
            self._drop(line)
        self._idle.clear()
        if self._hanging_up:
            _, late = await asyncio.wait(set(self._hanging_up), timeout=_HANG_UP_S)
            for task in late:
                task.cancel()

    async def _asked(self, kind: Hashable, ask: Say[C]) -> Line[C]:
        warm = self._idle.get(kind, [])
        while warm:
            line = warm.pop()
            try:
                await self._ask(line, ask)
            except Exception:
                self._drop(line)
            except BaseException:
                self._drop(line)
                raise
            else:
                return line
        held = self._connect(kind)
        line = Line(await held.__aenter__(), kind, held)
        try:
            await self._ask(line, ask)
        except BaseException:
            self._drop(line)
            raise
        return line

    async def _ask(self, line: Line[C], ask: Say[C]) -> None:
        if line.expiry is not None:
            line.expiry.cancel()
        line.uses += 1
        line.heard = asyncio.get_running_loop().time()
        await ask(line)

    async def _interrupt(self, line: Line[C], hush: Say[C]) -> None:
        silent_s = asyncio.get_running_loop().time() - line.heard
        try:
            async with asyncio.timeout(_HANG_UP_S):
                await hush(line)
        except Exception:
            self._drop(line)
        else:
            self._keep(line) if silent_s < SILENT_S else self._drop(line)

    def _keep(self, line: Line[C]) -> None:
        idle = self._idle.setdefault(line.kind, [])
        if line.uses >= self._uses or len(idle) >= SPARE:
            self._drop(line)
            return
        idle.append(line)
        line.expiry = asyncio.get_running_loop().call_later(self._idle_s, self._expire, line)

    def _expire(self, line: Line[C]) -> None:
        self._idle[line.kind].remove(line)
        self._drop(line)

    def _drop(self, line: Line[C]) -> None:
        if line.expiry is not None:
            line.expiry.cancel()
        task = asyncio.get_running_loop().create_task(self._hang_up(line))
        self._hanging_up.add(task)
        task.add_done_callback(self._hanging_up.discard)

    async def _hang_up(self, line: Line[C]) -> None:
        with suppress(Exception):
            await line._held.__aexit__(None, None, None)
