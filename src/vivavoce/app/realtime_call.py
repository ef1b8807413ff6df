"""One session of a client of the Realtime protocol, over a WebSocket or WebRTC: from its engines to its last word."""

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

from ..audio.pcm import Pcm
from ..core.conversation import Conversation
from ..core.errors import Misuse
from ..core.events import ToolSpec
from ..core.policy import BROWSER, Policy
from ..providers.base import Tool
from ..runtime.engines import AgentConfig, EngineError, Engines
from ..runtime.observe import Observer
from ..runtime.session import Session
from ..runtime.tools import ToolCode
from ..transports.clients import Clients, Socket
from ..transports.realtime import Realtime
from ..transports.webrtc.call import WebRtc
from ..transports.webrtc.peer import Channel, Peer
from ..wire.openai_realtime import config as wire
from ..wire.openai_realtime.effects import Configure, Connect, Direct, McpTool
from ..wire.openai_realtime.server import Server
from ..wire.openai_realtime.tools import chosen, functions
from .agent.agent import Agent
from .agent.served import Cast, ServedAgent
from .duet.live import Audience, LiveDuet
from .duet.persona import personas
from .http.errors import make_id
from .mcp import McpServers
from .prices import PriceTable, load_prices
from .watch import Watch
from .words_in import words_in

WATCH = "vivavoce"
"""The data channel of our own events."""


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
    personas: Mapping[str, Agent] = field(default_factory=personas)
    """Who may talk with each other in a duet, by the names that clients call them."""
    prices: PriceTable = field(default_factory=load_prices)
    """What the engines cost."""
    mark: str = ""
    """How the ids of all calls begin, where several processes serve together."""
    peer: Callable[[], Peer] | None = None
    """Makes the peers of WebRTC calls; None where they are not possible."""
    agents: Mapping[str, ServedAgent] = field(default_factory=dict)
    """By the names that clients call as `model`; the one called `model` also answers to every other name. Where there
    are any, they outrank the instructions, voices and policy that are given here."""

    def called(self, model: str) -> str:
        """The name of the agent that answers to it; empty where there are none."""
        return "" if not self.agents else model if model in self.agents else self.model


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
        ids = settings.mark + make_id("", 16 - len(settings.mark))
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
        self._audience = Audience(self._publish)
        policy = settings.policy if self._cast is None else self._cast.now.agent.policy
        everybody = (engines,) if self._cast is None else self._cast.engines
        conversation = Conversation(policy, settings.prices.of(*everybody))
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
            recognisers=1 if self._cast is None else self._cast.recognisers,
        )
        if self._cast is not None:
            self._cast.begin(self._session)
        tell, prices, personas = self._publish, settings.prices, settings.personas
        self._duet = LiveDuet(self._session, engines, prices, personas, self._audience, tell, self._refuse)
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
            await self._duet.close()
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

    def _direct(self, effect: Direct) -> None:
        self._duet.direct(effect)

    def _refuse(self, message: str, asked: Direct) -> None:
        self._transport.perform(self._server.refuse(message, asked))

    def _publish(self, message: dict[str, Any]) -> None:
        """Tell those who watch; nobody can, over a WebSocket."""

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
        own = settings.own if self._cast is None else self._cast.config()
        # Nobody speaks in a session that only writes down.
        return _with_own(own if session.type == "realtime" else replace(own, greeting=""), found)

    def _mcp_tool(self, tool: McpTool) -> ToolCode:
        described = Tool(tool.name, tool.description, dict(tool.schema))
        return ToolCode(described, ToolSpec(tool.name), self._mcp.function(tool.label, tool.own_name))


class SocketCall(_Call[Realtime]):
    """A session over a WebSocket."""

    def _make_transport(self) -> Realtime:
        return Realtime(self._server, self._configure, self._connect, self._recognise, self._direct)

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
        personas = {name: agent.name for name, agent in self._settings.personas.items()}
        shown = {"voices": self._settings.voices, "instructions": self._agent_now.instructions, "tools": tools}
        self._watch = Watch(started | shown | {"personas": personas})
        requests = (self._configure, self._connect, self._recognise, self._direct)
        return WebRtc(self._server, *requests, self._settings.peer(), self._channel)

    def _observers(self) -> Sequence[Observer]:
        return (*super()._observers(), self._watch, self._audience)

    def _publish(self, message: dict[str, Any]) -> None:
        self._watch.publish(message)

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


async def _outlast(task: asyncio.Task[Any]) -> None:
    """Wait for a task, also when cancelled meanwhile; then it is cancelled too."""
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        raise
