"""Runs one conversation for each client of the Realtime protocol, with engines that all of them share."""

from __future__ import annotations

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from ..audio.pcm import Pcm
from ..audio.resample import resample
from ..core.conversation import Conversation
from ..core.errors import BadInput, Misuse
from ..core.events import Event, ProviderFailed, ToolSpec, UserWords
from ..core.policy import BROWSER, Policy
from ..core.units import IN_RATE
from ..providers.base import ProviderError, Stt, Tool
from ..runtime.engines import AgentConfig, EngineError, Engines
from ..runtime.observe import Observer
from ..runtime.session import Session
from ..runtime.tools import ToolCode
from ..transports.clients import Clients, Socket
from ..transports.realtime import Realtime
from ..transports.webrtc.call import WebRtc
from ..transports.webrtc.peer import Channel, Peer
from ..wire.openai_realtime import config as wire
from ..wire.openai_realtime.effects import Configure, Connect, McpTool
from ..wire.openai_realtime.refusal import Refusal
from ..wire.openai_realtime.server import Server
from ..wire.openai_realtime.tools import chosen, functions, shown
from .agent.served import Cast, ServedAgent
from .http.errors import BadSession, Refused, make_id
from .http.socket import Opening
from .mcp import McpServers
from .watch import Watch

WATCH = "vivavoce"
"""The data channel of our own events."""
_STEP = IN_RATE


@dataclass(frozen=True, slots=True)
class Settings:
    """What all conversations of a server have in common."""

    model: str
    """Shown to clients that name none."""
    instructions: str
    """Until a client gives its own."""
    voices: tuple[str, ...]
    """Of the synthesiser, the default first."""
    expect: tuple[str, ...] = ()
    policy: Policy = BROWSER
    most_s: int = 24 * 3600
    """Longest session, in seconds."""
    record: Path | None = None
    """Directory for a recording of each session."""
    own: AgentConfig = field(default_factory=lambda: AgentConfig("", ""))
    """What clients cannot say or need not: greeting, language, speed, length of answers."""
    peer: Callable[[], Peer] | None = None
    """Makes the peers of WebRTC calls; None where they are not possible."""
    agents: Mapping[str, ServedAgent] = field(default_factory=dict)
    """By the names that clients call as `model`; the one called `model` also answers to every other name. Where there
    are any, they outrank the instructions, voices and policy that are given here."""

    def called(self, model: str) -> str:
        """The name of the agent that answers to it; empty where there are none."""
        return "" if not self.agents else model if model in self.agents else self.model


