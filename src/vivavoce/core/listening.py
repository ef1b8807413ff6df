"""The caller's side: sound and words become turns, and turns are answered when they are over.

Sound over the agent's voice is weighed in `overlapping`; turns that a hand, a keyboard or a remote engine ends come
through `by_hand`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import endpoint
from .commands import Message, ScoreTurn, Why
from .context import Context
from .ending import Asked, Ending, asked, ending
from .events import Say, Turns, TurnScore, UserSound, UserWords
from .hearing import Edge, Hearing, sure_samples
from .lexicon import content_words, normalise
from .notices import Origin, UserDropped, UserSaid, UserStarted, UserStopped, UserTurned
from .overlapping import Overlapping
from .pace import Pace
from .reply import Basis
from .speaking import Speaking
from .transcribing import Transcribing
from .turn import Turn
from .units import in_ms, in_samples, out_ms

AMID = in_samples(300)
"""Voice after its first words from which a recogniser tells them while they are being said."""


@dataclass(slots=True)
class Listening:
    context: Context
    speaking: Speaking
    hearing: Hearing = field(default_factory=Hearing)
    turn: Turn | None = None
    committed: list[Turn] = field(default_factory=list)
    """Turns committed by name that wait for their words."""
    overlapping: Overlapping = field(init=False)
    transcribing: Transcribing = field(init=False)
    last: Turn | None = None
    """The last committed turn, for words that come late."""
    unanswered: list[tuple[Turn, Why]] = field(default_factory=list)
    """Turns to be answered once it is known how much of the reply they cut was heard."""
    forgotten: int = 0
    """Words that began before this are of input that was cleared."""
    waiting: dict[int, UserWords] = field(default_factory=dict)
    """Words for which there is no turn yet, where others decide when turns begin."""
    pace: Pace = field(default_factory=Pace)
    _offset: int | None = None
    """Session ms at which caller sample 0 was spoken, as well as it can be told from arrivals."""

    def __post_init__(self) -> None:
        self.overlapping = Overlapping(self.context, self.speaking, self.hearing)
        self.transcribing = Transcribing(self.context, self.hearing)

    # sound

    def passes(self, sound: UserSound) -> bool:
        """Take a window on which nothing depends, of plain silence or amid the words of a turn; False when it needs a
        closer look."""
        hearing, policy = self.hearing, self.context.policy
        if self.overlapping.pending:
            return False
        if self.turn is None and not hearing.speaking and sound.p < policy.hearing.stop_p:
            self._align(sound)
            hearing.pass_over(sound)
            return True
        if self._amid(sound):
            self.sound(sound)
            return True
        return False

    def _amid(self, sound: UserSound) -> bool:
        """More voice of a caller who has the floor already, with nothing prepared for the end of it."""
        turn, speaking, policy = self.turn, self.speaking, self.context.policy
        return (
            turn is not None
            and turn.speaking
            and self.hearing.speaking
            and not turn.over_agent
            and not (speaking.line or speaking.candidate or self.unanswered or self.context.duet)
            and policy.turns is Turns.LOCAL
            and self.hearing.voiced(sound, policy.hearing)
            and in_ms(sound.quiet) < policy.endpoint.falling_ms
        )

    def sound(self, sound: UserSound) -> None:
        policy = self.context.policy.hearing
        self._align(sound)
        voiced = self.hearing.voiced(sound, policy)
        edge = self.hearing.push(sound, voiced, policy)
        if self.context.policy.turns is not Turns.LOCAL:
            return
        if edge is Edge.STARTED:
            self._started()
        turn = self.turn
        if turn is not None and voiced:
            turn.voiced += sound.samples
            turn.sure += sure_samples(sound, policy)
            turn.end = self.hearing.end
            self.context.partials = self.context.partials or turn.told_amid(AMID)
        if edge is Edge.STOPPED and turn is not None:
            self.stopped(turn, Why.SILENCE)
        over_agent = self.speaking.line and (turn is None or turn.over_agent)
        if over_agent and (voiced or self.overlapping.pending):
            self.overlapping.hear(sound, voiced, turn)
        if self.overlapping.pending or (turn is not None and turn.speaking):
            self.context.set_timer("stall", 0, self.context.now + self.context.policy.endpoint.stall_ms)

    def _align(self, sound: UserSound) -> None:
        """The least delay seen says when the audio was spoken; a jump of half a second is a new beginning."""
        seen = self.context.now - in_ms(sound.start + sound.samples)
        if self._offset is None or seen < self._offset or seen > self._offset + 500:
            self._offset = seen

    def when(self, sample: int) -> int:
        """Session ms at which this caller sample was spoken."""
        return (self._offset or 0) + in_ms(sample)

    def _started(self) -> None:
        hearing = self.hearing
        if self.turn is not None:
            if not self.turn.speaking:
                self.pace.paused(in_ms(hearing.onset - self.turn.end))
            self.turn.resumed()
            return
        self.open(max(0, hearing.onset - in_samples(self.context.policy.hearing.prefix_ms)), Why.SPEECH)

    def stopped(self, turn: Turn, why: Why) -> None:
        turn.speaking = False
        turn.marks.at["vad_off"] = self.context.now
        self.context.tell(UserStopped(turn.id, turn.end), why)

    def stall_due(self) -> None:
        """No audio arrives at all while somebody speaks: what does not arrive is silence."""
        self.hearing.forget()
        if self.turn is not None and self.turn.speaking:
            self.stopped(self.turn, Why.STALLED)
        if self.overlapping.pending:
            self.overlapping.harmless(self.turn, Why.STALLED)

    def open(self, start: int, why: Why, speaking: bool = True) -> Turn:
        turn = Turn(self.context.next_id("turn"), start, self.hearing.end, self.context.item_id(), speaking)
        turn.over_agent = bool(self.speaking.line)
        if speaking:
            turn.voiced, turn.sure = self.hearing.end - self.hearing.onset, self.hearing.sure
        self.turn = turn
        for words in self.waiting.values():
            turn.hear(words)
        self.waiting.clear()
        self.context.tell(UserStarted(turn.id, start, turn.item, turn.over_agent), why)
        if turn.over_agent and self.context.policy.turns is Turns.LOCAL:
            self.overlapping.opened(turn)
        return turn

    # words

    def words(self, words: UserWords) -> None:
        """Attach words to the turn they belong to by media time, open or closed."""
        turn, turns = self.turn, self.context.policy.turns
        for earlier in self.committed:
            if words.start < earlier.until if words.text else earlier.owed:
                self._hear(earlier, words)
                return
        if words.text and words.start < self.forgotten:
            return
        if turn is not None and (words.end > turn.start or not words.text):
            self._hear(turn, words)
        elif self.last is not None and words.text and (turns is Turns.REMOTE or words.start < self.last.end):
            self._late(self.last, words)
        elif turns is not Turns.LOCAL:
            self.waiting[words.segment] = words
        elif words.text and (words.final or not self.speaking.line):
            if turn is None:
                turn = self.open(words.start, Why.WORDS_LATE, speaking=self.hearing.speaking)
                turn.end = max(turn.start, min(words.end, self.hearing.position))
            self._hear(turn, words)

    def _hear(self, turn: Turn, words: UserWords) -> None:
        changed = turn.hear(words)
        if words.text and not words.final and not turn.owed:
            # Said after what was asked for: the detector missed it.
            turn.finish_asked = -1
        if words.final and turn.settled:
            turn.marks.at["stt_final"] = self.context.now
        if not changed:
            return
        if turn.text:
            self.context.tell(UserSaid(turn.id, turn.text, False), Why.WORDS)
        if turn.over_agent and self.speaking.line:
            self.overlapping.weigh(turn)

    def _late(self, turn: Turn, words: UserWords) -> None:
        """Words for a turn that is committed already: the history learns them; an unheard answer is made anew."""
        before = normalise(turn.text)
        turn.hear(words)
        if normalise(turn.text) == before:
            return
        self.context.history.reword(turn.item, turn.text)
        head = self.speaking.head
        if not (words.final and self.context.has_stt) or head is None:
            return
        if head.turn == turn.id and not head.played and not head.parent:
            self.speaking.stop(Why.WORDS_CHANGED)
            self.answer(turn, Why.WORDS_CHANGED)

    def scored(self, score: TurnScore) -> None:
        """What somebody thinks about the open turn; a recogniser may know it before the detector hears silence."""
        turn = self.turn
        if turn is not None and (not score.turn or (score.turn == turn.id and not turn.speaking)):
            turn.score = score.p

    # the end of a turn

    def judge(self) -> None:
        """Look at the open turn again; called after every event and at every deadline."""
        turn = self.turn
        while self.unanswered and not self.speaking.settling:
            self.answer(*self.unanswered.pop(0))
        if not self.speaking.line:
            self.overlapping.forget()
        if turn is None or self.context.policy.turns is not Turns.LOCAL:
            return
        if turn.over_agent and not self.speaking.line:
            if self.overlapping.doubtful(turn) and self._may_be_echo(turn):
                return
            self.overlapping.free(turn, Why.ENDED)
        if turn.speaking:
            self.context.clear_timer("endpoint", 0)
            if not turn.over_agent:
                self._while_speaking(turn)
            return
        silence, question = self._silence(turn), self._asked()
        self._ask_words(turn, silence, self._finished(turn, question))
        if turn.over_agent:
            self._judge_over_agent(turn)
        else:
            self._judge_silence(turn, silence, question)

    def _may_be_echo(self, turn: Turn) -> bool:
        """What began over the agent's voice may be nothing else. Its words tell, where there are any."""
        if turn.speaking:
            return True
        self._ask_words(turn, self._silence(turn), finished=True)
        if turn.owed:
            return True
        if self.overlapping.own_words(turn):
            self.drop(turn, Why.MAYBE_ECHO)
            return True
        return False

    def _silence(self, turn: Turn) -> int:
        """Silence since the true end of speech: consumed audio, and at most two windows of audio on its way."""
        lag = max(0, self.context.now - self.when(self.hearing.position))
        if 64 < lag < self.context.policy.endpoint.stall_ms:
            lag = 64
        return in_ms(self.hearing.position - turn.end) + lag

    def _while_speaking(self, turn: Turn) -> None:
        """Where words sound finished and the voice falls silent, what comes next is prepared before it has stopped."""
        quiet = in_ms(self.hearing.position - self.hearing.end)
        falling = quiet >= self.context.policy.endpoint.falling_ms and self._finished(turn, self._asked())
        if falling:
            self._ask_words(turn, quiet, finished=True)
        self._check_speculation(turn, falling)

    def _finished(self, turn: Turn, question: Asked) -> bool:
        return ending(self.context.policy.lexicon, turn.text, question) is Ending.FINISHED

    def _asked(self) -> Asked:
        """What the agent's last heard words asked for."""
        last = self.context.history.last_spoken
        return Asked.NOTHING if last is None else asked(self.context.policy.lexicon, self.speaking.voice(last).text)

    def _ask_words(self, turn: Turn, silence: int, finished: bool) -> None:
        """Ask the recogniser for final words once in every silence."""
        after = 0 if finished else self.context.policy.endpoint.finalise_after_ms
        if self.context.has_stt and turn.finish_asked < turn.end and silence >= after:
            turn.given_up = False
            self.transcribing.finish(turn, turn.end, Why.SILENCE)

    def listen_again(self, why: Why = Why.NEXT_ENGINE) -> None:
        """The best recogniser goes on."""
        self.transcribing.again(self.turn, self.committed, why)

    def awaited(self, number: int) -> Turn | None:
        """The turn of this number, if it is not over."""
        turns = [*self.committed, *([] if self.turn is None else [self.turn])]
        return next((turn for turn in turns if turn.id == number), None)

    def _judge_over_agent(self, turn: Turn) -> None:
        """Sound over the agent that did not stop it: drop it when its words are in, or keep it as an answer."""
        if self.overlapping.pending or self.transcribing.owes(turn):
            self._look_again(turn, self._silence(turn), self.context.policy.endpoint.finalise_after_ms)
            return
        if turn.echo:
            self.drop(turn, Why.ECHO)
            return
        meant = content_words(self.context.policy.lexicon, normalise(turn.text))
        head = self.speaking.head
        left = head.remaining() if head is not None else 0
        ending = left is not None and out_ms(left) <= self.context.policy.barge_in.answer_window_ms
        if meant or (ending and turn.text):
            return
        self.drop(turn, Why.BACKCHANNEL if turn.text else Why.NOISE)

    def _judge_silence(self, turn: Turn, silence: int, question: Asked) -> None:
        p = self.context.policy
        self._ask_score(turn, silence)
        owed = self.transcribing.owes(turn)
        preparing = self.speaking.preparing(self._basis(turn))
        evidence = endpoint.Evidence(silence, turn.text, owed, turn.score, question, self.pace.slowness, preparing)
        verdict = endpoint.judge(evidence, p.endpoint, p.lexicon)
        if verdict.over and not self.speaking.settling:
            turn.marks.silence_ms = verdict.wait_ms
            self.commit(turn, Why.WORDS_LATE if turn.given_up else verdict.why, p.endpoint.answer)
            return
        quiet = silence >= p.reply.speculate_after_ms or turn.certain(in_samples(p.reply.speculate_short_ms))
        worth = quiet and verdict.why not in (Why.TRAILING_OFF, Why.DICTATING)
        self._check_speculation(turn, worth or self._finished(turn, question))
        self._look_again(turn, silence, verdict.wait_ms)

    def _look_again(self, turn: Turn, silence: int, wait: int) -> None:
        """A deadline at the next silence that could change the judgement."""
        p = self.context.policy
        marks = [p.endpoint.finalise_after_ms, p.reply.speculate_after_ms, wait]
        if self.context.has_turn_score:
            first = turn.scored_at < 0
            marks.append(p.endpoint.score_after_ms if first else turn.scored_at + p.endpoint.score_every_ms)
        ahead = [m - silence for m in marks if m > silence]
        self.context.set_timer("endpoint", 0, self.context.now + min(ahead, default=p.endpoint.score_every_ms))

    def _ask_score(self, turn: Turn, silence: int) -> None:
        p = self.context.policy.endpoint
        due = silence >= (p.score_after_ms if turn.scored_at < 0 else turn.scored_at + p.score_every_ms)
        if self.context.has_turn_score and due:
            turn.scored_at = silence
            self.context.emit(ScoreTurn(turn.id, self.hearing.position, Why.SILENCE))

    def _basis(self, turn: Turn) -> Basis:
        return Basis(normalise(turn.text), self.context.history.revision)

    def _check_speculation(self, turn: Turn, begin: bool) -> None:
        """Throw away an early answer that no longer fits; begin one if the words are worth it."""
        candidate = self.speaking.candidate
        if candidate is None and not begin:
            return
        basis = self._basis(turn)
        if candidate is not None and candidate.basis != basis:
            self.speaking.discard(Why.WORDS_CHANGED)
            candidate = None
        p = self.context.policy.reply
        able = begin and p.speculate and self.context.policy.endpoint.answer
        able = able and bool(basis.words) and not self.speaking.line
        if candidate is None and able and not self.speaking.settling and turn.speculations < p.max_speculations:
            turn.speculations += 1
            said = Message(f"turn_{turn.id}", "user", turn.text)
            self.speaking.generate(Origin.TURN, basis, Why.EARLY_WORDS, said, turn=turn.id, speculative=True)

    def commit(self, turn: Turn, why: Why, answer: bool = True) -> None:
        """The turn is over. Sound without words is no turn, if a recogniser listened."""
        if self.context.has_stt and not turn.text and not turn.kept:
            lost = turn.given_up and in_ms(turn.voiced) >= 400
            self.drop(turn, Why.WORDS_LATE if turn.given_up else Why.NO_WORDS)
            if lost and self.context.policy.reply.apology and not self.speaking.line:
                self.speaking.say(Say(self.context.policy.reply.apology), Origin.APOLOGY, Why.APOLOGY)
            return
        self.close(turn)
        turn.marks.set("user_end", self.when(turn.end))
        turn.marks.set("turn_decided", self.context.now)
        basis = self._basis(turn)
        if self.last is None or self.last.id < turn.id:
            self.last = turn
        self.context.tell(UserSaid(turn.id, turn.text, True), why)
        self.context.tell(UserTurned(turn.id, turn.item, turn.text, turn.start, turn.end), why)
        self.speaking.endings.user_texts[turn.id] = turn.text
        fits = self.speaking.candidate is not None and self.speaking.candidate.basis == basis
        if turn.kept:
            # It has its place already, unless somebody deleted it.
            self.context.history.reword(turn.item, turn.text)
        else:
            self.context.history.add(Message(turn.item, "user", turn.text))
        if turn.kept and not answer:
            return
        if not answer:
            self.speaking.discard(why)
        elif fits:
            self.speaking.promote(turn.marks, turn.id, Why.WORDS_HELD)
        else:
            self.speaking.discard(Why.WORDS_CHANGED)
            self.answer(turn, why)

    def answer(self, turn: Turn, why: Why) -> None:
        if self.speaking.settling:
            self.unanswered.append((turn, why))
            return
        basis = Basis(normalise(turn.text), self.context.history.revision)
        reply = self.speaking.generate(Origin.TURN, basis, why, turn=turn.id)
        for name, at in turn.marks.at.items():
            reply.marks.at[name] = at
        reply.marks.silence_ms = turn.marks.silence_ms

    def drop(self, turn: Turn, why: Why) -> None:
        self.close(turn)
        self.speaking.discard(why)
        self.context.tell(UserDropped(turn.id, turn.text), why)

    def close(self, turn: Turn) -> None:
        self.context.clear_timer("words", turn.id)
        if turn in self.committed:
            self.committed.remove(turn)
            return
        self.turn = None
        self.overlapping.forget()
        self.context.clear_timer("endpoint", 0)

    def ended(self, why: Why) -> None:
        """The call is over: the caller's last words are kept, but nobody answers them."""
        self.unanswered.clear()
        for earlier in list(self.committed):
            self.commit(earlier, why, answer=False)
        turn = self.turn
        if turn is None:
            return
        if turn.speaking:
            self.stopped(turn, why)
        meant = content_words(self.context.policy.lexicon, normalise(turn.text)) and not turn.echo
        if turn.text and (meant or not turn.over_agent):
            self.commit(turn, why, answer=False)
        else:
            self.drop(turn, why)
