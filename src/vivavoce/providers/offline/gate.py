"""Lets speech through to a recogniser and keeps silence out, without losing first syllables or sample positions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
Window = tuple[int, Pcm]
"""Caller position of the first sample, and the samples (16 kHz)."""

WINDOW = 512
_OPEN_AT = 0.4
_SPEECH_AT = 0.25
_CLOSE_AFTER = 20 * WINDOW
"""640 ms without speech: longer than pauses between words."""
_PREROLL = 12 * WINDOW
"""384 ms before the detector noticed."""
_KEPT = 250
"""Windows (8 s) of what was let through, kept to be heard again."""
_FILL = 8_000
"""Samples (0.5 s): lost audio up to here is replaced by silence, so that words around it keep their distance."""


class Gate:
    """The gate of one call. `vad` judges windows of 512 samples at 16 kHz."""

    def __init__(self, vad: Callable[[Pcm], float]) -> None:
        self._vad = vad
        self._rest = np.zeros(0, np.int16)
        self._latest: deque[Window] = deque(maxlen=_PREROLL // WINDOW)
        self._kept: deque[Window] = deque(maxlen=_KEPT)
        self.at: int | None = None
        """Caller position after the last sample fed; None before the first."""
        self.open = False
        self.last_speech = -1
        """Caller position after the last window with speech."""

    def feed(self, start: int, pcm: Pcm) -> Iterator[Window]:
        """Take audio from position `start` on; gives the windows to be recognised, in order.

        What was fed before is passed over. A gap is filled with silence up to 0.5 s, and jumped over beyond that.
        """
        at = start if self.at is None else self.at
        if start > at:
            yield from self._skip(start)
        elif start < at:
            pcm = pcm[at - start :]
        if not len(pcm):
            return
        self.at = max(at, start) + len(pcm)
        yield from self._cut(pcm)

    def rest(self) -> Window | None:
        """The samples that do not fill a window yet."""
        return (self._position(), self._rest) if len(self._rest) else None

    def since(self, position: int) -> list[Window]:
        """The windows let through (the last 8 s of them) with anything from `position` on; some may come twice."""
        return _from(self._kept, position)

    def _position(self) -> int:
        assert self.at is not None
        return self.at - len(self._rest)

    def _cut(self, pcm: Pcm) -> Iterator[Window]:
        audio = np.concatenate([self._rest, pcm]) if len(self._rest) else pcm
        assert self.at is not None
        position = self.at - len(audio)
        whole = len(audio) // WINDOW * WINDOW
        self._rest = audio[whole:].copy()
        for i in range(0, whole, WINDOW):
            yield from self._judge(position + i, audio[i : i + WINDOW])

    def _judge(self, position: int, pcm: Pcm) -> list[Window]:
        """The windows that this one lets through: itself, with what came before if it opens the gate."""
        p = self._vad(pcm)
        end = position + WINDOW
        self._latest.append((position, pcm))
        if p >= (_SPEECH_AT if self.open else _OPEN_AT):
            self.last_speech = end
        through: list[Window] = []
        if self.open:
            self.open = end - self.last_speech < _CLOSE_AFTER
            through = [(position, pcm)]
        elif self.last_speech == end:
            self.open = True
            through = _from(self._latest, end - _PREROLL)
        self._kept.extend(through)
        return through

    def _skip(self, start: int) -> Iterator[Window]:
        assert self.at is not None
        missing = start - self.at
        if missing > _FILL:
            # What was left over becomes a window of its own; the positions after the gap start afresh.
            missing = -len(self._rest) % WINDOW
        self.at += missing
        yield from self._cut(np.zeros(missing, np.int16))
        self.at = start


def _from(windows: Iterable[Window], position: int) -> list[Window]:
    return [window for window in windows if window[0] + len(window[1]) > position]
