"""What sounds in place of lost audio: the last pitch period again and again, fading; then a smooth way back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...audio.pcm import Pcm, clip

_LOW_HZ, _HIGH_HZ = 66, 400
_HISTORY_S = 0.04
_FADE_S = 0.06
"""Made-up sound is silent after so long."""
_JOIN_S = 0.005
_COARSE = 8_000
"""The pitch is looked for at about this rate."""


class Concealer:
    """Frames of one stream, in order: those that came through `heard`, `lost` for those that did not."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._history = np.zeros(round(rate * _HISTORY_S))
        self._period: NDArray[np.float64] | None = None
        """What is repeated, while something is made up."""
        self._at = 0
        """Samples made up since the last real one."""

    def heard(self, pcm: Pcm) -> Pcm:
        """A frame that came, joined to what was made up before it."""
        if self._period is not None:
            join = min(pcm.size, round(self._rate * _JOIN_S))
            rise = np.arange(1, join + 1) / join
            joined = pcm.astype(np.float64)
            joined[:join] = joined[:join] * rise + self._make(join) * (1.0 - rise)
            pcm = clip(joined)
            self._period = None
        self._remember(pcm.astype(np.float64))
        return pcm

    def lost(self, size: int) -> Pcm:
        """A frame in place of one that did not come."""
        if self._period is None:
            self._period = self._history[-self._pitch() :].copy()
            self._at = 0
        made = self._make(size)
        self._remember(made)
        return clip(made)

    def _make(self, size: int) -> NDArray[np.float64]:
        assert self._period is not None
        at = self._at + np.arange(size)
        self._at += size
        return self._period[at % self._period.size] * np.maximum(0.0, 1.0 - at / (self._rate * _FADE_S))

    def _remember(self, samples: NDArray[np.float64]) -> None:
        keep = self._history.size
        self._history = np.concatenate((self._history, samples))[-keep:]

    def _pitch(self) -> int:
        """A period of the last sound, or some of them, in samples."""
        if not np.any(self._history):
            return self._history.size // 2
        step = max(1, self._rate // _COARSE)
        coarse = self._history[: self._history.size // step * step].reshape(-1, step).mean(axis=1)
        about = _likest(coarse, round(_COARSE / _HIGH_HZ), round(_COARSE / _LOW_HZ)) * step
        return about if step == 1 else _likest(self._history, about - step, about + step)


def _likest(samples: NDArray[np.float64], low: int, high: int) -> int:
    """By how many samples to go back, from `low` to `high`, to find what is most like the end."""
    size = samples.size - high
    before = np.lib.stride_tricks.sliding_window_view(samples, size)[high - low :: -1]
    likeness = (before @ samples[-size:]) / (np.linalg.norm(before, axis=1) + 1.0)
    return low + int(np.argmax(likeness))
