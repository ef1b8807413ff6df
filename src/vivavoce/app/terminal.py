"""A call on a terminal: words as they come, who holds the floor, and the waterfall after every exchange."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.status import Status
from rich.text import Text

from ..audio.pcm import SILENT_DB, Pcm, rms_dbfs
from ..core.commands import Command, Duck, Flush, Hold, Report, Resume, Tell
from ..core.conversation import Conversation
from ..core.events import Event
from ..core.notices import (
    Ending,
    Floor,
    FloorChanged,
    Notice,
    ReplyClosed,
    ToolStarted,
    TurnReport,
    UserDropped,
    UserSaid,
    UserTurned,
)
from ..runtime.observe import Observer
from . import show

_ACTS = {Duck: "lowers its voice", Hold: "pauses", Resume: "goes on", Flush: "stops"}
_FLOORS = {Floor.NOBODY: "listening", Floor.USER: "you speak", Floor.AGENT: "agent speaks", Floor.BOTH: "both speak"}


def bar(level: float) -> str:
    """A level in dBFS as eight characters, -60 dBFS to full."""
    filled = round(max(0.0, min(1.0, 1 + level / 60)) * 8)
    return "▮" * filled + "▯" * (8 - filled)


class Terminal(Observer):
    """Prints a call. `live`: keep a status line with partial words at the bottom, for a person at a microphone."""

    def __init__(self, console: Console, live: bool = False, waterfalls: bool = True) -> None:
        self._console = console
        self._status: Status | None = console.status("listening") if live and console.is_terminal else None
        self._waterfalls = waterfalls
        self._floor = Floor.NOBODY
        self._partial = ""
        self._levels = {"you": SILENT_DB, "agent": SILENT_DB}

    def opened(self, conversation: Conversation, agent: str) -> None:
        if self._status is not None:
            self._status.start()

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, Tell):
                self._tell(now, command.notice)
            elif isinstance(command, Report):
                self._line(now, "!", f"{command.role.value}: {command.code}: {command.detail}", "yellow")
            elif isinstance(command, Duck | Hold | Resume):
                self._line(now, "", f"agent {_ACTS[type(command)]}: {command.why.value}", "dim")
            elif isinstance(command, Flush) and command.samples:
                self._line(now, "", f"agent stops: {command.why.value}", "dim")

    def heard(self, now: int, pcm: Pcm) -> None:
        self._meter("you", pcm)

    def played(self, position: int, pcm: Pcm) -> None:
        self._meter("agent", pcm)

    def _meter(self, who: str, pcm: Pcm) -> None:
        """Rises at once, falls slowly."""
        if self._status is not None:
            self._levels[who] = max(rms_dbfs(pcm), self._levels[who] - 2.0)
            self._show_status()

    def close(self) -> None:
        if self._status is not None:
            self._status.stop()

    def _tell(self, now: int, notice: Notice) -> None:
        match notice:
            case FloorChanged(floor=floor):
                self._floor = floor
                self._show_status()
            case UserSaid(text=text, final=False):
                self._partial = text
                self._show_status()
            case UserTurned(text=text):
                self._partial = ""
                self._line(now, "you", text, "bold")
            case UserDropped(text=text):
                self._partial = ""
                if text:
                    self._line(now, "you", f"({text})", "dim")
            case ToolStarted(name=name, arguments=arguments):
                self._line(now, "tool", f"{name} {arguments}", "magenta")
            case ReplyClosed():
                self._reply(now, notice)
            case TurnReport():
                self._report(notice)
            case _:
                pass

    def _reply(self, now: int, reply: ReplyClosed) -> None:
        """What was heard, and struck through what was not."""
        if not reply.text:
            return
        text = Text(reply.heard, style="cyan")
        unheard = reply.text[len(reply.heard) :].strip()
        if reply.ending is not Ending.DONE and unheard:
            text.append(f" {unheard}" if self._console.is_terminal else f" [not heard: {unheard}]", style="dim strike")
        self._line(now, "agent", text, "")

    def _report(self, report: TurnReport) -> None:
        summary = show.turn_summary(report)
        if summary and report.gap_ms is not None:
            self._console.print(Text(f"          {summary}", style="dim"))
            if self._waterfalls:
                for line in show.waterfall(report):
                    self._console.print(Text(line, style="dim"), overflow="crop", no_wrap=True)

    def _show_status(self) -> None:
        if self._status is not None:
            meters = "  ".join(f"{who} {bar(level)}" for who, level in self._levels.items())
            self._status.update(Text(f"{meters}  {_FLOORS[self._floor]}  {self._partial}", overflow="ellipsis"))

    def _line(self, now: int, who: str, what: str | Text, style: str) -> None:
        row = Text(f"{now / 1000:7.2f} ", style="dim")
        row.append(f"{who:<6} ", style="bold green" if who == "you" else "bold")
        row.append(what if isinstance(what, Text) else Text(what, style=style))
        self._console.print(row)
