"""May another call begin? Decided by how late this process was with what it had to do on time. Pure: no clock here."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """When a process is busy. Measured: docs/capacity.md."""

    window_s: float = 2.0
    """Lateness is judged by what was seen in that time."""
    share: float = 0.95
    """... of which so much must be in time: 0.95 judges by the 95th percentile."""
    busy_ms: float = 7.0
    """From so late on new calls are refused: a third of a frame of 20 ms. Those that are there still have the rest."""
    calm_ms: float = 5.0
    """They may come again when it is less than this."""
    least_s: float = 2.0
    """... and not before so long after the process was last busy."""
    back: int = 10
    """Whoever was too many stays; but one in so many fewer are let in after that, as the edge is steep."""
    more_s: float = 5.0
    """... and one more in so many seconds in which it was not busy."""
    most_wait_s: float = 10.0
    """What a caller is told at most: others may hang up any time."""
    few: int = 50
    """With fewer samples nothing is judged."""


class Admission:
    """Lateness in, verdict out."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._seen: deque[tuple[float, float]] = deque()
        self._busy_at: float | None = None
        """When it was last late, while it is busy."""
        self._room: int | None = None
        """So many calls could be carried at `_since`; None while nobody knows."""
        self._since = 0.0

    def push(self, now_s: float, late_ms: float, calls: int) -> None:
        """Something that was due now was done so much later, with so many calls. Times must not fall."""
        limits = self._limits
        self._seen.append((now_s, late_ms))
        while self._seen[0][0] <= now_s - limits.window_s:
            self._seen.popleft()
        late_ms = self.late_ms
        if late_ms >= limits.busy_ms:
            if self._busy_at is None:
                self._room = calls - calls // limits.back
            self._busy_at = self._since = now_s
        elif self._busy_at is not None and late_ms < limits.calm_ms and now_s - self._busy_at >= limits.least_s:
            self._busy_at, self._since = None, now_s

    @property
    def late_ms(self) -> float:
        """The judged percentile of the window; 0 while there are few samples."""
        if len(self._seen) < self._limits.few:
            return 0.0
        return sorted(late_ms for _, late_ms in self._seen)[int(len(self._seen) * self._limits.share)]

    def wait_s(self, now_s: float, calls: int) -> float:
        """How long a caller who is refused should wait, where there are so many; 0 when another call may begin."""
        limits = self._limits
        if self._busy_at is not None:
            return max(1.0, self._busy_at + limits.least_s - now_s)
        if self._room is None:
            return 0.0
        wait_s = self._since + (calls + 1 - self._room) * limits.more_s - now_s
        return min(limits.most_wait_s, wait_s) if wait_s > 0 and calls >= self._room else 0.0

    def forget(self) -> None:
        """What was seen says nothing about what comes now."""
        self._seen.clear()
        self._busy_at = self._room = None
