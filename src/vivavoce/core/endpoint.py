"""Is the caller's turn over? Silence, words, the agent's question, the caller's pace and an optional turn score, judged
anew all through the silence.
"""

from __future__ import annotations

from dataclasses import dataclass

from .commands import Why
from .ending import Asked, Ending, ending
from .lexicon import Lexicon
from .policy import EndpointPolicy


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about a silence in the caller's turn."""

    silence_ms: int
    """Since the true end of speech."""
    text: str
    """The words so far, as the recogniser wrote them."""
    owed: bool
    """The recogniser still owes words for this silence."""
    score: float | None = None
    """Probability from a turn model that the turn is over."""
    asked: Asked = Asked.NOTHING
    """What the agent had just asked."""
    pace: float = 1.0
    """How long this caller's pauses are, compared with most people's."""
    preparing: bool = False
    """An early answer to these words is being made, and nothing of it can be heard yet."""


@dataclass(frozen=True, slots=True)
class Verdict:
    over: bool
    wait_ms: int
    """The silence that this evidence requires."""
    why: Why


def judge(e: Evidence, p: EndpointPolicy, lexicon: Lexicon) -> Verdict:
    """The endpointing rule: the words choose a wait; what else is known makes it longer or shorter, within limits."""
    wait, why = _by_words(e, p, lexicon)
    if e.score is not None and why is not Why.TRAILING_OFF:
        # Turn models are sure of something only near 0 and 1.
        wait, why = wait * p.score_weight ** ((1 - 2 * e.score) ** 3), Why.SCORED
    required = max(p.min_ms, min(round(wait), p.max_ms))
    if e.preparing and required < p.ready_ms:
        # There is nothing to say yet: who goes on speaking meanwhile is not cut off.
        required, why = min(p.ready_ms, p.max_ms), Why.PREPARING
    if e.silence_ms < required:
        return Verdict(False, required, why)
    if e.owed:
        return Verdict(False, required, Why.WAITING_FOR_WORDS)
    return Verdict(True, required, why if required < p.max_ms else Why.LONGEST_WAIT)


def _by_words(e: Evidence, p: EndpointPolicy, lexicon: Lexicon) -> tuple[float, Why]:
    patience = p.patience * max(1.0, min(e.pace, p.pace_weight))
    match ending(lexicon, e.text, e.asked):
        case Ending.FINISHED:
            return p.finished_ms / p.eagerness, Why.FINISHED
        case Ending.OPEN:
            return p.silence_ms * patience, Why.SILENCE
        case Ending.DICTATING:
            return p.dictating_ms * patience, Why.DICTATING
        case Ending.TRAILING:
            return p.trailing_ms * patience, Why.TRAILING_OFF
