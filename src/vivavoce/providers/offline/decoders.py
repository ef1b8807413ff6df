"""pocketsphinx decoders: one with an open vocabulary, one for what is expected, and which of the two to believe.

Both hear everything. The path scores of the two are comparable, because they share the acoustic model and audio; the
expected words win if their path is better by a margin per word. Needs the process for itself: decoding holds the GIL.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import lm
from .pronounce import pronounce

FRAME = 160
"""Samples (16 kHz) per frame of the decoder."""
_WINDOW = 410
"""Samples that one frame looks at."""

OPEN_WORDS = 40_000
"""The open vocabulary: the most frequent words of the open model. More cost a half more time and hear no better."""
MARGIN = 0.0067
"""By how much per word the expected words must be the better explanation. Found by experiment, see `docs`."""

_QUIET = {"loglevel": "FATAL", "logfn": os.devnull}
_ONE_PASS = {"fwdflat": False, "bestpath": False}
_NOT_A_WORD = re.compile(r"^(<.*>|\[.*\]|\+\+.*\+\+)$")
_ALTERNATE = re.compile(r"\(\d+\)$")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its decoder samples (16 kHz, from the start of the utterance)."""

    text: str
    start: int
    end: int


class Models:
    """What all decoders of a process share: the dictionary and the open language model. Takes about 0.5 s."""

    def __init__(self) -> None:
        import pocketsphinx

        self._ps: Any = pocketsphinx
        folder = Path(pocketsphinx.get_model_path()) / "en-us"
        entries = (folder / "cmudict-en-us.dict").read_text(encoding="utf-8").splitlines()
        self._pronunciations: dict[str, list[str]] = {}
        for entry in entries:
            head, phones = entry.split(" ", 1)
            self._pronunciations.setdefault(_ALTERNATE.sub("", head), []).append(phones)
        seed = self._decoder({word: self._pronunciations[word] for word in ("yes", "no")})
        self._lm = pocketsphinx.NGramModel(seed.config, seed.logmath, str(folder / "en-us.lm.bin"))
        frequency = {word: self._lm.prob([word]) for word in self._pronunciations}
        known = sorted(frequency, key=frequency.__getitem__, reverse=True)[:OPEN_WORDS]
        self._open = {word: self._pronunciations[word] for word in known}

    def open(self) -> Any:
        """A decoder for anything, in about 0.15 s and 30 MB."""
        decoder = self._decoder(self._open)
        decoder.add_lm("open", self._lm)
        decoder.activate_search("open")
        return decoder

    def expecting(self, phrases: Iterable[tuple[list[str], int]]) -> tuple[Any, list[str]]:
        """A decoder for weighted phrases, in about 0.05 s; and the words whose pronunciation is a guess."""
        phrases = list(phrases)
        vocabulary = sorted({word for phrase, _ in phrases for word in phrase})
        guessed = [word for word in vocabulary if word not in self._pronunciations]
        dictionary = {word: self._pronunciations.get(word) or [pronounce(word)] for word in vocabulary}
        return self._decoder(dictionary, lm.arpa(phrases)), guessed

    def _decoder(self, dictionary: dict[str, list[str]], model: str = "") -> Any:
        with tempfile.TemporaryDirectory(prefix="vivavoce-") as folder:
            words = Path(folder) / "words.dict"
            words.write_text("".join(_entries(dictionary)), encoding="utf-8")
            grams = Path(folder) / "words.lm"
            grams.write_text(model, encoding="utf-8")
            return self._ps.Decoder(
                **_QUIET, **_ONE_PASS, dict=str(words), lm=str(grams) if model else None, samprate=16_000
            )


class Ear:
    """The two decoders of one call."""

    def __init__(self, expected: Any, open: Any) -> None:
        self.expected = expected
        self.open = open
        self._fresh = expected.get_cmn(), open.get_cmn()
        self.samples = 0
        """Samples heard in this utterance."""

    def begin(self) -> None:
        """A new utterance."""
        self.samples = 0
        self.expected.start_utt()
        self.open.start_utt()

    def hear(self, pcm: bytes) -> None:
        """More of the utterance: int16 at 16 kHz."""
        self.expected.process_raw(pcm)
        self.open.process_raw(pcm)
        self.samples += len(pcm) // 2

    def end(self) -> None:
        """The utterance is over; `words` is final."""
        self.expected.end_utt()
        self.open.end_utt()

    def words(self) -> list[Word]:
        """What was said so far, by the decoder that explains it better."""
        expected, open = self.expected.hyp(), self.open.hyp()
        if expected is None or open is None:
            return _words(self.expected if open is None else self.open)
        margin = MARGIN * len(open.hypstr.split())
        return _words(self.expected if _score(expected) > _score(open) + margin else self.open)

    def forget(self) -> None:
        """Forget how this caller and line sound."""
        self.expected.set_cmn(self._fresh[0])
        self.open.set_cmn(self._fresh[1])


def _entries(dictionary: dict[str, list[str]]) -> Iterable[str]:
    for word, pronunciations in dictionary.items():
        for nth, phones in enumerate(pronunciations, 1):
            yield f"{word}{f'({nth})' if nth > 1 else ''} {phones}\n"


def _score(hypothesis: Any) -> float:
    return math.log(max(hypothesis.best_score, 5e-324))


def _words(decoder: Any) -> list[Word]:
    words = []
    for segment in decoder.seg() or ():
        if not _NOT_A_WORD.match(segment.word):
            text = _ALTERNATE.sub("", segment.word).rstrip(".").lower()
            end = (segment.end_frame + 1) * FRAME + _WINDOW - FRAME
            words.append(Word(text, segment.start_frame * FRAME, end))
    return words
