"""The rows of turn-taking, from the metrics of a few calls."""

from bench.score import rows

from vivavoce.core.policy import BROWSER
from vivavoce.sim.trial import Terms, Trial, converse


def test_each_goal_has_its_figure_beside_it() -> None:
    metrics = Trial(score=converse(BROWSER, Terms(), 0, 3)).metrics()
    found = {what: (figure, bound) for what, figure, bound in rows("3 simulated calls", metrics)}
    gaps = f"{metrics['gap_p50_ms']} / {metrics['gap_p95_ms']} ms"
    assert found["3 simulated calls: gap, median / p95"] == (gaps, "320 / 600 ms")
    assert found["R_Y; on ticks"][0].startswith(f"{100 * metrics['R_Y']:.1f} %; ")
    assert found["words of heard-text error"] == (f"0 in {metrics['heard_exact']} replies", "0")


def test_what_did_not_occur_has_no_share() -> None:
    metrics = Trial(score=converse(BROWSER, Terms(), 0, 1)).metrics() | {"S_VT": None}
    assert {row[0]: row[1] for row in rows("1", metrics)}["S_VT; on ticks"].startswith("none; ")
