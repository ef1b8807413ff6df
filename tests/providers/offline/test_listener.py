"""The way from windows of audio to words at caller positions, with a detector and an ear that are easy to foresee."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from vivavoce.providers.offline import listener as listener_module
from vivavoce.providers.offline.decoders import Word
from vivavoce.providers.offline.gate import WINDOW, Pcm
from vivavoce.providers.offline.listener import Heard, Listener


def loudness(pcm: Pcm) -> float:
    return float(np.abs(pcm).max() >= 1000)


class FakeEar:
    """Hears each run of samples of one loud level as one word, named by the level: 1000 is `a`, 1001 is `b`..."""

    def __init__(self) -> None:
        self.samples = 0
        self.pcm = np.zeros(0, np.int16)
        self.open = False

    def begin(self) -> None:
        assert not self.open
        self.open, self.samples, self.pcm = True, 0, np.zeros(0, np.int16)

    def hear(self, pcm: Pcm) -> None:
        assert self.open
        self.pcm = np.concatenate([self.pcm, pcm])
        self.samples = len(self.pcm)

    def end(self) -> None:
        assert self.open
        self.open = False

    def words(self) -> list[Word]:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], self.pcm, [0]])))
        pairs = itertools.pairwise(edges)
        return [Word(chr(int(self.pcm[a]) - 1000 + ord("a")), int(a), int(b)) for a, b in pairs if self.pcm[a] >= 1000]


def audio(script: str) -> Pcm:
    """A window per letter: a letter is that word, a dot is silence."""
    return np.repeat(np.array([1000 + ord(c) - ord("a") if c != "." else 0 for c in script], np.int16), WINDOW)


@pytest.fixture
def ears() -> Listener:
    return Listener(loudness, FakeEar())


def feed(listener: Listener, start: int, pcm: Pcm) -> list[Heard]:
    heard = []
    for at in range(0, len(pcm), 320):
        heard += listener.feed(start + at, pcm[at : at + 320])
    return heard


def test_partials_only_when_changed_then_the_final(ears: Listener) -> None:
    heard = feed(ears, 5000, audio("....aa.bb.."))
    assert [h.text for h in heard] == ["a", "a b"]
    assert not any(h.final for h in heard)
    final = ears.finish(5000 + 11 * WINDOW)
    assert final == Heard(0, "a b", True, 5000 + 4 * WINDOW, 5000 + 9 * WINDOW)


def test_nothing_said(ears: Listener) -> None:
    assert feed(ears, 0, audio("." * 20)) == []
    assert ears.finish(20 * WINDOW) == Heard(0, "", True, 0, 20 * WINDOW)
    assert ears.finish(20 * WINDOW) == Heard(1, "", True, 20 * WINDOW, 20 * WINDOW)


def test_finishing_before_anything_came(ears: Listener) -> None:
    assert ears.finish(0) == Heard(0, "", True, 0, 0)


def test_segments_are_numbered_and_words_come_once(ears: Listener) -> None:
    feed(ears, 0, audio("a..."))
    first = ears.finish(4 * WINDOW)
    ears.catch_up()
    feed(ears, 4 * WINDOW, audio("....b..."))
    second = ears.finish(12 * WINDOW)
    assert (first.segment, first.text) == (0, "a")
    assert (second.segment, second.text, second.start, second.end) == (1, "b", 8 * WINDOW, 9 * WINDOW)


def test_words_after_the_end_of_the_turn_belong_to_the_next(ears: Listener) -> None:
    feed(ears, 0, audio("aa...bb"))
    first = ears.finish(4 * WINDOW)
    ears.catch_up()
    more = feed(ears, 7 * WINDOW, audio("b."))
    second = ears.finish(9 * WINDOW)
    assert (first.text, first.end) == ("a", 2 * WINDOW)
    assert (more[-1].text, more[-1].segment) == ("b", 1)
    assert (second.text, second.start, second.end) == ("b", 5 * WINDOW, 8 * WINDOW)


def test_a_word_across_the_end_is_kept_whole_and_not_heard_again(ears: Listener) -> None:
    feed(ears, 0, audio("aaaa"))
    first = ears.finish(2 * WINDOW)
    ears.catch_up()
    feed(ears, 4 * WINDOW, audio(".."))
    assert (first.text, first.end) == ("a", 4 * WINDOW)
    assert ears.finish(6 * WINDOW).text == ""


def test_words_that_came_and_went_after_the_end_of_the_turn_belong_to_the_next(ears: Listener) -> None:
    feed(ears, 0, audio("aa....bb" + "." * 30))
    first = ears.finish(4 * WINDOW)
    ears.catch_up()
    more = feed(ears, 38 * WINDOW, audio("."))
    second = ears.finish(39 * WINDOW)
    assert (first.text, first.end) == ("a", 2 * WINDOW)
    assert [(h.text, h.segment, h.final) for h in more] == [("b", 1, False)]
    assert (second.text, second.start, second.end) == ("b", 6 * WINDOW, 8 * WINDOW)
    ears.catch_up()
    assert ears.finish(39 * WINDOW).text == ""


def test_seconds_of_such_words_are_kept(ears: Listener) -> None:
    feed(ears, 0, audio("aa...." + "".join(letter * 5 + "." * 25 for letter in "bcdefgh") + "." * 300))
    ears.finish(4 * WINDOW)
    ears.catch_up()
    final = ears.finish(516 * WINDOW)
    assert final.text == "b c d e f g h"
    assert (final.start, final.end) == (6 * WINDOW, 191 * WINDOW)


def test_the_tail_of_a_word_is_not_another_word(ears: Listener) -> None:
    feed(ears, 0, audio("aab" + "." * 30))
    assert ears.finish(2 * WINDOW).text == "a"
    ears.catch_up()
    assert ears.finish(33 * WINDOW).text == ""


@pytest.mark.parametrize("before", ["aa..", "aa" + "." * 30, ""])
def test_what_comes_after_its_finish_is_heard(ears: Listener, before: str) -> None:
    at = len(before) * WINDOW
    feed(ears, 0, audio(before))
    first = ears.finish(at + 20 * WINDOW)
    ears.catch_up()
    feed(ears, at, audio("..bb...."))
    second = ears.finish(at + 20 * WINDOW)
    assert first.text == ("a" if before else "")
    assert (second.text, second.start, second.end) == ("b", at + 2 * WINDOW, at + 4 * WINDOW)


def test_positions_are_true_across_lost_audio_and_long_silence(ears: Listener) -> None:
    feed(ears, 0, audio("aa"))
    feed(ears, 3 * WINDOW, audio("bb" + "." * 100))
    feed(ears, 105 * WINDOW, audio("cc" + "." * 5))
    feed(ears, 2_000 * WINDOW, audio("..d..."))
    final = ears.finish(2_006 * WINDOW)
    assert final.text == "a b c d"
    assert (final.start, final.end) == (0, 2_003 * WINDOW)


def test_the_rest_of_a_window_counts(ears: Listener) -> None:
    pcm = audio("aaab")[: 3 * WINDOW + 200]
    feed(ears, 0, pcm)
    assert ears.finish(len(pcm)).text == "a b"


def test_a_very_long_monologue_is_finalised_at_pauses(ears: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "_LONG", 30 * WINDOW)
    heard = feed(ears, 0, audio("a" * 25 + "." * 25 + "b" * 5 + "." * 3))
    finals = [h for h in heard if h.final]
    assert [(h.segment, h.text, h.end) for h in finals] == [(0, "a", 25 * WINDOW)]
    assert ears.finish(58 * WINDOW).text == "b"


def test_and_without_pauses_too(ears: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "_TOO_LONG", 30 * WINDOW)
    heard = feed(ears, 0, audio("a" * 20 + "b" * 20))
    assert [h.text for h in heard if h.final] == ["a b"]


def test_a_new_process_goes_on_counting() -> None:
    assert Listener(loudness, FakeEar(), segment=7).finish(10).segment == 7
