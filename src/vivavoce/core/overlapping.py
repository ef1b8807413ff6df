"""Sound over the agent's voice: gathers the evidence, puts it to the rule in `barge_in`, and does what that says."""

from __future__ import annotations

from dataclasses import dataclass

from . import barge_in
from .barge_in import Action
from .commands import Why
from .context import Context
from .events import UserSound
from .hearing import Hearing, sure_samples
from .lexicon import besides, content_words, normalise
from .notices import UserTookFloor
from .policy import InterruptedBy, Yielding
from .speaking import Speaking
from .turn import Turn
from .units import in_ms

_LONG_AGO = 1 << 30
_RECENT_CHARS = 160
"""How much of what the agent just said is compared with the caller's words, to find its own echo."""


@dataclass(slots=True)
class Overlap:
    """Sound on which there is no verdict yet. Caller samples."""

    since: int
    voiced: int = 0
    sure: int = 0
    """... of which is certainly not the agent's own voice."""
    last: int = 0
    """End of its last voice."""


@dataclass(slots=True)
class Overlapping:
    context: Context
    speaking: Speaking
    hearing: Hearing
    overlap: Overlap | None = None
    said: str = ""
    """What the agent has said last, normalised."""

    @property
    def pending(self) -> bool:
        """There is sound on which there is no verdict yet."""
        return self.overlap is not None

    def forget(self) -> None:
        """Nothing is overlapped any more."""
        self.overlap = None

    def hear(self, sound: UserSound, voiced: bool, turn: Turn | None) -> None:
        """One more window over the agent's voice."""
        overlap = self.overlap
        if overlap is None:
            overlap = self.overlap = Overlap(sound.start, last=sound.start)
        if voiced:
            overlap.voiced += sound.samples
            overlap.sure += sure_samples(sound, self.context.policy.hearing)
            overlap.last = sound.start + sound.samples
        self.weigh(turn)

    def weigh(self, turn: Turn | None) -> None:
        """Put the evidence to the barge-in rule and do what it says."""
        head = self.speaking.head
        if head is None:
            return
        overlap, mine = self.overlap, turn if turn is not None and turn.over_agent else None
        whole = mine or overlap
        self.said = normalise(head.ledger.recent(head.played, _RECENT_CHARS))
        evidence = barge_in.Evidence(
            voiced_ms=in_ms(overlap.voiced if overlap else mine.voiced if mine else 0),
            unsure_ms=in_ms(whole.voiced - whole.sure) if whole else 0,
            sure_ms=in_ms(whole.sure) if whole else 0,
            quiet_ms=in_ms(self.hearing.position - overlap.last if overlap else _LONG_AGO),
            words=normalise(mine.text) if mine else "",
            final=mine is not None and (mine.settled or mine.given_up),
            has_stt=self.context.has_stt,
            partials=self.context.partials,
            interruptible=self.speaking.interruptible(),
            audible=head.audible,
            agent_said=self.said,
            held=head.held,
        )
        verdict = barge_in.judge(evidence, self.context.policy.barge_in, self.context.policy.lexicon)
        if mine is not None:
            mine.echo = verdict.why in (Why.ECHO, Why.MAYBE_ECHO)
        match verdict.action:
            case Action.DUCK:
                self.speaking.duck(verdict.why)
            case Action.HOLD:
                self.speaking.hold(verdict.why)
            case Action.RESUME:
                self.harmless(turn, verdict.why)
            case Action.STOP:
                self._take_floor(turn, verdict.why)

    def harmless(self, turn: Turn | None, why: Why) -> None:
        """The sound meant nothing so far: full voice again. Its words may still come and say otherwise."""
        self.overlap = None
        self.speaking.resume(why)
        if turn is not None:
            turn.harmless = True

    def doubtful(self, turn: Turn) -> bool:
        """What began over the agent's voice may be nothing else."""
        return barge_in.doubtful(in_ms(turn.voiced - turn.sure), in_ms(turn.sure), self.context.policy.barge_in)

    def own_words(self, turn: Turn) -> bool:
        """Does it hold nothing but what the agent has just said itself?"""
        return not content_words(self.context.policy.lexicon, besides(normalise(turn.text), self.said))

    def free(self, turn: Turn, why: Why) -> None:
        """From now on it is a turn like any other."""
        turn.over_agent = turn.harmless = False
        self.context.tell(UserTookFloor(turn.id), why)

    def opened(self, turn: Turn) -> None:
        """A turn began over the agent's voice: where any voice is enough, there is nothing to weigh."""
        p = self.context.policy.barge_in
        if p.interrupted_by is InterruptedBy.VOICE:
            self.free(turn, Why.VOICE)
            if barge_in.may_stop(p, self.speaking.interruptible()):
                self._take_floor(turn, Why.VOICE)

    def _take_floor(self, turn: Turn | None, why: Why) -> None:
        self.overlap = None
        if turn is not None:
            if turn.over_agent:
                self.free(turn, why)
            turn.marks.at["interrupted"] = self.context.now
        finish = self.context.policy.barge_in.yielding is Yielding.FINISH_SENTENCE
        self.speaking.stop(why, finish_sentence=finish)
