"""A search for the endpointing that answers soonest without cutting callers off more than they will bear.

First settings are drawn at random, then those on the frontier are varied; everything follows from the seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from ..core.policy import Policy, changed, keys
from .pool import each
from .trial import Terms, read

RANGES: Mapping[str, tuple[int, int]] = {
    "endpoint.finished_ms": (200, 1_200),
    "endpoint.silence_ms": (250, 1_800),
    "endpoint.dictating_ms": (400, 2_600),
    "endpoint.trailing_ms": (400, 2_600),
}
"""What is searched, and within which bounds (ms)."""
SPREAD = 0.25
"""How far a variation goes, as a share of the value."""
ROUND_TO = 20


@dataclass(frozen=True, slots=True)
class Found:
    """What some settings did on the turns that were read out."""

    settings: Mapping[str, int]
    cut: float
    """Holds taken for the end, by all holds."""
    latency_ms: float
    """Mean time until an end is recognised."""


@dataclass(frozen=True, slots=True)
class Aim:
    """The least latency, under conditions."""

    cutoffs: float = 1.0
    """... with no more cut-offs than this share of the holds."""
    cutoff_ms: float = 0.0
    """... where one more hold that is cut off is as bad as waiting so long for one more answer."""


@dataclass(slots=True)
class Search:
    """All that was tried."""

    tried: list[Found] = field(default_factory=list)

    def frontier(self) -> list[Found]:
        """Those that nothing tried beats in both, from the fewest cut-offs to the least latency."""
        best: list[Found] = []
        for one in sorted(self.tried, key=lambda found: (found.cut, found.latency_ms)):
            if not best or one.latency_ms < best[-1].latency_ms:
                best.append(one)
        return best

    def best(self, aim: Aim) -> Found | None:
        """The one that comes nearest to the aim; None when nothing reaches it."""
        reached = [found for found in self.tried if found.cut <= aim.cutoffs]
        return min(reached, key=lambda found: found.latency_ms + aim.cutoff_ms * found.cut, default=None)


def search(
    policy: Policy,
    terms: Terms,
    tries: int,
    rounds: int = 3,
    jobs: int | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Search:
    """Try the policy itself and `tries` others on the turns of `terms`."""
    found, rng = Search(), Random(terms.first_seed)
    given = {key: value for key, value in keys(policy).items() if key in RANGES}
    per_round = math.ceil(tries / rounds)
    for number in range(rounds):
        drawn = [given] if not number else []
        drawn += list(_drawn(rng, per_round) if not number else _varied(rng, found.frontier(), per_round))
        for one in each(assess, [(policy, terms, settings) for settings in drawn], jobs):
            if one is not None:
                found.tried.append(one)
            progress(len(found.tried), tries + 1)
    return found


def _drawn(rng: Random, count: int) -> Iterator[dict[str, int]]:
    for _ in range(count):
        yield {key: _round(math.exp(rng.uniform(math.log(a), math.log(b)))) for key, (a, b) in RANGES.items()}


def _varied(rng: Random, frontier: Sequence[Found], count: int) -> Iterator[dict[str, int]]:
    for _ in range(count):
        settings = dict(rng.choice(frontier).settings)
        for key in rng.sample(sorted(settings), rng.randint(1, 2)):
            low, high = RANGES[key]
            settings[key] = _round(min(high, max(low, settings[key] * math.exp(rng.gauss(0, SPREAD)))))
        yield settings


def _round(ms: float) -> int:
    return round(ms / ROUND_TO) * ROUND_TO


def assess(policy: Policy, terms: Terms, settings: Mapping[str, int]) -> Found | None:
    """One set of settings; None where they gave no figures."""
    longest = {"endpoint.max_ms": max([policy.endpoint.max_ms, *settings.values()])}
    _, answers = read(changed(policy, {**settings, **longest}), terms, 1.0)
    if not answers.holds or not answers.waits:
        return None
    return Found(settings, answers.cut_holds / answers.holds, sum(answers.waits) / len(answers.waits))
