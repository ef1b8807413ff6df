"""Agents where they speak: with their engines, and in one call with those to whom it may be handed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...core.conversation import Conversation
from ...core.errors import BadInput
from ...core.events import ToolsDeclared, ToolSpec
from ...runtime.engines import AgentConfig, Engines
from ...runtime.observe import Observer
from ...runtime.session import Session
from ...runtime.tools import OnNotice, ToolCode
from ...transports.base import Transport
from ..engines import voices_of
from ..prices import PriceTable, load_prices
from .agent import Agent
from .call import Call


@dataclass(frozen=True, slots=True)
class ServedAgent:
    """An agent with its engines."""

    agent: Agent
    engines: Engines
    more: tuple[ToolCode, ...] = ()
    """Tools besides the agent's own: those of its MCP servers."""

    @property
    def voices(self) -> tuple[str, ...]:
        """Of its synthesiser; its own first."""
        return voices_of(self.engines.tts, self.agent.voice)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """Of all its tools."""
        return (*(tool.spec for tool in self.agent.tools.values()), *(tool.spec for tool in self.more))

    def config(self, call: Call) -> AgentConfig:
        """The agent in one call."""
        found = self.agent.config(call, self.voices[0], self.engines)
        return replace(found, tools=(*found.tools, *self.more))

    def check(self) -> None:
        """Raises BadInput for a voice that its synthesiser is known not to have."""
        tts, voice = self.engines.tts, self.agent.voice
        if voice and tts.model.startswith("offline:") and voice not in tts.voices:
            known = ", ".join(tts.voices)
            raise BadInput(f"agent {self.agent.name}: unknown voice {voice!r}; fix: choose one of {known}")


def session_of(
    cast: Cast,
    transport: Transport,
    observers: Sequence[Observer] = (),
    expect: Sequence[str] = (),
    prices: PriceTable | None = None,
) -> Session:
    """A call with whoever is called, for a caller who brings no settings of their own. `expect`: more phrases.

    `prices`: otherwise those of `load_prices`, which may raise BadInput.
    """

    def config() -> AgentConfig:
        found = cast.config()
        return replace(found, expect=(*found.expect, *expect))

    def hand_off(name: str) -> None:
        cast.hand_off(name)
        now = config()
        session.configure(now)
        session.post(ToolsDeclared(tuple(tool.spec for tool in now.tools)))

    policy, engines = cast.now.agent.policy, cast.now.engines
    table = load_prices() if prices is None else prices
    session = Session(
        Conversation(policy, table.of(*cast.engines)),
        engines,
        config(),
        transport,
        observers,
        cast.listeners(),
        on_handed_off=hand_off,
        recognisers=cast.recognisers,
    )
    cast.begin(session)
    return session


class Cast:
    """Who may speak in one call: the agent that was called, and those to whom it may hand the caller."""

    def __init__(self, agents: Mapping[str, ServedAgent], first: str) -> None:
        self._agents = agents
        self.now = agents[first]
        self.call = Call(self.now.agent)

    @property
    def engines(self) -> tuple[Engines, ...]:
        """Of all who may speak."""
        return tuple(one.engines for one in self._agents.values())

    @property
    def recognisers(self) -> int:
        """How many there are among all who may speak."""
        return len({id(stt) for one in self.engines for stt in one.stts})

    def config(self) -> AgentConfig:
        """Who speaks now."""
        return self.now.config(self.call)

    def listeners(self) -> Sequence[OnNotice]:
        """What tells the program of the call: of every agent that may speak in it."""
        return [tell for name in self.now.agent.reachable() for tell in self._agents[name].agent.listeners(self.call)]

    def begin(self, session: Session) -> None:
        """Tools and callbacks may act from now on."""
        self.call.session = session

    def hand_off(self, name: str) -> None:
        """Another agent speaks from now on. Raises BadInput for one that is not served."""
        if name not in self._agents:
            raise BadInput(f"there is no agent {name!r} here; fix: serve it too, or name it in `handoffs`")
        self.now = self._agents[name]
        self.call.agent = self.now.agent
