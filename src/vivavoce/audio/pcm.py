"""int16 mono samples: bytes, floats, levels, gain. The error of this room lives here too."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
"""Mono samples, shape (n,), full scale -32768..32767."""
Floats = NDArray[np.float32]
"""Samples with full scale -1..1."""

SILENT_DB = -120.0
"""What the level helpers answer for digital silence and for no samples at all."""


class AudioError(ValueError):
    """Audio that cannot be used. The message is one line: what is wrong, and what would help."""


def from_bytes(data: bytes | bytearray | memoryview) -> Pcm:
    """Little-endian 16-bit bytes as samples (a copy). Raises `AudioError` on half a sample."""
    if len(data) % 2:
        raise AudioError(f"{len(data)} bytes are not whole 16-bit samples; send an even number of bytes")
    return np.frombuffer(data, dtype="<i2").astype(np.int16)


def to_bytes(pcm: Pcm) -> bytes:
    """Samples as little-endian 16-bit bytes."""
    return pcm.astype("<i2", copy=False).tobytes()


def from_float(samples: NDArray[Any]) -> Pcm:
    """Floats (full scale -1..1, any shape) as int16: rounded, clipped; NaN becomes silence."""
    scaled = np.nan_to_num(samples.astype(np.float64), nan=0.0, posinf=1.0, neginf=-1.0)
    scaled *= 32768.0
    np.rint(scaled, out=scaled)
    return np.clip(scaled, -32768, 32767).astype(np.int16)


def to_float(pcm: Pcm) -> Floats:
    """int16 (any shape) as float32 in -1..1; `from_float` undoes it exactly."""
    return pcm.astype(np.float32) * np.float32(1 / 32768)


def to_mono(samples: NDArray[Any]) -> Pcm:
    """int16 or float samples of shape (n,) or (n, channels) as the average of the channels, int16."""
    flat = samples if samples.ndim == 1 else samples.mean(axis=1, dtype=np.float64)
    if samples.dtype.kind == "f":
        return from_float(flat)
    return clip(flat)


def clip(samples: NDArray[Any]) -> Pcm:
    """Numbers on the int16 scale, of any type, as int16: rounded and clipped."""
    whole = np.asarray(np.rint(samples))
    # In place, which is faster than `np.clip` for the few samples of a frame.
    np.minimum(whole, 32767, out=whole)
    np.maximum(whole, -32768, out=whole)
    limited: Pcm = whole.astype(np.int16)
    return limited


def gain_of(db: float) -> float:
    """Decibels as a factor of amplitude; minus infinity is 0."""
    return float(10.0 ** (db / 20.0))


def rms_dbfs(pcm: Pcm) -> float:
    """Root-mean-square level in dB below full scale, `SILENT_DB` at the least. A full-scale sine has -3.01."""
    if not pcm.size:
        return SILENT_DB
    wide = pcm.astype(np.float64)
    return _db(math.sqrt(float(np.dot(wide, wide)) / pcm.size))


def peak_dbfs(pcm: Pcm) -> float:
    """Level of the largest sample in dB below full scale, `SILENT_DB` at the least."""
    if not pcm.size:
        return SILENT_DB
    return _db(float(max(-int(pcm.min()), int(pcm.max()))))


def _db(amplitude: float) -> float:
    if amplitude <= 0.0:
        return SILENT_DB
    return max(SILENT_DB, 20.0 * math.log10(amplitude / 32768.0))


def ramp(pcm: Pcm, first: float, last: float) -> Pcm:
    """A copy under a gain that goes in a straight line, one even step per sample, and reaches `last` at the last
    sample; `first` is the gain just before the first one."""
    if not pcm.size:
        return pcm.copy()
    gains = first + (last - first) * np.arange(1, pcm.size + 1) / pcm.size
    return clip(pcm * gains)


def fade_in(pcm: Pcm, samples: int) -> Pcm:
    """A copy whose first `samples` samples rise from silence."""
    edge = min(samples, pcm.size)
    return np.concatenate((ramp(pcm[:edge], 0.0, 1.0), pcm[edge:]))


def fade_out(pcm: Pcm, samples: int) -> Pcm:
    """A copy whose last `samples` samples fall to silence; the very last one is 0."""
    edge = pcm.size - min(samples, pcm.size)
    return np.concatenate((pcm[:edge], ramp(pcm[edge:], 1.0, 0.0)))
