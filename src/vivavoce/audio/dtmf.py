"""The keys of a telephone, heard: DTMF tones in the caller's audio.

A key is the sum of one low and one high tone (ITU-T Q.23). The limits are those of Q.24, on the careful side where
administrations differ, for a caller speaks far more than they press:

- frequencies within 1.5 % of nominal are taken, beyond 3 % they are not
- the levels of the two tones may differ by 7 dB; each is at least -40 dBFS
- a key of 30 ms is taken, one of 15 ms is not; a pause of 30 ms parts two presses of a key, a break of 10 ms does not
- 8 tenths of all power are in the two tones: noise 10 dB below them does no harm; voices and music do not keep it up

Each key is looked for in windows of 20 ms, every 10 ms, by a Fourier transform at the eight frequencies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .pcm import AudioError, Floats, Pcm, clip

LOW = (697, 770, 852, 941)
HIGH = (1209, 1336, 1477, 1633)
"""Hz (Q.23)."""
ROWS = ("123A", "456B", "789C", "*0#D")
"""The key of each low and each high tone."""
DIGITS = "".join(ROWS)
LOWEST_RATE = 8_000

_HOPS = 100
"""Windows a second; each is two hops (20 ms) long."""
_PURE = 0.8
_TWIST = 10 ** (8 / 10)
_LEAST = 10 ** (-42 / 10) * 32_768**2 / 2
"""Power of a tone of -42 dBFS, where a full sine has 0."""
_FADED = 10 ** (-10 / 10)
"""How much less power than the window before is no more of the same key."""
_SILENT = 3
"""Windows without a key that end it; two with it begin it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key was pressed."""

    digit: str
    """0 to 9, *, #, A to D."""
    start: int
    """Samples of the stream before its tone began, give or take 10 ms."""


class Keys:
    """Finds the keys in a stream of int16 mono at `rate` (8000 or more), each once, 40 ms after it began."""

    def __init__(self, rate: int) -> None:
        """Raises `AudioError` for a lower rate."""
        if rate < LOWEST_RATE:
            raise AudioError(f"keys cannot be heard at {rate} samples per second; use at least {LOWEST_RATE}")
        self.rate = rate
        self._hop = rate // _HOPS
        self._table, self._weights = _design(rate, self._hop)
        self._rest: Pcm = np.zeros(0, dtype=np.int16)
        self._before: tuple[Floats, Floats] = (np.zeros((1, 36), np.float32), np.zeros((1, 2), np.float32))
        """The products of the last hop, see `_design`."""
        self._position = 0
        """Of the next hop."""
        self._last = ""
        """The key in the last window."""
        self._down = ""
        """The key that sounds."""
        self._power = 0.0
        """... when it was last heard."""
        self._missed = 0
        """Windows since then."""

    @property
    def sounding(self) -> bool:
        """What was pushed last is a key that is known."""
        return bool(self._down) and self._missed == 0

    def push(self, pcm: Pcm) -> list[Key]:
        """The keys that are certain now."""
        joined = np.concatenate((self._rest, pcm)) if self._rest.size else pcm
        whole = joined.size // self._hop * self._hop
        self._rest = joined[whole:].copy()
        if not whole:
            return []
        found = []
        for digit, power in self._look(joined[:whole].reshape(-1, self._hop)):
            if (key := self._next(digit, power)) is not None:
                found.append(key)
            self._position += self._hop
        return found

    def _look(self, hops: Pcm) -> list[tuple[str, float]]:
        """The key, or none, and its power in each window that ends with one of these hops."""
        samples = hops.astype(np.float32)
        products, squares = self._before
        squares = np.concatenate((squares, np.square(samples) @ self._weights))
        totals = (squares[:-1, 0] + squares[1:, 1]).tolist()
        if max(totals) < 2 * _LEAST:
            # As most of the time. What little the last hop adds to a key is not missed.
            self._before = (np.zeros_like(products), squares[-1:])
            return [("", 0.0)] * len(hops)
        products = np.concatenate((products, samples @ self._table))
        self._before = (products[-1:], squares[-1:])
        sums = products[:-1, :18] + products[1:, 18:]
        np.square(sums, out=sums)
        parts = (sums[:, :9] + sums[:, 9:]).tolist()
        return [_key(*found) for found in zip(parts, totals, strict=True)]

    def _next(self, digit: str, power: float) -> Key | None:
        """One more window."""
        last, self._last = self._last, digit
        if digit and digit == self._down and power > self._power * _FADED:
            self._power, self._missed = power, 0
        elif self._down:
            self._missed += 1
            if self._missed == _SILENT:
                self._down = ""
        if not digit or digit != last or digit == self._down:
            return None
        self._down, self._power, self._missed = digit, power, 0
        return Key(digit, max(0, self._position - 2 * self._hop))


def tones(digit: str, samples: int, rate: int, start: int = 0, dbfs: float = -12.0) -> Pcm:
    """The sound of a key: int16 mono, each tone at `dbfs`. `start`: samples of it that were before these."""
    row = next(n for n, keys in enumerate(ROWS) if digit in keys)
    at = 2 * math.pi * np.arange(start, start + samples) / rate
    level = 32_768 * 10 ** (dbfs / 20)
    return clip(level * (np.sin(LOW[row] * at) + np.sin(HIGH[ROWS[row].index(digit)] * at)))


def _key(parts: list[float], total: float) -> tuple[str, float]:
    """The key in one window of power `total`, of which `parts` are a constant offset and the tones."""
    offset, lows, highs = parts[0], parts[1:5], parts[5:]
    low, high = max(lows), max(highs)
    if min(low, high) < _LEAST:
        return "", 0.0
    if low + high < _PURE * (total - offset) or max(low, high) > _TWIST * min(low, high):
        return "", 0.0
    return ROWS[lows.index(low)][highs.index(high)], low + high


@lru_cache(maxsize=16)
def _design(rate: int, hop: int) -> tuple[Floats, Floats]:
    """What a hop is multiplied with, and what its squares are: each as the first half of a window, then as the second.

    The products are 18: added up over both halves and squared, they are the power of a constant offset and of each
    tone in phase, then the same in quadrature. The squares, likewise, are all the power there is.
    """
    window = np.hanning(2 * hop + 2)[1:-1]
    window /= np.sqrt(np.sum(window**2))
    at = 2j * np.pi * np.arange(2 * hop) / rate
    waves = np.stack([np.exp(at * hz) for hz in (0, *LOW, *HIGH)], axis=1) * window[:, None]
    columns = np.concatenate((waves.real, waves.imag), axis=1)
    # What an offset has in quadrature is nothing, and stays so.
    columns *= window[:, None] / np.sqrt(np.maximum(np.sum(columns**2, axis=0), 1e-9))
    return _halves(columns), _halves(window[:, None] ** 2)


def _halves(columns: NDArray[np.float64]) -> Floats:
    """The first half of the rows, and beside it the second."""
    return np.concatenate(np.split(columns, 2), axis=1).astype(np.float32)
