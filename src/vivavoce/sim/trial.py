"""A policy on trial: many dialogues with callers made of clips, and turns read out at many degrees of patience."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from ..core.policy import BROWSER, Policy
from .cast import Stock
from .clips import Clip, Split, holds, load
from .fakes import Latencies
from .pool import each
from .reading import PATIENCE, PER_CALL, at_patience, read_out
from .score.answers import Answers
from .score.curve import Curve, plain, point
from .score.score import Score
from .world import World

SERVICES = Latencies(stt_partial=100, stt_final=150, llm=180, tts=100)
"""Medians (ms) of services that are well chosen; each draw is log-normal."""
CHUNK = 20
READ = 480
"""Turns that are read out at each degree of patience, at most."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what a policy is tried."""

    split: Split = "test"
    dialogues: int = 200
    first_seed: int = 0
    latencies: Latencies = SERVICES


@dataclass(slots=True)
class Trial:
    """What came of it."""

    score: Score = field(default_factory=Score)
    curve: Curve = field(default_factory=Curve)
    plain: Curve = field(default_factory=Curve)

    def metrics(self) -> dict[str, Any]:
        return self.score.metrics() | self.curve.metrics()


def hold(
    policy: Policy = BROWSER,
    terms: Terms = Terms(),
    jobs: int | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Trial:
    """Try a policy. `progress` gets parts done and parts in all. Raises `Violation` if an invariant breaks."""
    trial, last = Trial(), terms.first_seed + terms.dialogues
    parts: list[tuple[object, ...]] = [
        (policy, terms, at, min(CHUNK, last - at)) for at in range(terms.first_seed, last, CHUNK)
    ]
    done, of = 0, len(parts) + len(PATIENCE)
    for score in each(converse, parts, jobs):
        trial.score.add(score)
        done += 1
        progress(done, of)
    points = []
    for setting, answers in each(read, [(policy, terms, patience) for patience in PATIENCE], jobs):
        points.append(point(setting, answers))
        done += 1
        progress(done, of)
    trial.curve = Curve.of([p for p in points if p is not None])
    trial.plain = plain([b - a for clip in _reading(terms) for a, b in holds(clip.spans)])
    return trial


def converse(policy: Policy, terms: Terms, first: int, count: int) -> Score:
    """Some dialogues, in one process."""
    stock, total = Stock.shipped(terms.split), Score()
    for seed in range(first, first + count):
        world = World(seed, base=policy, stock=stock, latencies=terms.latencies).run()
        total.add(world.checks.tally.finish())
    return total


def read(policy: Policy, terms: Terms, patience: float) -> tuple[float, Answers]:
    """The turns of the split, read out at one degree of patience, in one process."""
    total, clips = Answers(), _reading(terms)
    for at in range(0, len(clips), PER_CALL):
        total.add(read_out(clips[at : at + PER_CALL], at_patience(policy, patience), at, terms.latencies))
    return patience, total


def _reading(terms: Terms) -> list[Clip]:
    """The turns to read: the same for every policy, voice by voice, as a call has one voice. Nobody answers them, so
    none of those in whose room the agent would be heard."""
    turns = [clip for clip in load(terms.split) if clip.kind == "turn" and not clip.room]
    chosen = Random(terms.first_seed).sample(turns, min(READ, len(turns)))
    return sorted(chosen, key=lambda clip: (clip.voice, clip.condition, clip.id))
