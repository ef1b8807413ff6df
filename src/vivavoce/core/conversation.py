"""The conversation: one event in, commands out. Every decision of a call is made below this function.

`Conversation.handle(now, event)` routes the event to the caller's side (`listening`) or the agent's side
(`speaking`), then lets both look at the result: is the turn over, who is next in line. It never reads a clock, so a
call can be printed, forked (`copy.deepcopy`), replayed and searched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import by_hand, calling, failing
from .commands import Become, Command, EndCall, Item, Message, Result, Role, Why
from .context import Context
from .duet import Duet, go_on, recast, steer
from .errors import Misuse
from .events import (
    CallEnded,
    CallStarted,
    DigitPressed,
    DuetBegun,
    EnginesChanged,
    Event,
    HandedOff,
    HangUpAsked,
    HeardReported,
    InputCleared,
    ItemCreated,
    ItemDeleted,
    Played,
    PolicySet,
    ProviderFailed,
    RemoteReplied,
    RemoteTurned,
    ReplyAsked,
    ReplyAudio,
    ReplyAudioEnded,
    ReplyText,
    ReplyTextEnded,
    Say,
    Sent,
    StopAsked,
    TextTurn,
    Tick,
    ToolApproved,
    ToolAsked,
    ToolDone,
    ToolsDeclared,
    TransferAsked,
    TurnCommitted,
    TurnScore,
    Used,
    UserSound,
    UserWords,
)
from .floor import floor_of
from .lineup import Lineup
from .listening import Listening
from .meter import Prices
from .notices import AgentChanged, Floor, FloorChanged, IdleTimedOut, Origin, ReplyRefused, Transferring, UserPressed
from .policy import BROWSER, Policy, changed
from .reply import Basis
from .speaking import Speaking


class Conversation:
    """All decisions of one call. Not thread-safe; deep-copyable."""

    def __init__(self, policy: Policy = BROWSER, prices: Prices | None = None) -> None:
        self.context = Context(policy)
        self.context.meter.prices = prices or {}
        self.speaking = Speaking(self.context)
        self.listening = Listening(self.context, self.speaking)
        self.floor = Floor.NOBODY
        self.prompts = 0
        """Idle prompts said since anybody spoke."""
        self.hanging_up: str | None = None
        self.asked: list[ReplyAsked] = []
        """Answers asked for that wait for the words of the turn just committed."""

    @property
    def policy(self) -> Policy:
        return self.context.policy

    @property
    def deadline(self) -> int | None:
        """Session ms at which a `Tick` is wanted; None when nothing is pending."""
        return min(self.context.timers.values(), default=None)

    @property
    def over(self) -> bool:
        """The call has ended."""
        return self.context.over

    def history(self) -> tuple[Item, ...]:
        """The conversation as it was heard."""
        return tuple(self.context.history.items(self.speaking.voice, self.context.tools))

    def handle(self, now: int, event: Event) -> list[Command]:
        """Take one event at `now` (session ms, never falling) and return what is to be done, in order.

        Raises Misuse when time runs backwards. Events after the end of the call are ignored.
        """
        context = self.context
        if now < context.now:
            raise Misuse(f"time ran backwards: {now} ms after {context.now} ms")
        context.now = now
        if context.over:
            return []
        if self._passes(event):
            return []
        _ROUTES[type(event)](self, event)
        if not context.over:
            self._settle()
        context.commands, commands = [], context.commands
        return commands

    def passes(self, now: int, event: Event) -> bool:
        """Take the common case, fast: silence of the caller, or more of a reply made or played, and nothing to decide.
        False for what `handle` is to look at."""
        if self.context.over or now < self.context.now:
            return False
        self.context.now = now
        return self._passes(event)

    def _passes(self, event: Event) -> bool:
        if type(event) is UserSound:
            return self.listening.passes(event)
        if type(event) is Played:
            return self.listening.turn is None and self.speaking.passes(event)
        if type(event) is ReplyAudio:
            return self.listening.turn is None and self.speaking.goes_on(event)
        return False

    def _settle(self) -> None:
        """After every event: is the turn over, who is next, who holds the floor, is anybody still there?"""
        self.listening.judge()
        while self.asked and not by_hand.committing(self.listening):
            self._asked(self.asked.pop(0))
        turn = self.listening.turn
        blocked = self.listening.overlapping.pending or self.speaking.settling
        free = not blocked and (turn is None or turn.harmless)
        self.speaking.advance(free, going_on=self.hanging_up is None)
        if self.context.duet is not None:
            self._go_on(self.context.duet, free)
        if turn is not None and turn.over_agent and not self.speaking.line:
            self.listening.judge()
        floor = floor_of(self.listening.hearing.speaking, self.speaking.audible)
        if floor is not self.floor:
            self.floor = floor
            self.context.tell(FloorChanged(floor), Why.SPEECH if floor is Floor.USER else Why.ENDED)
        self._watch_idle()
        self._try_hang_up()

    # idle, limits and the end

    def _quiet(self) -> bool:
        return not (
            self.speaking.line
            or self.speaking.candidate
            or self.listening.turn
            or self.listening.committed
            or self.listening.unanswered
            or self.listening.hearing.speaking
            or self.speaking.endings.awaiting
        )

    def _watch_idle(self) -> None:
        p = self.policy.idle
        if not self._quiet() or self.hanging_up is not None or (p.ask and not self.context.history.ends_spoken):
            self.context.clear_timer("idle", 0)
            if self.listening.turn is not None and not self.listening.turn.over_agent:
                self.prompts = 0
            return
        prompts = p.prompt_after_ms and (p.ask or self.prompts < len(p.prompts))
        wait = p.prompt_after_ms if prompts else p.hang_up_after_ms
        if wait and ("idle", 0) not in self.context.timers:
            self.context.set_timer("idle", 0, self.context.now + wait)

    def _idle_due(self, _who: int) -> None:
        p = self.policy.idle
        if p.prompt_after_ms and p.ask:
            item = self.context.item_id()
            self.context.history.add(Message(item, "user", ""))
            self.context.tell(IdleTimedOut(item, self.listening.hearing.position), Why.IDLE)
            self.speaking.generate(Origin.IDLE, Basis("", self.context.history.revision), Why.IDLE)
        elif p.prompt_after_ms and self.prompts < len(p.prompts):
            self.prompts += 1
            self.speaking.say(Say(p.prompts[self.prompts - 1]), Origin.IDLE, Why.IDLE)
        else:
            self._hang_up("idle", Why.IDLE)

    def _hang_up(self, reason: str, why: Why) -> None:
        if self.hanging_up is None:
            self.hanging_up = reason
            self.context.set_timer("hang_up", 0, self.context.now + self.policy.limits.hang_up_ms)
            self.context.clear_timer("idle", 0)
            self.speaking.discard(why)

    def _try_hang_up(self) -> None:
        if self.hanging_up is not None and not self.speaking.line and not self.speaking.settling:
            self._end(self.hanging_up, Why.HANG_UP)

    def _end(self, reason: str, why: Why) -> None:
        """Close everything that is open, once; nothing is decided afterwards."""
        context = self.context
        self.listening.ended(why)
        for asked in self.asked:
            context.tell(ReplyRefused(asked.ref, "call_ended", "the call ended before it began"), why)
        self.asked.clear()
        self.speaking.stop(why)
        for reply in list(self.speaking.replies.values()):
            if not reply.settled:
                self.speaking.endings.settled(reply)
        self.speaking.endings.close()
        context.timers.clear()
        context.over = True
        context.emit(EndCall(reason, why))

    def _limit(self, reason: str, why: Why) -> None:
        """A limit ends the call politely."""
        if self.hanging_up is None:
            if self.policy.limits.farewell:
                self.speaking.say(Say(self.policy.limits.farewell, interruptible=False), Origin.SAY, why)
            self._hang_up(reason, why)

    # routes

    def _started(self, event: CallStarted) -> None:
        context = self.context
        context.declare(event.tools)
        context.has_stt, context.has_turn_score = event.has_stt, event.has_turn_score
        context.native, context.client_plays, context.ids = event.native, event.client_plays, event.ids
        context.llms.count, context.ttss.count, context.stts.count = event.llms, event.ttss, event.stts
        if self.policy.limits.call_ms:
            context.set_timer("call", 0, context.now + self.policy.limits.call_ms)
        if event.greeting:
            self.speaking.say(Say(event.greeting), Origin.GREETING, Why.GREETING)

    def _tick(self, _event: Tick) -> None:
        context = self.context
        due = sorted((at, key) for key, at in context.timers.items() if at <= context.now)
        for _, (what, who) in due:
            if context.timers.pop((what, who), None) is None:
                continue
            if what.startswith("tool:"):
                self.speaking.endings.tool_timeout(what.removeprefix("tool:"))
            else:
                _DUE[what](self, what, who)

    def _tool_done(self, event: ToolDone) -> None:
        self.speaking.endings.tool_done(event.call, event.output, event.ok)

    def _used(self, event: Used) -> None:
        self.context.meter.add(event.usage, event.reply)
        budget = self.policy.limits.budget
        if budget and self.context.meter.call.cost >= budget:
            self._limit("budget", Why.BUDGET)

    def _filler_due(self, reply: int) -> None:
        """Who is speaking is not asked to wait."""
        if self.listening.turn is None:
            calling.filler_due(self.speaking, reply)

    def _provider_failed(self, event: ProviderFailed) -> None:
        failing.failed(self.speaking, event)
        if event.role is Role.STT and self.listening.transcribing.failed():
            self.listening.listen_again()

    def _typed(self, event: TextTurn) -> None:
        self.prompts = 0
        by_hand.typed(self.listening, event.text, event.answer)

    def _pressed(self, event: DigitPressed) -> None:
        # Somebody is there: waiting for them begins anew.
        self.prompts = 0
        self.context.clear_timer("idle", 0)
        self.context.tell(UserPressed(event.digit, event.at), Why.KEY)

    def _asked(self, event: ReplyAsked) -> None:
        waiting = len(self.asked) + (len(self.speaking.asides) if event.aside else len(self.speaking.line))
        if waiting >= self.policy.reply.max_queue:
            detail = "too many replies asked for"
            self.context.report(Role.LLM, "overflow", detail, Why.LIMIT)
            self.context.tell(ReplyRefused(event.ref, "overflow", detail), Why.LIMIT)
            return
        if by_hand.committing(self.listening):
            self.asked.append(event)
            return
        if not event.aside:
            self.speaking.discard(Why.ASKED)
        basis = Basis("", self.context.history.revision)
        self.speaking.generate(Origin.ASKED, basis, Why.ASKED, asked=event)

    def _stop_asked(self, event: StopAsked) -> None:
        if event.reply or event.ref:
            self.asked = [asked for asked in self.asked if not event.ref or asked.ref != event.ref]
            self.speaking.stop_one(event.reply, event.ref, Why.ASKED)
            return
        self.listening.unanswered.clear()
        self.asked.clear()
        self.speaking.stop(Why.ASKED)

    def _item_created(self, event: ItemCreated) -> None:
        if isinstance(event.item, Message) and event.after == event.item.id:
            self.context.history.extend(event.item)
        elif self.context.history.has(event.item.id):
            self.context.report(Role.LLM, "duplicate_item", f"there is an item {event.item.id!r} already", Why.ASKED)
        elif not self.context.history.add(event.item, event.after):
            self.context.report(Role.LLM, "unknown_item", f"no item {event.after!r} to put one after", Why.ASKED)
        elif isinstance(event.item, Message) and self.context.duet is not None:
            steer(self.speaking)
        elif isinstance(event.item, Result) and self.context.tools.runs_away(event.item.call):
            self.speaking.endings.tool_done(event.item.call, event.item.output, ok=True)

    def _policy_set(self, event: PolicySet) -> None:
        self.context.policy = changed(self.context.policy, dict(event.settings))
        # An early answer was made as things stood before; waiting for somebody to speak begins anew.
        self.context.history.revision += 1
        self.context.clear_timer("idle", 0)

    def _tools_declared(self, event: ToolsDeclared) -> None:
        self.context.declare(event.tools)
        self.context.history.revision += 1

    def _hang_up_asked(self, event: HangUpAsked) -> None:
        if event.after_speech:
            self._hang_up(event.reason, Why.HANG_UP)
        else:
            self._end(event.reason, Why.HANG_UP)

    def _transfer_asked(self, event: TransferAsked) -> None:
        if self.hanging_up is None:
            self.context.tell(Transferring(event.to), Why.TRANSFER)
        self._hang_up("transfer", Why.TRANSFER)

    def _duet_begun(self, event: DuetBegun) -> None:
        duet = self.context.duet
        if duet is None:
            duet = self.context.duet = Duet((event.first, event.second), event.turns, turn_cost=event.turn_cost)
        else:
            steer(self.speaking)
            recast(duet, event.first, event.second)
        duet.turns, duet.answers = event.turns, event.answers
        meter = self.context.meter
        meter.prices = {**meter.prices, **{(model, unit): price for model, unit, price in event.prices}}

    def _go_on(self, duet: Duet, free: bool) -> None:
        """The two go on while nobody else speaks, or is being answered; when all is said the call ends."""
        turn = self.listening.turn
        if free and turn is None and not self.listening.unanswered and self.hanging_up is None:
            go_on(duet, self.speaking)
            if duet.over:
                self._hang_up(duet.over, Why.DUET)

    def _handed_off(self, event: HandedOff) -> None:
        self.speaking.discard(Why.HANDED_OFF)
        # An early answer would be the other agent's.
        self.context.history.revision += 1
        self.context.emit(Become(event.agent, Why.HANDED_OFF))
        self.context.tell(AgentChanged(event.agent), Why.HANDED_OFF)

    def _engines_changed(self, event: EnginesChanged) -> None:
        self.context.llms, self.context.ttss = Lineup(event.llms), Lineup(event.ttss)
        if event.stts:
            self.context.stts = Lineup(event.stts)
            self.listening.listen_again(Why.HANDED_OFF)

    def _say(self, event: Say) -> None:
        if event.text.strip():
            self.speaking.say(event, Origin.SAY, Why.ASKED)


_Route = Callable[[Conversation, Any], object]
_ROUTES: dict[type, _Route] = {
    CallStarted: Conversation._started,
    UserSound: lambda c, e: c.listening.sound(e),
    UserWords: lambda c, e: c.listening.words(e),
    DigitPressed: Conversation._pressed,
    TurnScore: lambda c, e: c.listening.scored(e),
    RemoteTurned: lambda c, e: by_hand.remote(c.listening, e),
    RemoteReplied: lambda c, e: c.speaking.remote(e),
    ReplyText: lambda c, e: c.speaking.text(e),
    ReplyTextEnded: lambda c, e: c.speaking.text_ended(e),
    ReplyAudio: lambda c, e: c.speaking.audio(e),
    ReplyAudioEnded: lambda c, e: c.speaking.audio_ended(e),
    Sent: lambda c, e: c.speaking.sent(e),
    Played: lambda c, e: c.speaking.played(e),
    ToolAsked: lambda c, e: calling.asked(c.speaking, e),
    ToolApproved: lambda c, e: calling.approved(c.speaking, e),
    ToolDone: Conversation._tool_done,
    ProviderFailed: Conversation._provider_failed,
    Used: Conversation._used,
    TurnCommitted: lambda c, e: by_hand.commit(c.listening, e.answer, e.item),
    InputCleared: lambda c, e: by_hand.clear(c.listening),
    TextTurn: Conversation._typed,
    ReplyAsked: Conversation._asked,
    StopAsked: Conversation._stop_asked,
    Say: Conversation._say,
    HangUpAsked: Conversation._hang_up_asked,
    TransferAsked: Conversation._transfer_asked,
    HandedOff: Conversation._handed_off,
    EnginesChanged: Conversation._engines_changed,
    DuetBegun: Conversation._duet_begun,
    ItemCreated: Conversation._item_created,
    ItemDeleted: lambda c, e: c.context.history.remove(e.item),
    HeardReported: lambda c, e: c.speaking.reported(e),
    PolicySet: Conversation._policy_set,
    ToolsDeclared: Conversation._tools_declared,
    CallEnded: lambda c, e: c._end(e.reason, Why.CALL_OVER),
    Tick: Conversation._tick,
}
_DUE: dict[str, Callable[[Conversation, str, int], None]] = {
    "endpoint": lambda c, what, who: None,
    "words": lambda c, what, who: c.listening.transcribing.due(c.listening.awaited(who)),
    "commit": lambda c, what, who: by_hand.commit_due(c.listening, who, answer=True),
    "record": lambda c, what, who: by_hand.commit_due(c.listening, who, answer=False),
    "hedge": lambda c, what, who: failing.due(c.speaking, what, who),
    "dead_air": lambda c, what, who: failing.due(c.speaking, what, who),
    "listen": lambda c, what, who: c.listening.listen_again(),
    "release": lambda c, what, who: None,
    "filler": lambda c, what, who: c._filler_due(who),
    "stall": lambda c, what, who: c.listening.stall_due(),
    "idle": lambda c, what, who: c._idle_due(who),
    "hang_up": lambda c, what, who: c._end(c.hanging_up or "hang_up", Why.TIMEOUT),
    "call": lambda c, what, who: c._limit("call_ms", Why.LIMIT),
    "llm": lambda c, what, who: failing.due(c.speaking, what, who),
    "tts": lambda c, what, who: failing.due(c.speaking, what, who),
    "playout": lambda c, what, who: failing.due(c.speaking, what, who),
    "flush": lambda c, what, who: failing.due(c.speaking, what, who),
}
