"""The search, its frontier, and what is best for an aim."""

from __future__ import annotations

from vivavoce.core.policy import BROWSER
from vivavoce.sim import trial
from vivavoce.sim.trial import Terms
from vivavoce.sim.tune import RANGES, Aim, Found, Search, search

TRIED = [
    Found({"a": n}, cut, ms)
    for n, (cut, ms) in enumerate([(0.3, 300), (0.1, 500), (0.1, 600), (0.02, 1_200), (0.2, 550)])
]


def test_the_frontier_holds_what_nothing_beats_in_both() -> None:
    assert [one.settings["a"] for one in Search(list(TRIED)).frontier()] == [3, 1, 0]


def test_the_best_is_that_of_the_aim() -> None:
    tried = Search(list(TRIED))
    assert tried.best(Aim(cutoffs=0.05)) is TRIED[3]
    assert tried.best(Aim(cutoffs=0.1)) is TRIED[1]
    assert tried.best(Aim()) is TRIED[0]
    assert tried.best(Aim(cutoff_ms=2_000)) is TRIED[1]
    assert tried.best(Aim(cutoffs=0.01)) is None


def test_a_search_begins_with_the_policy_and_stays_within_bounds(monkeypatch) -> None:
    monkeypatch.setattr(trial, "READ", 6)
    found = search(BROWSER, Terms("train", first_seed=3), 5, rounds=2, jobs=1)
    assert found.tried[0].settings["endpoint.silence_ms"] == BROWSER.endpoint.silence_ms
    assert len(found.tried) >= 5
    for one in found.tried:
        assert all(low <= one.settings[key] <= high for key, (low, high) in RANGES.items())
    again = search(BROWSER, Terms("train", first_seed=3), 5, rounds=2, jobs=1)
    assert again.tried == found.tried
