"""How unevenly the synthesiser delivers, and so how much of a reply must be in hand before it may sound.

Played from its first audio on, a part runs dry when a piece of it comes later than all before it lasts. By the most
that this happened lately, a reply waits after its first audio; behind a steady synthesiser it does not wait at all.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from .units import out_ms

KEPT = 16
"""Parts that are remembered."""
FRAME_MS = 20
"""Sound is played in frames: what comes during one is too late for it."""


@dataclass(slots=True)
class Supply:
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT))
    """Of the last parts, by how many ms each would have run dry."""
    _part: tuple[int, int] = (0, 0)
    """Reply and number of the part that is being delivered."""
    _began: int = 0

    def arrived(self, now: int, reply: int, part: int, before: int) -> None:
        """A piece of a part came at `now`, after `before` samples of it."""
        if (reply, part) != self._part or not before:
            self._part, self._began = (reply, part), now
            self.recent.append(0)
            return
        self.recent[-1] = max(self.recent[-1], now - self._began - out_ms(before))

    def wait_ms(self, most: int) -> int:
        """How long after its first audio a reply must wait, `most` at the most."""
        late = max(self.recent, default=0)
        return min(most, late + FRAME_MS) if late > 0 else 0
