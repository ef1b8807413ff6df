"""Endpointing at many degrees of patience: how many pauses are taken for the end, against how long the end takes.

Cut rate: holds in which the policy decided that the turn was over, before speech resumed, by all holds. Latency: mean
time from the true end of a turn to that decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .answers import Answers

GRID_MS = (100, 150, 200, 250, 300, 400, 500, 600, 700, 800, 1_000, 1_200, 1_400, 1_600, 2_000, 2_500, 3_000)
"""Silences of the plain detector."""


@dataclass(frozen=True, slots=True)
class Point:
    setting: float
    """Patience, or the silence of the plain detector (ms)."""
    cut: float
    """0 to 1."""
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Points in the order of their latency."""

    points: tuple[Point, ...] = ()

    @classmethod
    def of(cls, points: Sequence[Point]) -> Curve:
        return cls(tuple(sorted(points, key=lambda p: p.latency_ms)))

    def cut_at(self, latency_ms: float) -> float | None:
        """The cut rate at this latency, between points by a straight line; None outside the measured range."""
        found = _between([(p.latency_ms, p.cut) for p in self.points], latency_ms)
        return None if found is None else round(found, 4)

    def latency_at(self, cut: float) -> int | None:
        """The least latency with no more cut-offs than this; None if every point has more."""
        reached = [p for p in self.points if p.cut <= cut]
        if not reached:
            return None
        first = reached[0]
        before = self.points[self.points.index(first) - 1] if self.points.index(first) else None
        if before is None or before.cut <= first.cut:
            return round(first.latency_ms)
        share = (before.cut - cut) / (before.cut - first.cut)
        return round(before.latency_ms + share * (first.latency_ms - before.latency_ms))

    def metrics(self) -> dict[str, Any]:
        return {
            "cut_at_300": self.cut_at(300),
            "cut_at_600": self.cut_at(600),
            "lat_at_5": self.latency_at(0.05),
            "lat_at_10": self.latency_at(0.10),
        }


def point(setting: float, answers: Answers) -> Point | None:
    """What one setting did; None without a hold or without a decision."""
    if not answers.holds or not answers.waits:
        return None
    return Point(setting, answers.cut_holds / answers.holds, sum(answers.waits) / len(answers.waits))


def plain(holds_ms: Sequence[int]) -> Curve:
    """A detector that hears perfectly and ends every turn after a fixed silence."""
    rows = [Point(t, sum(hold > t for hold in holds_ms) / len(holds_ms), t) for t in GRID_MS] if holds_ms else []
    return Curve.of(rows)


def _between(rows: Sequence[tuple[float, float]], x: float) -> float | None:
    for (x0, y0), (x1, y1) in pairwise(rows):
        if x0 <= x <= x1:
            return y0 if x1 == x0 else y0 + (x - x0) / (x1 - x0) * (y1 - y0)
    return None
