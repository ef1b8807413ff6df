from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.providers.hosted.tape import RATE, Tape


def audio(start: int, samples: int) -> bytes:
    """Every sample tells its own position."""
    return (np.arange(start, start + samples) % 30_000).astype(np.int16).tobytes()


def positions(data: bytes) -> list[int]:
    return np.frombuffer(data, np.int16).tolist()


def filled(*stretches: tuple[int, int], limit: int = 10**6) -> Tape:
    tape = Tape(limit)
    for start, samples in stretches:
        tape.push(start, audio(start, samples))
    return tape


def test_messages_are_neither_too_short_nor_too_long() -> None:
    tape = filled((0, 700))
    assert tape.take(800, 1_000) == b""
    tape.push(700, audio(700, 1_800))
    assert positions(tape.take(800, 1_000)) == list(range(1_000))
    assert positions(tape.take(800, 1_000)) == list(range(1_000, 2_000))
    assert tape.take(800, 1_000) == b""
    assert positions(tape.take(800, 1_000, upto=2_300)) == list(range(2_000, 2_300))
    assert tape.take(800, 1_000, upto=2_300) == b""
    assert tape.unsent == 200


def test_what_comes_twice_is_passed_over() -> None:
    tape = filled((100, 400))
    assert tape.push(100, audio(100, 400)) == 0
    assert tape.push(300, audio(300, 400)) == 200
    assert positions(tape.take(1, 10_000)) == list(range(100, 700))


def test_places_are_found_across_gaps() -> None:
    tape = filled((RATE, RATE), (5 * RATE, RATE))
    tape.take(1, 10**6)
    assert tape.place(0.5) == RATE * 3 // 2
    assert tape.place(1.0, end=True) == 2 * RATE
    assert tape.place(1.0) == 5 * RATE
    assert tape.place(1.5) == RATE * 11 // 2
    assert tape.place(9.0) == 6 * RATE
    assert tape.place(-1.0) == RATE


def test_silence_that_is_nobodys_has_no_place_of_its_own() -> None:
    tape = filled((0, RATE))
    tape.take(1, RATE)
    tape.pad(RATE)
    tape.push(RATE, audio(RATE, RATE))
    tape.take(1, RATE)
    assert tape.place(1.5) == RATE
    assert tape.place(2.5) == RATE * 3 // 2


def test_a_new_connection_hears_again_what_is_not_finished() -> None:
    tape = filled((0, RATE), (2 * RATE, RATE))
    tape.take(1, RATE * 3 // 2)
    tape.forget(RATE // 2)
    tape.rewind(10 * RATE)
    again = positions(tape.take(1, 10**6))
    assert again == [n % 30_000 for n in (*range(RATE // 2, RATE), *range(2 * RATE, 3 * RATE))]
    assert tape.place(0.0) == RATE // 2
    assert tape.place(0.75) == RATE * 9 // 4


def test_no_more_is_heard_again_than_was_asked_for() -> None:
    tape = filled((0, RATE))
    tape.take(1, RATE - 100)
    tape.rewind(50)
    assert positions(tape.take(1, RATE)) == list(range(RATE - 150, RATE))


def test_no_more_is_kept_than_the_limit() -> None:
    tape = filled(*((n * 100, 100) for n in range(50)), limit=1_000)
    while tape.take(1, 300):
        pass
    tape.rewind(10**6)
    assert tape.unsent == 1_000


def test_only_the_last_of_what_waits_is_kept() -> None:
    tape = filled((0, 100), (100, 100), (200, 100))
    tape.keep(150)
    assert positions(tape.take(1, 1_000)) == list(range(150, 300))


pieces = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 200)), min_size=1, max_size=12)


@given(pieces, st.integers(1, 100), st.integers(100, 300), st.integers(0, 400))
def test_every_sample_is_sent_once_and_found_again(
    rows: list[tuple[int, int]], least: int, most: int, forget: int
) -> None:
    tape, fed, at = Tape(10**6), [], 7
    for gap, samples in rows:
        at += gap
        tape.push(at, audio(at, samples))
        fed += range(at, at + samples)
        at += samples
    sent: list[int] = []
    while data := tape.take(least, most) or tape.take(least, most, upto=at):
        sent += positions(data)
    assert sent == fed
    assert [tape.place(n / RATE) for n in range(len(fed))] == fed
    tape.forget(forget)
    tape.rewind(10**6)
    assert positions(tape.take(1, 10**6)) == [n for n in fed if n >= forget]
