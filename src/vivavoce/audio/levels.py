"""Where sound stops: silence at the edges of synthesised speech, and pauses in a caller's voice."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .pcm import AudioError, Pcm

_FULL_SCALE_DB = 20.0 * math.log10(32768.0)
_SILENT_POWER = 32768.0**2 * 1e-12
_RATE = 16_000
_BLOCK = 80
"""5 ms."""
_SMOOTH = 4
"""Blocks (20 ms) over which the floor and the peak are taken, so that the gaps between glottal pulses, and clicks,
do not pass for either."""
_SPAN = 60
"""Blocks (300 ms) per entry of the floor's memory."""
_SPANS = 8
"""Entries: a noise that begins is the new floor after 2.4 s."""
_QUIETEST = -62.0
"""dBFS below which nothing counts as speech."""
_FIRST_FLOOR = -60.0
"""dBFS; the floor is taken to be no higher until a span of audio is known."""
_PEAK_FALL = 4.0 * _BLOCK / _RATE
"""The memory of the peak falls by 4 dB per second."""
_BELOW_PEAK = 34.0
_MARGIN_LOW, _MARGIN_HIGH = 8.0, 12.0


class Activity:
    """How long a caller has been quiet, to 5 ms, whatever the line: a meter with a moving floor and a moving peak.

    Sound counts as speech when it stands 8 to 12 dB (more on a better line) above the lowest level of the last 2.4 s,
    and less than 34 dB below the recent peak. Constant offsets and hum do not count as sound.
    """

    def __init__(self) -> None:
        self._recent: list[float] = []
        """Power of the last blocks, at most `_SMOOTH - 1`."""
        self._floors: list[float] = []
        self._span_floor = 0.0
        self._span_blocks = 0
        self._peak = -120.0

    @property
    def floor_db(self) -> float:
        """Level of the background in dBFS."""
        known = min([*self._floors, self._span_floor])
        return known if self._floors else min(known, _FIRST_FLOOR)

    @property
    def speech_db(self) -> float:
        """Level in dBFS from which on sound counts as speech."""
        floor = self.floor_db
        margin = min(max(0.6 * (self._peak - floor), _MARGIN_LOW), _MARGIN_HIGH)
        return max(floor + margin, self._peak - _BELOW_PEAK, _QUIETEST)

    def push(self, pcm: Pcm) -> int:
        """Take the next window (16 kHz, at least 5 ms). Returns how many samples at its end are below speech level:
        `pcm.size` when all of it is. Raises `AudioError` for a shorter window."""
        if pcm.size < _BLOCK:
            raise AudioError(f"a window of {pcm.size} samples is too short to judge; use at least {_BLOCK}")
        starts, shares = _blocks(pcm.size)
        wide = pcm.astype(np.float64)
        mean = np.add.reduceat(wide, starts) * shares
        # The variance, so that a constant offset does not count, and a hum little.
        power = np.add.reduceat(wide * wide, starts) * shares - mean * mean
        # A handful of numbers: plain ones are faster than arrays.
        blocks: list[float] = power.tolist()
        self._learn(blocks)
        speech = _power(self.speech_db)
        for quiet, level in enumerate(reversed(blocks)):
            if level >= speech:
                return quiet * _BLOCK
        return pcm.size

    def _learn(self, power: list[float]) -> None:
        joined = self._recent + power
        self._recent = joined[-(_SMOOTH - 1) :]
        if len(joined) < _SMOOTH:
            return
        smooth = [sum(joined[n : n + _SMOOTH]) / _SMOOTH for n in range(len(joined) - _SMOOTH + 1)]
        self._peak = max(self._peak - _PEAK_FALL * len(power), _level(max(smooth)))
        self._span_floor = min(self._span_floor, _level(min(smooth)))
        self._span_blocks += len(power)
        if self._span_blocks >= _SPAN:
            self._floors = [*self._floors[-(_SPANS - 1) :], self._span_floor]
            self._span_floor = 0.0
            self._span_blocks = 0


@lru_cache(maxsize=16)
def _blocks(size: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Where the blocks of a window begin, and one over their sizes. They end where the window ends; a remainder joins
    the first one."""
    count = size // _BLOCK
    starts = size - _BLOCK * np.arange(count, 0, -1)
    starts[0] = 0
    sizes = np.full(count, float(_BLOCK))
    sizes[0] = size - _BLOCK * (count - 1)
    return starts, 1.0 / sizes


def lead_silence(pcm: Pcm, rate: int, dbfs: float = -50.0) -> int:
    """Samples before the first 10 ms block whose level is above `dbfs`; all of them when there is none."""
    block = max(1, rate // 100)
    whole = pcm.size // block * block
    power = np.square(pcm[:whole].astype(np.float64)).reshape(-1, block).mean(axis=1)
    loud = np.flatnonzero(_db(power) > dbfs)
    if loud.size:
        return int(loud[0]) * block
    rest = np.square(pcm[whole:].astype(np.float64))
    return whole if rest.size and _db(rest.mean()) > dbfs else pcm.size


def trail_silence(pcm: Pcm, rate: int, dbfs: float = -50.0) -> int:
    """Samples after the last 10 ms block whose level is above `dbfs`; all of them when there is none."""
    return lead_silence(pcm[::-1], rate, dbfs)


def _level(power: float) -> float:
    """The same as `_db`, of one number."""
    return 10.0 * math.log10(max(power, _SILENT_POWER)) - _FULL_SCALE_DB


def _power(db: float) -> float:
    """The mean square at a level."""
    return float(10.0 ** ((db + _FULL_SCALE_DB) / 10.0))


def _db(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean squares on the int16 scale as dBFS, -120 at the least."""
    decibels: NDArray[np.float64] = 10.0 * np.log10(np.maximum(power, _SILENT_POWER)) - _FULL_SCALE_DB
    return decibels
