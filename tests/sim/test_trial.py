"""A policy on trial, on the clips that are shipped."""

from vivavoce.core.policy import BROWSER, changed
from vivavoce.sim import trial as trials
from vivavoce.sim.trial import Terms, hold


def test_a_trial_converses_and_reads_and_tells_how_far_it_is(monkeypatch) -> None:
    monkeypatch.setattr(trials, "READ", 6)
    monkeypatch.setattr(trials, "PATIENCE", (0.5, 1.0))
    told: list[tuple[int, int]] = []
    trial = hold(BROWSER, Terms(dialogues=3), jobs=1, progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (3, 3)
    metrics = trial.metrics()
    assert (metrics["calls"], metrics["heard_text_errors"]) == (3, 0)
    assert metrics["turns"] >= 9
    assert {"cut_at_300", "cut_at_600", "lat_at_5", "lat_at_10"} <= set(metrics)
    assert [p.setting for p in trial.curve.points if p.setting in (0.5, 1.0)]


def test_a_policy_is_tried_on_the_same_dialogues() -> None:
    terms = Terms(dialogues=2)
    slow = changed(BROWSER, {"endpoint.finished_ms": 900, "endpoint.silence_ms": 1_500})
    usual, patient = (trials.converse(policy, terms, 0, 2).answers for policy in (BROWSER, slow))
    assert patient.metrics()["endpoint_p50_ms"] > usual.metrics()["endpoint_p50_ms"] + 300


def test_the_turns_that_are_read_are_of_one_side_only() -> None:
    read = {split: {clip.id for clip in trials._reading(Terms(split))} for split in ("train", "test")}
    assert len(read["test"]) == trials.READ
    assert not read["train"] & read["test"]
