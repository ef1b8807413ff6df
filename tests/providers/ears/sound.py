"""Speech that programs understand: a word is a tone whose level says which, so a fake hears what was really sent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vivavoce.providers.base import Pcm

RATE = 16_000
WORDS = "one two three four five six seven eight nine ten".split()
_WORD_MS, _GAP_MS = 200, 60
_STEP = 1_500
"""Amplitude of the first word, and from one to the next."""
_BLOCK_S = 0.01
_SHORTEST = 10
"""Blocks that make a word."""


@dataclass(frozen=True)
class Heard:
    """A word and where it was, in seconds."""

    text: str
    start: float
    end: float


def silence(ms: int) -> Pcm:
    return np.zeros(RATE * ms // 1000, np.int16)


def speech(text: str) -> Pcm:
    """The words of `text`, which are numbers up to ten, 260 ms each."""
    t = np.arange(RATE * _WORD_MS // 1000)
    tone = np.sin(2 * np.pi * 400 * t / RATE)
    gap = silence(_GAP_MS)
    said = [(tone * _STEP * (WORDS.index(word) + 1)).astype(np.int16) for word in text.split()]
    return np.concatenate([part for word in said for part in (word, gap)])


class Ear:
    """Understands `speech` as it comes, at any sample rate."""

    def __init__(self, rate: int = RATE) -> None:
        self._block = round(rate * _BLOCK_S)
        self._rest: Pcm = np.zeros(0, np.int16)
        self._run: list[float] = []
        self._blocks = 0
        self._done: list[Heard] = []
        self._quiet_from = 0
        self.rate = rate
        self.samples = 0

    def hear(self, pcm: Pcm) -> None:
        self.samples += pcm.size
        self._rest = np.concatenate([self._rest, pcm])
        whole = self._rest.size // self._block * self._block
        blocks = self._rest[:whole].astype(np.float64).reshape(-1, self._block)
        self._rest = self._rest[whole:]
        for level in np.sqrt((blocks**2).mean(axis=1)) * np.sqrt(2):
            self._blocks += 1
            if level > _STEP / 2:
                self._run.append(float(level))
                self._quiet_from = self._blocks
            else:
                self._end()

    @property
    def seconds(self) -> float:
        return self.samples / self.rate

    @property
    def silence_s(self) -> float:
        """Since the last word."""
        return (self._blocks - self._quiet_from) * _BLOCK_S

    @property
    def words(self) -> list[Heard]:
        """All words so far, also one that is still being said."""
        return [*self._done, self._word()] if len(self._run) >= _SHORTEST else self._done

    def _end(self) -> None:
        if len(self._run) >= _SHORTEST:
            self._done = [*self._done, self._word()]
        self._run = []

    def _word(self) -> Heard:
        nth = min(max(round(float(np.median(self._run)) / _STEP), 1), len(WORDS))
        end = self._quiet_from
        return Heard(WORDS[nth - 1], (end - len(self._run)) * _BLOCK_S, end * _BLOCK_S)
