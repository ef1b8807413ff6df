"""The rule, as a table: what was late for how long, and whether another call may begin."""

from __future__ import annotations

import pytest

from vivavoce.app.http.admission import Admission, Limits

FRAME_S = 0.02
LIMITS = Limits(window_s=2.0, share=0.95, busy_ms=7.0, calm_ms=3.5, least_s=2.0, few=50)


def seen(*stretches: tuple[float, float]) -> tuple[Admission, float]:
    """After stretches of seconds with so many ms of lateness each, and what time it is then."""
    admission, now = Admission(LIMITS), 100.0
    for seconds, late_ms in stretches:
        for _ in range(round(seconds / FRAME_S)):
            now += FRAME_S
            admission.push(now, late_ms)
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
        # Calm is less than half of busy, and lasts.
        ([(2, 9), (5, 5)], True),
        ([(2, 9), (2, 0.1)], True),
        ([(2, 9), (4, 0.1)], False),
        ([(2, 9), (4, 3.4)], False),
        ([(2, 9), (4, 3.6)], True),
        # Busy once more starts the wait anew.
        ([(2, 9), (3, 0.1), (0.2, 9), (3.5, 0.1)], True),
        ([(2, 9), (3, 0.1), (0.2, 9), (5, 0.1)], False),
    ],
)
def test_when_calls_are_refused(stretches: list[tuple[float, float]], busy: bool) -> None:
    admission, now = seen(*stretches)
    assert admission.busy is busy
    assert (admission.wait_s(now) > 0) is busy


def test_who_is_refused_is_told_how_long_it_lasts_at_least() -> None:
    admission, now = seen((2, 9))
    assert admission.wait_s(now) == 2.0
    assert admission.wait_s(now + 0.5) == 1.5
    # Longer than was foreseen: soon, then.
    assert admission.wait_s(now + 30) == 1.0


def test_only_the_window_counts() -> None:
    admission, _ = seen((2, 100), (2, 1), (0.02, 1))
    assert admission.late_ms == 1
    assert len(admission._seen) <= 101


def test_what_was_seen_is_forgotten_with_the_last_call() -> None:
    admission, now = seen((2, 100))
    admission.forget()
    assert not admission.busy
    assert (admission.late_ms, admission.wait_s(now)) == (0.0, 0.0)
