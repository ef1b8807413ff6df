"""User code, away from the audio: tools and callbacks run on a thread with an event loop of their own.

Asynchronous functions run on that loop, synchronous ones on a few threads. Blocking any of them for seconds delays no
frame of audio. All threads are daemons: code that never returns cannot keep the program from ending.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from ..core.commands import Report, Role, Why
from ..core.events import ProviderFailed, ToolDone, ToolSpec
from ..core.notices import Notice
from ..providers.base import Post, Tool
from .clock import busy


@dataclass(frozen=True, slots=True)
class CallBegan:
    """The first thing that callbacks hear of a call."""


@dataclass(frozen=True, slots=True)
class CallOver:
    """The last thing that callbacks hear of a call."""

    reason: str
    duration_ms: int


Happening = Notice | Report | CallBegan | CallOver
OnNotice = Callable[[int, Happening, Why], object]
"""Gets the session ms, what happened and why. May be a coroutine function."""

MAX_CALLS = 64
"""Tool calls of one session at the same time."""
_MAX_THREADS = 8
_MAX_NOTICES = 4096
_MAX_OUTPUT = 100_000
"""Characters of a result; longer ones are cut, and say so."""


@dataclass(frozen=True, slots=True)
class ToolCode:
    """A tool: what the model is told of it, what the core must know, and the function, called with the arguments by
    name. It returns text, or something that becomes JSON. A tool that the caller's client runs has no function."""

    tool: Tool
    spec: ToolSpec
    function: Callable[..., Any] | None = None


class Tools:
    """The user code of one session. Everything is called from the session's loop and returns at once.

    Each `run` is answered by exactly one `ToolDone`, unless the session closes first. The thread starts with the first
    use.
    """

    def __init__(self, tools: Iterable[ToolCode], on_notice: Sequence[OnNotice], post: Post) -> None:
        self._tools: dict[str, ToolCode] = {}
        self.declare(tools)
        self._on_notice = on_notice
        self._post = post
        self._running: set[str] = set()
        self._notices: deque[tuple[int, Happening, Why]] = deque()
        self._behind = False
        self._home: asyncio.AbstractEventLoop | None = None
        self._gone: asyncio.Future[None] | None = None
        self._away: _Away | None = None

    def declare(self, tools: Iterable[ToolCode]) -> None:
        """From now on these can be run."""
        self._tools = {t.tool.name: t for t in tools if t.function is not None}

    def run(self, call: str, name: str, arguments: str) -> None:
        """Run a tool with a JSON object of arguments."""
        tool = self._tools.get(name)
        if tool is None or tool.function is None:
            known = ", ".join(sorted(self._tools)) or "none"
            self._post(ToolDone(call, f"there is no tool {name!r}; there are: {known}", ok=False))
            return
        try:
            given = msgspec.json.decode(arguments or "{}", type=dict[str, Any])
        except msgspec.MsgspecError as error:
            self._post(ToolDone(call, f"the arguments are no JSON object: {error}", ok=False))
            return
        if len(self._running) >= MAX_CALLS:
            self._post(ProviderFailed(Role.TOOL, "overflow", f"{MAX_CALLS} tool calls are running"))
            self._post(ToolDone(call, "too many tools are running", ok=False))
            return
        self._running.add(call)
        busy(1)
        away = self._start()
        away.send(away.begin, call, tool.function, given)

    def cancel(self, call: str) -> None:
        """Stop a call if that is possible: a synchronous function runs on, and its result is dropped."""
        if self._away is not None and call in self._running:
            self._away.send(self._away.cancel, call)

    def notify(self, now: int, notice: Happening, why: Why) -> None:
        """Tell the callbacks, in order."""
        if not self._on_notice:
            return
        if len(self._notices) >= _MAX_NOTICES:
            if not self._behind:
                self._behind = True
                self._post(ProviderFailed(Role.TOOL, "overflow", f"callbacks are {_MAX_NOTICES} notices behind"))
            return
        self._behind = False
        self._notices.append((now, notice, why))
        away = self._start()
        away.send(away.tell)

    async def close(self, within_s: float) -> list[str]:
        """Cancel what runs and end the thread; names what could not be ended in time."""
        away, gone = self._away, self._gone
        if away is None or gone is None:
            return []
        busy(1)
        try:
            away.send(away.stop, within_s / 2)
            await asyncio.wait([gone], timeout=within_s)
        finally:
            busy(-1 - len(self._running))
            self._running.clear()
        if gone.done():
            away.join()
            return away.blocked()
        return away.blocked() or ["a callback or tool that blocks its event loop"]

    def _start(self) -> _Away:
        if self._away is None:
            self._home = asyncio.get_running_loop()
            self._gone = self._home.create_future()
            self._away = _Away(self._notices, self._on_notice, self._home, self._done, self._post, self._ended)
        return self._away

    def _done(self, call: str, output: str, ok: bool) -> None:
        if call in self._running:
            self._running.discard(call)
            busy(-1)
            self._post(ToolDone(call, output, ok))

    def _ended(self) -> None:
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)


