from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.providers.offline.timing import WordClock


def tone(samples: int) -> np.ndarray:
    return np.full(samples, 3000, np.int16)


def quiet(samples: int) -> np.ndarray:
    return np.zeros(samples, np.int16)


def test_a_word_ends_where_the_next_begins() -> None:
    clock = WordClock("one two")
    assert clock.push(tone(100), [(0, 0)]) == []
    assert clock.push(tone(100), [(4, 150)]) == [(3, 150)]
    assert clock.push(tone(50), []) == []
    assert clock.finish() == [(7, 250)]


def test_a_pause_belongs_to_neither_word() -> None:
    clock = WordClock("Well, then.")
    clock.push(np.concatenate([tone(80), quiet(120)]), [(0, 0)])
    assert clock.push(np.concatenate([tone(60), quiet(40)]), [(6, 200)]) == [(5, 80)]
    assert clock.finish() == [(11, 260)]


def test_what_is_not_spoken_goes_with_the_word_before() -> None:
    clock = WordClock("one - two ...")
    clock.push(tone(100), [(0, 0)])
    assert clock.push(tone(100), [(6, 100)]) == [(5, 100)]
    assert clock.finish() == [(13, 200)]


def test_a_word_of_many_parts_ends_once() -> None:
    clock = WordClock("$1,234 now")
    clock.push(tone(100), [(0, 0), (1, 30), (3, 60)])
    assert clock.push(tone(100), [(7, 120)]) == [(6, 120)]


def test_an_event_ahead_of_its_audio_waits() -> None:
    clock = WordClock("one two")
    assert clock.push(tone(100), [(0, 0), (4, 130)]) == []
    assert clock.push(tone(100), []) == [(3, 130)]


def test_nothing_spoken() -> None:
    clock = WordClock("...")
    clock.push(quiet(50), [])
    assert not clock.begun
    assert clock.finish() == []


@given(
    st.text("ab ,.-\n", max_size=40),
    st.lists(st.tuples(st.integers(-2, 45), st.integers(0, 400)), max_size=15),
    st.lists(st.integers(0, 120), min_size=1, max_size=8),
)
def test_ends_never_run_backwards_or_out_of_the_audio(
    text: str, events: list[tuple[int, int]], sizes: list[int]
) -> None:
    clock = WordClock(text)
    ends: list[tuple[int, int]] = []
    pending = sorted(events, key=lambda event: event[1])
    total = 0
    for size in sizes:
        total += size
        ready = [event for event in pending if event[1] < total]
        pending = pending[len(ready) :]
        ends += clock.push(tone(size), ready)
    ends += clock.finish()
    assert ends == sorted(ends)
    assert [chars for chars, _ in ends] == sorted({chars for chars, _ in ends})
    assert all(0 < chars <= len(text) and 0 <= samples <= total for chars, samples in ends)
