from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.providers.offline.gate import WINDOW, Gate, Pcm

SPEECH, QUIET = 1000, 0


def loudness(pcm: Pcm) -> float:
    """A detector for tests: speech is what is loud."""
    return float(np.abs(pcm).max() >= SPEECH)


def windows(levels: str) -> Pcm:
    """One window per letter: `s` speech, `.` quiet; each sample distinct within a window's noise floor."""
    return np.repeat(np.array([SPEECH if c == "s" else QUIET for c in levels], np.int16), WINDOW)


def passed(levels: str) -> list[int]:
    """The indices of the windows let through."""
    return [position // WINDOW for position, _ in Gate(loudness).feed(0, windows(levels))]


def test_quiet_stays_out() -> None:
    assert passed("." * 50) == []


def test_first_syllables_are_kept_and_the_gate_closes_after_a_pause() -> None:
    got = passed("." * 30 + "ss" + "." * 40)
    assert got == list(range(30 - 11, 32 + 20))


def test_a_pause_between_words_does_not_close_it() -> None:
    got = passed("s" + "." * 15 + "s" + "." * 10)
    assert got == list(range(27))


def test_speech_again_brings_its_own_preroll() -> None:
    got = passed("s" + "." * 60 + "s")
    assert got == [*range(21), *range(50, 62)]


@given(st.lists(st.integers(1, 900), max_size=40))
def test_cutting_does_not_matter(sizes: list[int]) -> None:
    audio = np.random.default_rng(1).integers(-1500, 1500, 9_000).astype(np.int16)
    whole = Gate(loudness).feed(100, audio)
    gate, got, at = Gate(loudness), [], 0
    for size in [*sizes, len(audio)]:
        got += list(gate.feed(100 + at, audio[at : at + size]))
        at = min(at + size, len(audio))
    expected = list(whole)
    assert [position for position, _ in got] == [position for position, _ in expected]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(got, expected, strict=True))


def test_audio_that_comes_twice_is_passed_over() -> None:
    gate = Gate(loudness)
    audio = windows("ssss")
    list(gate.feed(0, audio))
    assert list(gate.feed(0, audio)) == []
    assert [position for position, _ in gate.feed(3 * WINDOW, windows("ss"))] == [4 * WINDOW]


def test_a_short_gap_becomes_silence_of_the_same_length() -> None:
    gate = Gate(loudness)
    list(gate.feed(0, windows("s")))
    got = list(gate.feed(3 * WINDOW, windows("s")))
    assert [position for position, _ in got] == [WINDOW, 2 * WINDOW, 3 * WINDOW]
    assert [int(pcm.max()) for _, pcm in got] == [0, 0, SPEECH]


def test_a_long_gap_is_jumped_over_and_positions_stay_true() -> None:
    gate = Gate(loudness)
    list(gate.feed(0, windows("s")[:100]))
    got = list(gate.feed(1_000_000, windows("s")))
    assert got[-1][0] == 1_000_000
    assert gate.at == 1_000_000 + WINDOW
    assert all(position < WINDOW or position >= 1_000_000 for position, _ in got)
    assert len(got) == 2


def test_what_is_left_over_is_known() -> None:
    gate = Gate(loudness)
    list(gate.feed(0, windows("ss")[: WINDOW + 10]))
    rest = gate.rest()
    assert rest
    assert (rest[0], len(rest[1])) == (WINDOW, 10)
