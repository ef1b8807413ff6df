from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.providers.offline.lm import END, START, arpa, number, words
from vivavoce.providers.offline.stt_worker import general


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Hello, World!", "hello world"),
        ("What's the time?", "what's the time"),
        ("I’m well-known", "i'm well known"),
        ("Room 25, gate 7", "room twenty five gate seven"),
        ("at 10 o'clock", "at ten o'clock"),
        ("2026", "two thousand twenty six"),
        ("5550123", "five five five zero one two three"),
        ("007", "zero zero seven"),
        ("...", ""),
    ],
)
def test_words_are_what_is_spoken(text: str, spoken: str) -> None:
    assert " ".join(words(text)) == spoken


@pytest.mark.parametrize(
    ("digits", "spoken"),
    [("0", "zero"), ("13", "thirteen"), ("40", "forty"), ("99", "ninety nine"), ("300", "three hundred")],
)
def test_numbers(digits: str, spoken: str) -> None:
    assert " ".join(number(digits)) == spoken


class Model:
    """Reads ARPA text and answers back-off probabilities, independently of how it was made."""

    def __init__(self, text: str) -> None:
        self.grams: dict[tuple[str, ...], tuple[float, float]] = {}
        declared = {int(n): int(c) for n, c in re.findall(r"^ngram (\d)=(\d+)$", text, re.MULTILINE)}
        order = 0
        counts = dict.fromkeys(declared, 0)
        for line in text.splitlines():
            if heading := re.match(r"\\(\d)-grams:", line):
                order = int(heading[1])
            elif order and line and not line.startswith("\\"):
                fields = line.split()
                backoff = float(fields[order + 1]) if len(fields) > order + 1 else 0.0
                self.grams[tuple(fields[1 : order + 1])] = (float(fields[0]), backoff)
                counts[order] += 1
        assert counts == declared

    def log(self, *gram: str) -> float:
        if gram in self.grams:
            return self.grams[gram][0]
        return self.grams.get(gram[:-1], (0.0, 0.0))[1] + self.log(*gram[1:])

    @property
    def vocabulary(self) -> list[str]:
        return [gram[0] for gram in self.grams if len(gram) == 1 and gram != (START,)]


PHRASES = st.lists(
    st.tuples(st.lists(st.sampled_from("a b c d e".split()), min_size=1, max_size=5), st.integers(1, 9)),
    min_size=1,
    max_size=12,
)


@given(PHRASES)
def test_after_any_words_the_next_word_is_certain_to_come(phrases: list[tuple[list[str], int]]) -> None:
    model = Model(arpa(phrases))
    histories = [gram for gram in model.grams if len(gram) < 3 and END not in gram] + [("a", "e"), ()]
    for history in histories:
        if any(word not in (START, *model.vocabulary) for word in history):
            continue
        total = sum(10 ** model.log(*history, word) for word in model.vocabulary)
        assert total == pytest.approx(1.0, abs=0.01)


def test_what_is_expected_is_likelier() -> None:
    model = Model(arpa([(["stop", "it"], 5), (["stop"], 5), (["go", "on"], 1)]))

    def sentence(*said: str) -> float:
        padded = [START, *said, END]
        return sum(model.log(*padded[max(0, at - 2) : at + 1]) for at in range(1, len(padded)))

    assert sentence("stop") > sentence("go", "on") > sentence("on", "stop", "go")
    assert sentence("stop", "it") > sentence("it", "stop") > -99


def test_weights_and_repeats_are_the_same() -> None:
    assert arpa([(["a", "b"], 2), (["c"], 1)]) == arpa([(["a", "b"], 1), (["c"], 1), ([], 3), (["a", "b"], 1)])


def test_no_words_no_model() -> None:
    with pytest.raises(ValueError, match="at least one word"):
        arpa([([], 1)])


def test_every_probability_is_written_finite() -> None:
    model = Model(arpa(general()))
    assert len(model.vocabulary) > 250
    del model.grams[START,]
    assert all(-10 < log <= 0 and math.isfinite(backoff) for log, backoff in model.grams.values())


def test_the_general_phrases_are_clean() -> None:
    phrases = general()
    assert len(phrases) > 250
    assert all(1 <= weight <= 8 for _, weight in phrases)
    texts = [" ".join(phrase) for phrase, _ in phrases]
    assert len(texts) == len(set(texts))
    assert {"hello", "what time is it", "stop", "goodbye", "uh huh", "yes"} <= set(texts)
