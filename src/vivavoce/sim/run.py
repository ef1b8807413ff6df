"""Many simulated calls, on all cores: what was found, and the numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..core.conversation import Conversation
from ..core.policy import BROWSER, Policy
from .checks import Violation
from .fakes import PRICES
from .pool import each
from .score.score import Score
from .timeline import lines
from .world import Step, World

CHUNK = 25
REPLAY_EVERY = 10
"""One call in so many is replayed through a fresh conversation and must give identical commands."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A broken invariant or a crash: a seed is all it takes to see it again."""

    seed: int
    caller: str
    invariant: str
    message: str


@dataclass(slots=True)
class Outcome:
    seeds: int = 0
    score: Score = field(default_factory=Score)
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        self.seeds += other.seeds
        self.score.add(other.score)
        self.failures += other.failures

    def as_dict(self) -> dict[str, Any]:
        """The shape that `vivavoce simulate --json` prints."""
        return {
            "seeds": self.seeds,
            "violations": len(self.failures),
            "failures": [
                {"seed": f.seed, "caller": f.caller, "invariant": f.invariant, "message": f.message}
                for f in sorted(self.failures, key=lambda f: f.seed)
            ],
            "metrics": self.score.metrics(),
        }


def run_seed(seed: int, caller: str = "mixed", policy: Policy = BROWSER, engines: int = 1) -> Outcome:
    """Play one call and check it."""
    world = World(seed, caller, policy, keep_log=seed % REPLAY_EVERY == 0, engines=engines)
    outcome = Outcome(seeds=1)
    try:
        world.run()
        if world.keep_log:
            replay(world)
        outcome.score = world.checks.tally.finish()
    except Violation as violation:
        outcome.failures.append(Failure(seed, world.kind, violation.name, str(violation)))
    except Exception as crash:
        # A crash of the core is a finding like any other: the seed is kept, and the other seeds go on.
        name = f"no crash ({type(crash).__name__})"
        outcome.failures.append(Failure(seed, world.kind, name, str(crash) or repr(crash)))
    return outcome


def replay(world: World) -> None:
    """The same events give the same commands."""
    again = Conversation(world.policy, PRICES)
    for step in world.log:
        commands = again.handle(step.now, step.event)
        if commands != step.commands:
            seen = f"at {step.now} ms {step.event}: {commands} instead of {step.commands}"
            raise Violation("a replay gives identical commands", seen)


def run_seeds(first: int, count: int, caller: str, policy: Policy, engines: int = 1) -> Outcome:
    """One chunk, in one process."""
    outcome = Outcome()
    for seed in range(first, first + count):
        outcome.add(run_seed(seed, caller, policy, engines))
    return outcome


def simulate(
    seeds: int,
    first_seed: int = 0,
    caller: str = "mixed",
    policy: Policy = BROWSER,
    jobs: int | None = None,
    progress: Callable[[Outcome], None] = lambda _: None,
    engines: int = 1,
) -> Outcome:
    """Play `seeds` calls on `jobs` processes (all cores by default); `progress` gets the outcome so far."""
    total = Outcome()
    chunks = ((at, min(CHUNK, first_seed + seeds - at)) for at in range(first_seed, first_seed + seeds, CHUNK))
    for outcome in each(run_seeds, [(at, count, caller, policy, engines) for at, count in chunks], jobs):
        total.add(outcome)
        progress(total)
    return total


def timeline_of(
    seed: int, caller: str = "mixed", policy: Policy = BROWSER, last: int = 60, engines: int = 1
) -> list[str]:
    """The end of a call as text, up to the failure if it has one."""
    world = World(seed, caller, policy, keep_log=True, engines=engines)
    end = "the call came to its end"
    try:
        world.run()
    except Exception as found:
        # Shown to the reader as the last line: finding it is what this is for.
        end = f"!! {found}"
    rows = list(lines(_steps(world.log)))
    return [rows[0], *rows[1:][-last:], end]


def _steps(log: list[Step]) -> Iterator[tuple[int, Any, Any]]:
    return ((step.now, step.event, step.commands) for step in log)
