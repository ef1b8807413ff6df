"""From one sample rate to another: a streaming polyphase filter, aligned in time and exact to the bit.

The filter is a symmetric Kaiser-windowed sinc, so output sample `k` is the input at `k * src / dst` samples: positions
map by the ratio alone. It must look ahead by half its length, and that is its whole latency:

    lower rate      8000    11025   16000   22050   24000   44100   48000
    latency, ms     2.25    2.00    2.00    2.00    2.00    1.09    1.00
    flat to, Hz     3390    4900    6950    9980    10970   20160   21940

Flat is within 0.1 dB. What would alias (going down) or mirror (going up) is at least 70 dB down from the lower Nyquist
frequency on; below 16 kHz, where that would cost the upper formants, from 8 percent above it, so that it can only land
in the top tenth of the band.

Samples are integers and so are the taps. Each sum of products then fits a float64 without rounding, and its value does
not depend on the order of summation, hence not on the sizes of the chunks.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

from .pcm import AudioError, Pcm, clip

_LOWEST, _HIGHEST = 1_000, 768_000
_REPEAT, _BLOCK = 24, 48
"""Outputs computed by one product, of a repeated short period and of a long one, at the most: more waste
multiplications by zero, fewer waste calls."""
_CYCLES = 256
"""Most periods computed at once; bounds the memory a long recording takes."""
_UNIT = float(1 << 22)
"""Taps are whole multiples of 1 / _UNIT."""
_STOP_DB = 76.0
_BETA = 0.1102 * (_STOP_DB - 8.7)
_NONE: Pcm = np.zeros(0, dtype=np.int16)


class Resampler:
    """Streams int16 mono from `src` to `dst` samples per second. One per direction per call.

    `push` returns what can be computed so far, `flush` the rest; together exactly round(n * dst / src) samples, the
    same whatever the sizes of the chunks. With equal rates it hands chunks through untouched.
    """

    def __init__(self, src: int, dst: int) -> None:
        """Raises `AudioError` for a rate outside 1 to 768 kHz."""
        for rate in (src, dst):
            if not _LOWEST <= rate <= _HIGHEST:
                raise AudioError(f"a sample rate of {rate} is impossible; use {_LOWEST} to {_HIGHEST}")
        self.src = src
        self.dst = dst
        self._design = _design(src, dst)
        self._restart()

    @property
    def latency(self) -> float:
        """Seconds of input that must have followed before an instant can be put out."""
        return 0.0 if self.src == self.dst else self._design.reach / self._design.up / self.src

    def push(self, pcm: Pcm) -> Pcm:
        """The samples that are certain now; may be none."""
        if self.src == self.dst:
            return pcm
        self._in += pcm.size
        self._take(pcm.astype(np.float64))
        d = self._design
        return self._put(max(self._out, (self._in * d.up - 1 - d.reach) // d.down + 1))

    def flush(self) -> Pcm:
        """The rest, as if silence followed; then the next push starts a new stream."""
        if self.src == self.dst:
            return _NONE
        d = self._design
        total = (2 * self._in * d.up + d.down) // (2 * d.down)
        needed = (max(total - 1, 0) * d.down + d.reach) // d.up + 1
        self._take(np.zeros(max(0, needed - self._in)))
        rest = self._put(total)
        self._restart()
        return rest

    def _restart(self) -> None:
        self._in = 0
        self._out = 0
        self._first = -(self._design.reach // self._design.up)
        self._buffer = np.zeros(-self._first)

    def _take(self, samples: NDArray[np.float64]) -> None:
        self._buffer = np.concatenate((self._buffer, samples))

    def _put(self, upto: int) -> Pcm:
        """Outputs up to (excluding) number `upto`; then forget the inputs that no later output needs."""
        made = _NONE
        if upto > self._out:
            made = self._design.compute(self._buffer, self._first, self._out, upto)
            self._out = upto
        needed = self._design.first_input(self._out)
        if needed > self._first:
            self._buffer = self._buffer[needed - self._first :]
            self._first = needed
        return made


def resample(pcm: Pcm, src: int, dst: int) -> Pcm:
    """A whole recording at once: round(n * dst / src) samples. Raises `AudioError` for an impossible rate."""
    resampler = Resampler(src, dst)
    return np.concatenate((resampler.push(pcm), resampler.flush()))


class _Design:
    """The taps for one pair of rates, shared by all resamplers of that pair.

    Time is counted in ticks of 1 / (src * up): input `j` is at tick `j * up`, output `m` at tick `m * down`.
    Outputs are computed in blocks whose taps form a matrix (inputs, outputs); the pattern repeats every `period`
    outputs, which take `stride` inputs.
    """

    def __init__(self, src: int, dst: int) -> None:
        common = gcd(src, dst)
        self.up = dst // common
        self.down = src // common
        low = min(src, dst)
        half = min(max(18.0, 0.002 * low), 48.0)
        self.reach = round(half * src * self.up / low)
        self._ticks = float(src * self.up)
        width = (_STOP_DB - 7.95) / 28.72 * low / half
        self._cutoff = low * (0.5 if low >= 16_000 else 0.54) - width / 2
        repeats = max(1, _REPEAT // self.up)
        self.period = self.up * repeats
        self.stride = self.down * repeats
        blocks = -(-self.period // _BLOCK)
        self.size = -(-self.period // blocks)
        self._taps = lru_cache(maxsize=64)(self._make_taps)

    def first_input(self, output: int) -> int:
        """The first input that this output depends on."""
        return -((self.reach - output * self.down) // self.up)

    def last_input(self, output: int) -> int:
        """The last input that this output depends on."""
        return (self.reach + output * self.down) // self.up

    def compute(self, buffer: NDArray[np.float64], first: int, start: int, stop: int) -> Pcm:
        """Outputs `start` to `stop` from `buffer`, which begins at input `first` and reaches far enough."""
        out = np.empty(stop - start)
        m = start
        while m < stop:
            cycle, inside = divmod(m, self.period)
            base = cycle * self.stride - first
            whole = min((stop - m) // self.period, _CYCLES) if inside == 0 else 0
            if whole > 1:
                n = whole * self.period
                self._cycles(buffer, base, out[m - start : m - start + n].reshape(whole, self.period))
            else:
                n = self._part(buffer, base, inside, out[m - start :])
            m += n
        return clip(out * (1.0 / _UNIT))

    def _part(self, buffer: NDArray[np.float64], base: int, inside: int, out: NDArray[np.float64]) -> int:
        """The outputs of one block from output `inside` of a period on, as many as `out` has room for."""
        block, skip = divmod(inside, self.size)
        top, taps = self._taps(block)
        n: int = min(out.size, taps.shape[1] - skip)
        low = self.first_input(inside)
        high = self.last_input(inside + n - 1) + 1
        np.matmul(buffer[base + low : base + high], taps[low - top : high - top, skip : skip + n], out=out[:n])
        return n

    def _cycles(self, buffer: NDArray[np.float64], base: int, out: NDArray[np.float64]) -> None:
        """Whole periods, one per row of `out`; input 0 of the first of them is `buffer[base]`."""
        for block in range(-(-self.period // self.size)):
            top, taps = self._taps(block)
            rows: NDArray[np.float64] = np.ndarray(
                (out.shape[0], taps.shape[0]), np.float64, buffer, (base + top) * 8, (self.stride * 8, 8)
            )
            out[:, block * self.size : (block + 1) * self.size] = np.ascontiguousarray(rows) @ taps

    def _make_taps(self, block: int) -> tuple[int, NDArray[np.float64]]:
        """The first input of a block, and its taps: a row for each input from there on, a column for each output."""
        outputs = np.arange(block * self.size, min((block + 1) * self.size, self.period))
        inputs = np.arange(self.first_input(int(outputs[0])), self.last_input(int(outputs[-1])) + 1)
        ticks = outputs[np.newaxis, :] * self.down - inputs[:, np.newaxis] * self.up
        inside = np.maximum(0.0, 1.0 - np.square(ticks / self.reach))
        shape = np.i0(_BETA * np.sqrt(inside)) * np.sinc(2.0 * self._cutoff * ticks / self._ticks)
        shape[np.abs(ticks) > self.reach] = 0.0
        taps = np.rint(shape * (_UNIT / shape.sum(axis=0)))
        # Whatever rounding took goes to the largest tap, so that a constant comes out as the same constant.
        taps[np.argmax(taps, axis=0), np.arange(outputs.size)] += _UNIT - taps.sum(axis=0)
        return int(inputs[0]), taps


@lru_cache(maxsize=32)
def _design(src: int, dst: int) -> _Design:
    return _Design(src, dst)
