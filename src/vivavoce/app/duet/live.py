"""A duet inside a call of the Realtime protocol: whoever called listens, steers and may cut in.

Beside the events of `wire.watching`, pages that watch are told:

- `duet.begun`: seats ([{name, voice, llm, tts}]), topic, turns, estimate (USD, or null); again when a seat is taken
- `duet.wave`: speaker, at_ms (of the call), step_ms, peaks (0 to 1): what sounds of each voice
- `duet.turn`: turn, speaker, agent_text, interrupted, start_ms, end_ms, gap_ms, hops, cost; gap_ms on the samples
- `duet.costs`: as in the summary of `vivavoce duet --json`
- `duet.over`: reason (`done`, `budget`, `failed`, or why the call ended)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np

from ...audio.pcm import Pcm
from ...core.commands import Command, EndCall
from ...core.conversation import Conversation
from ...core.errors import BadInput
from ...core.events import Event, PolicySet
from ...core.units import OUT_RATE, out_ms
from ...runtime.engines import AgentConfig, Engines
from ...runtime.observe import Observer
from ...runtime.session import Session
from ...wire.openai_realtime.effects import Direct
from ...wire.openai_realtime.messages import DuetBegin, DuetUpdate
from ..agent.agent import Agent
from ..prices import PriceTable
from ..prices.estimate import Estimate, estimate
from .costs import Costs
from .director import LONGEST_TOPIC, Director, checked
from .persona import Persona, agent_of
from .plan import side_of
from .report import as_dict
from .stage import Line, Stage
from .troupe import SEATS, Troupe, two_names

STEP_MS = 20
_STEP = OUT_RATE * STEP_MS // 1000
_STEPS = 5
"""Of a `duet.wave`."""
_MOST_TURNS = 10_000
_MOST_BUDGET = 1e6
_INSTRUCTIONS = 8_000
Tell = Callable[[dict[str, Any]], None]


class Audience(Observer):
    """Watches a duet for those who look at it. Nothing, until it has begun."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._begun = False
        self._costs = Costs()
        self._stage = Stage(self._line)
        self._waves: dict[int, tuple[str, int, list[float]]] = {}
        """Of each reply that sounds: who speaks, since when, and what was not told yet."""

    def begin(self) -> None:
        self._begun = True

    def opened(self, conversation: Conversation, agent: str) -> None:
        self._costs.opened(conversation, agent)

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        if self._begun:
            self._costs.handled(now, event, commands)
            self._stage.handled(now, event, commands)
            for command in commands:
                if isinstance(command, EndCall):
                    self._tell({"type": "duet.over", "at_ms": now, "reason": command.reason})

    def spoken(self, reply: int, position: int, pcm: Pcm) -> None:
        if not self._begun:
            return
        self._stage.spoken(reply, position, pcm)
        _, _, peaks = self._waves.setdefault(reply, (self._stage.speaker(reply), position, []))
        peaks += [round(float(np.abs(pcm[n : n + _STEP].astype(np.int32)).max()) / 32768, 2) for n in _starts(pcm)]
        if len(peaks) >= _STEPS:
            self._wave(reply)

    def _wave(self, reply: int) -> None:
        speaker, at, peaks = self._waves.pop(reply)
        self._tell({"type": "duet.wave", "speaker": speaker, "at_ms": out_ms(at), "step_ms": STEP_MS, "peaks": peaks})

    def _line(self, number: int, line: Line) -> None:
        for reply in [reply for reply in self._waves if not self._stage.speaker(reply)]:
            self._wave(reply)
        times = {"at_ms": out_ms(line.end), "start_ms": out_ms(line.start), "end_ms": out_ms(line.end)}
        self._tell({"type": "duet.turn", **times, **as_dict(number, line)})
        self._tell({"type": "duet.costs", "at_ms": out_ms(line.end), **self._costs.as_dict()})


def _starts(pcm: Pcm) -> range:
    return range(0, pcm.size, _STEP)