class RealtimeCalls:
    """The sessions that run; `handle` is the handler of the HTTP side."""

    def __init__(self, engines: Engines, settings: Settings, log: Callable[[str], None] = lambda line: None) -> None:
        """`log` gets a line for people when a session begins and ends."""
        self._engines = engines
        self._settings = settings
        self._log = log
        self._running: dict[str, Clients] = {}
        """Sessions and calls by their ids."""

    def has(self, call_id: str, owner: str = "") -> bool:
        running = self._running.get(call_id)
        return running is not None and running.owner == owner and not running.over

    def check(self, given: dict[str, Any]) -> dict[str, Any]:
        """The whole effective session that a client secret would give. Raises BadSession."""
        kind = str(given.get("type") or "realtime")
        try:
            session = self._first("", kind, given)
        except Refusal as refusal:
            raise BadSession(refusal.code, refusal.message, refusal.param) from None
        session = msgspec.structs.replace(session, model=session.model or self._settings.model)
        found = wire.echo(session, "", 0)
        if "tools" in found:
            found["tools"] = shown(found["tools"])
        return found

    def _first(self, model: str, kind: str, bound: Mapping[str, Any]) -> wire.Session:
        """Raises Refusal."""
        settings = self._settings
        served = settings.agents.get(settings.called(model))
        if served is None:
            return wire.first(model, kind, settings.instructions, bound, settings.voices[0])
        return wire.first(model, kind, served.agent.full_instructions(), bound, served.voices[0])

    async def handle(self, opening: Opening, socket: Socket) -> None:
        """One connection, to its end."""
        if opening.call_id is not None:
            if (running := self._running.get(opening.call_id)) is not None:
                await running.serve(socket, caller=False)
            return
        try:
            session = self._first(opening.model or self._settings.model, opening.kind, opening.session)
        except Refusal as refusal:
            await _turn_away(socket, refusal, 4000)
            return
        try:
            call = SocketCall(self._engines, self._settings, session, self._running, self._log, opening.owner)
        except BadInput as error:
            # The recording cannot be made: the folder was writable when the server began.
            self._log(f"a call is refused: {error}")
            await _turn_away(socket, Refusal("internal_error", "The server had an error.", kind="server_error"), 1011)
            return
        await call.run(socket)

    async def answer(self, opening: Opening, offer: str, given: dict[str, Any]) -> PeerCall:
        """A WebRTC call whose offer (SDP) is answered; it is to be `run`. `given`: its session, as the request has it.

        Raises BadOffer, BadSession, Refused.
        """
        assert self._settings.peer is not None
        try:
            session = self._first(opening.model or self._settings.model, opening.kind, opening.session)
            if given:
                session = wire.updated(session, {"type": session.type, **given})
        except Refusal as refusal:
            raise BadSession(refusal.code, refusal.message, refusal.param) from None
        try:
            call = PeerCall(self._engines, self._settings, session, self._running, self._log, opening.owner)
        except BadInput as error:
            self._log(f"a call is refused: {error}")
            raise Refused(500, None, "The server had an error while processing your request.") from error
        await call.answer_to(offer)
        return call

    def hang_up(self, call_id: str, owner: str = "") -> bool:
        """End a WebRTC call; False when this owner has none of that id."""
        call = self._running.get(call_id)
        if not isinstance(call, WebRtc) or call.owner != owner or call.over:
            return False
        call.hang_up()
        return True


Line = TypeVar("Line", Realtime, WebRtc)


