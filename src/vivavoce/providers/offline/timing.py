"""When each word of a synthesised text has been spoken, from the sample at which each begins. Pure."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
AUDIBLE = 160
"""Amplitude (of 32768) above which a sample counts as sound: 46 dB below full scale."""

_TOKEN = re.compile(r"\S+")


class WordClock:
    """Turns word beginnings into word ends as the audio of one text comes in.

    A word is what stands between blanks, with its punctuation. It ends with its last audible sample before the next
    word begins, so a pause belongs to neither.
    """

    def __init__(self, text: str) -> None:
        self._ends = [match.end() for match in _TOKEN.finditer(text)]
        self._pcm: list[Pcm] = []
        self._base = 0
        self._samples = 0
        self._token: int | None = None
        self._begins: list[tuple[int, int]] = []
        self._spoken = 0

    @property
    def begun(self) -> bool:
        """True once a word has begun."""
        return self._token is not None or bool(self._begins)

    def push(self, pcm: Pcm, begins: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """More audio, and the (character, sample) at which words begin; gives the (characters, samples) at which
        words have ended."""
        self._begins += begins
        self._pcm.append(pcm)
        self._samples += len(pcm)
        done: list[tuple[int, int]] = []
        while self._begins and self._begins[0][1] <= self._samples:
            char, sample = self._begins.pop(0)
            done += self._begin(self._token_at(char), sample)
        return done

    def finish(self) -> list[tuple[int, int]]:
        """There is no more audio: the end of the last word, which covers the rest of the text but for
        blanks at its end."""
        done: list[tuple[int, int]] = []
        for char, _ in self._begins:
            done += self._begin(self._token_at(char), self._samples)
        self._begins.clear()
        if self._token is not None and self._ends:
            done.append((self._ends[-1], self._audible_end(self._samples)))
        return done

    def _begin(self, token: int, sample: int) -> list[tuple[int, int]]:
        before, self._token = self._token, max(token, self._token or 0)
        if before is None or before == self._token:
            return []
        self._spoken = self._audible_end(sample)
        self._forget(sample)
        # What espeak passed over between two words (a dash, a lone bracket) goes with the word before.
        return [(self._ends[self._token - 1], self._spoken)]

    def _token_at(self, char: int) -> int:
        at = int(np.searchsorted(self._ends, char, side="right"))
        return min(at, len(self._ends) - 1)

    def _audible_end(self, upto: int) -> int:
        """One past the last audible sample before `upto`, and never before the end of the word before."""
        pcm = np.concatenate(self._pcm)[: max(0, upto - self._base)] if self._pcm else np.zeros(0, np.int16)
        loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > AUDIBLE)
        return max(self._spoken, self._base + int(loud[-1]) + 1) if len(loud) else max(self._spoken, upto)

    def _forget(self, upto: int) -> None:
        """Drop audio that only belongs to words that have ended."""
        while self._pcm and self._base + len(self._pcm[0]) <= upto:
            self._base += len(self._pcm.pop(0))
