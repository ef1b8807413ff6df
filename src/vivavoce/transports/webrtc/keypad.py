"""Keys that a peer tells of in packets of their own (RFC 4733): made sound again, as libwebrtc does by itself.

So there is one way to find keys, in the audio, whoever sent them and how; and recordings have them too.
"""

from __future__ import annotations

from collections import deque

from ...audio.dtmf import tones
from ...audio.pcm import Pcm

_DIGITS = "0123456789*#ABCD"
"""By the number of their event."""
_TONE, _PAUSE = 3, 2
"""Frames of 20 ms: long enough to be found, and told from the next."""
_WAITING = 16
_END = 0x80
_LONG = 0xE000
"""Where an event may have another packet with a time of its own, when it lasts: durations have 16 bits."""


class Keypad:
    """The keys of one peer: packets in, and the sound of each key out, for so long as it takes to hear it."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque(maxlen=_WAITING)
        self._timestamp: int | None = None
        """Of the last key, as are:"""
        self._digit = ""
        self._duration = 0
        self._ended = False
        self._sounding = ""
        self._frame = 0

    def push(self, timestamp: int, payload: bytes) -> None:
        """A packet came; most keys have several. What cannot be read is left out."""
        if len(payload) < 4 or payload[0] >= len(_DIGITS):
            return
        digit, ended = _DIGITS[payload[0]], bool(payload[1] & _END)
        duration = int.from_bytes(payload[2:4], "big")
        if timestamp != self._timestamp:
            if self._timestamp is not None and (timestamp - self._timestamp) & 0xFFFFFFFF >= 1 << 31:
                return  # of a key before the last one
            if not (digit == self._digit and not self._ended and self._duration >= _LONG):
                self._waiting.append(digit)
            self._timestamp, self._digit, self._duration, self._ended = timestamp, digit, 0, False
        self._duration = max(self._duration, duration)
        self._ended = self._ended or ended

    def sound(self, samples: int, rate: int) -> Pcm | None:
        """What sounds in place of the next 20 ms, if anything."""
        if not self._sounding:
            if not self._waiting:
                return None
            self._sounding, self._frame = self._waiting.popleft(), 0
        frame, digit = self._frame, self._sounding
        self._frame += 1
        if self._frame == _TONE + _PAUSE:
            self._sounding = ""
        return tones(digit, samples, rate, frame * samples) if frame < _TONE else None
