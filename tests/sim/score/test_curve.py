"""Curves of cut-offs against latency."""

from vivavoce.sim.score.answers import Answers
from vivavoce.sim.score.curve import Curve, Point, plain, point

CURVE = Curve.of([Point(2.0, 0.02, 900), Point(1.0, 0.1, 500), Point(0.5, 0.3, 250)])


def test_between_points_the_line_is_straight() -> None:
    assert CURVE.cut_at(250) == 0.3
    assert CURVE.cut_at(375) == 0.2
    assert CURVE.cut_at(100) is CURVE.cut_at(901) is None


def test_the_latency_at_a_rate_of_cut_offs() -> None:
    assert CURVE.latency_at(0.1) == 500
    assert CURVE.latency_at(0.06) == 700
    assert CURVE.latency_at(0.5) == 250
    assert CURVE.latency_at(0.01) is None


def test_a_fixed_silence_cuts_every_longer_pause() -> None:
    curve = plain([250, 450, 700, 2_400])
    assert curve.cut_at(200) == 1.0
    assert curve.cut_at(500) == 0.5
    assert curve.latency_at(0.0) == 2_500
    assert plain([]) == Curve()


def test_a_point_needs_holds_and_decisions() -> None:
    assert point(1.0, Answers(holds=4, cut_holds=1, waits=[200, 400])) == Point(1.0, 0.25, 300)
    assert point(1.0, Answers(waits=[200])) is point(1.0, Answers(holds=4)) is None
