"""One call: one inbox, one consumer, one timer around the conversation, and the scope that everything else lives in."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ..audio.pcm import AudioError, Pcm
from ..core.commands import EndCall, Report, Role, Tell, Why
from ..core.conversation import Conversation
from ..core.errors import Misuse
from ..core.events import CallEnded, CallStarted, EnginesChanged, Event, ProviderFailed, Tick, Used
from ..core.notices import ReplyRefused, UserTurned
from ..providers.base import ProviderError
from ..transports.base import AheadTransport, Attached, ObservingTransport, OpenAir, ReportingTransport, Transport
from .clock import Clock
from .echo import Echo
from .engines import AgentConfig, EngineError, Engines
from .execute import Executor
from .hear import Ears
from .inbox import Inbox
from .observe import Observer
from .playout import Playout
from .recogniser import Recogniser
from .supervise import Guarded, Scope, as_provider_error
from .tools import CallBegan, CallOver, OnNotice, Tools

_TURN_FRAMES, _TURN_S = 4, 0.02
"""Frames of the caller that may come in less time than that before everybody else has a turn."""
_TURN = 256
"""Events handled before everybody else has a turn."""
_MAX_REPORTS = 1000
_WATCHED = ("handled", "heard", "played", "spoken")


@dataclass(frozen=True, slots=True)
class Summary:
    """A call in numbers."""

    reason: str
    """Why it ended."""
    duration_ms: int
    turns: int
    """Turns of the caller that entered the history."""
    late_frames: int
    """Audio frames sent when the next one was due already."""
    underruns: int
    """How often a reply ran dry in its middle."""
    reports: tuple[Report, ...]
    """What an operator should see, in order; the first 1000."""
    left_over: tuple[str, ...]
    """What did not end within the time for closing; empty unless somebody's code hangs."""


def _watching(observers: Sequence[Observer], what: str) -> list[tuple[Observer, Callable[..., None]]]:
    """Those who look at this at all, and how: most look at little, and frames are many."""
    looks = [(observer, getattr(observer, what)) for observer in observers]
    return [
        (observer, look) for observer, look in looks if getattr(look, "__func__", None) is not getattr(Observer, what)
    ]


