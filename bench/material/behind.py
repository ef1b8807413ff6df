"""Who else is to be heard: babble, televisions and second speakers of a split, out of its own voices and recordings."""

from __future__ import annotations

from functools import cache

import numpy as np

from vivavoce.sim.clips import Split

from . import recordings, texts
from .conditions import Company, far
from .join import RATE, Sound, at_level
from .synth import Manner, say
from .voices import VOICES

_BABBLERS = 6
_SENTENCES = 10
_MUSIC_DB = -10.0
"""Music below the speech of a television."""


def company(split: Split, but: str) -> Company:
    """The others, without the voice `but`."""

    voices = [number for number, voice in enumerate(VOICES[split]) if voice.name != but]

    def speech(rng: np.random.Generator, size: int) -> Sound:
        """Somebody who talks on: half of the time in another language, else a synthesised voice."""
        foreign = rng.random() < 0.5
        voice = voices[rng.integers(len(voices))]
        paths = recordings.foreign(split)
        chunks: list[Sound] = []
        while sum(chunk.size for chunk in chunks) < size:
            if foreign:
                chunk = recordings.load(paths[rng.integers(len(paths))])
            else:
                chunk = _sentence(split, voice, int(rng.integers(_SENTENCES)))
            chunks += [at_level(chunk, -20.0), np.zeros(round(rng.uniform(0.05, 0.4) * RATE))]
        return np.concatenate(chunks)[:size]

    def speaker(rng: np.random.Generator, size: int) -> Sound:
        return far(speech(rng, size), rng)

    def television(rng: np.random.Generator, size: int) -> Sound:
        sound = far(speech(rng, size), rng)
        if rng.random() < 0.5:
            names = recordings.MUSIC[split]
            music = recordings.load(recordings.music(names[rng.integers(len(names))]))
            start = rng.integers(music.size - size)
            sound = sound + at_level(far(music[start : start + size], rng), -20.0 + _MUSIC_DB)
        return sound

    def babble(rng: np.random.Generator, size: int) -> Sound:
        return np.sum([speech(rng, size) for _ in range(_BABBLERS)], axis=0)

    return Company(babble, television, speaker)


@cache
def _sentence(split: Split, voice: int, number: int) -> Sound:
    """One of the few sentences that a voice says behind others."""
    lines = texts.turns(split)["open pause"]
    return say(VOICES[split][voice], lines[number].text, Manner()).sound
