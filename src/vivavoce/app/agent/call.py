"""What tools and callbacks may do to the call they are part of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...core.errors import Misuse
from ...core.events import HandedOff, HangUpAsked, Say, TextTurn, TransferAsked

if TYPE_CHECKING:
    from ...core.events import Event
    from ...runtime.session import Session
    from .agent import Agent


class Call:
    """One call. Tools and callbacks get it by a parameter of this type; every method may be called from any thread."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        """Who speaks now."""
        self.state: dict[str, Any] = {}
        """The program's own notes of this call."""
        self.session: Session | None = None

    def say(self, text: str, interruptible: bool = True) -> None:
        """Speak these words, after what is being said now: progress, a warning, a farewell."""
        self._post(Say(text, interruptible))

    def hear(self, text: str) -> None:
        """The caller says this: a turn that is answered, as if typed."""
        self._post(TextTurn(text))

    def hang_up(self, reason: str = "agent") -> None:
        """End the call when the last word has been heard."""
        self._post(HangUpAsked(reason=reason))

    def transfer(self, to: str) -> None:
        """Pass the caller on to a number or address, when the last word has been heard, and leave the call."""
        self._post(TransferAsked(to))

    def hand_off(self, agent: Agent) -> None:
        """From the next answer on another agent speaks: its instructions, voice, tools and engines; the conversation
        goes on."""
        if self.session is None:
            raise Misuse("the call has not begun; hand off from a tool or a callback")
        self._post(HandedOff(agent.name))

    def _post(self, event: Event) -> None:
        if self.session is None:
            raise Misuse("the call has not begun; use it from a tool or a callback")
        self.session.post_from_thread(event)