class _Away:
    """The other thread. `send` is called from the session's thread, `join` and `blocked` after the end; the rest runs
    over there."""

    def __init__(
        self,
        notices: deque[tuple[int, Happening, Why]],
        on_notice: Sequence[OnNotice],
        home: asyncio.AbstractEventLoop,
        done: Callable[[str, str, bool], None],
        post: Post,
        ended: Callable[[], None],
    ) -> None:
        self._notices = notices
        self._on_notice = on_notice
        self._home = home
        self._done = done
        self._post = post
        self._ended = ended
        self._loop = asyncio.new_event_loop()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._in_threads: list[str] = []
        self._threads = asyncio.Semaphore(_MAX_THREADS)
        self._told = asyncio.Event()
        self._stopping = False
        self._serving: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._main, name="vivavoce-tools", daemon=True)
        self._thread.start()

    def send(self, function: Callable[..., object], *args: object) -> None:
        """Call something over there, soon."""
        self._loop.call_soon_threadsafe(function, *args)

    def join(self) -> None:
        self._thread.join()

    def blocked(self) -> list[str]:
        """Synchronous functions that have not returned."""
        return [f"tool {name}" for name in self._in_threads]

    def begin(self, call: str, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
        self._tasks[call] = self._loop.create_task(self._answer(call, function, arguments))

    def cancel(self, call: str) -> None:
        if call in self._tasks:
            self._tasks[call].cancel()

    def tell(self) -> None:
        self._told.set()

    def stop(self, within_s: float) -> None:
        """Tell the callbacks what they have not been told yet, if that takes no longer than this, and end."""
        self._stopping = True
        self._told.set()
        if self._serving is not None:
            self._loop.call_later(within_s, self._serving.cancel)

    def _main(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner, suppress(asyncio.CancelledError):
                runner.run(self._serve())
        finally:
            self._back(self._ended)

    def _back(self, function: Callable[..., object], *args: object) -> None:
        """Call something at home. Home may be gone by now: then nobody waits for it."""
        with suppress(RuntimeError):
            self._home.call_soon_threadsafe(function, *args)

    async def _serve(self) -> None:
        """Tell the callbacks what happened until the end, all of it; tools run beside it."""
        self._serving = asyncio.current_task()
        while True:
            await self._told.wait()
            self._told.clear()
            while self._notices:
                await self._tell(*self._notices.popleft())
            if self._stopping:
                return

    async def _tell(self, now: int, notice: Happening, why: Why) -> None:
        for callback in self._on_notice:
            try:
                result = callback(now, notice, why)
                if inspect.isawaitable(result):
                    await result
            except BaseException as error:
                if isinstance(error, asyncio.CancelledError):
                    raise
                detail = f"a callback failed on {type(notice).__name__}: {_short(error)}"
                self._back(self._post, ProviderFailed(Role.TOOL, "callback", detail))

    async def _answer(self, call: str, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
        try:
            if inspect.iscoroutinefunction(function):
                value = await function(**arguments)
            else:
                value = await self._in_thread(function, arguments)
                if inspect.isawaitable(value):
                    value = await value
            output, ok = _as_text(value), True
        except asyncio.CancelledError:
            output, ok = "cancelled", False
        except BaseException as error:
            output, ok = _short(error), False
        self._tasks.pop(call, None)
        self._back(self._done, call, output, ok)

    async def _in_thread(self, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        await self._threads.acquire()
        name = getattr(function, "__name__", "function")
        self._in_threads.append(name)
        outcome: asyncio.Future[tuple[Any, BaseException | None]] = self._loop.create_future()

        def settle(value: Any, error: BaseException | None) -> None:
            self._threads.release()
            if not outcome.done():
                outcome.set_result((value, error))

        def work() -> None:
            value, failure = None, None
            try:
                value = function(**arguments)
            except BaseException as error:
                failure = error
            self._in_threads.remove(name)
            with suppress(RuntimeError):
                # The loop is closed when the call was over before this function was.
                self._loop.call_soon_threadsafe(settle, value, failure)

        threading.Thread(target=work, name=f"vivavoce-tool-{name}", daemon=True).start()
        value, failure = await outcome
        if failure is not None:
            raise failure
        return value


def _as_text(value: Any) -> str:
    """A result as the model reads it."""
    if value is None:
        return "done"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _MAX_OUTPUT else f"{text[:_MAX_OUTPUT]} (cut: {len(text)} characters are too many)"


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]
