"""Is the caller's turn over? Silence, words and an optional turn score, judged anew all through the silence."""

from __future__ import annotations

from dataclasses import dataclass

from .commands import Why
from .lexicon import Lexicon, looks_finished, normalise, trails_off
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


@dataclass(frozen=True, slots=True)
class Verdict:
    over: bool
    wait_ms: int
    """The silence that this evidence requires."""
    why: Why


def judge(e: Evidence, p: EndpointPolicy, lexicon: Lexicon) -> Verdict:
    """The endpointing rule. Words that trail off outweigh a turn score; finished words only hasten."""
    wait, why = _required(e, p, lexicon)
    if e.silence_ms < wait:
        return Verdict(False, wait, why)
    if e.owed:
        return Verdict(False, wait, Why.WAITING_FOR_WORDS)
    return Verdict(True, wait, why if wait < p.max_ms else Why.LONGEST_WAIT)


def _required(e: Evidence, p: EndpointPolicy, lexicon: Lexicon) -> tuple[int, Why]:
    if e.text and trails_off(lexicon, normalise(e.text)):
        return _within(p.trailing_ms, p), Why.TRAILING_OFF
    if e.score is not None:
        return _within(round(p.max_ms - (p.max_ms - p.min_ms) * e.score), p), Why.SCORED
    if looks_finished(e.text):
        return _within((p.min_ms + p.silence_ms) // 2, p), Why.FINISHED
    return _within(p.silence_ms, p), Why.SILENCE


def _within(wait: int, p: EndpointPolicy) -> int:
    return max(p.min_ms, min(wait, p.max_ms))
