"""Sound over the agent's voice: keep, duck, pause, stop or resume. The only place that decides it.

`judge` is the whole rule, read from top to bottom: the first line that fits wins. The thresholds are
`policy.barge_in.*`, the mirrored test is a table of evidence -> action.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .commands import Why
from .lexicon import Lexicon, asks_to_stop, besides, content_words, may_become_backchannel, overlap
from .policy import BargeInPolicy, Yielding


class Action(Enum):
    KEEP = "keep"
    """Go on as it is."""
    DUCK = "duck"
    HOLD = "hold"
    STOP = "stop"
    RESUME = "resume"
    """Full voice again, at the exact held sample."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about the caller's sound over the agent's voice."""

    voiced_ms: int
    """Voice so far."""
    unsure_ms: int
    """Voice that may be the agent's own, in all of this sound's turn."""
    sure_ms: int
    """Voice that is certainly not."""
    quiet_ms: int
    """Since the last voice; 0 while there is voice."""
    words: str
    """Normalised words that belong to this sound, possibly still changing."""
    final: bool
    """The recogniser has said its last about this sound."""
    has_stt: bool
    partials: bool
    """This recogniser tells words while they are being said: where it tells none, there are none."""
    interruptible: bool
    audible: bool
    """False when the reply is live but nothing of it has been heard yet."""
    agent_said: str
    """Normalised words that the agent has just spoken."""
    held: bool
    """It pauses already."""


@dataclass(frozen=True, slots=True)
class Verdict:
    action: Action
    why: Why


def may_stop(p: BargeInPolicy, interruptible: bool) -> bool:
    """Can anything stop the agent now? With `interrupted_by=voice` this is the whole rule."""
    return interruptible and p.yielding is not Yielding.NEVER


def judge(e: Evidence, p: BargeInPolicy, lexicon: Lexicon) -> Verdict:
    """The barge-in rule where meaning counts."""
    if not may_stop(p, e.interruptible):
        quiet = e.quiet_ms >= p.resume_after_ms
        return Verdict(Action.RESUME if quiet else Action.KEEP, Why.UNINTERRUPTIBLE)
    if doubtful(e.unsure_ms, e.sure_ms, p):
        return _doubt(e, p, lexicon)
    if asks_to_stop(lexicon, e.words):
        return Verdict(Action.STOP, Why.STOP_WORD)
    if _is_echo(e, p):
        return Verdict(Action.RESUME, Why.ECHO)
    meant = _meant(e.words, lexicon)
    enough = _enough(e, meant, p)
    if enough and not _guess(e, e.words, lexicon):
        return Verdict(Action.STOP, Why.WORDS)
    if enough and (e.held or _goes_on(e, p)):
        return Verdict(Action.HOLD, Why.WORDS)
    if e.quiet_ms >= p.resume_after_ms and enough:
        return Verdict(Action.DUCK, Why.WORDS)
    if e.quiet_ms >= p.resume_after_ms:
        return Verdict(Action.RESUME, Why.BACKCHANNEL if e.words else Why.QUIET_AGAIN)
    if e.words and not meant:
        return Verdict(Action.DUCK, Why.BACKCHANNEL)
    hold_after, stop_after = _by_voice_alone(e, p)
    if e.voiced_ms >= stop_after:
        return Verdict(Action.STOP, Why.LONG_SPEECH)
    if e.voiced_ms >= min(hold_after, stop_after):
        return Verdict(Action.HOLD, Why.SPEECH_OVER_AGENT)
    if not e.audible:
        return Verdict(Action.HOLD, Why.SPEECH_BEFORE_VOICE)
    if e.voiced_ms >= p.duck_after_ms:
        return Verdict(Action.DUCK, Why.SOUND_OVER_AGENT)
    return Verdict(Action.KEEP, Why.SOUND_OVER_AGENT)


def _is_echo(e: Evidence, p: BargeInPolicy) -> bool:
    """Are these the agent's own words? Where some of the voice may be its own, one is enough."""
    only_own = e.unsure_ms > 0 and bool(e.words) and not besides(e.words, e.agent_said)
    return only_own or overlap(e.words, e.agent_said) >= p.echo_words


def _meant(words: str, lexicon: Lexicon) -> int:
    """How many of the words are neither a backchannel nor the beginning of one; "what" may be, but asks."""
    if may_become_backchannel(lexicon, words) and words.rpartition(" ")[2] not in lexicon.questions:
        return 0
    return content_words(lexicon, words)


def _enough(e: Evidence, meant: int, p: BargeInPolicy) -> bool:
    """Are these words, with the voice behind them, an interruption?"""
    return meant >= p.min_words and e.voiced_ms >= p.min_speech_ms


def _guess(e: Evidence, words: str, lexicon: Lexicon) -> bool:
    """Does all hang on the last word, which the recogniser may still change?"""
    return not e.final and not _meant(words.rpartition(" ")[0], lexicon)


def _goes_on(e: Evidence, p: BargeInPolicy) -> bool:
    """Is there voice still, and enough of it to pause for a guess?"""
    return e.quiet_ms == 0 and e.voiced_ms >= p.lone_word_ms


def _by_voice_alone(e: Evidence, p: BargeInPolicy) -> tuple[int, int]:
    """Voice (ms) after which the agent pauses, and after which it stops, while there are no words."""
    if not e.has_stt:
        return p.hold_after_ms, p.stop_after_without_stt_ms
    if e.partials:
        return p.hold_wordless_ms, p.stop_wordless_ms
    return p.hold_after_ms, p.stop_after_ms


def doubtful(unsure_ms: int, sure_ms: int, p: BargeInPolicy) -> bool:
    """Is too little of the voice certainly not the agent's own?"""
    return unsure_ms > 0 and sure_ms < p.min_speech_ms


def _doubt(e: Evidence, p: BargeInPolicy, lexicon: Lexicon) -> Verdict:
    """Perhaps the agent hears itself. What would stop it pauses it: its own voice ends then, a caller's does not. Words
    that it has just said itself are no reason."""
    if e.quiet_ms >= p.resume_after_ms:
        return Verdict(Action.RESUME, Why.MAYBE_ECHO)
    words = besides(e.words, e.agent_said)
    certain = not _guess(e, words, lexicon) or _goes_on(e, p)
    means_it = certain and _enough(e, _meant(words, lexicon), p)
    hold_after, _ = _by_voice_alone(e, p)
    long = e.voiced_ms >= max(hold_after, p.stop_after_ms)
    if e.held or means_it or asks_to_stop(lexicon, words) or long:
        return Verdict(Action.HOLD, Why.MAYBE_ECHO)
    return Verdict(Action.DUCK if e.voiced_ms >= p.duck_after_ms else Action.KEEP, Why.MAYBE_ECHO)
