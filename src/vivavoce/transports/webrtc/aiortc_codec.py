"""Audio to packets and back for aiortc: Opus for speech in place of its stereo music, and G.711."""

from __future__ import annotations

import fractions
from typing import Any, Protocol

import numpy as np

from ...audio import g711
from ...audio.pcm import Pcm
from ...audio.resample import Resampler
from .conceal import Concealer

RATE = 24_000
_FRAME = RATE // 50
_BITS = 32_000
_EFFORT = "5"
"""Of 10: half the time, and speech at this rate sounds the same."""
_SETTLED = 10
"""After so many frames of silence the encoder says the same each time, and need not be asked."""


class Encoder(Protocol):
    rate: int
    """Of timestamps."""

    def encode(self, pcm: Pcm | None) -> bytes:
        """The payload for 480 samples, or for silence."""
        ...


class OpusEncoder:
    rate = 48_000

    def __init__(self) -> None:
        import av

        self._frame = av.AudioFrame
        self._codec: Any = av.CodecContext.create("libopus", "w")
        self._codec.sample_rate = RATE
        self._codec.format = "s16"
        self._codec.layout = "mono"
        self._codec.bit_rate = _BITS
        self._codec.time_base = fractions.Fraction(1, RATE)
        self._codec.options = {
            "application": "voip",
            "frame_duration": "20",
            "compression_level": _EFFORT,
            "fec": "1",
            "packet_loss": "5",
        }
        self._at = 0
        self._silent = 0
        self._last = b""

    def encode(self, pcm: Pcm | None) -> bytes:
        self._silent = self._silent + 1 if pcm is None else 0
        if self._silent <= _SETTLED:
            self._last = self._next(np.zeros(_FRAME, np.int16) if pcm is None else pcm)
        return self._last

    def _next(self, pcm: Pcm) -> bytes:
        frame = self._frame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self._at
        self._at += _FRAME
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


class G711Encoder:
    rate = 8_000

    def __init__(self, law: str) -> None:
        self._encode = g711.ulaw_encode if law == "pcmu" else g711.alaw_encode
        self._resampler = Resampler(RATE, self.rate)
        self._ready = np.zeros(round(self._resampler.latency * self.rate) + 2, np.int16)

    def encode(self, pcm: Pcm | None) -> bytes:
        more = self._resampler.push(np.zeros(_FRAME, np.int16) if pcm is None else pcm)
        ready = np.concatenate((self._ready, more))
        self._ready = ready[160:]
        return self._encode(ready[:160])


def encoder(codec: str) -> Encoder:
    return OpusEncoder() if codec == "opus" else G711Encoder(codec)


class Decoder:
    """The packets of one peer, in the order of their playing, as frames of 20 ms."""

    def __init__(self, codec: str) -> None:
        self.rate = 48_000 if codec == "opus" else 8_000
        self._codec = codec
        self._concealer = Concealer(self.rate)
        self._opus: Any = None
        if codec == "opus":
            import av

            self._opus = av.CodecContext.create("libopus", "r")
            self._opus.format = "s16"
            self._opus.layout = "mono"
            self._opus.sample_rate = self.rate

    def decode(self, payload: bytes) -> Pcm | None:
        """None when it cannot be decoded."""
        if self._codec == "opus":
            pcm = self._decode_opus(payload)
        else:
            pcm = (g711.ulaw_decode if self._codec == "pcmu" else g711.alaw_decode)(payload)
        return self._concealer.heard(pcm) if pcm is not None and pcm.size else None

    def conceal(self) -> Pcm:
        """20 ms in place of what did not come."""
        return self._concealer.lost(self.rate // 50)

    def _decode_opus(self, payload: bytes) -> Pcm | None:
        import av

        try:
            frames = self._opus.decode(av.Packet(payload))
        except av.FFmpegError:
            return None
        parts = [frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0] for frame in frames]
        return np.concatenate(parts) if parts else None


def length(codec: str, payload: bytes) -> int:
    """Samples at the codec's rate in a packet; 0 when it is broken."""
    if codec != "opus":
        return len(payload)
    if not payload:
        return 0
    kind, frames = payload[0] >> 3, payload[0] & 3
    if kind < 12:
        ms = (10.0, 20.0, 40.0, 60.0)[kind & 3]
    elif kind < 16:
        ms = (10.0, 20.0)[kind & 1]
    else:
        ms = (2.5, 5.0, 10.0, 20.0)[kind & 3]
    count = (1, 2, 2)[frames] if frames < 3 else (payload[1] & 0x3F if len(payload) > 1 else 0)
    samples = round(ms * 48) * count
    return samples if samples <= 5_760 else 0
