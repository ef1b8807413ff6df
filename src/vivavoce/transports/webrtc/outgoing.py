"""When audio goes out: a reply's frames at once, silence in between, and media time that keeps to the clock.

Frames are 20 ms. The stream never stops, so that its time runs like the clock: silence is sent whenever nothing else
is there at the time it is due. A reply does not wait for that: its first frame goes out early, by up to a frame, and
the silence after it comes that much later. Times are seconds on one clock; they are arguments.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from ...audio.pcm import Pcm

FRAME_S = 0.02
KEPT_S = 0.2
"""How far ahead of its time audio may be, after a stall: sent, and waiting."""
_LATE_S = 0.2
"""More than this was missed, and the time in between is skipped."""
_GRACE_S = 0.03
"""Within a reply silence waits so much longer: the reply's next frame may be a little late."""
_AT_ONCE_S = 0.005
"""Frames within so short a time come from a stall; the newest of them are what counts."""


class Out(NamedTuple):
    """One frame to be sent now."""

    number: int
    """Frames of media time before it; time that was skipped counts."""
    pcm: Pcm | None
    """480 samples at 24 kHz; None for silence."""


class Outgoing:
    """The frames of one call on their way out. Its owner calls `take` after every `put`, and when `due` says."""

    def __init__(self, now: float) -> None:
        self.dropped = 0
        """Frames that were not sent because too many came at once."""
        self._next = now
        """When the next frame is due."""
        self._index = 0
        self._waiting: deque[Pcm] = deque()
        self._grace = 0.0
        self._last_put = now - 1.0

    def put(self, pcm: Pcm, now: float) -> bool:
        """One frame of a reply. True when `take` should wait for the others that come in the same moment."""
        self._catch_up(now)
        self._waiting.append(pcm)
        ahead = max(0.0, self._next - now)
        while len(self._waiting) > 1 and ahead + len(self._waiting) * FRAME_S > KEPT_S + FRAME_S:
            self._waiting.popleft()
            self.dropped += 1
        burst = now - self._last_put < _AT_ONCE_S
        self._last_put = now
        return burst

    def take(self, now: float) -> list[Out]:
        """What is to be sent now."""
        self._catch_up(now)
        out: list[Out] = []
        while self._waiting and self._next - now <= KEPT_S:
            self._grace = _GRACE_S
            out.append(self._send(self._waiting.popleft()))
        while not self._waiting and self._next + self._grace <= now:
            # Several frames of silence make up for the wait.
            while self._next <= now:
                out.append(self._send(None))
            self._grace = 0.0
        return out

    def due(self) -> float:
        """When to call `take` next, if nothing is put before."""
        return self._next - KEPT_S if self._waiting else self._next + self._grace

    def _send(self, pcm: Pcm | None) -> Out:
        out = Out(self._index, pcm)
        self._index += 1
        self._next += FRAME_S
        return out

    def _catch_up(self, now: float) -> None:
        missed = int((now - self._next) / FRAME_S) if now - self._next > _LATE_S else 0
        self._index += missed
        self._next += missed * FRAME_S
