"""The caller's audio on its way to a service: taken off in messages, found again by the service's own clock.

A service counts what it was sent from 0; the caller's audio begins anywhere and may have gaps, which are not sent.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass

RATE = 16_000


@dataclass(slots=True)
class _Stretch:
    """Samples without a gap, as the service counts them and as the caller's."""

    sent: int
    start: int
    samples: int


class Tape:
    """Positions are caller samples (16 kHz). What was taken is kept until `forget`, and comes again after `rewind`.

    Of what was taken, no more than `limit` samples are kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = 0
        self._ahead: deque[tuple[int, bytes]] = deque()
        self._behind: deque[tuple[int, bytes]] = deque()
        self._stretches: list[_Stretch] = []
        self._sent = 0
        """Samples on this connection."""
        self.begun: int | None = None
        self.fed = 0
        """Where the audio that was fed ends."""
        self.unsent = 0
        self.at = 0
        """Where the audio that was taken ends."""

    @property
    def oldest(self) -> int:
        """Where the first audio begins that is not forgotten."""
        for pieces in (self._behind, self._ahead):
            if pieces:
                return pieces[0][0]
        return self.fed

    def push(self, start: int, data: bytes) -> int:
        """Audio (int16) from `start` on; what comes twice is passed over. Returns the samples that are new."""
        if self.begun is None:
            self.begun = self.fed = self.at = start
        known = max(0, self.fed - start)
        if known * 2 >= len(data):
            return 0
        start, data = start + known, data[known * 2 :]
        self._ahead.append((start, data))
        self.fed = start + len(data) // 2
        self.unsent += len(data) // 2
        return len(data) // 2

    def take(self, least: int, most: int, upto: int | None = None) -> bytes:
        """The next message: `least` to `most` samples, or none. With `upto`: what there is before it, however short."""
        ready = self.unsent if upto is None or upto >= self.fed else self._before(upto)
        if not ready or (upto is None and ready < least):
            return b""
        room, taken = min(most, ready), []
        while room:
            start, data = self._ahead.popleft()
            if len(data) // 2 > room:
                self._ahead.appendleft((start + room, data[room * 2 :]))
                data = data[: room * 2]
            room -= len(data) // 2
            self._mark(start, len(data) // 2)
            self._behind.append((start, data))
            self._kept += len(data) // 2
            taken.append(data)
        while self._kept > self._limit:
            self._kept -= len(self._behind.popleft()[1]) // 2
        return b"".join(taken)

    def pad(self, samples: int) -> None:
        """Silence that is nobody's was sent."""
        self._sent += samples

    def place(self, seconds: float, end: bool = False) -> int:
        """The caller's sample at an instant of the service's clock; `end`: of something that ends there."""
        sent = round(seconds * RATE)
        find = bisect_left if end else bisect_right
        n = find(self._stretches, sent, key=lambda stretch: stretch.sent) - 1
        if n < 0:
            return self._stretches[0].start if self._stretches else self.at
        stretch = self._stretches[n]
        return stretch.start + min(max(0, sent - stretch.sent), stretch.samples)

    def forget(self, upto: int) -> None:
        """The audio before `upto` will not be wanted again."""
        while self._behind and self._behind[0][0] < upto:
            start, data = self._behind.popleft()
            rest = data[(upto - start) * 2 :]
            self._kept -= (len(data) - len(rest)) // 2
            if rest:
                self._behind.appendleft((upto, rest))
        while len(self._stretches) > 1 and self._stretches[1].start <= upto:
            del self._stretches[0]

    def keep(self, samples: int) -> None:
        """Of what was not taken, only the last `samples`."""
        while self.unsent > samples:
            start, data = self._ahead.popleft()
            over = min(self.unsent - samples, len(data) // 2)
            self.unsent -= over
            if over * 2 < len(data):
                self._ahead.appendleft((start + over, data[over * 2 :]))

    def rewind(self, samples: int) -> None:
        """A new connection: it gets the last `samples` of what the old one had got, and what nobody got yet."""
        while self._behind and samples > 0:
            start, data = self._behind.pop()
            data = data[-min(samples, len(data) // 2) * 2 :]
            samples -= len(data) // 2
            self.unsent += len(data) // 2
            self._ahead.appendleft((start, data))
        self._behind.clear()
        self._kept = 0
        self._stretches.clear()
        self._sent = 0

    def _before(self, upto: int) -> int:
        return sum(max(0, min(upto, start + len(data) // 2) - start) for start, data in self._ahead)

    def _mark(self, start: int, samples: int) -> None:
        last = self._stretches[-1] if self._stretches else None
        if last and last.start + last.samples == start and last.sent + last.samples == self._sent:
            last.samples += samples
        else:
            self._stretches.append(_Stretch(self._sent, start, samples))
        self._sent += samples
        self.unsent -= samples
        self.at = start + samples
