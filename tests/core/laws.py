"""What must hold after every single event, whoever sent it: checked in every script and by the random search."""

from __future__ import annotations

from vivavoce.core.commands import (
    Call,
    EndCall,
    Flush,
    Generate,
    Hold,
    Item,
    Release,
    Result,
    RunTool,
    Speak,
    Tell,
    Why,
)
from vivavoce.core.conversation import Conversation
from vivavoce.core.events import Turns
from vivavoce.core.lexicon import normalise
from vivavoce.core.notices import (
    ReplyClosed,
    ReplyOpened,
    ToolSettled,
    ToolStarted,
    TurnReport,
    UserDropped,
    UserStarted,
    UserStopped,
    UserTurned,
)


def legal(items: tuple[Item, ...]) -> None:
    """A request that any model takes: ids once, every call followed by its result, nothing empty, no orphans."""
    ids = [i.id for i in items]
    assert len(ids) == len(set(ids)), f"item ids repeat: {ids}"
    for n, item in enumerate(items):
        if isinstance(item, Call):
            after = items[n + 1] if n + 1 < len(items) else None
            assert isinstance(after, Result), f"a call without its result: {items}"
            assert after.call == item.call, f"a call followed by another's result: {items}"
        elif isinstance(item, Result):
            before = items[n - 1] if n else None
            assert isinstance(before, Call), f"a result without its call: {items}"
            assert before.call == item.call, f"a result behind another's call: {items}"
        else:
            assert item.text, f"an empty message: {items}"


class Laws:
    """Follows one conversation. `step` after every event, `at_rest` when nothing more may happen, `at_end` at last."""

    def __init__(self, conversation: Conversation) -> None:
        self.c = conversation
        self.early: dict[int, str] = {}
        """Early answers -> the words they answer."""
        self.said = ""
        """The words of the last turn."""
        self.opened: set[int] = set()
        self.closed: set[int] = set()
        self.turns: dict[int, str] = {}
        self.ran: set[str] = set()
        self.tools: dict[str, str] = {}
        self.flushed: set[int] = set()
        self.reported: list[int] = []
        self.ended = 0

    def step(self, commands: list[object]) -> None:
        assert not (self.ended and commands), f"decided after the end: {commands}"
        for command in commands:
            match command:
                case Generate(reply, items, speculative, why):
                    legal(items)
                    # An eager answer of a duet may know less than all that was said.
                    if speculative and why is not Why.EAGER:
                        self.early[reply] = normalise(items[-1].text)
                case Release(reply) | Hold(reply):
                    assert reply in self.opened, f"never promoted: {command}"
                    assert reply not in self.flushed, f"flushed before: {command}"
                case Speak(reply):
                    assert reply not in self.flushed, f"flushed before: {command}"
                case Flush(reply):
                    self.flushed.add(reply)
                case RunTool(reply, call, name):
                    spec = self.c.context.tools.specs.get(name)
                    harmless = spec is not None and spec.read_only
                    assert reply in self.opened or harmless, f"ran for an answer nobody has chosen: {command}"
                    assert call not in self.ran, f"ran twice: {command}"
                    self.ran.add(call)
                case EndCall():
                    self.ended += 1
                    assert self.ended == 1
                case Tell(notice):
                    self._notice(notice)
        self._state()

    def _notice(self, notice: object) -> None:
        match notice:
            case UserStarted(turn):
                assert turn not in self.turns, f"started twice: {notice}"
                self.turns[turn] = "open"
            case UserStopped(turn):
                assert self.turns.get(turn) == "open", f"stopped while {self.turns.get(turn)}: {notice}"
            case UserTurned(turn) | UserDropped(turn):
                # A typed turn is over as soon as it begins.
                assert self.turns.get(turn, "open") == "open", f"ended twice: {notice}"
                self.turns[turn] = "over"
                if isinstance(notice, UserTurned):
                    self.said = normalise(notice.text)
            case ReplyOpened(reply):
                assert reply not in self.opened, f"opened twice: {notice}"
                assert self.early.get(reply, self.said) == self.said, f"answers {self.early[reply]!r}: {notice}"
                self.opened.add(reply)
            case ReplyClosed(reply):
                assert reply in self.opened, f"closed unopened: {notice}"
                assert reply not in self.closed, f"closed twice: {notice}"
                assert notice.text.startswith(notice.heard), f"heard what was not said: {notice}"
                self.closed.add(reply)
            case ToolStarted(_, call):
                assert call not in self.tools, f"started twice: {notice}"
                self.tools[call] = "open"
            case ToolSettled(call):
                assert self.tools.get(call) == "open", f"settled while {self.tools.get(call)}: {notice}"
                self.tools[call] = "over"
            case TurnReport(reply=reply):
                assert reply not in self.reported, f"reported twice: {notice}"
                self.reported.append(reply)
                if notice.gap_ms is not None:
                    assert sum(ms for _, ms in notice.hops) == notice.gap_ms, f"hops do not sum up: {notice}"
                    assert 0 <= (notice.overhead_ms or 0) <= max(0, notice.gap_ms), f"impossible overhead: {notice}"

    def _state(self) -> None:
        speaking, listening = self.c.speaking, self.c.listening
        replies = speaking.replies.values()
        audible = [r.id for r in replies if r.audible]
        assert len(audible) <= 1, f"{audible} are audible"
        for reply in replies:
            assert 0 <= reply.played <= reply.ledger.samples
        waiting = speaking.line or speaking.candidate or speaking.settling
        waiting = waiting or listening.overlapping.pending or listening.turn
        if waiting and not self.c.over and not self.remote_turn:
            assert self.c.deadline is not None, f"no deadline for {waiting}"

    @property
    def remote_turn(self) -> bool:
        """A remote engine has not ended the turn that it began: nothing here can know when it will."""
        return self.c.policy.turns is Turns.REMOTE and self.c.listening.turn is not None

    def at_rest(self) -> None:
        """Nobody has spoken for long and every deadline has passed."""
        if self.remote_turn:
            return
        speaking = self.c.speaking
        assert not speaking.line, f"left in line: {[(r.id, r.state) for r in speaking.line]}"
        assert speaking.candidate is None, f"left undecided: {speaking.candidate}"
        assert not speaking.settling, f"left open: {speaking.endings.settling}"
        assert self.c.listening.turn is None, f"left open: {self.c.listening.turn}"
        assert not speaking.endings.awaiting, f"left unanswered: {list(speaking.endings.awaiting)}"

    def at_end(self) -> None:
        """The call is over: whatever began has ended."""
        assert self.ended == 1
        assert self.opened == self.closed, f"replies left open: {self.opened ^ self.closed}"
        assert "open" not in self.turns.values(), f"turns left open: {self.turns}"
        assert "open" not in self.tools.values(), f"tool calls left open: {self.tools}"
        assert self.c.deadline is None
        legal(self.c.speaking.request())
