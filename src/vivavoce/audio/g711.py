"""G.711, the code of the telephone: 8 bits per sample, mu-law and A-law, bit exact with ITU-T G.711 (and G.191)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .pcm import Pcm

ULAW_SILENCE = 0xFF
"""The mu-law byte of sample 0."""
ALAW_SILENCE = 0xD5
"""The A-law byte of the smallest positive sample; A-law has no 0."""


def ulaw_encode(pcm: Pcm) -> bytes:
    """One mu-law byte per sample."""
    return _ULAW[pcm.view(np.uint16)].tobytes()


def ulaw_decode(data: bytes | bytearray | memoryview) -> Pcm:
    """One sample per mu-law byte."""
    return _FROM_ULAW[np.frombuffer(data, dtype=np.uint8)]


def alaw_encode(pcm: Pcm) -> bytes:
    """One A-law byte per sample."""
    return _ALAW[pcm.view(np.uint16)].tobytes()


def alaw_decode(data: bytes | bytearray | memoryview) -> Pcm:
    """One sample per A-law byte."""
    return _FROM_ALAW[np.frombuffer(data, dtype=np.uint8)]


def _samples() -> NDArray[np.int32]:
    """Every int16 sample, in the order of its bits read as uint16."""
    return np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)


def _segment(magnitude: NDArray[np.int32], first: int) -> NDArray[np.int32]:
    """The index of the chord: 0 up to `first`, then one more for each doubling."""
    ends = ((first + 1) << np.arange(8)) - 1
    return np.searchsorted(ends, magnitude).astype(np.int32)


def _ulaw_table() -> NDArray[np.uint8]:
    sample = _samples() >> 2
    magnitude = np.minimum(np.abs(sample), 8159) + 33
    segment = _segment(magnitude, 0x3F)
    code = (segment << 4) | ((magnitude >> (segment + 1)) & 0x0F)
    code[segment > 7] = 0x7F
    table: NDArray[np.uint8] = (code ^ np.where(sample < 0, 0x7F, 0xFF)).astype(np.uint8)
    return table


def _alaw_table() -> NDArray[np.uint8]:
    sample = _samples() >> 3
    magnitude = np.where(sample < 0, -sample - 1, sample).astype(np.int32)
    segment = _segment(magnitude, 0x1F)
    code = (segment << 4) | ((magnitude >> np.maximum(segment, 1)) & 0x0F)
    table: NDArray[np.uint8] = (code ^ np.where(sample < 0, 0x55, 0xD5)).astype(np.uint8)
    return table


def _from_ulaw_table() -> Pcm:
    code = ~np.arange(256) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    table: Pcm = np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)
    return table


def _from_alaw_table() -> Pcm:
    code = np.arange(256) ^ 0x55
    segment = (code & 0x70) >> 4
    step = ((code & 0x0F) << 4) + np.where(segment > 0, 0x108, 0x08)
    magnitude = step << np.maximum(segment - 1, 0)
    table: Pcm = np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)
    return table


_ULAW = _ulaw_table()
_ALAW = _alaw_table()
_FROM_ULAW = _from_ulaw_table()
_FROM_ALAW = _from_alaw_table()
