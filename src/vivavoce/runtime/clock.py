"""Time: the session's milliseconds, and a loop whose time passes only where real work is waited for.

Nothing else in the package reads a clock. A call in real time and a call as fast as the machine allows differ only in
the loop they run on.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

from ..core.errors import Misuse

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_EARLY_MS = 0.001
"""Timers may fire this much early without being taken for the millisecond before."""


class Clock:
    """Whole milliseconds of the running loop's time since this object was made. Never falls."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()

    def now(self) -> int:
        """Session milliseconds, rounded down."""
        return int((self._loop.time() - self._start) * 1000 + _EARLY_MS)

    def at(self, ms: float) -> float:
        """The loop's time (seconds) at a session time."""
        return self._start + ms / 1000


_LOOK = 16
"""Turns of a loop on virtual time from one look at the world outside to the next."""


class WarpLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time. When nothing is ready it jumps to its next timer instead of waiting for it.

    While work goes on outside of it (`busy`), it waits for real, and virtual time passes as real time does: latencies
    of worker processes and threads stay honest. Without such work everything is deterministic and computing takes no
    time at all. With neither work nor timers it waits for file descriptors and threads as any loop does, and time
    stands still.
    """

    def __init__(self, start: float = 1_000.0) -> None:
        """`start`: the first reading of its clock, in seconds."""
        self._virtual = start
        self._outside = 0
        self._since = 0.0
        """Real time at which work outside began."""
        super().__init__(_WarpSelector(self))

    def time(self) -> float:
        """Virtual seconds."""
        if self._outside:
            return self._virtual + time.monotonic() - self._since
        return self._virtual

    def busy(self, by: int) -> None:
        """Count work outside the loop: +1 when it is sent out, -1 when its result is here. Raises Misuse below 0."""
        if self._outside + by < 0:
            raise Misuse(f"{-by} pieces of outside work ended, but only {self._outside} were under way")
        self._virtual = self.time()
        self._since = time.monotonic()
        self._outside += by

    def warp(self, timeout: float) -> bool:
        """Pass `timeout` seconds at once, unless they must be waited for."""
        if self._outside:
            return False
        self._virtual += timeout
        return True

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """As ever; counts as work outside until it is done."""
        self.busy(1)
        try:
            future = super().run_in_executor(executor, func, *args)
        except BaseException:
            self.busy(-1)
            raise
        future.add_done_callback(lambda _: self.busy(-1))
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        """As ever; its time limit is one of real time."""
        self.busy(1)
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self.busy(-1)


class _WarpSelector(selectors.BaseSelector):
    """The real selector, which does not wait where the loop can jump."""

    def __init__(self, loop: WarpLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()
        self._unlooked = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return self._real.select(timeout)
        # Without work outside nothing is due from there, and Ctrl-C may wait for a few turns of the loop.
        self._unlooked += 1
        if self._unlooked < _LOOK and self._loop.warp(max(0.0, timeout)):
            return []
        self._unlooked = 0
        if timeout <= 0:
            return self._real.select(timeout)
        ready = self._real.select(0)
        if ready or self._loop.warp(timeout):
            return ready
        return self._real.select(timeout)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


def busy(by: int) -> None:
    """Tell the running loop of work outside of it, if its time depends on that. For workers: see `WarpLoop.busy`."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, WarpLoop):
        loop.busy(by)


def run(main: Coroutine[Any, Any, T], realtime: bool = True) -> T:
    """Run a program on a loop of its own, in real time or as fast as the machine allows; like `asyncio.run`."""
    with asyncio.Runner(loop_factory=None if realtime else WarpLoop) as runner:
        return runner.run(main)
