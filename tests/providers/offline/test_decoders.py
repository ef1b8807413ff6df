"""Which of the two decoders is believed, and when the first speech of a call is heard again; with scripted decoders."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from vivavoce.providers.offline.decoders import MARGIN, Ear

WINDOW = 512


@dataclass
class Hypothesis:
    hypstr: str
    best_score: float


@dataclass
class Segment:
    word: str
    start_frame: int
    end_frame: int


class FakeDecoder:
    """Says what it is told to, takes every cepstrum for 30, and keeps a log of what is done to it."""

    def __init__(self, said: str = "", score: float = 0.0) -> None:
        self.said = said
        self.score = score
        self.open = False
        self.heard = 0
        self.log: list[str] = []
        self.means: list[list[float]] = []
        self.averaged = 0

    def start_utt(self) -> None:
        assert not self.open
        self.open, self.heard = True, 0
        self.log.append("start")

    def end_utt(self) -> None:
        assert self.open
        self.open = False

    def process_raw(self, data: bytes) -> None:
        assert self.open
        self.heard += len(data) // 2
        self.averaged += len(data) // 2

    def get_cmn(self, update: bool) -> str:
        frames = self.averaged // 160
        return ",".join(f"{(500 * mean + 30 * frames) / (500 + frames):.2f}" for mean in self.means[-1]) + ","

    def set_cmn(self, text: str) -> None:
        self.means.append([float(number) for number in text.split(",")])
        self.averaged = 0

    def hyp(self) -> Hypothesis | None:
        return Hypothesis(self.said, math.exp(self.score)) if self.said else None

    def seg(self) -> list[Segment]:
        return [Segment(word, 10 * n, 10 * n + 9) for n, word in enumerate(self.said.split())]


def window(loud: int = 3000) -> np.ndarray:
    return np.full(WINDOW, loud, np.int16)


def hear(ear: Ear, windows: int, speech: bool = True) -> None:
    for _ in range(windows):
        ear.hear(window(), speech)


def said(ear: Ear) -> str:
    return " ".join(word.text for word in ear.words())


@pytest.mark.parametrize(
    ("expected", "open", "heard"),
    [
        (("what time", -1.0), ("watt dime it", -1.5), "what time"),
        (("what time", -1.5), ("watt dime it", -1.0), "watt dime it"),
        (("what time", -1.0 + 3.5 * MARGIN), ("watt dime it", -1.0), "what time"),
        (("what time", -1.0 + 2.5 * MARGIN), ("watt dime it", -1.0), "watt dime it"),
        (("", 0.0), ("watt", -1.0), "watt"),
        (("what", -9.0), ("", 0.0), "what"),
        (("", 0.0), ("", 0.0), ""),
    ],
)
def test_the_better_explanation_wins_by_a_margin(
    expected: tuple[str, float], open: tuple[str, float], heard: str
) -> None:
    ear = Ear(FakeDecoder(*expected), FakeDecoder(*open))
    ear.begin()
    hear(ear, 20)
    ear.end()
    assert said(ear) == heard


def test_only_words_are_words() -> None:
    decoder = FakeDecoder("<s> <sil> read(2) [NOISE] b. ++COUGH++ Mary's </s>")
    ear = Ear(decoder, FakeDecoder())
    ear.begin()
    hear(ear, 20)
    words = ear.words()
    assert [word.text for word in words] == ["read", "b", "mary's"]
    assert words[0].start == 20 * 160
    assert words[0].end == 30 * 160 + 250


def test_the_first_speech_of_a_call_is_held_then_heard_again_twice() -> None:
    expected, open = FakeDecoder("yes", -1.0), FakeDecoder()
    ear = Ear(expected, open)
    ear.begin()
    starts = []
    for n in range(1, 80):
        hear(ear, 1)
        starts.append(open.log.count("start"))
        assert open.heard in (0, n * WINDOW)
        assert bool(ear.words()) == (open.heard > 0)
    changes = [at + 1 for at in range(1, 79) if starts[at] != starts[at - 1]]
    assert [round(at * 3.2) for at in changes] == [32, 64, 128]
    assert open.means[-1] == expected.means[-1]
    assert open.means[-1][0] == pytest.approx(30, abs=1)
    assert open.means[0][0] == 45


def test_later_speech_is_heard_as_it_comes() -> None:
    expected, open = FakeDecoder("yes", -1.0), FakeDecoder()
    ear = Ear(expected, open)
    ear.begin()
    hear(ear, 60)
    ear.end()
    starts = open.log.count("start")
    ear.begin()
    for n in range(1, 200):
        hear(ear, 1)
        assert open.heard == n * WINDOW
    assert open.log.count("start") == starts + 1


def test_a_single_short_word_is_still_heard() -> None:
    expected, open = FakeDecoder("yes", -1.0), FakeDecoder()
    ear = Ear(expected, open)
    ear.begin()
    hear(ear, 5)
    ear.end()
    assert open.heard == expected.heard == 5 * WINDOW
    assert said(ear) == "yes"


def test_silence_teaches_nothing() -> None:
    ear = Ear(FakeDecoder(), FakeDecoder())
    ear.begin()
    hear(ear, 100, speech=False)
    ear.end()
    assert ear._channel.frames == 0
