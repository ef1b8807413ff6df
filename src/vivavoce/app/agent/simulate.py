"""Calls without a network, on a virtual clock, as fast as the machine allows: how users test their agents."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core import notices as n
from ...core.commands import Command, Message, Report, Tell
from ...core.errors import BadInput
from ...core.events import Event
from ...core.units import IN_RATE
from ...providers.base import Ask, Llm, LlmOutput, TextDelta, ToolCall
from ...runtime.clock import busy
from ...runtime.clock import run as run_loop
from ...runtime.observe import Observer
from ...runtime.session import Summary
from ...transports.base import Transport
from ..embedded import voices
from ..engines import EMBEDDED, works_here
from .served import Cast, session_of

if TYPE_CHECKING:
    from ...audio.pcm import Pcm
    from .agent import Agent

CALLER = "amy"
"""The embedded voice that the embedded recogniser understands best."""

_MEANWHILE = (n.Origin.FILLER, n.Origin.SAY, n.Origin.GREETING)
"""Exchanges that tools have no part in, though they may run meanwhile."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One call of a tool."""

    name: str
    arguments: dict[str, Any]
    output: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange. `heard` is what the caller heard of `agent`; `gap_ms` from the end of the caller's words to the
    agent's first sound, None where nobody spoke before."""

    user: str
    agent: str
    heard: str
    gap_ms: int | None
    interrupted: bool
    tools: tuple[ToolUse, ...]


@dataclass
class Simulated(Observer):
    """A call that is over."""

    turns: list[Turn] = field(default_factory=list)
    tools: list[ToolUse] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    """What an operator should see; empty when all went well."""
    agents: list[str] = field(default_factory=list)
    """Who spoke, in order."""
    reason: str = ""
    """Why it ended."""
    duration_ms: int = 0
    _open: dict[str, n.ToolStarted] = field(default_factory=dict)
    _fresh: list[ToolUse] = field(default_factory=list)

    @property
    def said(self) -> str:
        """All the agent's words."""
        return " ".join(turn.agent for turn in self.turns if turn.agent)

    def called(self, name: str, **arguments: Any) -> bool:
        """Was a tool called, with these arguments among others?"""
        return any(use.name == name and arguments.items() <= use.arguments.items() for use in self.tools)

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, Report):
                self.reports.append(command)
            elif isinstance(command, Tell):
                self._take(command.notice)

    def _take(self, notice: n.Notice) -> None:
        match notice:
            case n.ToolStarted():
                self._open[notice.call] = notice
            case n.ToolSettled() if notice.call in self._open:
                started = self._open.pop(notice.call)
                use = ToolUse(notice.name, _arguments(started.arguments), notice.output, notice.ok)
                self.tools.append(use)
                self._fresh.append(use)
            case n.AgentChanged():
                self.agents.append(notice.agent)
            case n.TurnReport():
                tools: tuple[ToolUse, ...] = ()
                if notice.origin not in _MEANWHILE:
                    tools, self._fresh = tuple(self._fresh), []
                heard, cut = notice.heard_text, notice.interrupted
                self.turns.append(Turn(notice.user_text, notice.agent_text, heard, notice.gap_ms, cut, tools))


