"""Watching a call from inside the process: recorders, terminals, checkers. Observers run inline and change nothing."""

from __future__ import annotations

from collections.abc import Sequence

from ..audio.pcm import Pcm
from ..core.commands import Command
from ..core.conversation import Conversation
from ..core.events import Event


class Observer:
    """Override what is of interest. Every method returns at once; one that raises `OSError` is reported and left out
    from then on, anything else it raises is a bug and ends the session."""

    def opened(self, conversation: Conversation, agent: str) -> None:
        """The call is about to begin; `agent` is the agent's name."""

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        """An event and what it led to, before it is carried out. `now` in session ms."""

    def heard(self, now: int, pcm: Pcm) -> None:
        """The caller's next samples at 16 kHz, as the engines get them; they arrived at `now`."""

    def played(self, position: int, pcm: Pcm) -> None:
        """A frame of 480 samples at 24 kHz as it goes to the caller; its first sample is number `position` since the
        call began. Between replies there are no frames: that is silence."""

    def spoken(self, reply: int, position: int, pcm: Pcm) -> None:
        """What sounds of one reply at 24 kHz, from sample `position` of the call on, right after the frame of `played`
        that holds it. Only good until the next one: copy what is to be kept."""

    def close(self) -> None:
        """The call is over; nothing else is called afterwards. Also called for an observer that was left out."""
