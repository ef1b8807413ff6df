"""The rule, as a table: what was late for how long, and whether another call may begin."""

from __future__ import annotations

import pytest

from vivavoce.app.http.admission import Admission, Limits

FRAME_S = 0.02
CALLS = 50
LIMITS = Limits(window_s=2.0, share=0.95, busy_ms=7.0, calm_ms=5.0, least_s=2.0, few=50, back=10, more_s=5.0)


def seen(*stretches: tuple[float, float], calls: int = CALLS) -> tuple[Admission, float]:
    """After stretches of seconds with so many ms of lateness each, and what time it is then."""
    admission, now = Admission(LIMITS), 100.0
    for seconds, late_ms in stretches:
        for _ in range(round(seconds / FRAME_S)):
            now += FRAME_S
            admission.push(now, late_ms, calls)
    return admission, now


@pytest.mark.parametrize(
    ("stretches", "busy"),
    [
        ([(10, 0.1)], False),
        ([(10, 6.9)], False),
        ([(10, 7.0)], True),
        # Too little was seen to judge.
        ([(0.9, 50)], False),
        ([(1.1, 50)], True),
        # A few late frames of a hundred are no trend; some more are.
        ([(2, 0.1), (0.08, 50)], False),
        ([(2, 0.1), (0.12, 50)], True),
        # Calm is less than busy, and lasts.
        ([(2, 9), (5, 6)], True),
        ([(2, 9), (2, 0.1)], True),
        ([(2, 9), (4.1, 0.1)], False),
        ([(2, 9), (4.1, 4.9)], False),
        ([(2, 9), (4.1, 5.1)], True),
        # Busy once more starts the wait anew.
        ([(2, 9), (3, 0.1), (0.2, 9), (3.5, 0.1)], True),
        ([(2, 9), (3, 0.1), (0.2, 9), (5, 0.1)], False),
    ],
)
def test_when_calls_are_refused_however_few_there_are(stretches: list[tuple[float, float]], busy: bool) -> None:
    admission, now = seen(*stretches)
    assert (admission.wait_s(now, 1) > 0) is busy


@pytest.mark.parametrize(
    ("calls", "calm_s", "taken"),
    [
        # It was too much with 50: there is room for 45, and for one more every five seconds.
        (44, 4.2, True),
        (45, 4.2, False),
        (45, 9.5, True),
        (46, 9.5, False),
        (46, 14.5, True),
        (50, 30.0, False),
        (50, 35.0, True),
    ],
)
def test_after_that_the_edge_is_approached_slowly(calls: int, calm_s: float, taken: bool) -> None:
    admission, now = seen((2, 9), (calm_s, 0.1))
    assert (admission.wait_s(now, calls) == 0) is taken


def test_with_few_calls_there_is_room_for_as_many_again() -> None:
    admission, now = seen((2, 9), (4.2, 0.1), calls=3)
    assert admission.wait_s(now, 2) == 0
    assert 0 < admission.wait_s(now, 3) <= 5


def test_who_is_refused_is_told_how_long_it_lasts_at_least() -> None:
    admission, now = seen((2, 9))
    assert admission.wait_s(now, 1) == 2.0
    assert admission.wait_s(now + 0.5, 1) == 1.5
    # Longer than was foreseen: soon, then.
    assert admission.wait_s(now + 30, 1) == 1.0
    admission, now = seen((2, 9), (4.2, 0.1))
    assert admission.wait_s(now, CALLS) == 10


def test_only_the_window_counts() -> None:
    admission, _ = seen((2, 100), (2, 1), (0.02, 1))
    assert admission.late_ms == 1
    assert len(admission._seen) <= 101


def test_what_was_seen_is_forgotten_with_the_last_call() -> None:
    admission, now = seen((2, 100))
    admission.forget()
    assert (admission.late_ms, admission.wait_s(now, CALLS)) == (0.0, 0.0)
