"""Knows from the notices of a call whether anything is still going on: for callers that take turns by rule."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..core.notices import (
    Floor,
    FloorChanged,
    Notice,
    ReplyAudible,
    ReplyClosed,
    ReplyOpened,
    ToolSettled,
    ToolStarted,
    TurnReport,
    UserDropped,
    UserStarted,
    UserTurned,
)


@dataclass(slots=True)
class Waiting:
    """`busy` while a turn is open, a reply is in line, or a tool runs."""

    turns: set[int] = field(default_factory=set)
    replies: set[int] = field(default_factory=set)
    tools: set[str] = field(default_factory=set)
    floor: Floor = Floor.NOBODY
    changed_ms: int = 0
    """When the last notice came."""
    audible_ms: int | None = None
    """Since when the reply in progress is heard; None when none is."""
    reports: int = 0
    """Exchanges completed."""

    def observe(self, now: int, notice: Notice) -> None:
        self.changed_ms = now
        match notice:
            case UserStarted(turn=turn):
                self.turns.add(turn)
            case UserTurned(turn=turn) | UserDropped(turn=turn):
                self.turns.discard(turn)
            case ReplyOpened(reply=reply):
                self.replies.add(reply)
            case ReplyAudible():
                self.audible_ms = now
            case ReplyClosed(reply=reply):
                self.replies.discard(reply)
                self.audible_ms = None
            case ToolStarted(call=call):
                self.tools.add(call)
            case ToolSettled(call=call):
                self.tools.discard(call)
            case FloorChanged(floor=floor):
                self.floor = floor
            case TurnReport():
                self.reports += 1
            case _:
                pass

    @property
    def busy(self) -> bool:
        return bool(self.turns or self.replies or self.tools) or self.floor is not Floor.NOBODY

    def quiet_for(self, now: int, ms: int) -> bool:
        """Nothing has been going on for `ms`."""
        return not self.busy and now - self.changed_ms >= ms
