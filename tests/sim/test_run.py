"""Seeded calls: every invariant, every kind of caller, and the shape of what is printed."""

from __future__ import annotations

import pytest

from vivavoce.core.policy import BROWSER, changed
from vivavoce.sim import run as runner
from vivavoce.sim.people import KINDS
from vivavoce.sim.run import Outcome, replay, run_seed, simulate, timeline_of
from vivavoce.sim.world import World


@pytest.mark.slow
def test_five_hundred_calls_hold_every_invariant() -> None:
    outcome = simulate(500)
    assert outcome.seeds == 500
    assert outcome.failures == []
    assert outcome.score.answers.turns > 1000


def test_calls_with_engines_that_stand_in_hold_every_invariant() -> None:
    outcome = Outcome()
    for seed in range(150):
        outcome.add(run_seed(seed, engines=2))
    assert outcome.failures == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_caller_holds_every_invariant(kind: str) -> None:
    outcome = Outcome()
    for seed in range(10_000, 10_012):
        outcome.add(run_seed(seed, kind))
    assert outcome.failures == []


def test_the_metrics_are_those_of_a_conversation() -> None:
    outcome = Outcome()
    for kind in ("polite", "interrupter", "backchanneller"):
        for seed in range(20):
            outcome.add(run_seed(seed, kind))
    metrics = outcome.score.metrics()
    assert metrics["heard_text_errors"] == 0
    assert metrics["R_Y"] >= 0.9
    assert metrics["S_BC"] >= 0.7
    assert 200 < metrics["gap_p50_ms"] < 1_500


@pytest.mark.parametrize("seed", [126, 1280, 1093, 12849])
def test_calls_that_once_broke_an_invariant(seed: int) -> None:
    """126: a reply failed while it waited for the floor. 1280: an answer begun by the event that ended the call."""
    assert run_seed(seed).failures == []


def test_the_same_seed_gives_the_same_call() -> None:
    one, two = (World(77, keep_log=True).run() for _ in range(2))
    assert one.log == two.log


def test_other_seeds_give_other_calls() -> None:
    assert World(1, keep_log=True).run().log != World(2, keep_log=True).run().log


def test_a_replay_that_differs_is_a_violation() -> None:
    world = World(3, keep_log=True).run()
    replay(world)
    step = next(s for s in world.log if s.commands)
    step.commands.append(step.commands[0])
    with pytest.raises(runner.Violation, match="identical commands"):
        replay(world)


def test_a_crash_is_a_finding_with_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: World) -> World:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(World, "run", broken)
    (failure,) = run_seed(5).failures
    assert (failure.seed, failure.invariant) == (5, "no crash (ZeroDivisionError)")


def test_the_json_shape() -> None:
    shape = run_seed(4).as_dict()
    assert set(shape) == {"seeds", "violations", "failures", "metrics"}
    assert shape["seeds"] == 1
    assert shape["violations"] == 0


def test_processes_and_one_process_agree() -> None:
    alone = simulate(60, first_seed=300, jobs=1)
    together = simulate(60, first_seed=300, jobs=2)
    assert alone.as_dict()["metrics"] == together.as_dict()["metrics"]


def test_progress_is_told() -> None:
    told: list[int] = []
    simulate(3, jobs=1, progress=lambda outcome: told.append(outcome.seeds))
    assert told == [3]


def test_a_timeline_ends_with_the_call() -> None:
    rows = timeline_of(8, "polite", BROWSER, last=20)
    assert rows[0].split() == ["ms", "floor", "event", "->", "commands", "(why)"]
    assert rows[-1] == "the call came to its end"
    assert any("EndCall" in row for row in rows)


def test_a_policy_reaches_the_calls() -> None:
    never = changed(BROWSER, {"barge_in.yielding": "never"})
    worlds = [World(seed, "interrupter", never).run() for seed in range(8)]
    stops = [w for w in worlds if "never" in str(w.policy.barge_in.yielding.value) and w.checks.tally.follow.stops]
    assert len(stops) <= sum(w.faults.any for w in worlds) + sum(w.conversation.hanging_up is not None for w in worlds)
