"""Sounds without words, made of filtered noise and pulses: of throats and noses, and of doors and keys.

Each maker gives floats at 16 kHz, of any level, and draws all it needs from `rng`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .conditions import band, pink
from .join import RATE, Sound

Maker = Callable[[np.random.Generator], Sound]


def _n(ms: float) -> int:
    return int(ms * RATE / 1000)


def envelope(size: int, attack_ms: float, decay_ms: float) -> Sound:
    """Rises in a straight line, then falls to a thousandth in `decay_ms`."""
    t = np.arange(size) / RATE * 1000
    rise = np.minimum(t / attack_ms, 1.0)
    return rise * 10.0 ** (-3.0 * np.maximum(t - attack_ms, 0.0) / decay_ms)


def pulses(f0: Sound, rng: np.random.Generator, jitter: float = 0.01) -> Sound:
    """Glottal pulses, a sawtooth softened to -12 dB an octave, whose pitch follows `f0` (Hz for each sample)."""
    wander = np.cumsum(rng.normal(size=f0.size)) / np.sqrt(RATE)
    phase = np.cumsum(f0 * (1.0 + jitter * wander) / RATE) % 1.0
    saw = 2.0 * phase - 1.0
    return np.convolve(saw, np.exp(-np.arange(32) / 6.0), mode="same")


def formants(sound: Sound, peaks: tuple[tuple[float, float], ...]) -> Sound:
    """The sound through resonances of (Hz, width in Hz)."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(sound.size, 1.0 / RATE)
    gain = sum(1.0 / (1.0 + ((hz - centre) / width) ** 2) for centre, width in peaks)
    return np.fft.irfft(spectrum * gain, sound.size)


def _laid(bursts: list[tuple[int, Sound]]) -> Sound:
    """Bursts at their samples, added."""
    whole = np.zeros(max(at + burst.size for at, burst in bursts))
    for at, burst in bursts:
        whole[at : at + burst.size] += burst
    return whole


def cough(rng: np.random.Generator) -> Sound:
    """One to three bursts: a crack, turbulent air, and often a little voice at the end."""
    bursts, at = [], 0
    for _ in range(rng.integers(1, 4)):
        size = _n(rng.uniform(120, 300))
        air = formants(rng.normal(size=size), ((500, 150), (1400, 300), (2600, 500))) * envelope(size, 8, size / 16)
        voice = formants(pulses(np.full(size, rng.uniform(110, 260)), rng, 0.1), ((600, 150), (1300, 250)))
        tail = np.sin(np.pi * np.linspace(0, 1, size)) ** 2 * rng.uniform(0.0, 0.5)
        bursts.append((at, (air / np.abs(air).max() + voice / np.abs(voice).max() * tail) * rng.uniform(0.6, 1.0)))
        at += size + _n(rng.uniform(30, 180))
    return _laid(bursts)


def throat(rng: np.random.Generator) -> Sound:
    """A rasping low voice, once or twice."""
    bursts, at = [], 0
    for _ in range(rng.integers(1, 3)):
        size = _n(rng.uniform(150, 400))
        f0 = np.linspace(rng.uniform(70, 120), rng.uniform(60, 90), size)
        rough = pulses(f0, rng, 0.3) + 0.5 * rng.normal(size=size)
        bursts.append((at, formants(rough, ((450, 120), (1100, 200), (2400, 400))) * np.hanning(size) ** 0.5))
        at += size + _n(rng.uniform(40, 150))
    return _laid(bursts)


def sneeze(rng: np.random.Generator) -> Sound:
    """Air drawn in, then a blast."""
    drawn = _n(rng.uniform(200, 450))
    blast = _n(rng.uniform(200, 350))
    air = band(rng.normal(size=drawn), 800, 3000) * np.linspace(0.05, 0.4, drawn)
    shout = formants(pulses(np.linspace(320, 180, blast), rng, 0.1), ((700, 150), (1300, 250)))
    burst = band(rng.normal(size=blast), 600, 7000) + shout / np.abs(shout).max()
    return np.concatenate((air, burst * envelope(blast, 10, blast / 16)))


def laugh(rng: np.random.Generator) -> Sound:
    """Three to eight times "ha", falling."""
    bursts, at, f0 = [], 0, rng.uniform(150, 320)
    for _ in range(rng.integers(3, 9)):
        breath, vowel = _n(rng.uniform(50, 90)), _n(rng.uniform(70, 130))
        air = band(rng.normal(size=breath), 500, 4000) * 0.12 * np.hanning(breath)
        voice = formants(pulses(np.linspace(f0, f0 * 0.9, vowel), rng, 0.03), ((750, 100), (1250, 150), (2600, 250)))
        bursts.append((at, np.concatenate((air, voice / np.abs(voice).max() * np.hanning(vowel)))))
        at += breath + vowel + _n(rng.uniform(0, 40))
        f0 *= rng.uniform(0.92, 1.0)
    return _laid(bursts)


