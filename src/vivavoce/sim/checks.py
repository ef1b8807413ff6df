"""The invariants of a call, checked after every single event. A broken one raises `Violation` with its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core.commands import Call, Command, Flush, Generate, Item, Message, Release, Report, Result, RunTool, Speak, Tell
from ..core.events import Event, Played, ReplyAudio, Used, UserSound, UserWords
from ..core.lexicon import normalise
from ..core.notices import (
    Ending,
    ReplyClosed,
    ReplyOpened,
    ToolSettled,
    ToolStarted,
    TurnReport,
    UserDropped,
    UserStarted,
    UserTurned,
)
from ..core.reply import State
from .fakes import PRICES
from .people import Utterance
from .tally import Tally

if TYPE_CHECKING:
    from .world import World


class Violation(Exception):
    """An invariant does not hold. `name` is stable; the message says what was seen."""

    def __init__(self, name: str, seen: str) -> None:
        super().__init__(f"{name}: {seen}")
        self.name = name


def require(fact: bool, name: str, seen: object) -> None:
    if not fact:
        raise Violation(name, str(seen))


@dataclass(slots=True)
class Checks:
    world: World
    tally: Tally = field(init=False)
    speculative: dict[int, Generate] = field(default_factory=dict)
    opened: dict[int, ReplyOpened] = field(default_factory=dict)
    closed: dict[int, ReplyClosed] = field(default_factory=dict)
    turns: dict[int, str] = field(default_factory=dict)
    """Open turns -> '' ; closed turns -> how they ended."""
    tools: dict[str, str] = field(default_factory=dict)
    flushed: dict[int, int] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    """Final words of the recogniser."""
    kept: str = ""
    """Words that reached a turn or were reported as dropped."""
    cost: float = 0.0
    _last_turned: str | None = None

    def __post_init__(self) -> None:
        self.tally = Tally(self.world)

    def utterance(self, said: Utterance) -> None:
        self.tally.said.append(said)

    def step(self, event: Event, commands: list[Command]) -> None:
        """Everything that must hold after every event."""
        self._note(event)
        for command in commands:
            check = _COMMANDS.get(type(command))
            if check is not None:
                check(self, command)
        if commands or type(event) is not UserSound:
            self._one_voice()
            self._deadline()
            self._money()
        self.tally.step(event, commands)

    def _note(self, event: Event) -> None:
        if isinstance(event, UserWords) and event.final and event.text:
            self.words.append(event.text)
        elif isinstance(event, Used):
            self.cost += _price(event)
        elif isinstance(event, (Played, ReplyAudio)):
            reply = self.world.conversation.speaking.replies.get(event.reply)
            if reply is not None:
                total = reply.ledger.samples
                require(0 <= reply.played <= total, "played within samples", f"{reply.id}: {reply.played} of {total}")

    def _one_voice(self) -> None:
        audible = [r.id for r in self.world.conversation.speaking.replies.values() if r.audible]
        require(len(audible) <= 1, "one audible reply", audible)

    def _deadline(self) -> None:
        """Whatever waits has a deadline."""
        c = self.world.conversation
        waiting = c.speaking.line or c.speaking.candidate or c.speaking.settling or c.listening.turn
        if waiting and not c.over:
            require(c.deadline is not None, "a deadline for all that waits", waiting)

    def _money(self) -> None:
        bill = self.world.conversation.context.meter.call
        require(abs(bill.cost - self.cost) < 1e-9, "cost equals usage", f"{bill.cost} != {self.cost}")

    # commands

    def _generate(self, command: Generate) -> None:
        legal(command.items)
        if command.speculative:
            self.speculative[command.reply] = command

    def _release(self, command: Release) -> None:
        require(command.reply in self.opened, "a speculative reply is never audible", command)
        require(command.reply not in self.flushed, "nothing after a flush", command)

    def _speak(self, command: Speak) -> None:
        require(command.reply not in self.flushed, "nothing after a flush", command)

    def _flush(self, command: Flush) -> None:
        self.flushed[command.reply] = command.samples

    def _reported(self, command: Report) -> None:
        lost = command.code == "no_position" and not self.world.faults.playout_stall
        require(not lost, "a cut reply falls silent and says where", command)

    def _run_tool(self, command: RunTool) -> None:
        spec = self.world.conversation.context.tools.specs[command.name]
        live = command.reply in self.opened
        require(live or spec.read_only, "a speculative reply never runs a writing tool", command)
        require(command.call not in self.world.tools.runs, "no call is issued twice", command)

    def _tell(self, command: Tell) -> None:
        check = _NOTICES.get(type(command.notice))
        if check is not None:
            check(self, command.notice)

    def _opened(self, notice: ReplyOpened) -> None:
        require(notice.reply not in self.opened, "a reply opens once", notice)
        self.opened[notice.reply] = notice
        early = self.speculative.get(notice.reply)
        if early is not None:
            last = early.items[-1]
            words = normalise(last.text) if isinstance(last, Message) else ""
            committed = normalise(self._last_turned or "")
            require(words == committed, "promoted basis equals committed words", f"{words!r} != {committed!r}")

    def _closed(self, notice: ReplyClosed) -> None:
        require(notice.reply in self.opened, "only an opened reply closes", notice)
        require(notice.reply not in self.closed, "a reply closes once", notice)
        self.closed[notice.reply] = notice
        reply = self.world.conversation.speaking.replies[notice.reply]
        require(notice.text.startswith(notice.heard), "heard is a prefix of the text", notice)
        if notice.exact and self.world.word_times and reply.state is not State.FAILED:
            truth = self.world.tts.heard_truth(notice.reply, notice.samples)
            require(notice.heard == truth, "heard text equals the words played", f"{notice.heard!r} != {truth!r}")
        if not notice.exact:
            require(notice.ending is not Ending.DONE, "a reply heard whole is exact", notice)
        track = self.world.playout.tracks.get(notice.reply)
        self.tally.closed(notice, track.played if track is not None else 0)

    def _turn_started(self, notice: UserStarted) -> None:
        require(notice.turn not in self.turns, "a turn starts once", notice)
        self.turns[notice.turn] = ""

    def _turned(self, notice: UserTurned) -> None:
        self._close_turn(notice.turn, "turned", notice.text)
        self._last_turned = notice.text

    def _dropped(self, notice: UserDropped) -> None:
        self._close_turn(notice.turn, "dropped", notice.text)

    def _close_turn(self, turn: int, how: str, text: str) -> None:
        require(self.turns.get(turn) == "", "a turn ends once", f"turn {turn}: {self.turns.get(turn)} then {how}")
        self.turns[turn] = how
        self.kept += f" {text}"

    def _tool_started(self, notice: ToolStarted) -> None:
        require(notice.call not in self.tools, "a tool call starts once", notice)
        self.tools[notice.call] = "started"

    def _tool_settled(self, notice: ToolSettled) -> None:
        require(self.tools.get(notice.call) == "started", "a tool call settles once", notice)
        self.tools[notice.call] = "settled"

    def _report(self, report: TurnReport) -> None:
        if report.gap_ms is not None:
            require(sum(ms for _, ms in report.hops) == report.gap_ms, "hops sum to the gap", report)
            require((report.overhead_ms or 0) >= 0, "overhead is not negative", report)

    # the end

    def at_rest(self) -> None:
        """With the caller silent and the faults over, everything has come to rest."""
        world, c = self.world, self.world.conversation
        if world.ended:
            return
        state = f"line {[r.id for r in c.speaking.line]}, turn {c.listening.turn}, now {world.now}"
        require(not c.speaking.line and not c.speaking.candidate, "no reply is left hanging", state)
        require(c.listening.turn is None, "no turn is left open", state)
        require(not c.speaking.endings.awaiting, "no tool result is left unanswered", c.speaking.endings.awaiting)
        lost = [t for t in self.words if not _contained(t, self._all_words())]
        require(not lost, "no words of the caller are lost", f"{lost} not in {self._all_words()!r}")

    def _all_words(self) -> str:
        said = " ".join(
            i.text for i in self.world.conversation.history() if isinstance(i, Message) and i.role == "user"
        )
        return f"{self.kept} {said}"

    def at_end(self) -> None:
        """Everything that was opened is closed, exactly once; the history is legal and says what was heard."""
        require(
            self.opened.keys() == self.closed.keys(),
            "every opened reply closes",
            self.opened.keys() ^ self.closed.keys(),
        )
        if self.world.conversation.hanging_up is None:
            still = [call for call, state in self.tools.items() if state != "settled"]
            require(not still, "every tool call settles", still)
        c = self.world.conversation
        legal(c.speaking.request())
        for reply in c.speaking.replies.values():
            if reply.over and reply.id in self.closed:
                heard = self.closed[reply.id].heard
                require(
                    reply.voice().text == heard, "history says what was heard", f"{reply.voice().text!r} != {heard!r}"
                )


def legal(items: tuple[Item, ...]) -> None:
    """A valid request: ids once, every call followed by its result, no result without a call, nothing empty."""
    ids = [i.id for i in items]
    require(len(ids) == len(set(ids)), "item ids are unique", ids)
    for n, item in enumerate(items):
        if isinstance(item, Call):
            follower = items[n + 1] if n + 1 < len(items) else None
            ok = isinstance(follower, Result) and follower.call == item.call
            require(ok, "a call is followed by its result", items)
        elif isinstance(item, Result):
            before = items[n - 1] if n else None
            require(isinstance(before, Call) and before.call == item.call, "a result follows its call", items)
        else:
            require(bool(item.text), "nothing empty is sent", items)


def _contained(text: str, everything: str) -> bool:
    return normalise(text) in normalise(everything)


def _price(event: Used) -> float:
    return sum(PRICES[event.usage.model, unit] * quantity for unit, quantity in event.usage.amounts)


_COMMANDS: dict[type, Callable[[Checks, Any], None]] = {
    Generate: Checks._generate,
    Release: Checks._release,
    Speak: Checks._speak,
    Flush: Checks._flush,
    Report: Checks._reported,
    RunTool: Checks._run_tool,
    Tell: Checks._tell,
}
_NOTICES: dict[type, Callable[[Checks, Any], None]] = {
    ReplyOpened: Checks._opened,
    ReplyClosed: Checks._closed,
    UserStarted: Checks._turn_started,
    UserTurned: Checks._turned,
    UserDropped: Checks._dropped,
    ToolStarted: Checks._tool_started,
    ToolSettled: Checks._tool_settled,
    TurnReport: Checks._report,
}
