"""Numbers mean what the definitions say."""

from __future__ import annotations

from vivavoce.sim.score import Counts, _percentile, distance


def test_word_edit_distance() -> None:
    assert distance("a b c".split(), "a b c".split()) == 0
    assert distance("a b".split(), "a b c".split()) == 1
    assert distance("a x c".split(), "a b c".split()) == 1
    assert distance([], "a b".split()) == 2


def test_percentiles_are_values_that_occurred() -> None:
    values = [10, 20, 30, 40]
    assert _percentile(values, 50) == 20
    assert _percentile(values, 95) == 40
    assert _percentile([7], 50) == 7
    assert _percentile([], 50) is None


def test_counts_add_up() -> None:
    a, b = Counts(calls=1, gaps=[100]), Counts(calls=2, gaps=[200, 300])
    a.add(b)
    assert (a.calls, a.gaps) == (3, [100, 200, 300])


def test_rates_without_occasions_are_unknown() -> None:
    metrics = Counts(calls=1).metrics()
    assert metrics["R_Y"] is None
    assert metrics["gap_p50_ms"] is None


def test_a_missing_answer_stays_in_the_denominator() -> None:
    assert Counts(turns=4, answered=3).metrics()["R_R"] == 0.75
