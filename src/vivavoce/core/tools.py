"""The ledger of tool calls: rows keyed by call id, outside the audio path. Speech never cancels one by default."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .events import ToolSpec


class State(Enum):
    WAITING = "waiting"
    """Asked for by a speculative reply; may not run yet."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ABANDONED = "abandoned"
    DISCARDED = "discarded"
    """Its reply never went live: as if it had not been asked for."""


_SETTLED = {State.DONE, State.FAILED, State.ABANDONED, State.DISCARDED}


@dataclass(slots=True)
class Row:
    call: str
    reply: int
    name: str
    arguments: str
    spec: ToolSpec
    state: State = State.WAITING
    output: str = ""
    live: bool = False
    """Its reply went live, so the outside knows of it."""
    approved: bool = False

    @property
    def settled(self) -> bool:
        return self.state in _SETTLED

    @property
    def needs_approval(self) -> bool:
        return self.spec.approval and not self.approved


@dataclass(slots=True)
class Tools:
    specs: dict[str, ToolSpec] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)

    def add(self, reply: int, call: str, name: str, arguments: str) -> Row | None:
        """A new row; None when this call id is known already: no call is ever issued twice."""
        if call in self.rows:
            return None
        row = self.rows[call] = Row(call, reply, name, arguments, self.specs.get(name, ToolSpec(name)))
        return row

    def of(self, reply: int) -> list[Row]:
        return [row for row in self.rows.values() if row.reply == reply]

    def settle(self, call: str, output: str, state: State) -> Row | None:
        """Record a result once; None when the row is unknown or settled already."""
        row = self.rows.get(call)
        if row is None or row.settled:
            return None
        row.state, row.output = state, output
        return row

    def runs_away(self, call: str) -> bool:
        """Does the caller's client run it?"""
        row = self.rows.get(call)
        return row is not None and row.spec.runs == "caller"

    def blocking(self) -> bool:
        """Is a tool running that forbids interruption?"""
        return any(r.state is State.RUNNING and r.spec.on_interrupt == "block" for r in self.rows.values())
