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

import numpy as np

from . import lm
from .channel import Channel, Mean, Pcm
from .pronounce import pronounce

FRAME = 160
"""Samples (16 kHz) per frame of the decoder."""
_WINDOW = 410
"""Samples that one frame looks at."""

OPEN_WORDS = 40_000
"""The open vocabulary: the most frequent words of the open model. More cost a half more time and hear no better."""
MARGIN = 0.0067
"""By how much per word the expected words must be the better explanation, in natural logarithms of path scores.
Found by experiment, see `docs/decisions/0006-choosing-between-decoders.md`."""

_FIRST_LOOK = 50
"""Frames (0.5 s) after which the first guess at how a caller sounds is made; the next at twice as many."""
_LAST_LOOK = 200
_LEARN_EVERY = 40_000
"""Samples (2.5 s). The decoder starts averaging of its own accord after 3 s."""

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
    """The two decoders of one call, and what they know of the caller and the line.

    The first speech of a call is heard up to three times, whenever twice as much is known of how it sounds: about
    0.4 s of work within the first two seconds of speech, and none after that.
    """

    def __init__(self, expected: Any, open: Any) -> None:
        self.expected = expected
        self.open = open
        self.samples = 0
        """Samples heard in this utterance."""
        self._channel = Channel()
        self._audio: list[Pcm] = []
        """The utterance so far, while it may have to be heard again."""
        self._holding = False
        self._next_look = _FIRST_LOOK
        self._unlearned = 0
        """Samples decoded since the means were last set."""

    def begin(self) -> None:
        """A new utterance."""
        self.samples = 0
        self._holding = self._channel.frames < _FIRST_LOOK // 2
        for decoder in (self.expected, self.open):
            decoder.start_utt()
        self._set_mean()

    def hear(self, pcm: Pcm) -> None:
        """More of the utterance, at 16 kHz."""
        self.samples += len(pcm)
        self._channel.listen(pcm)
        if self._next_look <= _LAST_LOOK:
            self._audio.append(pcm)
        if not self._holding:
            self._decode(pcm, self.expected, self.open)
            self._unlearned += len(pcm)
        if self._next_look <= _LAST_LOOK:
            if self._evidence() >= self._next_look:
                self._look()
        elif self._unlearned >= _LEARN_EVERY:
            self._learn()
            self._set_mean()

    def end(self) -> None:
        """The utterance is over; `words` is final."""
        if self._holding:
            self._look()
        self._learn()
        self._audio.clear()
        for decoder in (self.expected, self.open):
            decoder.end_utt()

    def words(self) -> list[Word]:
        """What was said so far, by the decoder that explains it better."""
        if self._holding:
            return []
        expected, open = self.expected.hyp(), self.open.hyp()
        if expected is None or open is None:
            return _words(self.expected if open is None else self.open)
        margin = MARGIN * len(open.hypstr.split())
        return _words(self.expected if _score(expected) > _score(open) + margin else self.open)

    def _evidence(self) -> float:
        """Frames from which the means are or could be known."""
        held = self.samples if self._holding else self._unlearned
        return self._channel.frames + held / FRAME

    def _look(self) -> None:
        """Learn from what was heard of the utterance, and hear it again."""
        if self._holding:
            self._holding = False
            for pcm in self._audio:
                self._decode(pcm, self.expected)
            self._unlearned = self.samples
        self._learn()
        while self._next_look <= self._channel.frames:
            self._next_look *= 2
        for decoder in (self.expected, self.open):
            decoder.end_utt()
            decoder.start_utt()
        self._set_mean()
        for pcm in self._audio:
            self._decode(pcm, self.expected, self.open)
        self._set_mean()

    def _decode(self, pcm: Pcm, *decoders: Any) -> None:
        data = self._channel.dither(pcm).tobytes()
        for decoder in decoders:
            decoder.process_raw(data)

    def _learn(self) -> None:
        """Take over from the decoder what it has averaged since the means were set."""
        if self._unlearned:
            after = _numbers(self.expected.get_cmn(True))
            self._channel.learn(self._mean, after, self._unlearned // FRAME)
            self._unlearned = 0

    def _set_mean(self) -> None:
        text = ",".join(f"{value:.2f}" for value in self._channel.mean)
        self._mean = _numbers(text)
        for decoder in (self.expected, self.open):
            decoder.set_cmn(text)


def _numbers(text: str) -> Mean:
    return np.array([float(number) for number in text.split(",") if number])


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