def sigh(rng: np.random.Generator) -> Sound:
    """A long breath out."""
    size = _n(rng.uniform(500, 1100))
    return formants(pink(rng, size), ((600, 250), (1500, 400))) * np.hanning(size)


def sniff(rng: np.random.Generator) -> Sound:
    """A short breath through the nose."""
    size = _n(rng.uniform(120, 300))
    return band(rng.normal(size=size), 900, 5000) * np.hanning(size) ** 2


def hum(rng: np.random.Generator) -> Sound:
    """ "Hmm" behind closed lips, 90 to 700 ms."""
    size = _n(rng.uniform(90, 700))
    start = rng.uniform(95, 230)
    f0 = np.linspace(start, start * rng.uniform(0.8, 1.25), size)
    return formants(pulses(f0, rng, 0.01), ((250, 60), (1000, 500))) * np.hanning(size) ** 0.4


def smack(rng: np.random.Generator) -> Sound:
    """Lips or tongue, one to three clicks."""
    bursts, at = [], 0
    for _ in range(rng.integers(1, 4)):
        size = _n(rng.uniform(25, 60))
        bursts.append((at, formants(rng.normal(size=size), ((1800, 400),)) * envelope(size, 2, size / 16)))
        at += _n(rng.uniform(60, 160))
    return _laid(bursts)


def door(rng: np.random.Generator) -> Sound:
    """A latch, and a thump."""
    size = _n(rng.uniform(300, 700))
    thump = band(rng.normal(size=size), 40, 250) * envelope(size, 4, 300) * 8
    rattle = band(rng.normal(size=size), 300, 3000) * envelope(size, 3, 120)
    click = band(rng.normal(size=_n(40)), 1500, 6000) * envelope(_n(40), 1, 30)
    return _laid([(0, click), (_n(rng.uniform(80, 250)), thump + rattle)])


def keys(rng: np.random.Generator) -> Sound:
    """A bunch of keys: high ringing clinks."""
    bursts, at = [], 0
    for _ in range(rng.integers(6, 18)):
        size = _n(rng.uniform(60, 140))
        t = np.arange(size) / RATE
        ring = sum(np.sin(2 * np.pi * rng.uniform(2500, 7000) * t) for _ in range(4))
        bursts.append((at, ring * envelope(size, 0.5, rng.uniform(40, 120)) * rng.uniform(0.2, 1.0)))
        at += _n(rng.uniform(20, 160))
    return _laid(bursts)


def typing(rng: np.random.Generator) -> Sound:
    """A keyboard."""
    bursts, at = [], 0
    for _ in range(rng.integers(8, 30)):
        size = _n(30)
        bursts.append((at, band(rng.normal(size=size), 800, 5000) * envelope(size, 1, 25) * rng.uniform(0.4, 1.0)))
        at += _n(rng.uniform(70, 260))
    return _laid(bursts)


def dishes(rng: np.random.Generator) -> Sound:
    """Plates and glasses."""
    bursts, at = [], 0
    for _ in range(rng.integers(2, 7)):
        size = _n(rng.uniform(200, 500))
        t = np.arange(size) / RATE
        ring = sum(np.sin(2 * np.pi * rng.uniform(900, 4500) * t) * rng.uniform(0.3, 1.0) for _ in range(6))
        clash = rng.normal(size=size) * envelope(size, 1, 30) * 3
        bursts.append((at, (ring + clash) * envelope(size, 1, rng.uniform(100, 350))))
        at += _n(rng.uniform(80, 500))
    return _laid(bursts)


def horn(rng: np.random.Generator) -> Sound:
    """A car outside."""
    size, f = _n(rng.uniform(250, 900)), rng.uniform(330, 450)
    t = np.arange(size) / RATE
    tone = sum(np.sin(2 * np.pi * f * ratio * k * t) / k for ratio in (1.0, 1.26) for k in range(1, 8))
    return band(tone * np.hanning(size) ** 0.2, 200, 4000)


TICS: dict[str, Maker] = {
    "cough": cough,
    "throat": throat,
    "sneeze": sneeze,
    "laugh": laugh,
    "sigh": sigh,
    "sniff": sniff,
    "hum": hum,
    "smack": smack,
}
NOISES: dict[str, Maker] = {"door": door, "keys": keys, "typing": typing, "dishes": dishes, "horn": horn}
