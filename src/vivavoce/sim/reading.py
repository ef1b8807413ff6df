"""Turns read out one after another, to see where a policy takes each of them for over: nobody answers.

Before each turn the agent asks what the turn answers. The caller goes on as recorded, whatever is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..core.events import Say
from ..core.policy import Policy, changed
from .cast import Stock, played
from .clips import Clip
from .fakes import QUESTIONS, Latencies
from .people import Truth, Utterance
from .score.answers import Answers
from .world import World

PATIENCE = (0.35, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0, 2.8)
"""Degrees of patience that are tried: eagerness is what one has less of, the more one has of the other."""
PER_CALL = 6
REST_MS, AFTER_MS = 400, 3_500


@dataclass(slots=True)
class Reader:
    """A caller who reads clips out, each after a question of the agent."""

    clips: Sequence[Clip]
    ask: Callable[[str], None]
    """Lets the agent ask something."""
    utterances: list[Utterance] = field(default_factory=list)
    _since: int = 0
    """Silence on both sides."""
    _asked: bool = False

    @property
    def done(self) -> bool:
        return len(self.utterances) == len(self.clips)

    def asked(self, question: str) -> None:
        """It is known already."""

    def step(self, now: int, at: int, agent: bool) -> Utterance | None:
        said = len(self.utterances)
        if agent or (said and at < self.utterances[-1].end):
            self._since = now
        elif self.done:
            return None
        elif self._asked and now - self._since >= REST_MS:
            self._asked = False
            self.utterances.append(played(self.clips[said], at, Truth.TURN))
            return self.utterances[-1]
        elif not self._asked and (not said or now - self._since >= AFTER_MS):
            self._asked, self._since = True, now
            question = next((text for kind, text in QUESTIONS if kind == self.clips[said].asked), "")
            if question:
                self.ask(question)
        return None


def at_patience(policy: Policy, patience: float) -> Policy:
    """The policy with every wait made longer or shorter alike."""
    p = policy.endpoint
    settings = {
        "endpoint.patience": p.patience * patience,
        "endpoint.eagerness": p.eagerness / patience,
        "endpoint.min_ms": round(p.min_ms * min(1.0, patience)),
        "endpoint.max_ms": round(p.max_ms * max(1.0, patience)),
    }
    return changed(policy, settings)


def read_out(clips: Sequence[Clip], policy: Policy, seed: int, latencies: Latencies) -> Answers:
    """Read clips to a policy; where it took them for over."""
    listening = changed(policy, {"endpoint.answer": False})
    world = World(seed, base=listening, stock=Stock(clips), latencies=latencies)
    world.caller = Reader(clips, lambda question: world.after(0, lambda: world.post(Say(question))))
    world.run()
    return Answers.of(world.checks.tally.dialogue())
