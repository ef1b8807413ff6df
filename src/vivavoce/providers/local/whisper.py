"""Whisper through faster-whisper: an ear that hears the whole utterance anew for each partial. Needs the worker's
process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..offline.decoders import Word
from ..offline.gate import Pcm
from .models import Model

RATE = 16_000
_EVERY = RATE * 4 // 10
"""New samples that make another partial worth its while."""
_TELLING = 2 * RATE
"""Samples from which the language can be told; it then stays for the utterance."""
_BEAM, _FINAL_BEAM = 1, 5


def load(model: Model, folder: Path) -> Callable[[], Ear]:
    """Load the model; gives the maker of ears."""
    import faster_whisper

    whisper = faster_whisper.WhisperModel(str(folder), device="auto", compute_type="auto", local_files_only=True)
    language = model.languages[0] if model.languages else None
    pace = Pace()
    return lambda: Ear(whisper, pace, language)


class Pace:
    """Partials of all calls together take at most half of the time, so that finals need not wait for them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at = float("-inf")

    def run(self, work: Callable[[], None]) -> bool:
        """Do it, if its time has come."""
        begun = self._clock()
        if begun < self._free_at:
            return False
        work()
        now = self._clock()
        self._free_at = now + (now - begun)
        return True


class Ear:
    """The state of one call."""

    def __init__(self, whisper: Any, pace: Pace, language: str | None) -> None:
        self._whisper = whisper
        self._pace = pace
        self._language = language
        """None until it can be told."""
        self._told = language
        self._audio: list[Pcm] = []
        self._words: list[Word] = []
        self._heard = 0
        """Samples that `_words` are of."""
        self.samples = 0
        """Samples heard in this utterance."""

    def begin(self) -> None:
        """A new utterance."""
        self._audio, self._words = [], []
        self._heard = self.samples = 0
        self._told = self._language

    def hear(self, pcm: Pcm) -> None:
        """More of the utterance, at 16 kHz."""
        self._audio.append(pcm)
        self.samples += len(pcm)

    def end(self) -> None:
        """The utterance is over; `words` is final."""
        self._transcribe(_FINAL_BEAM)

    def words(self) -> list[Word]:
        """What was said so far, as last transcribed."""
        if self.samples - self._heard >= _EVERY:
            self._pace.run(lambda: self._transcribe(_BEAM))
        return self._words

    def _transcribe(self, beam: int) -> None:
        audio = np.concatenate(self._audio).astype(np.float32) / 32768
        segments, info = self._whisper.transcribe(
            audio,
            language=self._told,
            beam_size=beam,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
        )
        self._words = list(placed((word for segment in segments for word in segment.words or ()), len(audio)))
        self._heard = len(audio)
        if self._told is None and len(audio) >= _TELLING:
            self._told = info.language


def placed(words: Iterable[Any], samples: int) -> Iterator[Word]:
    """faster-whisper's words, one after the other within so many samples."""
    at = 0
    for word in words:
        start = min(max(at, round(word.start * RATE)), samples)
        at = min(max(start, round(word.end * RATE)), samples)
        if text := "".join(word.word.split()):
            yield Word(text, start, at)