class Session:
    """Runs one call from its first frame to its last. Use once: `await Session(...).run()`.

    The conversation must be fresh. Observers run inline, in order; `on_notice` callbacks run elsewhere, in order, and
    can neither block nor break the call.
    """

    def __init__(
        self,
        conversation: Conversation,
        engines: Engines,
        agent: AgentConfig,
        transport: Transport,
        observers: Sequence[Observer] = (),
        on_notice: Sequence[OnNotice] = (),
        close_s: float = 2.0,
        ids: str = "",
        on_failed: Callable[[Exception], None] = lambda error: None,
        on_handed_off: Callable[[str], None] | None = None,
        speakers: Mapping[str, AgentConfig] | None = None,
        recognisers: int = 1,
    ) -> None:
        """`close_s`: how long the end of the call may take. `ids`: part of every item's name. `on_failed`: hears what
        `run` is going to raise while the transport is still there. `on_handed_off`: gets the name of the agent that
        takes over, and is to `configure` it. `speakers`: agents of a duet, by name. `recognisers`: of all
        agents who may speak; where there are several, what the caller said last is kept for the next one.

        Raises Misuse for a transport that breaks its protocol.
        """
        if transport.reports_playback != isinstance(transport, ReportingTransport):
            raise Misuse("a transport that reports playback has `sent`, and no other has; see transports/base.py")
        self.conversation = conversation
        self.summary: Summary | None = None
        """Known when the call is over, also when `run` raises."""
        self._engines = engines
        self._agent = agent
        self._transport = transport
        self._observing = transport if isinstance(transport, ObservingTransport) else None
        self._observers = list(observers)
        self._watching = {what: _watching(observers, what) for what in _WATCHED}
        self._close_s = close_s
        self._ids = ids
        self._on_failed = on_failed
        self._on_handed_off = on_handed_off
        self._recognisers = recognisers
        self._speakers = dict(speakers or {})
        self._inbox = Inbox(stand_in=self._stand_in)
        self._scope = Scope(self._crashed)
        self._crash: BaseException | None = None
        self._tools = Tools(agent.tools, on_notice, self.post)
        self._playout = Playout(transport, self.post, self._on_frame, self._line_broken, self._on_voice)
        self._echo = Echo() if isinstance(transport, OpenAir) and transport.open_air else None
        self._clock: Clock | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._recogniser = Recogniser(engines.stts, self.post, self._scope.spawn)
        self._executor: Executor | None = None
        self._ears: Ears | None = None
        self._closed = False
        self._reason = ""
        self._turns = 0
        self._reports: list[Report] = []

    # what others may do

    def post(self, event: Event) -> None:
        """Put an event into the inbox; from the session's loop only. Never blocks. Dropped once the call is over."""
        if isinstance(event, Used) and any(not math.isfinite(n) or n < 0 for _, n in event.usage.amounts):
            event = ProviderFailed(event.usage.role, "bad_usage", f"metered {event.usage.amounts}"[:200])
        self._enter(event, self._inbox.put)

    def _enter(self, event: Event, into: Callable[[Event], None]) -> None:
        if not self._closed and not (self._inbox.idle and self._passes(event)):
            into(event)

    def _passes(self, event: Event) -> bool:
        """What changes nothing is taken at once: nobody has to wake up for it."""
        if self._clock is None or self._executor is None:
            return False
        now = self._clock.now()
        try:
            if not self.conversation.passes(now, event):
                return False
            self._observe("handled", now, event, ())
        except Exception as bug:
            # Whoever posts, such as the player, is not to take it for a fault of its own.
            self._crashed(bug)
        self._wake_at_deadline()
        return True

    def post_from_thread(self, event: Event) -> None:
        """The same from any thread, such as from a tool. Raises Misuse before the call has begun."""
        if self._loop is None:
            raise Misuse("the call has not begun; wait for its first notice")
        with suppress(RuntimeError):
            # A closed loop: the call is over, and so the event is dropped as `post` would.
            self._loop.call_soon_threadsafe(self.post, event)

    def configure(self, agent: AgentConfig, ref: str = "") -> None:
        """From now on this agent speaks, or only in the reply asked for as `ref` (see `ReplyAsked`). On the session's
        loop, once the transport was attached."""
        if self._executor is None:
            raise Misuse("the call has not begun; give the agent to the session instead")
        self._executor.configure(agent, ref)
        if ref:
            return
        before, now = (one.engines or self._engines for one in (self._agent, agent))
        self._agent = agent
        self._tools.declare(agent.tools)
        if now is not before:
            self.post(EnginesChanged(len(now.llms), len(now.ttss), self._recogniser.prefer(now.stts)))

    def now(self) -> int:
        """Session ms; 0 before the call has begun."""
        return 0 if self._clock is None else self._clock.now()

    def introduce(self, agent: AgentConfig) -> None:
        """From now on this agent may speak in a duet, by its name; one of the same name speaks no more."""
        self._speakers[agent.name] = agent

    async def run(self) -> Summary:
        """The whole call. Raises `EngineError` when an engine cannot be opened, and whatever bug ends the session;
        when cancelled it first ends the call properly."""
        if self._loop is not None:
            raise Misuse("a session runs once; make a new one for the next call")
        self._loop = asyncio.get_running_loop()
        try:
            await self._open()
            await self._consume()
        except asyncio.CancelledError:
            self._end_now("cancelled")
            raise
        except Exception as error:
            self._on_failed(error)
            raise
        finally:
            await self._close()
        assert self.summary is not None
        return self.summary

    async def run_until_left(self) -> Summary:
        """As `run`, but whoever cancels it is answered: Ctrl-C is how a person leaves, once the call has begun."""
        try:
            return await self.run()
        except asyncio.CancelledError:
            # Everything is closed already.
            if self.summary is None:
                raise
            return self.summary

    def _heard(self, event: Event) -> None:
        """What the ears find is handled at once."""
        self._enter(event, self._inbox.give)

    def _told(self, event: Event) -> None:
        """What the line tells comes after what was heard before it."""
        if self._ears is not None:
            self._ears.settle()
        self.post(event)

    # the beginning

    async def _open(self) -> None:
        stt, remember = self._engines.stt, self._engines.turn is not None
        specs = tuple(t.spec for t in self._agent.tools)
        # Before anybody who can post is told how.
        plays = isinstance(self._transport, AheadTransport)
        heard, greeting = stt is not None, self._agent.greeting
        started = CallStarted(specs, greeting, heard, remember, client_plays=plays, ids=self._ids)
        llms, ttss, stts = (len(many) for many in (self._engines.llms, self._engines.ttss, self._engines.stts))
        self._inbox.put(replace(started, llms=llms, ttss=ttss, stts=max(1, stts)))
        if isinstance(self._transport, Attached):
            self._transport.attach(self._told)
        if stt is not None:
            await self._recogniser.open_first(self._agent.expect)
        try:
            echo = None if self._echo is None else self._is_echo
            keeps = max(len(self._engines.stts), self._recognisers) > 1
            ears = Ears(self._engines.vads, self._recogniser.call, self._heard, self._on_pcm, remember, echo, keeps)
            self._ears = ears
        except Exception as error:
            raise EngineError(f"the voice activity detector cannot be opened: {error}") from error
        self._clock = Clock()
        self._tools.notify(0, CallBegan(), Why.GREETING)
        for observer in self._observers:
            self._watch(observer, observer.opened, self.conversation, self._agent.name)
        self._executor = Executor(
            self._engines,
            self._agent,
            self._playout,
            ears,
            self._tools,
            self._scope,
            self.post,
            self._tell,
            self._report,
            self._end,
            self._handed_off,
            lambda engine, since: self._recogniser.take_over(ears, engine, since, self._agent.expect),
            self._speakers,
        )
        self._scope.spawn(self._playout.run(self._clock), "playout")
        self._scope.spawn(self._hear(ears), "hearing")

    async def _hear(self, ears: Ears) -> None:
        """Feed the caller's audio to the ears for as long as there is a line."""
        reason, loop = "caller", asyncio.get_running_loop()
        try:
            async with Guarded(self._transport.frames) as frames:
                number, since = 0, loop.time()
                async for frame in frames:
                    ears.hear(frame)
                    number += 1
                    if not number % _TURN_FRAMES:
                        before, since = since, loop.time()
                        if since - before < _TURN_S:
                            # Frames that are there already must not keep the loop from everybody else.
                            await asyncio.sleep(0)
        except AudioError as error:
            reason = "transport"
            self.post(ProviderFailed(Role.TRANSPORT, "bad_audio", str(error)))
        except ProviderError as error:
            reason = "transport"
            self.post(ProviderFailed(Role.TRANSPORT, error.code, error.detail))
        self._told(CallEnded(reason))

    # the middle

    async def _consume(self) -> None:
        """Until the call is over."""
        assert self._clock is not None
        while not self._done:
            if not self._work_off():
                await asyncio.sleep(0)
            elif not self._done:
                deadline = self.conversation.deadline
                await self._inbox.wait(None if deadline is None else self._clock.at(deadline))
        if self._crash is not None:
            raise self._crash

    @property
    def _done(self) -> bool:
        return self._closed or self._crash is not None

    def _stand_in(self) -> bool:
        """Do at once what there is: the consumer would need another turn of the loop. True when that is to wake up."""
        try:
            self._work_off()
        except Exception as bug:
            self._crashed(bug)
        self._wake_at_deadline()
        return self._done

    def _wake_at_deadline(self) -> None:
        assert self._clock is not None
        deadline = self.conversation.deadline
        if deadline is not None:
            self._inbox.wake_by(self._clock.at(deadline))

    def _work_off(self) -> bool:
        """The only place where the conversation is given events on which it may decide. False when there may be more,
        but others have a turn first."""
        for _ in range(_TURN):
            event = None if self._done else self._next()
            if event is None:
                return True
            self._handle(event)
        return False

    def _next(self) -> Event | None:
        assert self._clock is not None
        event = self._inbox.take()
        if event is not None:
            return event
        deadline = self.conversation.deadline
        if deadline is None or self._clock.now() < deadline:
            return None
        # What was heard comes before what is due.
        if self._ears is not None:
            self._ears.settle()
        return self._inbox.take() or Tick()

    def _handle(self, event: Event) -> None:
        assert self._clock is not None
        assert self._executor is not None
        now = self._clock.now()
        try:
            commands = self.conversation.handle(now, event)
        except Exception:
            # The recording of a call that a bug ends must hold what the bug is made of.
            self._observe("handled", now, event, ())
            raise
        self._observe("handled", now, event, commands)
        for command in commands:
            self._executor.execute(command)
        self._executor.after(event)

    def _tell(self, command: Tell) -> None:
        assert self._clock is not None
        notice = command.notice
        if isinstance(notice, UserTurned):
            self._turns += 1
        elif isinstance(notice, ReplyRefused) and self._executor is not None:
            self._executor.forget(notice.ref)
        now = self._clock.now()
        self._tools.notify(now, notice, command.why)
        if self._observing is not None:
            try:
                self._observing.observe(now, notice, command.why)
            except Exception as error:
                self._line_broken(error)

    def _report(self, report: Report) -> None:
        if report.code != "callback":
            # A callback that fails is not told so: it might fail on that too, for ever.
            self._tools.notify(0 if self._clock is None else self._clock.now(), report, report.why)
        if len(self._reports) < _MAX_REPORTS:
            self._reports.append(report)

    def _end(self, command: EndCall) -> None:
        self._reason = command.reason
        self._closed = True

    def _handed_off(self, agent: str) -> None:
        if self._on_handed_off is None:
            self.post(ProviderFailed(Role.TOOL, "no_agent", f"there is no agent {agent!r} to hand off to"))
        else:
            self._on_handed_off(agent)

    def _line_broken(self, error: Exception) -> None:
        failure = as_provider_error(error)
        self.post(ProviderFailed(Role.TRANSPORT, failure.code, failure.detail))
        self.post(CallEnded("transport"))

    def _crashed(self, error: BaseException) -> None:
        self._crash = self._crash or error
        self._inbox.wake()

    # observers

    def _on_pcm(self, pcm: Pcm) -> None:
        assert self._clock is not None
        if self._watching["heard"]:
            self._observe("heard", self._clock.now(), pcm)

    def _is_echo(self, window: Pcm) -> float:
        assert self._clock is not None
        assert self._echo is not None
        return self._echo.heard(self._clock.now(), window)

    def _on_frame(self, position: int, pcm: Pcm) -> None:
        if self._echo is not None:
            self._echo.played(position, pcm)
        self._observe("played", position, pcm)

    def _on_voice(self, reply: int, position: int, pcm: Pcm) -> None:
        self._observe("spoken", reply, position, pcm)

    def _observe(self, what: str, *args: object) -> None:
        for observer, look in self._watching[what]:
            self._watch(observer, look, *args)

    def _watch(self, observer: Observer, look: Callable[..., None], *args: object) -> None:
        try:
            look(*args)
        except OSError as error:
            self._watching = {what: [o for o in many if o[0] is not observer] for what, many in self._watching.items()}
            detail = f"{type(observer).__name__}: {error}"
            self.post(ProviderFailed(Role.TRANSPORT, "observer", detail))

    # the end

    def _end_now(self, reason: str) -> None:
        """Give the conversation its last event without waiting for anything."""
        if self._executor is not None and not self._closed:
            self._handle(CallEnded(reason))

    async def _close(self) -> None:
        """End everything, whatever state it is in, and whoever is cancelled meanwhile."""
        self._closed = True
        self._inbox.close()
        closing = asyncio.get_running_loop().create_task(self._close_all())
        cancelled = False
        while not closing.done():
            try:
                await asyncio.shield(closing)
            except asyncio.CancelledError:
                cancelled = True
        closing.result()
        if self._crash is not None:
            raise self._crash
        if cancelled:
            raise asyncio.CancelledError

    async def _close_all(self) -> None:
        duration = self._clock.now() if self._clock is not None else 0
        self._tools.notify(duration, CallOver(self._reason or "failed", duration), Why.CALL_OVER)
        half = self._close_s / 2
        left_over = await self._scope.close(half)

        async def tools() -> None:
            left_over.extend(await self._tools.close(half * 0.8))

        ends: dict[str, Coroutine[Any, Any, None]] = {"transport": self._transport.close(), "tools": tools()}
        if self._recogniser.call is not None:
            ends["recogniser"] = self._recogniser.call.close()
        tasks = {name: asyncio.get_running_loop().create_task(end, name=name) for name, end in ends.items()}
        _, late = await asyncio.wait(tasks.values(), timeout=half)
        for name, task in tasks.items():
            if task in late:
                task.cancel()
                left_over.append(name)
            elif not task.cancelled() and (error := task.exception()) is not None:
                role = {"recogniser": Role.STT, "tools": Role.TOOL}.get(name, Role.TRANSPORT)
                self._report(Report(role, "close", f"{name}: {type(error).__name__}: {error}", Why.CALL_OVER))
        for observer in self._observers:
            try:
                observer.close()
            except OSError as error:
                self._report(Report(Role.TRANSPORT, "observer", f"{type(observer).__name__}: {error}", Why.CALL_OVER))
            except Exception as error:
                self._crashed(error)
        if left_over:
            self._report(Report(Role.TRANSPORT, "left_over", ", ".join(left_over), Why.CALL_OVER))
        self.summary = Summary(
            self._reason or "failed",
            duration,
            self._turns,
            self._playout.late_frames,
            self._playout.underruns,
            tuple(self._reports),
            tuple(left_over),
        )
