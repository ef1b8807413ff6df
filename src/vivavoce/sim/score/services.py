"""Where the time of answers went, what was begun early, and what was remembered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ...core.marks import ORDER
from ...core.meter import Bill
from ...core.notices import TurnReport
from .sums import Sums, percentile, rate


@dataclass(slots=True)
class Services(Sums):
    """The waterfalls of all answers that were heard."""

    answered: int = 0
    overheads: list[int] = field(default_factory=list)
    hops: Counter[str] = field(default_factory=Counter)
    """ms of each hop, added up; `-NAME` for hops done ahead of time."""

    def exchange(self, report: TurnReport) -> None:
        self.answered += 1
        if report.overhead_ms is not None:
            self.overheads.append(report.overhead_ms)
        for name, ms in report.hops:
            self.hops[name if ms >= 0 else f"-{name}"] += abs(ms)

    def mean_hops(self) -> list[tuple[str, int]]:
        """The mean waterfall, in order; the hops add up to the mean gap, to rounding."""
        names = {name.removeprefix("-") for name in self.hops}
        total = {name: self.hops[name] - self.hops[f"-{name}"] for name in ORDER if name in names}
        return [(name, round(total[name] / self.answered)) for name in total] if self.answered else []

    def metrics(self) -> dict[str, Any]:
        return {"overhead_p50_ms": percentile(self.overheads, 50), "overhead_p95_ms": percentile(self.overheads, 95)}


@dataclass(slots=True)
class Early(Sums):
    """Answers begun before the turn was over."""

    started: int = 0
    used: int = 0
    tokens: float = 0.0
    """Of language models, billed for early answers that were thrown away."""
    characters: float = 0.0
    """Synthesised for them."""

    def wasted(self, bill: Bill) -> None:
        """Add what an early answer cost that nobody could hear."""
        for key, quantity in bill.amounts.items():
            self.tokens += quantity if key.startswith("llm:") else 0.0
            self.characters += quantity if key.startswith("tts:") else 0.0

    def metrics(self) -> dict[str, Any]:
        return {
            "speculation_started": self.started,
            "speculation_hit": rate(self.used, self.started),
            "speculation_waste_tokens": round(self.tokens),
            "speculation_waste_characters": round(self.characters),
        }


@dataclass(slots=True)
class Memory(Sums):
    """Does the history hold what was heard?"""

    exact: int = 0
    """Replies that closed with exact word times."""
    errors: int = 0
    """Word edit distance between what the history keeps of them and the words that were played."""

    def metrics(self) -> dict[str, Any]:
        return {"heard_text_errors": self.errors, "heard_exact": self.exact}
