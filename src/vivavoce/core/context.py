"""What the two sides of a conversation share: the commands being collected, timers, ledgers, and the ids."""

from __future__ import annotations

from dataclasses import dataclass, field

from .commands import Command, Report, Role, Tell, Why
from .duet import Duet
from .events import ToolSpec
from .history import History
from .lineup import Lineup
from .meter import Meter
from .notices import Notice
from .policy import Policy
from .supply import Supply
from .tools import Tools

Timer = tuple[str, int]
"""(what is due, id of whom it concerns)."""


@dataclass(slots=True)
class Context:
    policy: Policy
    now: int = 0
    """Session milliseconds of the event in hand."""
    commands: list[Command] = field(default_factory=list)
    timers: dict[Timer, int] = field(default_factory=dict)
    history: History = field(default_factory=History)
    tools: Tools = field(default_factory=Tools)
    meter: Meter = field(default_factory=Meter)
    supply: Supply = field(default_factory=Supply)
    llms: Lineup = field(default_factory=Lineup)
    ttss: Lineup = field(default_factory=Lineup)
    stts: Lineup = field(default_factory=Lineup)
    has_stt: bool = True
    partials: bool = False
    """The recogniser has told words while more was being said."""
    has_turn_score: bool = False
    native: bool = False
    duet: Duet | None = None
    client_plays: bool = False
    ids: str = ""
    over: bool = False
    """The call has ended; nothing more is decided."""
    _ids: dict[str, int] = field(default_factory=dict)

    def emit(self, command: Command) -> None:
        self.commands.append(command)

    def tell(self, notice: Notice, why: Why) -> None:
        self.commands.append(Tell(notice, why))

    def report(self, role: Role, code: str, detail: str, why: Why) -> None:
        self.commands.append(Report(role, code, detail, why))

    def set_timer(self, what: str, who: int, due: int) -> None:
        self.timers[what, who] = due

    def clear_timer(self, what: str, who: int) -> None:
        self.timers.pop((what, who), None)

    def next_id(self, kind: str) -> int:
        """1, 2, 3 ... for each kind: ids never depend on chance."""
        self._ids[kind] = self._ids.get(kind, 0) + 1
        return self._ids[kind]

    def item_id(self) -> str:
        """A name that no item has, also none that a client brought."""
        while self.history.has(name := f"item_{self.ids}{self.next_id('item')}"):
            pass
        return name

    def declare(self, tools: tuple[ToolSpec, ...]) -> None:
        self.tools.specs = {t.name: t for t in tools}
