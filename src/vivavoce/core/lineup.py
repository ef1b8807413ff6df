"""The engines of one role in order of preference, and how each did lately: who is asked, and who next."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

KEPT = 32
"""Answers of an engine that are remembered."""
ENOUGH = 5
"""Answers from which its usual time is known."""


@dataclass(slots=True)
class Lineup:
    count: int = 1
    failed_at: dict[int, int] = field(default_factory=dict)
    """Session ms of each engine's last failure, if it has not answered since."""
    times: dict[int, deque[int]] = field(default_factory=dict)
    """How long each took to begin its last answers, in ms."""

    def best(self, now: int, rest_ms: int) -> int:
        """The first engine that has not failed in the last `rest_ms`; else the one whose failure is longest ago."""
        for engine in range(self.count):
            if engine not in self.failed_at or now - self.failed_at[engine] >= rest_ms:
                return engine
        return min(range(self.count), key=lambda engine: self.failed_at[engine])

    def next(self, tried: Collection[int], now: int, rest_ms: int) -> int | None:
        """The best of those that were not tried; None when all were."""
        left = [engine for engine in range(self.count) if engine not in tried]
        fresh = [e for e in left if e not in self.failed_at or now - self.failed_at[e] >= rest_ms]
        return next(iter(fresh or left), None)

    def failed(self, engine: int, now: int) -> None:
        self.failed_at[engine] = now

    def works(self, engine: int) -> None:
        """Its last failure is forgotten."""
        self.failed_at.pop(engine, None)

    def answered(self, engine: int, ms: int) -> None:
        """It began to answer, `ms` after it was asked."""
        self.works(engine)
        self.times.setdefault(engine, deque(maxlen=KEPT)).append(ms)

    def p95(self, engine: int) -> int | None:
        """By when it has begun 19 of 20 answers; None while too few are known."""
        known = sorted(self.times.get(engine, ()))
        return known[min(len(known) - 1, len(known) * 95 // 100)] if len(known) >= ENOUGH else None
