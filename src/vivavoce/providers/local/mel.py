"""What speech looks like to models of the Whisper family: the logarithm of the energy in 80 bands, 100 times a second.

Bands are triangles, equally wide on Slaney's mel scale (linear up to 1 kHz, logarithmic above), each of the same area.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..base import Pcm

RATE = 16_000
BANDS = 80
HOP = 160
"""Samples from one frame to the next."""
_FRAME = 400
_FULL_SCALE = np.float32(32_768.0)
_LEAST_POWER = 1e-10
_LEAST_VARIANCE = np.float32(1e-7)
_RANGE = 8.0
"""Powers of ten below the loudest that are told apart."""

Features = NDArray[np.float32]
Floats = NDArray[np.float64]


def log_mel(pcm: Pcm, samples: int) -> Features:
    """`BANDS` x `samples / HOP` features of the last `samples` (16 kHz), with silence before what is shorter.

    Frames are centred on their time; the sound is brought to zero mean and unit variance first. About 4 ms of one core
    for 8 s.
    """
    # In single precision, as where networks are trained: Smart Turn notices a difference in the fifth decimal.
    sound = np.zeros(samples, np.float32)
    kept = pcm[-samples:]
    sound[samples - kept.size :] = kept / _FULL_SCALE
    sound = (sound - sound.mean()) / np.sqrt(sound.var() + _LEAST_VARIANCE)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(sound, _FRAME // 2, mode="reflect"), _FRAME)[::HOP]
    spectrum = np.fft.rfft(frames[: samples // HOP] * _hann())
    log: Floats = np.log10(np.maximum(_bands(spectrum.real**2 + spectrum.imag**2), _LEAST_POWER))
    features: Features = ((np.maximum(log, log.max() - _RANGE) + 4.0) / 4.0).T.astype(np.float32)
    return features


def _bands(power: Floats) -> Floats:
    """The energy in each band, of frames of power by frequency.

    A matrix product would wake numpy's threads, which then spin; and all but 3 % of the matrix is zero.
    """
    t = _triangles()
    up: Floats = np.add.reduceat(power * t.rising, t.starts, axis=1) * t.full
    down: Floats = np.add.reduceat(power * (1.0 - t.rising), t.starts, axis=1) * t.full
    # Between the centres of two bands the one falls while the next rises.
    return (up[:, :-1] + down[:, 1:]) * t.heights


class _Triangles(NamedTuple):
    """Where the bands are. Their corners divide the frequencies into stretches."""

    starts: NDArray[np.intp]
    """The first frequency of each stretch."""
    full: NDArray[np.bool_]
    """Whether the stretch has any."""
    rising: Floats
    """How far up in its stretch each frequency is, 0 to 1."""
    heights: Floats
    """Of each band."""


@cache
def _triangles() -> _Triangles:
    corners = _hertz(np.linspace(0.0, _mel(RATE / 2), BANDS + 2))
    hertz = np.arange(_FRAME // 2 + 1) * (RATE / _FRAME)
    stretch = np.clip(np.searchsorted(corners, hertz, side="right") - 1, 0, BANDS)
    starts = np.searchsorted(stretch, np.arange(BANDS + 1))
    full = np.bincount(stretch, minlength=BANDS + 1) > 0
    rising = (hertz - corners[stretch]) / np.diff(corners)[stretch]
    return _Triangles(starts, full, rising, 2.0 / (corners[2:] - corners[:-2]))


@cache
def _hann() -> Floats:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME)


_KNEE_HERTZ, _KNEE_MEL = 1_000.0, 15.0
_STEP = np.log(6.4) / 27.0


def _mel(hertz: float) -> float:
    return float(_KNEE_MEL + np.log(hertz / _KNEE_HERTZ) / _STEP)


def _hertz(mel: Floats) -> Floats:
    linear = mel * (_KNEE_HERTZ / _KNEE_MEL)
    return np.where(mel < _KNEE_MEL, linear, _KNEE_HERTZ * np.exp((mel - _KNEE_MEL) * _STEP))
