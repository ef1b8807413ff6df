"""Audio for the cases, in plain Python: PCM16 mono at 24 kHz, G.711, WAV files."""

from __future__ import annotations

import itertools
import math
import wave
from array import array
from pathlib import Path

RATE = 24000


def silence(ms: int, rate: int = RATE) -> bytes:
    """Digital silence as PCM16."""
    return bytes(2 * rate * ms // 1000)


def tone(ms: int, hz: float = 440.0, rate: int = RATE) -> bytes:
    """A sine at a third of full scale as PCM16."""
    step = 2 * math.pi * hz / rate
    return array("h", (int(10000 * math.sin(step * n)) for n in range(rate * ms // 1000))).tobytes()


def load(path: Path, rate: int = RATE) -> bytes:
    """A WAV file of PCM16 as mono PCM16 at a rate."""
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"{path}: {8 * file.getsampwidth()} bits a sample, expected 16")
        samples = array("h", file.readframes(file.getnframes()))
        return resample(samples[:: file.getnchannels()], file.getframerate(), rate).tobytes()


def resample(samples: array[int], source: int, target: int, width: int = 12) -> array[int]:
    """Windowed-sinc resampling between two rates."""
    if source == target:
        return samples
    common = math.gcd(source, target)
    up, down = target // common, source // common
    cut = min(1.0, target / source)
    reach = math.ceil(width / cut)
    tables = [_taps(phase / up, cut, reach) for phase in range(up)]
    padded = [0] * reach + list(samples) + [0] * (reach + 1)
    out = array("h")
    for n in range(len(samples) * up // down):
        at, phase = divmod(n * down, up)
        value = sum(a * b for a, b in zip(tables[phase], padded[at : at + 2 * reach + 1], strict=True))
        out.append(max(-32768, min(32767, round(value))))
    return out


def _taps(offset: float, cut: float, reach: int) -> list[float]:
    taps = []
    for k in range(-reach, reach + 1):
        x = k - offset
        sinc = cut if x == 0 else math.sin(math.pi * cut * x) / (math.pi * x)
        taps.append(sinc * (0.5 + 0.5 * math.cos(math.pi * x / (reach + 1))))
    total = sum(taps)
    return [tap / total for tap in taps]


def to_ulaw(pcm: bytes) -> bytes:
    """PCM16 to G.711 µ-law."""
    return bytes(_ulaw(sample) for sample in array("h", pcm))


def to_alaw(pcm: bytes) -> bytes:
    """PCM16 to G.711 A-law."""
    return bytes(_alaw(sample) for sample in array("h", pcm))


def from_ulaw(data: bytes) -> bytes:
    """G.711 µ-law to PCM16."""
    return array("h", (_from_ulaw(byte) for byte in data)).tobytes()


def from_alaw(data: bytes) -> bytes:
    """G.711 A-law to PCM16."""
    return array("h", (_from_alaw(byte) for byte in data)).tobytes()


def _ulaw(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    value = min(abs(sample), 32635) + 132
    exponent = value.bit_length() - 8
    return ~(sign | exponent << 4 | (value >> (exponent + 3)) & 0x0F) & 0xFF


def _from_ulaw(byte: int) -> int:
    byte = ~byte & 0xFF
    value = (((byte & 0x0F) << 3) + 132 << (byte >> 4 & 7)) - 132
    return -value if byte & 0x80 else value


def _alaw(sample: int) -> int:
    sign = 0 if sample < 0 else 0x80
    value = min(abs(sample) if sample >= 0 else -sample - 1, 32767)
    exponent = max(value.bit_length() - 8, 0)
    mantissa = value >> (exponent + 3 if exponent else 4) & 0x0F
    return (sign | exponent << 4 | mantissa) ^ 0x55


def _from_alaw(byte: int) -> int:
    byte ^= 0x55
    exponent, value = byte >> 4 & 7, (byte & 0x0F) << 4 | 8
    value = value + 0x100 << exponent - 1 if exponent else value
    return value if byte & 0x80 else -value


def smoothness(pcm: bytes) -> float:
    """How alike neighbouring samples are, from -1 to 1: near 1 for speech, near 0 for bytes read in a wrong format."""
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    power = sum(a * a for a in samples)
    return sum(a * b for a, b in itertools.pairwise(samples)) / power if power else 1.0
