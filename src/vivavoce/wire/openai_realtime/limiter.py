"""How many responses a session may ask for: a bucket that fills again with time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Limiter:
    limit: int = 120
    """Responses a minute, and at once."""
    _left: float = -1.0
    _at: float = 0.0

    def take(self, now: float) -> bool:
        """One more, at `now` seconds of any clock; False when there are none left."""
        self._fill(now)
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def shown(self, now: float) -> list[dict[str, Any]]:
        """As `rate_limits.updated` has it."""
        self._fill(now)
        missing = self.limit - self._left
        seconds = round(missing * 60 / self.limit, 3)
        row = {"name": "requests", "limit": self.limit, "remaining": int(self._left), "reset_seconds": seconds}
        return [row]

    def _fill(self, now: float) -> None:
        if self._left < 0:
            self._left, self._at = float(self.limit), now
        self._left = min(float(self.limit), self._left + max(0.0, now - self._at) * self.limit / 60)
        self._at = now
