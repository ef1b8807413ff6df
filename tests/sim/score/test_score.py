"""All scores together."""

from vivavoce.sim.score.score import ON_TICKS, Score

from .talk import sound, talk


def test_every_call_is_judged_twice_the_second_time_on_ticks() -> None:
    score = Score(calls=1)
    score.judge(talk([sound("turn", (0, 1_010))], "1350-2000"))
    metrics = score.metrics()
    assert (metrics["gap_p50_ms"], metrics["L_R"]) == (340, 0.34)
    assert metrics["on_200_ms_ticks"]["L_R"] == 0.0
    assert tuple(metrics["on_200_ms_ticks"]) == ON_TICKS


def test_a_missing_answer_stays_in_the_denominator() -> None:
    score = Score()
    for agent in ("1300-2000", "1300-2000", "1300-2000", ""):
        score.judge(talk([sound("turn", (0, 1_000))], agent))
    assert score.metrics()["R_R"] == 0.75


def test_without_calls_nothing_is_known() -> None:
    metrics = Score(calls=1).metrics()
    assert metrics["R_Y"] is metrics["gap_p50_ms"] is None
