"""The agent's side: replies in line for the floor, from their opening to their end; how one is made is in `making`.

At most one reply is played at a time; `line` is the order in which they get the floor. Events for a reply that is
over or unknown are dropped here, so nothing depends on how fast a provider cancels.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from . import asking, calling, failing, making
from .commands import (
    Bind,
    Call,
    Cancel,
    CancelTool,
    Duck,
    Flush,
    Generate,
    Hold,
    Item,
    Message,
    Release,
    Result,
    Resume,
    Role,
    Why,
)
from .context import Context
from .duet import HUMAN_GAPS_MS, view
from .endings import Endings
from .events import (
    HeardReported,
    Played,
    ProviderFailed,
    RemoteReplied,
    ReplyAsked,
    ReplyAudio,
    ReplyAudioEnded,
    ReplyText,
    ReplyTextEnded,
    Say,
    Sent,
)
from .history import Spoken, Voice
from .marks import Marks
from .notices import Origin, ReplyAudible, ReplyDelta, ReplyHeard, ReplyOpened
from .reply import Basis, Reply, State
from .tools import State as ToolState
from .units import out_samples

NOBODY = ReplyAsked()
"""Asks for nothing special."""


def results_last(items: tuple[Item, ...], calls: set[str]) -> tuple[Item, ...]:
    """Calls whose results are to be answered come last, whatever was said while they ran."""
    asked = [item for item in items if isinstance(item, Call | Result) and item.call in calls]
    return (*(item for item in items if item not in asked), *asked)


@dataclass(slots=True)
class Speaking:
    context: Context
    replies: dict[int, Reply] = field(default_factory=dict)
    line: list[Reply] = field(default_factory=list)
    candidate: Reply | None = None
    """The speculative reply, if any."""
    asides: list[Reply] = field(default_factory=list)
    """Replies beside the conversation."""
    endings: Endings = field(init=False)

    def __post_init__(self) -> None:
        self.endings = Endings(self.context)

    # what the other side may ask

    @property
    def head(self) -> Reply | None:
        """The reply that has the floor or gets it next."""
        return self.line[0] if self.line else None

    @property
    def audible(self) -> bool:
        """Samples of the agent are being played."""
        head = self.head
        return head is not None and head.audible and not head.held

    @property
    def settling(self) -> bool:
        """A cut reply has not yet said how much of it was heard."""
        return bool(self.endings.settling)

    def preparing(self, basis: Basis) -> bool:
        """An early answer to these words is being made, and nothing of it can be heard, or done, yet."""
        reply = self.candidate
        if reply is None or reply.basis != basis or reply.audio_at is not None:
            return False
        calls = any(row.reply == reply.id for row in self.context.tools.rows.values())
        return not calls and not (reply.text if not reply.spoken else reply.text_done and not reply.text.strip())

    def interruptible(self) -> bool:
        head = self.head
        if head is None:
            return True
        return head.interruptible and head.stop_at is None and not self.context.tools.blocking()

    def voice(self, reply: int) -> Voice:
        return self.replies[reply].voice()

    def request(self, *extra: Item) -> tuple[Item, ...]:
        return self.context.history.request(self.voice, self.context.tools, *extra)

    # opening

    def generate(
        self,
        origin: Origin,
        basis: Basis,
        why: Why,
        *extra: Item,
        turn: int = 0,
        speculative: bool = False,
        asked: ReplyAsked = NOBODY,
        parent: Reply | None = None,
        speaker: str = "",
    ) -> Reply:
        """Ask the model for an answer. A speculative one stays out of the line and of the history, an aside too."""
        reply = self._new(origin, basis, State.SPECULATIVE if speculative else State.LIVE, turn)
        reply.ref, reply.aside = asked.ref, asked.aside
        duet = self.context.duet
        if duet is not None:
            reply.speaker = speaker or (parent.speaker if parent is not None else duet.answerer())
        if asked.spoken is not None:
            reply.spoken = asked.spoken
        if parent is not None:
            self._follow(reply, parent)
        items = self.request(*extra) if asked.items is None else self.context.history.in_order(asked.items)
        if duet is not None:
            items = view(items, reply.speaker, {r.item: r.speaker for r in self.replies.values()})
            if speculative and origin is Origin.DUET and self.head is not None:
                # What is certain of the answer that it begins to answer.
                so_far, item = basis.words, self.head.item
                items = tuple(replace(i, text=so_far) if isinstance(i, Message) and i.id == item else i for i in items)
        if parent is not None:
            items = results_last(items, {row.call for row in self.context.tools.of(parent.id)})
        reply.marks.set("llm_request", self.context.now)
        if speculative:
            self.candidate = reply
        else:
            self._go_live(reply, why)
            if not reply.aside:
                self.endings.answered(self.context.tools)
        request = Generate(reply.id, items, speculative, why, asked.instructions, asked.ref)
        reply.asked = replace(request, speaker=reply.speaker)
        asking.ask(self.context, reply, why)
        reply.whys.append(why.name)
        return reply

    def _follow(self, reply: Reply, parent: Reply) -> None:
        """Go on from a reply's tool results; one exchange, unless the caller cut the first part off."""
        reply.rounds = parent.rounds + 1
        if parent.state in (State.LIVE, State.DONE):
            reply.parent, parent.child = parent, reply
            if not parent.played:
                reply.marks = parent.marks

    def say(self, say: Say, origin: Origin, why: Why, speaker: str = "") -> None:
        """Speak given words, after what is in line already."""
        if len(self.line) >= self.context.policy.reply.max_queue:
            self.context.report(Role.TTS, "overflow", f"refused to queue {say.text[:40]!r}", Why.LIMIT)
            return
        if self.context.native:
            self.context.report(Role.S2S, "cannot_say", f"one engine hears and speaks; refused {say.text[:40]!r}", why)
            return
        reply = self._new(origin, Basis("", self.context.history.revision), State.LIVE, 0)
        reply.interruptible, reply.speaker = say.interruptible, speaker
        self._go_live(reply, why)
        reply.whys.append(why.name)
        making.add_text(self.context, reply, say.text)
        making.end_text(self.context, reply)

    def remote(self, event: RemoteReplied) -> None:
        """A remote engine answers by itself."""
        reply = self._new(Origin.REMOTE, Basis("", self.context.history.revision), State.LIVE, 0)
        self._go_live(reply, Why.REMOTE)
        reply.attempt = 0
        self.context.emit(Bind(reply.id, event.ref, Why.REMOTE))
        self.context.set_timer("llm", reply.id, self.context.now + self.context.policy.reply.llm_timeout_ms)

    def promote(self, marks: Marks, turn: int, why: Why) -> None:
        """The early answer is the answer."""
        reply, self.candidate = self.candidate, None
        assert reply is not None
        assert reply.state is State.SPECULATIVE
        reply.state = State.LIVE
        reply.turn = turn
        for name, at in marks.at.items():
            reply.marks.set(name, at)
        reply.marks.silence_ms = marks.silence_ms
        self._go_live(reply, why)
        self.endings.answered(self.context.tools)
        reply.whys.append(why.name)
        if reply.text:
            self.context.tell(ReplyDelta(reply.id, reply.text), why)
        for row in self.context.tools.of(reply.id):
            calling.admit(self, reply, row.call, Why.PROMOTED)
        if reply.sealed:
            making.tell_made(self.context, reply)

    def discard(self, why: Why) -> None:
        """Forget the early answer; nobody heard of it."""
        reply, self.candidate = self.candidate, None
        if reply is None:
            return
        reply.state = State.DISCARDED
        for row in self.context.tools.of(reply.id):
            if row.state is ToolState.RUNNING:
                self.context.emit(CancelTool(row.call, why))
                self.context.clear_timer(f"tool:{row.call}", reply.id)
            row.state = ToolState.DISCARDED
        self.context.emit(Cancel(reply.id, why))
        self.context.emit(Flush(reply.id, 0, why))
        self.endings.forget_timers(reply)
        del self.replies[reply.id]

    def _new(self, origin: Origin, basis: Basis, state: State, turn: int) -> Reply:
        reply = Reply(self.context.next_id("reply"), origin, basis, state, turn)
        reply.client_plays, reply.spoken = self.context.client_plays, self.context.policy.reply.spoken
        self.replies[reply.id] = reply
        return reply

    def _go_live(self, reply: Reply, why: Why) -> None:
        reply.item = self.context.item_id()
        if self.context.duet is not None and reply.speaker:
            self.context.duet.last = reply.speaker
        awaited = reply.spoken and not reply.aside and reply.audio_at is None
        if awaited and self.context.policy.engines.dead_air_ms:
            due = self.context.now + self.context.policy.engines.dead_air_ms
            self.context.set_timer("dead_air", reply.id, due)
        if reply.aside:
            self.asides.append(reply)
        else:
            self.line.append(reply)
            self.context.history.add(Spoken(reply.item, reply.id))
        self.context.tell(ReplyOpened(reply.id, reply.origin, reply.item, reply.ref, reply.spoken, reply.speaker), why)

    # what the model and the synthesiser deliver

    def alive(self, reply: int) -> Reply | None:
        """The reply if it is still being made."""
        found = self.replies.get(reply)
        return None if found is None or found.over or found.stop_at is not None else found

    def text(self, event: ReplyText) -> None:
        reply = self.alive(event.reply)
        if reply is None or reply.text_done or not asking.hears(self.context, reply, event.attempt):
            return
        reply.marks.set("llm_first_token", self.context.now)
        self.context.set_timer("llm", reply.id, self.context.now + self.context.policy.reply.llm_timeout_ms)
        making.add_text(self.context, reply, event.text)
        longest = self.context.policy.duet.longest_chars
        if reply.origin is Origin.DUET and 0 < longest < len(reply.text):
            self.context.emit(Cancel(reply.id, Why.LIMIT, event.attempt))
            making.end_text(self.context, reply, "length")

    def text_ended(self, event: ReplyTextEnded) -> None:
        reply = self.alive(event.reply)
        if reply is not None and not reply.text_done and asking.hears(self.context, reply, event.attempt):
            making.end_text(self.context, reply, event.short)

    def audio(self, event: ReplyAudio) -> None:
        reply = self.alive(event.reply)
        if reply is not None and making.add_audio(self.context, reply, event) and reply.released:
            self._expect_playout(reply)

    def audio_ended(self, event: ReplyAudioEnded) -> None:
        reply = self.alive(event.reply)
        if reply is None or event.part >= len(reply.ledger.parts):
            return
        part = reply.ledger.parts[event.part]
        if part.attempt != event.attempt:
            return
        if not part.samples and any(c.isalnum() for c in part.text) and not self.context.native:
            failing.failed(self, ProviderFailed(Role.TTS, "no_audio", part.text[:40], event.reply, event.part))
        else:
            making.end_part(self.context, reply, event.part)

    def passes(self, event: Played) -> bool:
        """Take one more frame from the middle of a reply; False when it needs a closer look."""
        reply = self.head
        if reply is None or reply.id != event.reply or event.final or reply.stop_at is not None or reply.held:
            return False
        if not (reply.ledger.lead < reply.played < event.samples < reply.ledger.samples):
            return False
        reply.played = event.samples
        self._expect_playout(reply)
        return True

    def goes_on(self, event: ReplyAudio) -> bool:
        """Take more of a part of the reply that has the floor; False when it needs a closer look."""
        reply = self.head
        if reply is None or reply.id != event.reply or not reply.released:
            return False
        parts = reply.ledger.parts
        if event.part >= len(parts) or not parts[event.part].samples:
            return False
        self.audio(event)
        return True

    def played(self, event: Played) -> None:
        """The caller's ears: the only source of what was heard."""
        reply = self.replies.get(event.reply)
        if reply is None or reply.settled or not reply.released:
            return
        before, reply.played = reply.played, max(reply.played, min(event.samples, reply.ledger.samples))
        if not before and reply.played:
            self.context.tell(ReplyAudible(reply.id), Why.FIRST_AUDIO)
        if reply.played > reply.ledger.lead:
            reply.marks.set("first_audible", self.context.now)
        if event.final:
            self.endings.settled(reply)
            self.leave(reply)
        elif reply.played > before:
            self._expect_playout(reply)

    def reported(self, event: HeardReported) -> None:
        """The caller's client knows better what it played, and what of it will never sound."""
        reply = self.replies.get(event.reply)
        if reply is None or reply.state in (State.SPECULATIVE, State.DISCARDED):
            return
        reply.reported = max(0, min(event.samples, reply.ledger.samples))
        self.context.history.revision += 1
        text, exact = reply.heard_text()
        self.context.tell(ReplyHeard(reply.id, text, exact, reply.reported), Why.REPORTED)
        if reply.complete and reply in self.line:
            self.endings.cut(reply, Why.REPORTED)
            self.leave(reply)

    def sent(self, event: Sent) -> None:
        """So much of it was given to the caller."""
        reply = self.replies.get(event.reply)
        if reply is not None:
            reply.sent = max(reply.sent, min(event.samples, reply.ledger.samples))

    def _expect_playout(self, reply: Reply) -> None:
        """A listener that takes nothing for too long is gone; but nothing is owed while there is nothing to play."""
        if reply is not self.head or reply.held or reply.played >= reply.ledger.samples:
            self.context.clear_timer("playout", reply.id)
        else:
            due = self.context.now + self.context.policy.reply.playout_timeout_ms
            self.context.set_timer("playout", reply.id, due)

    # the floor

    def advance(self, free: bool, going_on: bool = True) -> None:
        """Finish what is over; give the floor to the next in line when `free`. Unless it is `going_on`, the call is
        about to end, and results of tools are answered no more."""
        while (head := self.head) is not None and head.finished and head.stop_at is None:
            head.state = State.DONE
            head.whys.append(Why.ENDED.name)
            self.endings.settled(head)
            self.leave(head)
        self._advance_asides()
        if free:
            quiet = not self.line and self.candidate is None
            for parent in self.endings.ready(quiet) if going_on else ():
                basis = Basis("", self.context.history.revision)
                self.generate(Origin.TOOLS, basis, Why.TOOL_RESULT, turn=parent.turn, parent=parent)
            self._release()

    def _advance_asides(self) -> None:
        """They wait for nobody, and are over when all of them exists."""
        for reply in list(self.asides):
            if not reply.released and reply.ledger.samples:
                reply.released = True
                self.context.emit(Release(reply.id, Why.FIRST_AUDIO, aside=True))
            if reply.complete:
                reply.state = State.DONE
                self.endings.settled(reply)
                self.asides.remove(reply)

    def _release(self) -> None:
        why = Why.FIRST_AUDIO
        for reply in self.line:
            if not reply.released and self._supplied(reply):
                reply.released = True
                self.context.clear_timer("release", reply.id)
                reply.marks.set("released", self.context.now)
                self.context.emit(Release(reply.id, why, pause_ms=self._pause(reply)))
                self._expect_playout(reply)
            if not (reply.released and reply.complete) or reply.stop_at is not None:
                return
            why = Why.NEXT_IN_LINE

    def _pause(self, reply: Reply) -> int:
        """Between two agents: as the policy says, or as people pause."""
        if reply.origin is not Origin.DUET:
            return 0
        p = self.context.policy.duet
        return HUMAN_GAPS_MS[reply.id % len(HUMAN_GAPS_MS)] if p.natural else p.gap_ms

    def _supplied(self, reply: Reply) -> bool:
        """Is there enough of it to play it without a break? A client that plays by itself sees to that by itself."""
        if reply.audio_at is None or not reply.ledger.samples:
            return False
        due = reply.audio_at + self.context.supply.wait_ms(self.context.policy.reply.prebuffer_ms)
        if reply.complete or self.context.client_plays or self.context.now >= due:
            return True
        self.context.set_timer("release", reply.id, due)
        return False

    def leave(self, reply: Reply) -> None:
        """It has no part in anything any more."""
        if reply in self.asides:
            self.asides.remove(reply)
        if reply in self.line:
            self.line.remove(reply)
            if self.line and self.line[0].released:
                self._expect_playout(self.line[0])

    def duck(self, why: Why) -> None:
        """Speak lower; go on, if it was held."""
        head = self.head
        if head is None or not head.audible:
            return
        if head.held:
            self.resume(why)
        if not head.ducked:
            head.ducked = True
            self.context.emit(Duck(head.id, self.context.policy.barge_in.duck_db, why))

    def hold(self, why: Why) -> None:
        head = self.head
        if head is not None and head.released and not head.held:
            head.held = True
            self.context.clear_timer("playout", head.id)
            self.context.emit(Hold(head.id, why))

    def resume(self, why: Why) -> None:
        head = self.head
        if head is not None and (head.held or head.ducked):
            head.held = head.ducked = False
            self.context.emit(Resume(head.id, why))
            self._expect_playout(head)

    def stop(self, why: Why, finish_sentence: bool = False) -> None:
        """Take the floor from the agent: nothing more of anything in line is said, or only this sentence."""
        self.discard(why)
        for reply in list(self.line):
            if finish_sentence and reply.audible and reply.stop_at is None:
                self._finish_sentence(reply, why)
            elif not finish_sentence or reply.stop_at is None:
                self.endings.cut(reply, why)
                self.leave(reply)
        self.endings.abandon_tools(why)

    def stop_one(self, number: int, ref: str, why: Why) -> None:
        """Stop the reply of this number or of this name, wherever it is."""
        for reply in [*self.line, *self.asides]:
            if reply.id == number or (ref and reply.ref == ref):
                self.endings.cut(reply, why)
                self.leave(reply)

    def _finish_sentence(self, reply: Reply, why: Why) -> None:
        cap = reply.played + out_samples(self.context.policy.barge_in.sentence_cap_ms)
        end = reply.ledger.sentence_end(reply.played)
        at, reason = (end, Why.SENTENCE_END) if end is not None and end <= cap else (cap, Why.SENTENCE_CAP)
        at = min(at, reply.ledger.samples)
        self.resume(why)
        reply.stop_at = at
        reply.whys.append(why.name)
        self.context.emit(Cancel(reply.id, why))
        self.context.emit(Flush(reply.id, at, reason))
        due = self.context.now + self.context.policy.barge_in.sentence_cap_ms
        self.context.set_timer("flush", reply.id, due + self.context.policy.reply.flush_timeout_ms)
        self.endings.forget_timers(reply, keep=("flush",))
