"""Latency marks of one exchange and the gap-free waterfall computed from them.

Marks are in session milliseconds. Hops follow a fixed order and telescope, so they always sum to the gap; a hop is
negative when its work was done ahead of time.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

ORDER = (
    "user_end",
    "vad_off",
    "stt_final",
    "turn_decided",
    "llm_request",
    "llm_first_token",
    "first_speakable",
    "tts_request",
    "tts_first_byte",
    "released",
    "first_audible",
)
"""`first_audible` is the moment at which the caller hears the first audible sample."""


@dataclass(slots=True)
class Marks:
    at: dict[str, int] = field(default_factory=dict)
    silence_ms: int = 0
    """The silence that the endpointing rule required of this turn."""

    def set(self, name: str, now: int) -> None:
        """The first time counts."""
        if name not in self.at:
            self.at[name] = now

    @property
    def gap_ms(self) -> int | None:
        """First audible sample minus the true end of the caller's turn."""
        if "user_end" not in self.at or "first_audible" not in self.at:
            return None
        return self.at["first_audible"] - self.at["user_end"]

    def hops(self) -> tuple[tuple[str, int], ...]:
        """(mark reached, ms since the mark before it) from the end of the turn to the first audible sample."""
        if self.gap_ms is None:
            return ()
        reached = [(name, self.at[name]) for name in ORDER if name in self.at]
        return tuple((name, t - before) for (_, before), (name, t) in itertools.pairwise(reached))

    def overhead_ms(self) -> int | None:
        """The part of the gap that neither the required silence nor any service explains."""
        gap = self.gap_ms
        if gap is None:
            return None
        start, end = self.at["user_end"], self.at["first_audible"]
        spans = [(start, start + self.silence_ms)]
        for a, b in (
            ("user_end", "stt_final"),
            ("llm_request", "first_speakable"),
            ("tts_request", "tts_first_byte"),
        ):
            if a in self.at and b in self.at:
                spans.append((self.at[a], self.at[b]))
        return gap - _covered(spans, start, end)


def _covered(spans: list[tuple[int, int]], start: int, end: int) -> int:
    """Length of the union of spans within [start, end]."""
    total, reached = 0, start
    for a, b in sorted(spans):
        a, b = max(a, reached), min(b, end)
        if b > a:
            total += b - a
            reached = b
    return total
