"""What two agents who talk with each other will cost, before they begin. Pure; the money is that of the price table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.commands import Role, Usage
from ...core.meter import Bill, Prices

CHARACTERS_A_TOKEN = 4.0
CHARACTERS_A_SECOND = 15.0
"""Of speech."""
ANSWER = 300
"""Characters of an answer, where nobody knows better."""
HOPS = (Role.LLM, Role.TTS)

Money = float | None
"""USD; None where anything of it has no price."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two. Lengths are in characters."""

    llm: str
    """Names of models, as the engines say them."""
    tts: str
    instructions: int
    answer: float = ANSWER
    """In the mean."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is expected."""

    sides: tuple[Mapping[str, Money], ...]
    """Of each side, by hop: `llm`, `tts`."""

    @property
    def hops(self) -> Mapping[str, Money]:
        """Of both sides, by hop."""
        return {hop.value: _sum([side[hop.value] for side in self.sides]) for hop in HOPS}

    @property
    def total(self) -> Money:
        return _sum(list(self.hops.values()))


def estimate(sides: tuple[Side, Side], turns: int, topic: int, prices: Prices) -> Estimate:
    """What `turns` answers in all will cost, the first side beginning; `topic` is its length in characters.

    Every request carries the instructions, the topic and all answers before it, and none of it is taken to be in a
    cache: so a cache makes it cheaper than this. Nor does anybody cut in.
    """
    said = 0.0
    read, spoken = [0.0, 0.0], [0.0, 0.0]
    for turn in range(turns):
        now = turn % 2
        read[now] += sides[now].instructions + topic + said
        spoken[now] += sides[now].answer
        said += sides[now].answer
    return Estimate(
        tuple(_side(side, asked, told, prices) for side, asked, told in zip(sides, read, spoken, strict=True))
    )


def _side(side: Side, read: float, spoken: float, prices: Prices) -> Mapping[str, Money]:
    tokens = (("input_tokens", read / CHARACTERS_A_TOKEN), ("output_tokens", spoken / CHARACTERS_A_TOKEN))
    speech = (("characters", spoken), ("seconds", spoken / CHARACTERS_A_SECOND))
    used = (Usage(Role.LLM, side.llm, tokens), Usage(Role.TTS, side.tts, speech))
    return {usage.role.value: _cost(usage, prices) for usage in used}


def _cost(usage: Usage, prices: Prices) -> Money:
    """By the meter's own rules."""
    bill = Bill()
    bill.add(usage, prices)
    return bill.total


def _sum(parts: Sequence[Money]) -> Money:
    priced = [part for part in parts if part is not None]
    return sum(priced) if len(priced) == len(parts) else None
