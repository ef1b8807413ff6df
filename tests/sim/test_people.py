"""Callers say what their kind says, and never two things at once."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from vivavoce.sim.people import KINDS, Caller, Truth, sound, speak

WINDOW_MS = 32


def listen(kind: str, seed: int, minutes: float = 1.0) -> Caller:
    """The agent answers for 4 s after each turn and is otherwise silent."""
    caller = Caller(kind, Random(seed))
    speaks_until = 0
    for n in range(int(minutes * 60_000 / WINDOW_MS)):
        now = n * WINDOW_MS
        said = caller.step(now, n * 512, now < speaks_until)
        if said is not None and said.truth is Truth.TURN:
            speaks_until = said.end // 16 + 4_500
        ends = caller.utterances[-1].end // 16 if caller.utterances else 0
        if now < ends:
            speaks_until = max(speaks_until, 0) if now < speaks_until - 4_000 else speaks_until
    return caller


@pytest.mark.parametrize("kind", KINDS)
def test_sounds_never_overlap(kind: str) -> None:
    for seed in range(5):
        said = listen(kind, seed).utterances
        assert all(a.end <= b.start for a, b in itertools.pairwise(said))


def test_kinds_do_what_they_are_named_for() -> None:
    def truths(kind: str) -> set[Truth]:
        return {u.truth for seed in range(8) for u in listen(kind, seed).utterances}

    assert truths("polite") == {Truth.TURN}
    assert Truth.INTERRUPTION in truths("interrupter")
    assert Truth.BACKCHANNEL in truths("backchanneller")
    assert Truth.TIC in truths("noisy")
    assert Truth.TURN not in truths("silent")


def test_hesitant_callers_pause_inside_turns() -> None:
    assert any(u.holds() for seed in range(8) for u in listen("hesitant", seed).utterances)


def test_words_lie_inside_the_voice() -> None:
    said = speak(Random(1), 1_000, "one two three four", Truth.TURN, {1: 500})
    assert said.text == "one two three four"
    assert said.start == 1_000
    assert len(said.spans) == 2
    (pause,) = said.holds()
    assert pause[1] - pause[0] == 8_000
    for word in said.words:
        assert any(a <= word.start < word.end <= b for a, b in said.spans)


def test_a_cough_has_no_words() -> None:
    cough = sound(Random(1), 0, Truth.TIC)
    assert cough.words == []
    assert cough.end > 0
