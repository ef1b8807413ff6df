from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from vivavoce.providers.base import ProviderError
from vivavoce.runtime.clock import run
from vivavoce.runtime.supervise import Guarded, Scope


def test_a_scope_ends_its_tasks_and_names_those_that_hang() -> None:
    async def deaf() -> None:
        for _ in range(2):
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(10)

    async def good() -> None:
        await asyncio.sleep(1000)

    async def main() -> None:
        scope = Scope(lambda error: None)
        scope.spawn(deaf(), "deaf")
        scope.spawn(good(), "good")
        await asyncio.sleep(1)
        assert await scope.close(2.0) == ["deaf"]
        assert len(scope) == 1
        assert await scope.close(20.0) == []

    run(main(), realtime=False)


def test_a_closed_scope_lets_nothing_begin() -> None:
    begun: list[int] = []

    async def late() -> None:
        await asyncio.sleep(0)
        begun.append(1)

    async def main() -> None:
        scope = Scope(lambda error: None)
        assert await scope.close(1.0) == []
        task = scope.spawn(late(), "late")
        await asyncio.wait([task])
        assert task.cancelled()

    run(main(), realtime=False)
    assert begun == []


def test_a_crash_is_told() -> None:
    crashes: list[BaseException] = []

    async def bad() -> None:
        raise KeyError("bug")

    async def main() -> None:
        scope = Scope(crashes.append)
        scope.spawn(bad(), "bad")
        await asyncio.sleep(0.1)
        assert len(scope) == 0

    run(main(), realtime=False)
    assert [type(c) for c in crashes] == [KeyError]


class Source:
    """Yields 1, 2, then raises `error`, if any; `on_close` likewise."""

    def __init__(self, error: Exception | None = None, on_close: Exception | None = None) -> None:
        self.error = error
        self.on_close = on_close
        self.closed = 0

    async def make(self) -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
            if self.error is not None:
                raise self.error
        finally:
            self.closed += 1
            if self.on_close is not None:
                raise self.on_close


async def collect(source: Source, stop_after: int = 9) -> list[int]:
    seen = []
    async with Guarded(source.make) as numbers:
        async for number in numbers:
            seen.append(number)
            if len(seen) == stop_after:
                break
    return seen


def test_a_guarded_iterator_passes_things_on_and_is_closed() -> None:
    whole, left_early = Source(), Source()
    assert run(collect(whole), realtime=False) == [1, 2]
    assert run(collect(left_early, 1), realtime=False) == [1]
    assert (whole.closed, left_early.closed) == (1, 1)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (Source(ProviderError("refused", "no")), "refused"),
        (Source(ValueError("odd")), "died"),
        (Source(on_close=OSError("gone")), "died"),
    ],
)
def test_whatever_a_provider_raises_becomes_a_provider_error(source: Source, code: str) -> None:
    with pytest.raises(ProviderError) as caught:
        run(collect(source), realtime=False)
    assert caught.value.code == code


def test_a_provider_that_raises_at_once_or_has_no_close_is_guarded_too() -> None:
    class Plain:
        def __aiter__(self) -> Plain:
            return self

        async def __anext__(self) -> int:
            raise StopAsyncIteration

    def refuse() -> AsyncIterator[int]:
        raise RuntimeError("not today")

    async def main() -> None:
        async with Guarded(Plain) as numbers:
            assert [n async for n in numbers] == []
        with pytest.raises(ProviderError, match="not today"):
            async with Guarded(refuse):
                raise AssertionError

    run(main(), realtime=False)


def test_what_is_of_another_kind_fails() -> None:
    async def main() -> None:
        async with Guarded(Source().make, int | str) as numbers:
            assert [n async for n in numbers] == [1, 2]
        async with Guarded(Source().make, str | bytes) as words:
            await anext(words)

    with pytest.raises(ProviderError, match="it gave int, not str or bytes") as caught:
        run(main(), realtime=False)
    assert caught.value.code == "bad_output"


def test_our_own_errors_pass_a_guard_unchanged() -> None:
    async def main() -> None:
        async with Guarded(Source().make) as numbers:
            async for _ in numbers:
                raise LookupError("ours")

    with pytest.raises(LookupError):
        run(main(), realtime=False)
