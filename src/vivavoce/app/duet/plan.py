"""What is known of a duet before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ...audio.pcm import Pcm
from ...core.errors import BadInput
from ...core.policy import Policy
from ...runtime.engines import AgentConfig
from ..agent.agent import Agent
from ..agent.names import Own
from ..engines import EMBEDDED
from ..prices import PriceTable
from ..prices.estimate import Estimate, Side, estimate
from .troupe import Mind


@dataclass(frozen=True)
class Plan:
    topic: str
    policy: Policy
    agents: tuple[Agent, Agent]
    minds: tuple[Mind, Mind]
    prices: PriceTable
    turns: int
    cuts: Sequence[tuple[float, Pcm]] = ()
    """Recordings (16 kHz) that cut in, and after how many seconds."""
    cues: Sequence[tuple[float, str]] = ()
    """Lines of a moderator, and after how many seconds."""

    @cached_property
    def estimate(self) -> Estimate:
        """What it will cost."""
        first, second = (_side(agent, mind) for agent, mind in zip(self.agents, self.minds, strict=True))
        models = [name for side in (first, second) for name in (side.llm, side.tts)]
        return estimate((first, second), self.turns, len(self.topic), self.prices.of_models(models))

    @property
    def turn_cost(self) -> float:
        """Of one answer; 0 where it is not known."""
        return (self.estimate.total or 0.0) / self.turns

    def check(self) -> None:
        """Raises BadInput for a budget that cannot be kept."""
        if self.policy.limits.budget and self.estimate.total is None:
            unpriced = " and ".join(hop for hop, money in self.estimate.hops.items() if money is None)
            raise BadInput(f"--budget needs prices, and {unpriced} has none; fix: give it with --prices FILE")

    def notes(self) -> list[str]:
        """For the user."""
        notes = [mind.note for mind in self.minds]
        if self.agents[0].voice == self.agents[1].voice:
            notes.append(f"Both have the voice {self.agents[0].voice!r}, and will be hard to tell apart.")
        total = self.estimate.total
        if total is None:
            notes.append("What it will cost is not known: not everything has a price.")
        elif total:
            parts = ", ".join(f"{hop} {money:.4f}" for hop, money in self.estimate.hops.items() if money)
            notes.append(f"It will cost about {total:.4f} USD ({parts}).")
        return notes


def side_of(config: AgentConfig) -> Side:
    """Of somebody with open engines."""
    assert config.engines is not None
    return Side(config.engines.llm.model, config.engines.tts.model, len(config.instructions))


def _side(agent: Agent, mind: Mind) -> Side:
    names = mind.names.tts or EMBEDDED.tts
    tts = names[0].engine.model if isinstance(names[0], Own) else names[0]
    return Side(mind.llms[0].model, tts, len(agent.full_instructions()))
