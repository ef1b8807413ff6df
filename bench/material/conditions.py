"""What stands between a voice and the agent: rooms, noise, other people, telephone lines.

A take becomes what arrives: int16 at 16 kHz, or at 8 kHz from a telephone. Everything random comes from `rng`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vivavoce.audio.g711 import ulaw_decode, ulaw_encode
from vivavoce.audio.pcm import Pcm, from_float
from vivavoce.audio.resample import resample

from .join import BLOCK, RATE, Sound, Take, at_level

LEAD_MS, TAIL_MS = 200, 1000
PHONE_RATE = 8_000
_WINDOW = 512
_LATENCY = 64
"""Samples that a resampler may keep back at the end."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """What arrives of a clip."""

    pcm: Pcm
    rate: int


@dataclass(frozen=True, slots=True)
class Company:
    """Sounds of others, of at least so many samples; which, is drawn."""

    babble: Callable[[np.random.Generator, int], Sound]
    television: Callable[[np.random.Generator, int], Sound]
    speaker: Callable[[np.random.Generator, int], Sound]


def padded(take: Take) -> Sound:
    """The take between its lead and its tail, whole windows and what resampling keeps back."""
    lead, tail = LEAD_MS * BLOCK // 10, TAIL_MS * BLOCK // 10
    length = lead + take.sound.size + tail
    sound = np.zeros(-(-length // _WINDOW) * _WINDOW + _LATENCY)
    sound[lead : lead + take.sound.size] = take.sound
    return sound


def arrive(take: Take, condition: str, company: Company, rng: np.random.Generator, level_db: float) -> Line:
    """The take, its voice at `level_db`, under a condition of `Clip`."""
    sound = at_level_of(padded(take), take.sound, level_db)
    behind = np.zeros(sound.size)
    if condition in ("noisy", "phone_noisy"):
        behind = at_level(_noise(rng, sound.size, company), level_db - rng.uniform(10.0, 20.0))
    elif condition == "television":
        behind = at_level(company.television(rng, sound.size), level_db - 18.0)
    elif condition == "second_speaker":
        behind = at_level(company.speaker(rng, sound.size), level_db - rng.uniform(12.0, 15.0))
    sound = sound + behind
    if condition.startswith("phone"):
        return phone(sound, rng)
    return Line(from_float(sound + room(rng, sound.size)), RATE)


def at_level_of(sound: Sound, voice: Sound, db: float) -> Sound:
    """The sound with the gain that brings `voice` to `db`."""
    loud = at_level(voice, db)
    peak = int(np.argmax(np.abs(voice)))
    return sound * (loud[peak] / voice[peak])


def room(rng: np.random.Generator, size: int) -> Sound:
    """Digital silence in two rooms of five, else a tone at -75 to -60 dBFS."""
    if rng.random() < 0.4:
        return np.zeros(size)
    return pink(rng, size) * 10.0 ** (rng.uniform(-75.0, -60.0) / 20.0)


def phone(sound: Sound, rng: np.random.Generator) -> Line:
    """Over a telephone: 300 to 3400 Hz, the line's hiss, 8 kHz, mu-law."""
    hiss = rng.normal(size=sound.size) * 10.0 ** (rng.uniform(-66.0, -52.0) / 20.0)
    narrow = band(sound + hiss, 300.0, 3400.0)
    return Line(ulaw_decode(ulaw_encode(resample(from_float(narrow), RATE, PHONE_RATE))), PHONE_RATE)


def band(sound: Sound, low: float, high: float, edge: float = 60.0) -> Sound:
    """The sound without what lies outside `low` to `high` Hz; edges of so many Hz."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(sound.size, 1.0 / RATE)
    gain = np.clip((hz - low + edge) / edge, 0.0, 1.0) * np.clip((high + edge - hz) / edge, 0.0, 1.0)
    return np.fft.irfft(spectrum * gain, sound.size)


def pink(rng: np.random.Generator, size: int) -> Sound:
    """Noise with as much power in every octave, root mean square 1."""
    spectrum = np.fft.rfft(rng.normal(size=size))
    spectrum[1:] /= np.sqrt(np.arange(1, spectrum.size))
    spectrum[0] = 0.0
    noise = np.fft.irfft(spectrum, size)
    return noise / np.sqrt(np.mean(noise * noise))


def far(sound: Sound, rng: np.random.Generator, seconds: float = 0.35) -> Sound:
    """The sound from another corner of a room: reverberated, its highs and lows lost."""
    return band(reverberated(sound, rng, seconds, 0.9), 150.0, 5000.0)


def reverberated(sound: Sound, rng: np.random.Generator, seconds: float, share: float) -> Sound:
    """The sound with a room around it, which has fallen by 60 dB after so long and is `share` times as strong."""
    t = np.arange(int(seconds * RATE)) / RATE
    tail = rng.normal(size=t.size) * 10.0 ** (-3.0 * t / seconds)
    tail *= share / np.sqrt(np.sum(tail * tail))
    tail[0] += 1.0
    size = 1 << (sound.size + tail.size - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: sound.size]


def _noise(rng: np.random.Generator, size: int, company: Company) -> Sound:
    which = rng.integers(3)
    if which == 0:
        return company.babble(rng, size)
    return pink(rng, size) if which == 1 else rng.normal(size=size)
