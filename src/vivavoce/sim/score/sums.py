"""Numbers that add up over many calls, and what is made of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self


@dataclass(slots=True)
class Sums:
    """A set of counts, lists and smaller sets; two of them add up field by field."""

    def add(self, other: Self) -> None:
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            if isinstance(mine, Sums):
                mine.add(theirs)
            else:
                setattr(self, one.name, mine + theirs)


def rate(part: float, whole: float) -> float | None:
    """None where there was no occasion."""
    return round(part / whole, 4) if whole else None


def percentile(values: Sequence[int], q: int) -> int | None:
    """The smallest value that at least q % of all values do not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * q / 100) - 1)]


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def mean_ms(values: Sequence[int]) -> int | None:
    return round(sum(values) / len(values)) if values else None
