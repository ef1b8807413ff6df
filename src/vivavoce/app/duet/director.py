"""Steers a duet: who sits where, what it is about, and what a moderator says meanwhile."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from ...core.commands import Message
from ...core.errors import BadInput
from ...core.events import DuetBegun, HangUpAsked, ItemCreated
from ...core.meter import Prices
from ...runtime.engines import AgentConfig, Engines
from ...runtime.session import Session
from ..agent.agent import Agent
from ..prices import PriceTable
from .persona import load_persona
from .troupe import SEATS, Troupe, two_names

LONGEST_TOPIC = 20_000
LONGEST_LINE = 2_000
ORDERS = "/a PERSONA, /b PERSONA, /topic FILE or /end"


class Director:
    """Of one session. What it says reaches the agents with the next answer; who speaks now finishes."""

    def __init__(
        self,
        session: Session,
        troupe: Troupe,
        agents: tuple[Agent, Agent],
        prices: PriceTable,
        turns: int,
        answers: str = "other",
        turn_cost: float = 0.0,
    ) -> None:
        """`answers`: who answers a person that cuts in, `same` or `other`. `turn_cost`: money that an answer is
        expected to cost."""
        self._session = session
        self._troupe = troupe
        self.agents = agents
        self._prices = prices
        self._turns = turns
        self._answers = answers
        self._turn_cost = turn_cost
        self._number = count(1)

    def begin(self, topic: str, *cast: AgentConfig) -> None:
        """They begin. Raises BadInput for no topic."""
        self.topic(topic)
        self._announce(*cast)

    def topic(self, text: str) -> None:
        """From now on they talk about this. Raises BadInput."""
        text = checked(text, "the topic", LONGEST_TOPIC)
        self._session.post(ItemCreated(Message(f"topic-{next(self._number)}", "user", text)))

    def say(self, text: str) -> None:
        """A moderator says something, which both read and nobody hears. Raises BadInput."""
        text = checked(text, "the moderator's line", LONGEST_LINE)
        self._session.post(ItemCreated(Message(f"moderator-{next(self._number)}", "system", text)))

    @property
    def asked(self) -> int:
        """Answers in all that they are to give."""
        return self._turns

    async def seat(self, place: str, agent: Agent) -> AgentConfig:
        """Another persona takes seat `a` or `b`. Raises BadInput."""
        first, second = self.agents
        agents = (agent, second) if place == SEATS[0] else (first, agent)
        two_names(agents)
        config = await self._troupe.join(agent, SEATS.index(place))
        self.agents = agents
        self._announce(config)
        return config

    def turns(self, turns: int) -> None:
        """Answers in all, counted from the beginning."""
        self._turns = turns
        self._announce()

    def end(self) -> None:
        """They stop when what is being said has been heard."""
        self._session.post(HangUpAsked(reason="moderator"))

    async def follow(self, line: str) -> None:
        """A line of a moderator: `/a PERSONA`, `/b PERSONA`, `/topic FILE` and `/end` change something, anything else
        is said. Raises BadInput."""
        order, _, rest = line.strip().partition(" ")
        match order:
            case "/a" | "/b":
                await self.seat(order[1:], load_persona(rest.strip()))
            case "/topic":
                self.topic(read_topic(Path(rest.strip())))
            case "/end":
                self.end()
            case _ if order.startswith("/"):
                raise BadInput(f"there is no {order}; fix: write {ORDERS}, or plain words")
            case _:
                self.say(line)

    def _announce(self, *cast: AgentConfig) -> None:
        """Who sits where, and what those who are new bring along."""
        for config in cast:
            self._session.introduce(config)
        engines = [config.engines for config in cast if config.engines is not None]
        first, second = (agent.name for agent in self.agents)
        begun = DuetBegun(first, second, self._turns, self._answers, self._turn_cost, _rows(self._prices, engines))
        self._session.post(begun)


def _rows(table: PriceTable, engines: list[Engines]) -> tuple[tuple[str, str, float], ...]:
    prices: Prices = table.of(*engines)
    return tuple((model, unit, price) for (model, unit), price in prices.items())


def checked(text: str, what: str, longest: int) -> str:
    """Raises BadInput for text that is empty or too long."""
    text = text.strip()
    if not text:
        raise BadInput(f"{what} is empty; fix: write something")
    if len(text) > longest:
        raise BadInput(f"{what} has {len(text)} characters; fix: write at most {longest}")
    return text


def read_topic(path: Path) -> str:
    """Raises BadInput."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}; fix: give a text file") from None
    if not text:
        raise BadInput(f"{path} is empty; fix: write what they are to talk about")
    return text[:LONGEST_TOPIC]
