"""What a caller and their line sound like on average: the mean cepstrum that the decoders subtract.

The acoustic model was trained on wide-band speech with its mean removed. A recogniser that starts with the mean of
somebody else hears half the words of a quiet caller wrong, and nearly all of a telephone's; one second of speech is
enough to set it right. Pure, but for a generator with a fixed seed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
Mean = NDArray[np.float64]

MEMORY = 500
"""Frames that the decoder credits to a mean it is given."""
_PRIOR = 20
"""Frames that the typical mean counts for, next to what was heard."""
_FORGET = 800
"""Frames that what was heard may count for: some 8 s of speech, so that a caller who moves is followed."""
_TYPICAL_WIDE = np.array([45.0, 3, 5, 10, -1, 0, 0, 0, 0, 0, 0, 0, 0])
_TYPICAL_NARROW = np.array([40.0, 25, -27, 45, -18, 2, 13, -20, 16, -11, 2, 8, -8])

_NARROW = 10 ** (-50 / 10)
"""Share of the power above 4 kHz below which the line is a telephone's."""
_FAINT = 2.0
"""Noise added to everything, in units of int16: the decoder leaves digital silence out of its average."""


class Channel:
    """Learns from one call's speech."""

    def __init__(self) -> None:
        self._sum = np.zeros(13)
        self.frames = 0.0
        """Frames learned from, at most 800."""
        self._low = 0.0
        self._high = 0.0
        self._noise = np.random.default_rng(0).normal(0.0, _FAINT, 16_000)
        self._at = 0

    @property
    def narrow(self) -> bool:
        """True when there is next to nothing above 4 kHz."""
        return self._high < _NARROW * self._low

    @property
    def mean(self) -> Mean:
        """The 13 cepstral means to subtract."""
        typical = (_TYPICAL_NARROW if self.narrow else _TYPICAL_WIDE).copy()
        if self.frames:
            # How loud somebody is cannot be typical.
            typical[0] = self._sum[0] / self.frames
        return np.asarray((self._sum + _PRIOR * typical) / (self.frames + _PRIOR))

    def listen(self, pcm: Pcm) -> None:
        """Note the band of some speech (16 kHz)."""
        power = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm)))) ** 2
        edge = round(4_200 * len(pcm) / 16_000)
        self._low += float(power[:edge].sum())
        self._high += float(power[edge:].sum())

    def dither(self, pcm: Pcm) -> Pcm:
        """The samples as the decoders should have them."""
        noise = np.take(self._noise, np.arange(self._at, self._at + len(pcm)), mode="wrap")
        self._at = (self._at + len(pcm)) % len(self._noise)
        return np.clip(np.rint(pcm + noise), -32768, 32767).astype(np.int16)

    def learn(self, before: Mean, after: Mean, frames: int) -> None:
        """`frames` frames moved the decoder's mean from `before` to `after`."""
        self._sum += after * (MEMORY + frames) - before * MEMORY
        self.frames += frames
        if self.frames > _FORGET:
            self._sum *= _FORGET / self.frames
            self.frames = _FORGET