def _arguments(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def call(name: str, **arguments: Any) -> ToolCall:
    """A call of a tool, for a `Script`."""
    return ToolCall("", name, json.dumps(arguments))


class Script:
    """A language model that says what it is told, one entry for each answer: text, or calls of tools.

    `Script("Hello.", call("get_weather", city="Paris"), "It is sunny.")`. Asked again for one answer, as when a caller
    goes on speaking, it gives the same; asked for more, the last.
    """

    model = "test:script"
    call = staticmethod(call)

    def __init__(self, *answers: str | ToolCall | Sequence[str | ToolCall]) -> None:
        if not answers:
            raise BadInput("a script needs at least one answer")
        self.asked: list[Ask] = []
        """What it was asked, in order."""
        self._answers = [[a] if isinstance(a, str | ToolCall) else list(a) for a in answers]
        self._at = -1
        self._done: list[str] | None = None
        """What the agent had said and done when it was asked last."""

    async def stream(self, ask: Ask) -> AsyncIterator[LlmOutput]:
        self.asked.append(ask)
        done = [item.id for item in ask.items if not isinstance(item, Message) or item.role == "agent"]
        if done != self._done:
            self._at, self._done = min(self._at + 1, len(self._answers) - 1), done
        for part in self._answers[self._at]:
            yield TextDelta(part) if isinstance(part, str) else part

    async def close(self) -> None:
        """The next call goes on with the next entry."""
        self._done = None


def simulate(
    agent: Agent,
    *turns: str | Path,
    llm: Llm | None = None,
    offline: bool = False,
    spoken: bool = False,
    voice: str = CALLER,
    cut_in: float | None = None,
    expect: Sequence[str] = (),
    caller: Agent | None = None,
    seconds: float = 60.0,
) -> Simulated:
    """The agent in a call with a caller who takes these turns, each when the agent has finished.

    A turn is text, or a WAV file (a `Path`). `spoken=True`: texts are spoken by an embedded `voice` and heard by the
    agent's recogniser, which is told to expect them. `cut_in`: begin each next spoken turn so many seconds into the
    answer. `llm`: answers instead of the agent's own model, such as a `Script`. Without one and without a key the
    embedded responder answers, which calls tools by their names and arguments. `offline`: the embedded engines instead
    of those that the agents name, so that neither a key nor a network is needed. `caller`: another agent calls instead,
    by voice, for at most so many `seconds`; if this one has no greeting, that one begins with its own.

    Raises BadInput.
    """
    from .run import models_of

    if caller is not None:
        if turns or llm is not None or cut_in is not None:
            raise BadInput("an agent that calls needs no turns; fix: leave them, llm and cut_in out")
        return _called_by(agent, caller, offline, expect, seconds)
    if not turns:
        raise BadInput("a simulated call needs at least one turn; fix: agent.simulate('hello')")
    aloud = spoken or any(isinstance(turn, Path) for turn in turns)
    if cut_in is not None and not aloud:
        raise BadInput("who types cannot cut in; fix: add spoken=True")
    everybody = agent.reachable()
    if offline:
        everybody = _all_embedded(everybody)
    env = dict(os.environ)
    if llm is None:
        models, _ = models_of(list(everybody.values()), env)
    else:
        models = {other.engines.otherwise(env): (llm,) for other in everybody.values()}
    texts = [turn for turn in turns if isinstance(turn, str)]
    live = not all(works_here(names, llms) for names, llms in models.items())
    result = Simulated(agents=[agent.name])

    async def main() -> Summary:
        from .run import served

        async with served(everybody, models, env, aloud) as found:
            transport = await _transport(turns, voice, cut_in) if aloud else _typed(texts)
            cast = Cast(found, agent.name)
            extra = (*expect, *(texts if spoken else ()))
            return await session_of(cast, transport, (result,), extra).run()

    summary = run_loop(main(), realtime=live)
    result.reason, result.duration_ms = summary.reason, summary.duration_ms
    return result


def _called_by(agent: Agent, caller: Agent, offline: bool, expect: Sequence[str], seconds: float) -> Simulated:
    """Both on one line, on virtual time where their engines work here. Raises BadInput."""
    from .run import cast_of, models_of, on_sides, served

    if not (agent.greeting or caller.greeting):
        raise BadInput("nobody would begin; fix: give one of the agents a greeting")
    sides = {"caller": caller.reachable(), "called": agent.reachable()}
    if offline:
        sides = {side: _all_embedded(agents) for side, agents in sides.items()}
    env, everybody = dict(os.environ), on_sides(sides)
    models, _ = models_of(list(everybody.values()), env)
    result = Simulated(agents=[agent.name])

    async def main() -> Summary:
        from ...transports.bridge import Wire

        async with served(everybody, models, env) as found:
            wire = Wire()
            casts = [cast_of(found, side, agents) for side, agents in sides.items()]
            watching: list[list[Observer]] = [[], [result]]
            sessions = [session_of(*ends, expect) for ends in zip(casts, wire.ends, watching, strict=True)]
            tasks = [asyncio.get_running_loop().create_task(session.run()) for session in sessions]
            await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            await wire.close()
            await asyncio.wait(tasks)
            tasks[0].result()
            return tasks[1].result()

    # Who calls waits for a greeting.
    first = next(iter(sides["caller"].values()))
    words, first.greeting = first.greeting, "" if agent.greeting else first.greeting
    try:
        live = not all(works_here(names, llms) for names, llms in models.items())
        summary = run_loop(main(), realtime=live)
    finally:
        first.greeting = words
    result.reason, result.duration_ms = summary.reason, summary.duration_ms
    return result


def _all_embedded(agents: dict[str, Agent]) -> dict[str, Agent]:
    """The same agents with the embedded engines, who hand over to each other."""
    found = {name: _embedded(other) for name, other in agents.items()}
    for other in found.values():
        other.handoffs = {name: found[name] for name in other.handoffs}
    return found


def _embedded(agent: Agent) -> Agent:
    """The same agent with the embedded engines, and with its voice if they have it."""
    found = copy(agent)
    found.engines = replace(EMBEDDED, llm=("offline:script",))
    found.voice = agent.voice if agent.voice in voices() else ""
    return found


def _typed(texts: Sequence[str]) -> Transport:
    from ...transports.typed import Typed

    return Typed(texts)


async def _transport(turns: Sequence[str | Path], voice: str, cut_in: float | None) -> Transport:
    from ...transports.wav import Recording, Recordings
    from ..recording import load

    cut_in_ms = None if cut_in is None else round(cut_in * 1000)
    found = [load(turn) if isinstance(turn, Path) else Recording(turn, await _speech(turn, voice)) for turn in turns]
    return Recordings([Recording(one.name, one.pcm, cut_in_ms) for one in found])


async def _speech(text: str, voice: str) -> Pcm:
    """Words as an embedded voice says them, 16 kHz."""
    from ...audio.resample import resample
    from ...providers.base import Speech
    from ...providers.offline.tts import EspeakTts

    tts = EspeakTts(busy)
    try:
        parts = [part.pcm async for part in tts.speak(text, voice) if isinstance(part, Speech)]
    finally:
        await tts.close()
    return resample(np.concatenate(parts), tts.rate, IN_RATE)