class LiveDuet:
    """What the clients of one session may do with a duet in it. On the session's loop."""

    def __init__(
        self,
        session: Session,
        engines: Engines,
        prices: PriceTable,
        personas: Mapping[str, Agent],
        audience: Audience,
        tell: Tell,
        refuse: Callable[[str, Direct], None],
    ) -> None:
        """`personas`: those that clients may call by name; only these have engines of their own. `refuse` hears of
        what cannot be done."""
        self._session = session
        self._engines = engines
        self._prices = prices
        self._personas = personas
        self._audience = audience
        self._tell = tell
        self._refuse = refuse
        self._troupe = Troupe(engines)
        self._director: Director | None = None
        self._topic = ""
        self._seats: dict[str, AgentConfig] = {}
        self._estimate: float | None = None
        self._asked: asyncio.Queue[Direct] = asyncio.Queue()
        self._working: asyncio.Task[None] | None = None

    def direct(self, asked: Direct) -> None:
        """In the order in which it comes."""
        self._asked.put_nowait(asked)
        if self._working is None:
            self._working = asyncio.get_running_loop().create_task(self._work(), name="duet")

    async def close(self) -> None:
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
        await self._troupe.close()

    async def _work(self) -> None:
        while True:
            asked = await self._asked.get()
            try:
                if isinstance(asked.event, DuetBegin):
                    await self._begin(asked.event)
                else:
                    await self._update(asked.event)
            except BadInput as error:
                self._refuse(str(error), asked)

    async def _begin(self, event: DuetBegin) -> None:
        if self._director is not None:
            raise BadInput("two agents talk already; fix: change that with vivavoce.duet.update")
        topic = checked(event.topic, "topic", LONGEST_TOPIC)
        settings = _settings(event)
        agents = self._persona(event.a, "a"), self._persona(event.b, "b")
        two_names(agents)
        first, second = await self._troupe.join(agents[0], 0), await self._troupe.join(agents[1], 1)
        expected = self._expected((first, second), event.turns, topic)
        if event.budget and expected.total is None:
            raise BadInput("budget needs prices, and not all engines of this server have one; fix: leave it out")
        self._topic, self._seats, self._estimate = topic, {"a": first, "b": second}, expected.total
        self._session.post(PolicySet(settings))
        self._audience.begin()
        cost = (expected.total or 0.0) / event.turns
        prices, answers = self._prices, event.answers
        self._director = Director(self._session, self._troupe, agents, prices, event.turns, answers, cost)
        self._director.begin(topic, first, second)
        self._announce()

    async def _update(self, event: DuetUpdate) -> None:
        director = self._director
        if director is None:
            raise BadInput("nobody talks yet; fix: begin with vivavoce.duet.begin")
        if event.turns is not None:
            director.turns(_between("turns", event.turns, 1, _MOST_TURNS))
        if event.topic is not None:
            director.topic(event.topic)
            self._topic = event.topic
        for place in SEATS:
            wanted = getattr(event, place)
            if wanted is not None:
                self._seats[place] = await director.seat(place, self._persona(wanted, place))
        if event.say is not None:
            director.say(event.say)
        self._announce()

    def _persona(self, wanted: str | dict[str, Any], place: str) -> Agent:
        """Raises BadInput."""
        if isinstance(wanted, str):
            if wanted not in self._personas:
                fix = f"name one of {', '.join(self._personas)}, or describe it"
                raise BadInput(f"{place}: there is no persona {wanted[:40]!r}; fix: {fix}")
            return self._personas[wanted]
        try:
            found = msgspec.convert(wanted, Persona)
        except msgspec.ValidationError as error:
            raise BadInput(f"{place}: {error}; fix: fields are name, instructions, voice and speed") from None
        if found.llm or found.tts:
            # Whoever may call may not therefore spend the server's keys on any model, or have it call any address.
            raise BadInput(f"{place}: engines are chosen by the server; fix: leave llm and tts out")
        checked(found.instructions, f"{place}.instructions", _INSTRUCTIONS)
        return agent_of(found)

    def _expected(self, cast: tuple[AgentConfig, AgentConfig], turns: int, topic: str) -> Estimate:
        prices = self._prices.of(*(config.engines for config in cast if config.engines is not None))
        return estimate((side_of(cast[0]), side_of(cast[1])), turns, len(topic), prices)

    def _announce(self) -> None:
        assert self._director is not None
        seats = []
        for place in SEATS:
            config = self._seats[place]
            engines = config.engines or self._engines
            models = {"llm": engines.llm.model, "tts": engines.tts.model}
            seats.append({"name": config.name, "voice": config.voice, **models})
        about = {"seats": seats, "topic": self._topic, "turns": self._director.asked, "estimate": self._estimate}
        self._tell({"type": "duet.begun", "at_ms": self._session.now(), **about})


def _settings(event: DuetBegin) -> tuple[tuple[str, bool | int | float | str], ...]:
    """Raises BadInput."""
    if event.answers not in ("other", "same"):
        raise BadInput(f"answers is 'other' or 'same', not {event.answers[:40]!r}")
    _between("turns", event.turns, 1, _MOST_TURNS)
    return (
        ("duet.gap_ms", _between("gap_ms", event.gap_ms, 0, 10_000)),
        ("duet.natural", event.natural),
        ("duet.eager", event.eager),
        ("limits.budget", _between("budget", event.budget, 0.0, _MOST_BUDGET)),
    )


_N = TypeVar("_N", int, float)


def _between(name: str, value: _N, least: _N, most: _N) -> _N:
    """Raises BadInput."""
    if not least <= value <= most:
        raise BadInput(f"{name} must be from {least} to {most}, not {value}")
    return value
