"""Gaps, take-overs and cut-offs of dialogues small enough to be read."""

import pytest

from vivavoce.sim.score.answers import Answers, eva

from .talk import sound, talk


def test_a_gap_runs_from_the_true_end_to_the_first_audible_sample() -> None:
    found = Answers.of(talk([sound("turn", (0, 1_000))], "1300-2000"))
    assert (found.turns, found.gaps) == (1, [300])


def test_an_answer_that_begins_before_the_end_overlaps() -> None:
    found = Answers.of(talk([sound("turn", (0, 1_000))], "900-2000"))
    assert found.gaps == [-100]
    assert found.begun_over == 1


def test_a_voice_that_is_over_before_the_turn_is_answers_nothing() -> None:
    found = Answers.of(talk([sound("turn", (0, 1_000), (1_400, 3_000))], "1100-1500! 3400-4000"))
    assert found.gaps == [400]
    assert (found.holds, found.cut_holds) == (1, 1)


def test_a_turn_without_an_answer_stays_in_the_denominator() -> None:
    found = Answers.of(talk([sound("turn", (0, 1_000)), sound("turn", (5_000, 6_000))], "6200-7000"))
    assert found.metrics()["R_R"] == 0.5
    assert found.turn_scores[0] == 0.0


def test_a_decision_within_a_hold_cuts_it_off_also_when_nothing_was_heard() -> None:
    told = [sound("turn", (0, 1_000), (1_500, 2_000), (2_900, 3_500))]
    found = Answers.of(talk(told, "3800-4000", ends=(1_300, 3_700)))
    assert (found.holds, found.cut_holds, found.waits) == (2, 1, [200])


def test_a_short_sound_in_a_pause_takes_nobodys_turn() -> None:
    told = [sound("turn", (0, 1_000), (2_500, 3_000))]
    assert Answers.of(talk(told, "1200-2100! 3300-4000")).taken_holds == 0
    assert Answers.of(talk(told, "1200-2300! 3300-4000")).taken_holds == 1


@pytest.mark.parametrize(
    ("gap", "tool", "score"),
    [
        (None, False, 0.0), (-500, False, 0.0), (0, False, 0.5), (500, False, 1.0), (2_000, False, 1.0),
        (2_750, False, 0.5), (3_500, False, 0.0), (2_750, True, 1.0), (4_000, True, 0.5), (9_000, True, 0.0),
    ],
)  # fmt: skip
def test_the_eva_turn_score(gap: int | None, tool: bool, score: float) -> None:
    assert eva(gap, tool) == score


def test_without_occasions_there_are_no_figures() -> None:
    metrics = Answers.of(talk([])).metrics()
    assert metrics["R_R"] is metrics["gap_p50_ms"] is metrics["false_cutoffs"] is None
