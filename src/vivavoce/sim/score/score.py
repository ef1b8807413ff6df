"""All scores of one call, or of many added up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .answers import Answers
from .dialogue import Dialogue
from .overlaps import Overlaps
from .services import Early, Memory, Services
from .sums import Sums
from .ticks import on_ticks

ON_TICKS = ("L_R", "R_R", "R_Y", "L_Y", "I_A", "S_BC", "S_VT", "S_ND")
"""The board's metrics, also given on its clock of 200 ms."""


@dataclass(slots=True)
class Score(Sums):
    """Adds up over calls; `metrics` is what is printed."""

    calls: int = 0
    events: int = 0
    audio_ms: int = 0
    reports: int = 0
    """What an operator was told went wrong."""
    answers: Answers = field(default_factory=Answers)
    overlaps: Overlaps = field(default_factory=Overlaps)
    services: Services = field(default_factory=Services)
    early: Early = field(default_factory=Early)
    memory: Memory = field(default_factory=Memory)
    ticked_answers: Answers = field(default_factory=Answers)
    ticked_overlaps: Overlaps = field(default_factory=Overlaps)

    def judge(self, dialogue: Dialogue) -> None:
        """Count one call's dialogue."""
        self.answers.add(Answers.of(dialogue))
        self.overlaps.add(Overlaps.of(dialogue))
        ticked = on_ticks(dialogue)
        self.ticked_answers.add(Answers.of(ticked))
        self.ticked_overlaps.add(Overlaps.of(ticked))

    def metrics(self) -> dict[str, Any]:
        """Percentiles and rates by name (docs/metrics.md); None where there was no occasion."""
        ticked = self.ticked_answers.metrics() | self.ticked_overlaps.metrics()
        return {
            "calls": self.calls,
            "events": self.events,
            "audio_minutes": round(self.audio_ms / 60_000, 2),
            **self.answers.metrics(),
            **self.overlaps.metrics(),
            **self.services.metrics(),
            **self.early.metrics(),
            **self.memory.metrics(),
            "reports": self.reports,
            "on_200_ms_ticks": {name: ticked[name] for name in ON_TICKS},
        }
