"""A jitter buffer without a clock: packets in as they come, one per 20 ms out, no later than the network makes needful.

Each packet has a transit time: its arrival less its timestamp. The least one of late is what the network takes; how
much longer most packets take is what we must wait for. So a packet is played when its timestamp plus the least transit
plus that wait has come. When the wait changes, a frame is left out or put in, in a quiet place if one comes soon.
"""

from __future__ import annotations

from collections import deque

FRAME_S = 0.02
_WINDOW = 200
"""Packets (4 s) whose transit is remembered."""
_LATEST = 0.985
"""The part of all packets that is waited for."""
_MARGIN_S, _MOST_S = 0.008, 0.3
"""What is added to that wait, and the longest one."""
_EARLY_S, _TOO_EARLY_S = 0.002, 0.02
"""How far we may be before the right moment until a frame is put in: in a quiet place, and anywhere. It is little, for
what comes after its moment is lost."""
_LATE_S, _TOO_LATE_S = 0.03, 0.08
"""How far behind it until one is left out. That costs nothing but delay."""
_LONGEST = 50
"""Packets kept at most (1 s)."""
_GAP = 25
"""A jump of more frames is no loss: the peer was silent, or starts anew."""


class Jitter:
    """The incoming packets of one call. Times are seconds on one clock; they are arguments."""

    def __init__(self, rate: int) -> None:
        """`rate`: of the timestamps, 48000 for Opus and 8000 for G.711."""
        self._rate = rate
        self._frame = round(rate * FRAME_S)
        self._packets: dict[int, tuple[int, bytes]] = {}
        """Samples and payload by unwrapped timestamp."""
        self._last: int | None = None
        """The last unwrapped timestamp that came."""
        self._cursor: int | None = None
        """The timestamp to be played next."""
        self._made_up = 0
        """Frames made up since the last real one while nothing was there."""
        self._transits: deque[float] = deque(maxlen=_WINDOW)
        self._least = 0.0
        self._wait = 0.0
        self._since = 0

    @property
    def started(self) -> bool:
        return self._cursor is not None

    @property
    def wait_s(self) -> float:
        """How long a packet that came as fast as any is kept."""
        return self._wait

    def push(self, timestamp: int, samples: int, payload: bytes, now: float) -> None:
        """A packet with so many samples came."""
        at = self._unwrap(timestamp)
        if self._cursor is None:
            self._cursor = at
        elif abs(at - self._cursor) > 10 * self._rate:
            self._restart(at)
        self._measure(now - at / self._rate)
        if at < self._cursor:
            return  # too late: its place was filled
        self._packets[at] = (samples, payload)
        if len(self._packets) > _LONGEST:
            self._packets.pop(min(self._packets))
            self._cursor = min(self._packets)

    def pull(self, now: float, quiet: bool) -> bytes | None:
        """The payload that sounds from now on; None: make up 20 ms. `quiet`: one frame more or less would be missed by
        nobody."""
        if self._cursor is None:
            return None
        behind = now - self._least - self._wait - self._cursor / self._rate
        if behind < -(_EARLY_S if quiet else _TOO_EARLY_S):
            return None
        if behind > (_LATE_S if quiet else _TOO_LATE_S) and len(self._packets) > 1:
            self._cursor += self._packets.pop(self._cursor, (self._frame, b""))[0]
        return self._next(behind)

    def _next(self, behind: float) -> bytes | None:
        assert self._cursor is not None
        found = self._packets.pop(self._cursor, None)
        if found is None and self._packets:
            first = min(self._packets)
            frames = -(-(first - self._cursor) // self._frame)
            # What was made up while nothing was there, stood for what was lost.
            if frames <= self._made_up or (frames > _GAP and behind * self._rate >= first - self._cursor):
                self._cursor = first
                found = self._packets.pop(first)
            elif frames <= _GAP:
                self._cursor += self._frame
        elif found is None:
            self._made_up += 1
        if found is None:
            return None
        self._made_up = 0
        samples, payload = found
        self._cursor += samples
        return payload

    def _unwrap(self, timestamp: int) -> int:
        if self._last is None:
            self._last = timestamp
            return timestamp
        ahead = (timestamp - self._last) & 0xFFFFFFFF
        at = self._last + (ahead if ahead < 1 << 31 else ahead - (1 << 32))
        self._last = max(self._last, at) if abs(at - self._last) <= 10 * self._rate else at
        return at

    def _restart(self, at: int) -> None:
        self._cursor = at
        self._packets.clear()
        self._transits.clear()
        self._made_up = 0

    def _measure(self, transit: float) -> None:
        fresh = not self._transits
        self._transits.append(transit)
        self._since += 1
        if fresh or transit < self._least or self._since >= 10:
            self._since = 0
            ordered = sorted(self._transits)
            self._least = ordered[0]
            late = ordered[min(len(ordered) - 1, int(len(ordered) * _LATEST))] - self._least
            self._wait = min(_MOST_S, late + _MARGIN_S)
