"""Numbers mean what the definitions say."""

from vivavoce.sim.score.answers import Answers
from vivavoce.sim.score.score import Score
from vivavoce.sim.score.sums import mean, mean_ms, percentile, rate


def test_percentiles_are_values_that_occurred() -> None:
    values = [10, 20, 30, 40]
    assert percentile(values, 50) == 20
    assert percentile(values, 95) == 40
    assert percentile([7], 50) == 7
    assert percentile([], 50) is None


def test_rates_and_means_without_occasions_are_unknown() -> None:
    assert rate(1, 0) is mean([]) is mean_ms([]) is None
    assert (rate(1, 3), mean([1, 2]), mean_ms([1, 2, 4])) == (0.3333, 1.5, 2)


def test_sums_add_up_also_within_sums() -> None:
    a, b = Score(calls=1, answers=Answers(gaps=[100])), Score(calls=2, answers=Answers(gaps=[200, 300]))
    a.add(b)
    assert (a.calls, a.answers.gaps) == (3, [100, 200, 300])
