"""Turns read out: where a policy takes them for over."""

from tests.sim.clip_kit import clip

from vivavoce.core.policy import BROWSER, changed
from vivavoce.sim.fakes import Latencies
from vivavoce.sim.reading import at_patience, read_out

NO_GREETING = 0
"""With this seed the agent says nothing first."""
QUICK = Latencies(stt_partial=50, stt_final=80, spread=0.0)
TURNS = [clip("turn", "i need a table | on friday", 900), clip("turn", "five five | six seven", 700, asked="number")]


def test_a_pause_longer_than_the_wait_is_cut_and_a_shorter_one_is_not() -> None:
    found = read_out(TURNS, BROWSER, NO_GREETING, QUICK)
    assert (found.turns, found.holds, found.cut_holds) == (2, 2, 1)
    patient = read_out(TURNS, changed(BROWSER, {"endpoint.silence_ms": 1_000}), NO_GREETING, QUICK)
    assert patient.cut_holds == 0


def test_the_time_until_the_end_is_recognised_is_that_of_the_policy() -> None:
    (wait,) = read_out([clip("turn", "i need a table on friday")], BROWSER, NO_GREETING, QUICK).waits
    assert BROWSER.endpoint.silence_ms - 32 <= wait <= BROWSER.endpoint.silence_ms + 64


def test_what_was_asked_is_asked() -> None:
    answer = clip("turn", "tuesday", asked="choice")
    (soon,) = read_out([answer], BROWSER, NO_GREETING, QUICK).waits
    (late,) = read_out([clip("turn", "tuesday")], BROWSER, NO_GREETING, QUICK).waits
    assert soon < late


def test_patience_scales_every_wait() -> None:
    half = at_patience(BROWSER, 0.5).endpoint
    assert (half.patience, half.eagerness, half.min_ms, half.max_ms) == (0.5, 2.0, 100, 1_800)
    twice = at_patience(BROWSER, 2.0).endpoint
    assert (twice.patience, twice.eagerness, twice.min_ms, twice.max_ms) == (2.0, 0.5, 200, 3_600)
