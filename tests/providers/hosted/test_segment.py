from __future__ import annotations

import pytest

from vivavoce.core.events import UserWords
from vivavoce.providers.hosted.link import Said
from vivavoce.providers.hosted.segment import Segment
from vivavoce.providers.hosted.tape import RATE, Tape


@pytest.fixture
def tape() -> Tape:
    """Ten seconds that were sent."""
    tape = Tape(10**6)
    tape.push(0, bytes(20 * RATE))
    tape.take(1, 10 * RATE)
    return tape


@pytest.fixture
def segment(tape: Tape) -> Segment:
    return Segment(tape)


def test_pieces_that_are_final_come_before_the_one_that_is_not(segment: Segment) -> None:
    segment.hear(Said("well I", True, 1.0, 2.0, ((1.0, 1.5), (1.5, 2.0))), 10 * RATE)
    segment.hear(Said("think", False, 2.5, 3.0, ((2.5, 3.0),)), 10 * RATE)
    times = ((RATE, RATE * 3 // 2), (RATE * 3 // 2, 2 * RATE), (RATE * 5 // 2, 3 * RATE))
    assert segment.words(False) == UserWords(0, "well I think", False, RATE, 3 * RATE, times)


def test_words_without_times_begin_where_the_last_ended(segment: Segment) -> None:
    segment.hear(Said("one", True, 1.0, 2.0), 10 * RATE)
    segment.close(2 * RATE)
    segment.hear(Said("two"), 10 * RATE)
    assert segment.words(False) == UserWords(1, "two", False, 2 * RATE, 10 * RATE)


def test_words_without_times_begin_where_somebody_was_heard_to_begin(segment: Segment) -> None:
    segment.begin()
    segment.hear(Said("two"), 10 * RATE)
    assert segment.words(False).start == 10 * RATE - RATE // 2


def test_words_without_times_do_not_begin_before_what_was_sent() -> None:
    tape = Tape(10**6)
    tape.push(5 * RATE, bytes(2 * RATE))
    tape.take(1, RATE)
    segment = Segment(tape)
    segment.close(2 * RATE)
    segment.hear(Said("two"), 6 * RATE)
    assert segment.words(False) == UserWords(1, "two", False, 5 * RATE, 6 * RATE)


def test_times_that_do_not_fit_the_words_are_left_out(segment: Segment) -> None:
    segment.hear(Said("twenty one", False, 1.0, 2.0, ((1.0, 2.0),)), 10 * RATE)
    assert segment.words(False).times == ()


def test_times_never_go_back_nor_beyond_what_was_sent(segment: Segment) -> None:
    segment.hear(Said("one", True, 1.0, 5.0), 10 * RATE)
    segment.close(5 * RATE)
    segment.hear(Said("two three", False, 4.0, 99.0, ((4.0, 6.0), (5.5, 99.0))), 10 * RATE)
    assert segment.words(False).times == ((5 * RATE, 6 * RATE), (6 * RATE, 10 * RATE))


def test_nothing_said_is_an_empty_final(segment: Segment) -> None:
    assert segment.words(True, 3 * RATE) == UserWords(0, "", True, 0, 3 * RATE)


def test_what_was_taken_of_an_open_turn_is_not_repeated(segment: Segment) -> None:
    segment.hear(Said("one two"), 10 * RATE)
    segment.close(RATE)
    segment.hear(Said("one two three"), 10 * RATE)
    assert segment.text == "three"
    segment.close(2 * RATE)
    segment.hear(Said("One, two, three four", final=True), 10 * RATE)
    assert segment.text == "four"
    segment.close(3 * RATE)
    segment.hear(Said("one two"), 10 * RATE)
    assert segment.text == "one two"


def test_words_after_the_end_are_left_to_the_next(segment: Segment) -> None:
    segment.hear(Said("later", False, 5.0, 6.0), 10 * RATE)
    segment.split(4 * RATE)
    assert segment.words(True, 4 * RATE).text == ""
    segment.close(4 * RATE)
    assert segment.words(False) == UserWords(1, "later", False, 5 * RATE, 6 * RATE)


def test_only_changes_are_told(segment: Segment) -> None:
    segment.hear(Said("one"), 10 * RATE)
    assert segment.changed()
    segment.hear(Said("one"), 10 * RATE)
    assert not segment.changed()
    segment.hear(Said(""), 10 * RATE)
    assert segment.changed()
