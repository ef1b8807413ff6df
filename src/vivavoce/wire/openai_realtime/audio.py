"""The audio formats of the protocol, and the caller's input buffer."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

import numpy as np

from ...audio.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from ...audio.pcm import Pcm as Samples
from ...audio.resample import Resampler
from ...core.units import OUT_RATE
from .config import Alaw, Format, Pcm
from .refusal import Refusal

MAX_APPEND = 15 << 20
"""Bytes of audio in one append."""
KEPT_MS = 120_000
"""Audio kept until it is committed."""
MIN_COMMIT_MS = 100


def rate_of(form: Format) -> int:
    """Samples per second."""
    return form.rate if isinstance(form, Pcm) else 8_000


def bytes_per_ms(form: Format) -> int:
    return 48 if isinstance(form, Pcm) else 8


def decode(audio: str, form: Format, param: str = "audio") -> tuple[bytes, Samples]:
    """The bytes and the samples of an append. Raises `Refusal`."""
    if len(audio) > MAX_APPEND * 4 // 3 + 4:
        raise Refusal("invalid_value", f"Invalid '{param}': at most 15 MiB in one event.", param)
    try:
        data = base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal("invalid_value", f"Invalid '{param}'. Expected base64 encoded bytes.", param) from None
    if isinstance(form, Pcm):
        if len(data) % 2:
            raise Refusal("invalid_value", f"Invalid '{param}': 16-bit samples have an even number of bytes.", param)
        return data, np.frombuffer(data, dtype="<i2").astype(np.int16, copy=False)
    return data, alaw_decode(data) if isinstance(form, Alaw) else ulaw_decode(data)


class Encoder:
    """The voice of one response, from int16 at 24 kHz to bytes of a format."""

    def __init__(self, form: Format) -> None:
        self._form = form
        self._resampler = None if isinstance(form, Pcm) else Resampler(OUT_RATE, 8_000)

    def push(self, pcm: Samples) -> bytes:
        return self._bytes(pcm if self._resampler is None else self._resampler.push(pcm))

    def flush(self) -> bytes:
        return b"" if self._resampler is None else self._bytes(self._resampler.flush())

    def _bytes(self, pcm: Samples) -> bytes:
        if isinstance(self._form, Pcm):
            return pcm.astype("<i2", copy=False).tobytes()
        return alaw_encode(pcm) if isinstance(self._form, Alaw) else ulaw_encode(pcm)


@dataclass(slots=True)
class InputBuffer:
    """What was appended and not yet committed. Times are ms of audio since the session began."""

    form: Format = field(default_factory=Pcm)
    end_ms: float = 0.0
    """All audio ever appended."""
    begin_ms: float = 0.0
    """Where the uncommitted audio begins."""
    _data: bytearray = field(default_factory=bytearray)
    """The last of it, up to `KEPT_MS`."""

    def append(self, data: bytes) -> None:
        self._data += data
        self.end_ms += len(data) / bytes_per_ms(self.form)
        self.forget_all_but(KEPT_MS)

    def change(self, form: Format) -> None:
        """Other bytes from now on; what is there cannot be kept with them."""
        if form != self.form:
            self.form = form
            self._data.clear()

    @property
    def pending_ms(self) -> float:
        """Audio that nobody has committed."""
        return self.end_ms - self.begin_ms

    def take(self, start_ms: float, end_ms: float) -> bytes:
        """The audio between two times, as far as it is kept; what is before the end is committed by this."""
        first = self.end_ms - len(self._data) / bytes_per_ms(self.form)
        step = bytes_per_ms(self.form)
        start, end = (max(0, int(at - first)) * step for at in (start_ms, end_ms))
        found = bytes(self._data[start:end])
        self.begin_ms = max(self.begin_ms, min(end_ms, self.end_ms))
        del self._data[:end]
        return found

    def forget_all_but(self, ms: int) -> None:
        """Keep the last `ms` only: what comes before belongs to no turn."""
        excess = len(self._data) - ms * bytes_per_ms(self.form)
        if excess > 0:
            del self._data[: excess + excess % 2]

    def clear(self) -> None:
        self._data.clear()
        self.begin_ms = self.end_ms
