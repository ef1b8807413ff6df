"""A caller's pauses, compared with most people's."""

import pytest

from vivavoce.core.pace import USUAL_MS, Pace


def test_nothing_is_known_at_first():
    assert Pace().slowness == 1.0


@pytest.mark.parametrize(
    ("pauses", "slowness"),
    [
        ([USUAL_MS] * 4, 1.0),
        ([900, 900], 1.5),
        ([225, 225], 0.75),
        ([199, 64], 1.0),
        ([9_000, 9_000], (900 + 3_000) / 1_800),
    ],
)
def test_pauses_are_weighed_against_the_usual_one(pauses, slowness):
    pace = Pace()
    for ms in pauses:
        pace.paused(ms)
    assert pace.slowness == pytest.approx(slowness)
