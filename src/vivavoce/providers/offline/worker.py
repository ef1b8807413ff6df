"""A supervised worker process: engines that hold the GIL, crash or hang do it over there.

The process is started with the interpreter's own executable and talks over pipes (`framing`). Requests are numbered
and every one is answered: by the worker, or by `Worker` when the process died (`died`), fell silent with work on its
hands (`timeout`), or was closed (`closed`). A process that dies is replaced, at most `STARTS` times a minute; requests
made meanwhile wait for the new one.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from ..base import Busy, ProviderError
from .framing import HELLO, Answer, Ask, pack, raw
from .process import Process

OnAnswer = Callable[[Answer], None]
"""Called from the event loop with each part and, exactly once, with a last one. Must not block or raise."""

STARTS = 6
"""Starts of the process in `STARTS_S` seconds after which requests fail at once with `died`."""
STARTS_S = 60.0
_LONGEST_PAUSE_S = 2.0
_GRACE_S = 0.05


class Worker:
    """One worker process running `module` with `args`, replaced when it fails. Not thread-safe: one event loop owns it.

    `silence_s`: the process is taken for hung when requests are open and it has said nothing for so long; it bounds
    one step of work, not the waiting in line. `start_s` bounds its start. `limit` bounds the open requests.
    """

    def __init__(
        self,
        module: str,
        *args: str,
        silence_s: float = 5.0,
        start_s: float = 30.0,
        limit: int = 2048,
        busy: Busy | None = None,
    ) -> None:
        self._module = module
        self._args = args
        self._silence_s = silence_s
        self._start_s = start_s
        self._limit = limit
        self._busy = busy
        self._process: Process | None = None
        self._starting: asyncio.Task[None] | None = None
        self._exits: set[asyncio.Task[None]] = set()
        self._starts: deque[float] = deque(maxlen=STARTS)
        self._failures = 0
        self._open: dict[int, _Open] = {}
        self._backlog: list[bytes] = []
        self._last_id = HELLO
        self._watch: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._why = ""
        self._closed = False
        self.generation = 0
        """Counts the processes lost: what one of them was told, the next does not know."""
        self.outstanding = 0
        """Requests sent and not yet answered, and processes being started or reaped: work outside the event loop."""

    @property
    def why(self) -> str:
        """Why the last process was lost, or could not be started."""
        return self._why

    @property
    def pid(self) -> int | None:
        """The process that serves requests now, if there is one."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Return when the worker is warm. Raises `ProviderError` if it cannot be started."""
        self._check()
        self._ensure()
        if self._starting:
            await asyncio.wait([self._starting])
        if self._process is None:
            raise ProviderError("closed" if self._closed else "died", self._why)

    def send(self, request: object, on: OnAnswer) -> int:
        """Put a request in the line; `on` gets the answers. Returns its id.

        Raises `ProviderError`: `overflow` when too many are open, `died` when the process keeps dying, `closed`.
        """
        self._check()
        if len(self._open) >= self._limit:
            raise ProviderError("overflow", f"{self._limit} requests wait for {self._module}")
        self._last_id += 1
        frame = pack(Ask(self._last_id, raw(request)))
        loop = asyncio.get_running_loop()
        self._open[self._last_id] = _Open(on, loop.time())
        self._count(1)
        if self._process:
            self._process.write(frame)
        else:
            self._backlog.append(frame)
            self._ensure()
        self._arm()
        return self._last_id

    def cancel(self, id: int) -> None:
        """Nobody wants the rest of that answer any more. The worker stops as soon as it sees this."""
        if (waiting := self._open.get(id)) is None:
            return
        waiting.on = _drop
        frame = pack(Ask(id))
        if self._process:
            self._process.write(frame)
        else:
            self._backlog.append(frame)

    async def ask(self, request: object) -> msgspec.Raw:
        """One request, one answer. Raises `ProviderError`."""
        async with aclosing(self.stream(request)) as parts:
            return [part async for part in parts][-1]

    async def stream(self, request: object) -> AsyncGenerator[msgspec.Raw, None]:
        """One request, its answer in parts. Raises `ProviderError`; closing the iterator cancels the request."""
        answers: asyncio.Queue[Answer] = asyncio.Queue()
        id = self.send(request, answers.put_nowait)
        try:
            while True:
                answer = await answers.get()
                if answer.code:
                    raise ProviderError(answer.code, answer.detail)
                yield answer.body
                if answer.last:
                    return
        finally:
            self.cancel(id)

    async def close(self) -> None:
        """Kill the process and wait until it is reaped; open requests get `closed`. Safe at any time, and twice."""
        self._closed = True
        if self._starting:
            self._starting.cancel()
        self._retire("closed", f"{self._module} was closed")
        if ending := [*self._exits, *([self._starting] if self._starting else [])]:
            await asyncio.wait(ending)
        self._starting = None

    def _check(self) -> None:
        if self._closed:
            raise ProviderError("closed", f"{self._module} was closed")
        if self._process is None and self._starting is None and self._worn_out():
            raise ProviderError("died", f"{STARTS} starts in {STARTS_S:.0f} s did not help: {self._why}")

    def _worn_out(self) -> bool:
        return len(self._starts) == STARTS and self._now() - self._starts[0] < STARTS_S

    def _ensure(self) -> None:
        if self._process is None and self._starting is None:
            self._starting = asyncio.get_running_loop().create_task(self._start())

    async def _start(self) -> None:
        """Bring up one process and hand it the backlog; a failure is told to every waiting request."""
        self._count(1)
        process = Process(self._on_frame, self._on_gone)
        try:
            if self._failures > 1:
                await asyncio.sleep(min(0.1 * 2**self._failures, _LONGEST_PAUSE_S))
            self._starts.append(self._now())
            async with asyncio.timeout(self._start_s):
                await process.spawn(*_command(self._module, *self._args), env=_environment())
                await process.hello
        except asyncio.CancelledError:
            await process.kill()
            raise
        except Exception as error:
            await process.kill()
            self._starting = None
            self._failures += 1
            self._retire("died", f"{self._module} did not start: {str(error) or 'no hello in time'}")
        else:
            self._process, self._starting = process, None
            self._heard_at = self._now()
            process.write(b"".join(self._backlog))
            self._backlog.clear()
            self._arm()
        finally:
            self._count(-1)

    def _on_frame(self, process: Process, frame: bytes) -> None:
        try:
            answer = msgspec.msgpack.decode(frame, type=Answer)
        except msgspec.DecodeError as error:
            process.lose(f"sent what cannot be read: {error}")
            return
        if answer.id == HELLO:
            process.greet()
        elif process is self._process:
            self._heard_at = self._now()
            self._settle(process, answer)

    def _settle(self, process: Process, answer: Answer) -> None:
        waiting = self._open.get(answer.id)
        if waiting is None:
            process.lose("answered what was not asked")
            return
        if answer.last:
            del self._open[answer.id]
            self._failures = 0
        waiting.on(answer)
        if answer.last:
            self._count(-1)

    def _on_gone(self, process: Process, why: str) -> None:
        if process is self._process:
            self._fail("died", f"{self._module} {why}")

    def _fail(self, code: str, detail: str) -> None:
        """The running process is of no use any more: tell whoever waits for it, and replace it."""
        self._failures += 1
        self._retire(code, detail)
        if not self._worn_out():
            self._ensure()

    def _retire(self, code: str, detail: str) -> None:
        """Kill the process, if any, and settle every open request. Requests made while settling wait for the next."""
        process, self._process = self._process, None
        if self._watch:
            self._watch.cancel()
            self._watch = None
        if process:
            self.generation += 1
            detail = process.explain(detail)
            task = asyncio.get_running_loop().create_task(self._reap(process))
            self._exits.add(task)
            task.add_done_callback(self._exits.discard)
        self._why = detail
        settled, self._open = self._open, {}
        self._backlog.clear()
        for id, waiting in settled.items():
            waiting.on(Answer(id, last=True, code=code, detail=detail))
        self._count(-len(settled))

    async def _reap(self, process: Process) -> None:
        self._count(1)
        try:
            await process.kill()
        finally:
            self._count(-1)

    def _arm(self) -> None:
        if self._watch is None and self._open and self._process:
            self._watch = asyncio.get_running_loop().call_at(self._due(), self._look, False)

    def _due(self) -> float:
        oldest = next(iter(self._open.values()))
        return max(self._heard_at, oldest.since) + self._silence_s

    def _look(self, again: bool) -> None:
        """Has it been silent for too long? Asked twice, lest a stall of our own loop be taken for one of theirs."""
        self._watch = None
        process = self._process
        if not self._open or process is None:
            return
        if self._now() < self._due():
            self._arm()
        elif not again:
            self._watch = asyncio.get_running_loop().call_later(_GRACE_S, self._look, True)
        else:
            self._fail("timeout", f"{self._module} was silent for {self._silence_s:g} s")

    def _count(self, by: int) -> None:
        self.outstanding += by
        if self._busy and by:
            self._busy(by)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


class _Open:
    """A request under way, and since when."""

    __slots__ = ("on", "since")

    def __init__(self, on: OnAnswer, since: float) -> None:
        self.on = on
        self.since = since


def _drop(answer: Answer) -> None:
    """The rest of a cancelled answer."""


def _command(*module_and_args: str) -> tuple[str, ...]:
    if not sys.executable:
        raise ProviderError("died", "there is no Python executable to start workers with")
    return (sys.executable, "-P", "-m", *module_and_args)


def _environment() -> dict[str, str]:
    """Ours, with our import path, so that the worker finds the same packages in the same order."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path)}
