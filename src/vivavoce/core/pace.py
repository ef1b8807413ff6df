"""How long a caller's pauses are: some think longer between their words than others."""

from __future__ import annotations

from dataclasses import dataclass

USUAL_MS = 450
"""Median pause within a turn."""
_KNOWN = 2
"""Pauses of the usual length that are assumed at the beginning."""
_LEAST_MS = 200
"""Shorter gaps belong to speaking."""
_MOST_MS = 1_500
"""A pause counts as no longer than this."""


@dataclass(slots=True)
class Pace:
    """The pauses that one caller made within turns."""

    pauses: int = 0
    total_ms: int = 0

    def paused(self, ms: int) -> None:
        """The caller went on after a silence."""
        if ms >= _LEAST_MS:
            self.pauses += 1
            self.total_ms += min(ms, _MOST_MS)

    @property
    def slowness(self) -> float:
        """The caller's mean pause so far by the usual one; 1.0 while nothing is known."""
        return (_KNOWN * USUAL_MS + self.total_ms) / ((_KNOWN + self.pauses) * USUAL_MS)
