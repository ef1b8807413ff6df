"""One conversation as its scores see it: the truth about the caller's sounds, and the agent's audible voice.

All times are ms of the session. It is also the file format of a truth (`truth.json` beside a recording).
"""

from __future__ import annotations

import msgspec

from ..clips import Span, holds
from ..people import Truth

CLAIMS = (Truth.TURN, Truth.INTERRUPTION)
"""Sounds with which a caller takes the floor, or wants to."""


class Sound(msgspec.Struct, frozen=True):
    """One sound of the caller."""

    kind: Truth
    spans: tuple[Span, ...]
    """Where it is audible; what lies between two spans of a turn is a hold."""
    text: str = ""
    tool: bool = False
    """Answering it takes a tool."""

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @property
    def end(self) -> int:
        return self.spans[-1][1]

    @property
    def claims(self) -> bool:
        """It takes the floor."""
        return self.kind in CLAIMS

    def holds(self) -> list[Span]:
        """Pauses inside it."""
        return holds(self.spans)


class Voice(msgspec.Struct, frozen=True):
    """A maximal stretch in which the agent is audible."""

    start: int
    end: int
    cut: bool = False
    """It ended because the agent was paused or stopped, not because its words were over."""


class Dialogue(msgspec.Struct, frozen=True):
    """One call. Sounds and voices in the order of their beginning."""

    sounds: tuple[Sound, ...]
    voices: tuple[Voice, ...] = ()
    ends: tuple[int, ...] = ()
    """When the agent decided that a turn was over. Empty where only the sound of the call is known."""
    yields: bool = True
    """False for an agent that was told not to give way: it is not scored for that."""

    def next_claim(self, after: int) -> int:
        """When the caller next takes the floor; far away for never."""
        return min((s.start for s in self.sounds if s.claims and s.start >= after), default=NEVER)

    def audible(self, at: int) -> Voice | None:
        """The agent's voice at that moment."""
        return next((v for v in self.voices if v.start <= at < v.end), None)


NEVER = 1 << 60
