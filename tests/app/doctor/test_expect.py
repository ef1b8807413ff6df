"""The gap to expect from measured speeds, and which hop is worth making faster."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vivavoce.app.doctor.expect import ADVICE, Speeds, advice, marks
from vivavoce.core.marks import ORDER
from vivavoce.core.policy import BROWSER, changed

QUICK = Speeds(final=300, silence=500, first=5, clause=5, voice=10)
WAITS = changed(BROWSER, {"reply.speculate": False})


def gap(speeds: Speeds, policy=BROWSER, partials: bool = True) -> int:
    return marks(speeds, policy, partials).gap_ms


def test_every_mark_is_there_and_the_hops_sum_to_the_gap() -> None:
    reached = marks(QUICK, BROWSER, True)
    assert tuple(reached.at) == ORDER
    assert sum(ms for _, ms in reached.hops()) == reached.gap_ms == 500


def test_an_early_answer_is_made_while_silence_is_waited_for() -> None:
    slow = replace(QUICK, first=400, clause=100)
    assert gap(slow) == 90 + 400 + 100 + 10
    assert gap(slow, WAITS) == gap(slow, partials=False) == 500 + 400 + 100 + 10


def test_late_final_words_hold_the_turn_up() -> None:
    assert gap(replace(QUICK, final=900)) == 900
    assert gap(replace(QUICK, final=900), WAITS) == 900 + 20


@pytest.mark.parametrize(
    ("changes", "hop"),
    [
        ({}, "silence"),
        ({"final": 900}, "final"),
        ({"first": 2000}, "first"),
        ({"clause": 2000}, "clause"),
        ({"voice": 2000}, "voice"),
    ],
)
def test_the_slowest_hop_is_the_one_whose_absence_would_help_most(changes: dict[str, int], hop: str) -> None:
    found, told = advice(replace(QUICK, **changes), BROWSER, True)
    assert found == hop
    assert ADVICE[hop] in told