class _Call(ABC, Generic[Line]):
    """One session; which transport it has is what its kinds differ in."""

    plays = False

    def __init__(
        self,
        engines: Engines,
        settings: Settings,
        session: wire.Session,
        running: dict[str, Clients],
        log: Callable[[str], None],
        owner: str,
    ) -> None:
        ids = make_id("", 16)
        self._settings = settings
        self._running = running
        self._log = log
        called = settings.called(session.model)
        self._cast = Cast(settings.agents, called) if called else None
        if self._cast is not None:
            engines = self._cast.now.engines
        now = time.time()
        epoch = now - asyncio.get_running_loop().time()
        own = () if self._cast is None else self._cast.now.specs
        self._server = Server(ids, session, int(now) + settings.most_s, self.plays, epoch, own)
        self._engines = engines
        self._mcp = McpServers(self._listed)
        policy = settings.policy if self._cast is None else self._cast.now.agent.policy
        conversation = Conversation(policy, {})
        self._agent_now = self._agent(Configure(session))
        self._transport: Line = self._make_transport()
        self._transport.owner = owner
        self._session = Session(
            conversation,
            engines,
            self._agent_now,
            self._transport,
            self._observers(),
            () if self._cast is None else self._cast.listeners(),
            ids=ids,
            on_failed=self._failed,
            on_handed_off=self._handed_off,
        )
        if self._cast is not None:
            self._cast.begin(self._session)
        self._ids: tuple[str, ...] = (self._server.id,)

    @abstractmethod
    def _make_transport(self) -> Line:
        """Called once, when all but the session itself is there."""

    def _observers(self) -> Sequence[Observer]:
        if self._settings.record is None:
            return ()
        from ..runtime.record import Recorder

        return (Recorder(self._settings.record / self._server.id, overwrite=False),)

    @asynccontextmanager
    async def _running_session(self) -> AsyncIterator[asyncio.Task[Any]]:
        """The session's task, while its ids lead to it; outside it is over."""
        loop = asyncio.get_running_loop()
        minutes = max(1, self._settings.most_s // 60)
        timer = loop.call_later(self._settings.most_s, lambda: self._transport.perform(self._server.expire(minutes)))
        self._running |= dict.fromkeys(self._ids, self._transport)
        self._log(f"{self._ids[-1]} begins")
        talking = loop.create_task(self._session.run(), name=f"session {self._server.id}")
        talking.add_done_callback(self._ended)
        try:
            yield talking
        except asyncio.CancelledError:
            # There is no time left to wait for engines.
            talking.cancel()
            raise
        finally:
            timer.cancel()
            self._forget()
            await self._mcp.close()
            with suppress(EngineError):
                await _outlast(talking)

    def _forget(self) -> None:
        """The ids lead nowhere any more."""
        for ident in self._ids:
            self._running.pop(ident, None)

    def _failed(self, error: Exception) -> None:
        """The session is about to end: the clients hear why."""
        detail = str(error) if isinstance(error, EngineError) else "The server had an error. Please try again."
        self._transport.perform(self._server.broken(detail))

    def _ended(self, talking: asyncio.Task[Any]) -> None:
        """The session is over, and its line closed."""
        error = None if talking.cancelled() else talking.exception()
        summary = self._session.summary
        reason = "failed" if error is not None or summary is None else summary.reason
        seconds = 0.0 if summary is None else summary.duration_ms / 1000
        reports = "" if summary is None else "".join(f"; {r.role.value} {r.code}: {r.detail}" for r in summary.reports)
        self._log(f"{self._ids[-1]} ends after {seconds:.1f} s: {reason}{reports}")

    # what the protocol's machine asks for

    def _handed_off(self, name: str) -> None:
        """Another agent takes over: its words, its voice and its tools."""
        if self._cast is None:
            raise Misuse("an agent handed the caller on, but this call has none")
        self._cast.hand_off(name)
        now = self._cast.now
        self._transport.perform(self._server.handed_off(now.agent.full_instructions(), now.voices[0], now.specs))

    def _configure(self, effect: Configure) -> None:
        self._session.configure(self._agent(effect), effect.ref)

    def _connect(self, effect: Connect) -> None:
        self._mcp.connect(effect.server)

    async def _recognise(self, pcm: Pcm, rate: int) -> str:
        """The words in some audio; none when the recogniser fails."""
        return "" if self._engines.stt is None else await words_in(self._engines.stt, pcm, rate)

    def _listed(self, label: str, tools: list[dict[str, Any]] | None, error: str) -> None:
        self._transport.perform(self._server.listed(label, tools, error))

    def _agent(self, effect: Configure) -> AgentConfig:
        """The agent that a session describes."""
        session: wire.Session = effect.session
        settings = self._settings
        limit = session.max_output_tokens
        found = AgentConfig(
            session.instructions,
            voice_of(session.voice, settings.voices if self._cast is None else self._cast.now.voices),
            speed=min(2.0, max(0.5, session.audio.output.speed)),
            tools=(*map(_tool, functions(session.tools)), *map(self._mcp_tool, effect.mcp)),
            tool_choice=chosen(session.tool_choice),
            max_tokens=limit if isinstance(limit, int) else None,
            expect=settings.expect,
        )
        return _with_own(settings.own if self._cast is None else self._cast.config(), found)

    def _mcp_tool(self, tool: McpTool) -> ToolCode:
        described = Tool(tool.name, tool.description, dict(tool.schema))
        return ToolCode(described, ToolSpec(tool.name), self._mcp.function(tool.label, tool.own_name))


class SocketCall(_Call[Realtime]):
    """A session over a WebSocket."""

    def _make_transport(self) -> Realtime:
        return Realtime(self._server, self._configure, self._connect, self._recognise)

    async def run(self, socket: Socket) -> None:
        """Until the client hangs up, the session ends, or its time is over."""
        async with self._running_session():
            await self._transport.serve(socket)


class PeerCall(_Call[WebRtc]):
    """A session over WebRTC."""

    plays = True

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.id = f"rtc_{self._server.id.removeprefix('sess_')}"
        self.answer = ""
        """Ours (SDP), once there is one."""
        self._ids = (self._server.id, self.id)

    def _make_transport(self) -> WebRtc:
        assert self._settings.peer is not None
        tools = [tool.spec.name for tool in self._agent_now.tools]
        started = {"call_id": self._server.id.replace("sess_", "rtc_"), "model": self._server.session.model}
        shown = {"voices": self._settings.voices, "instructions": self._agent_now.instructions, "tools": tools}
        self._watch = Watch(started | shown)
        requests = (self._configure, self._connect, self._recognise)
        return WebRtc(self._server, *requests, self._settings.peer(), self._channel)

    def _observers(self) -> Sequence[Observer]:
        return (*super()._observers(), self._watch)

    async def _channel(self, channel: Channel) -> None:
        """A data channel that is not the protocol's: one that watches, or nobody we know."""
        if channel.label == WATCH:
            await self._watch.serve(channel)
        else:
            await channel.close()

    async def answer_to(self, offer: str) -> None:
        """Raises BadOffer."""
        try:
            self.answer = await self._transport.answer(offer)
        except BaseException:
            await self._transport.close()
            raise

    async def run(self) -> None:
        """From when the peer comes until it or the session is gone. Also ends what never began."""
        # Whoever placed the call may join it, or end it, before the peer has got the answer.
        self._running |= dict.fromkeys(self._ids, self._transport)
        try:
            if await self._transport.begun():
                async with self._running_session() as talking:
                    await asyncio.wait((talking,))
            else:
                self._log(f"{self.id} never came")
        finally:
            self._forget()
            await self._transport.close()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Hang up."""
        self._transport.hang_up()

    def drop(self) -> None:
        self._transport.hang_up()


def _with_own(own: AgentConfig, asked: AgentConfig) -> AgentConfig:
    """The served agent, as its client wants it: what only the client says counts, the agent's own tools come first."""
    names = {tool.tool.name for tool in own.tools}
    return replace(
        own,
        instructions=asked.instructions,
        voice=asked.voice,
        speed=own.speed if asked.speed == 1.0 else asked.speed,
        tools=(*own.tools, *(tool for tool in asked.tools if tool.tool.name not in names)),
        tool_choice=asked.tool_choice,
        max_tokens=asked.max_tokens or own.max_tokens,
        expect=(*own.expect, *asked.expect),
    )


def _tool(tool: Any) -> ToolCode:
    """A function that the client runs."""
    return ToolCode(Tool(tool.name, tool.description, json.loads(tool.parameters)), ToolSpec(tool.name, runs="caller"))


def voice_of(wanted: str, voices: Sequence[str]) -> str:
    """The voice of that name; for names that this synthesiser does not know, always the same one of its own."""
    if wanted in voices:
        return wanted
    return voices[sum(wanted.encode()) % len(voices)]


async def words_in(stt: Stt, pcm: Pcm, rate: int) -> str:
    """All the words in some audio, by a call of its own; none when the recogniser fails."""
    texts: list[str] = []
    done = asyncio.Event()

    def post(event: Event) -> None:
        if isinstance(event, UserWords) and event.final:
            texts.append(event.text)
        if isinstance(event, ProviderFailed) or (isinstance(event, UserWords) and event.final):
            done.set()

    heard = resample(pcm, rate, IN_RATE)
    try:
        async with asyncio.timeout(10 + heard.size / IN_RATE):
            call = await stt.open(post)
            try:
                for start in range(0, heard.size, _STEP):
                    call.feed(start, heard[start : start + _STEP])
                    await asyncio.sleep(_STEP / IN_RATE / 4 if heard.size > 8 * _STEP else 0)
                done.clear()
                call.finish(heard.size)
                await done.wait()
            finally:
                await call.close()
    except (TimeoutError, ProviderError):
        return ""
    return " ".join(filter(None, texts))


async def _outlast(task: asyncio.Task[Any]) -> None:
    """Wait for a task, also when cancelled meanwhile; then it is cancelled too."""
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        raise


async def _turn_away(socket: Socket, refusal: Refusal, code: int) -> None:
    """An error instead of a session."""
    error = {"type": refusal.kind, "code": refusal.code, "message": refusal.message, "param": refusal.param}
    await socket.send(json.dumps({"type": "error", "event_id": make_id("event_", 16), "error": error}))
    await socket.close(code, f"{refusal.kind}.{refusal.code}")
