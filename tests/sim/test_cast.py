"""Callers made of clips: they answer what is asked, wait for answers, and the same seed is the same call."""

from __future__ import annotations

from random import Random

import pytest
from tests.sim.clip_kit import CLIPS, clip

from vivavoce.core.units import in_samples
from vivavoce.sim.cast import ENOUGH, CastCaller, Stock, played
from vivavoce.sim.people import Truth
from vivavoce.sim.world import World

STOCK = Stock(CLIPS)


def test_a_clip_keeps_its_truth_wherever_it_sounds() -> None:
    said = played(CLIPS[1], 16_000, Truth.TURN)
    assert [(a - 16_000, b - 16_000) for a, b in said.spans] == [
        (in_samples(a), in_samples(b)) for a, b in CLIPS[1].spans
    ]
    assert said.text == "i would like to go to the station"
    assert len(said.holds()) == 1


def test_words_come_without_the_marks_that_tell_an_end() -> None:
    assert played(clip("turn", "Is it, really?"), 0, Truth.TURN).text == "is it really"


@pytest.mark.parametrize("asked", ["yes_no", "number", "choice", "open", "name", ""])
def test_answers_fit_the_question(asked: str) -> None:
    assert {c.asked for c in STOCK.of(Truth.TURN, CLIPS[0], asked)} == {asked}


def test_a_caller_keeps_to_one_voice_where_it_has_enough_to_say() -> None:
    mine = [clip("turn", f"word {n}", voice="mine") for n in range(ENOUGH)]
    stock = Stock((*CLIPS, *mine))
    assert {c.voice for c in stock.of(Truth.TURN, mine[0], "")} == {"mine"}
    assert {c.voice for c in stock.of(Truth.BACKCHANNEL, mine[0], "")} == {"v"}


def test_a_caller_waits_for_an_answer_and_then_thinks() -> None:
    caller = CastCaller(STOCK, Random(1))
    at, said = 0, []
    for now in range(0, 16_000, 32):
        at = in_samples(now)
        said += filter(None, [caller.step(now, at, agent=False)])
    assert [u.truth for u in said] == [Truth.TURN, Truth.TURN]
    assert said[1].start - said[0].end > in_samples(8_000)


def test_the_same_seed_is_the_same_call_and_every_invariant_holds() -> None:
    one, two = (World(5, stock=STOCK, keep_log=True).run() for _ in range(2))
    assert one.log == two.log
    metrics = one.checks.tally.finish().metrics()
    assert metrics["turns"] >= 3
    assert metrics["heard_text_errors"] == 0


def test_the_true_sounds_are_those_that_were_played() -> None:
    world = World(8, stock=STOCK).run()
    dialogue = world.checks.tally.dialogue()
    assert [s.text for s in dialogue.sounds] == [u.text for u in world.checks.tally.said]
    assert all(s.spans for s in dialogue.sounds)
