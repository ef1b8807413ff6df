"""A recorded call, decided again: the same events through a fresh conversation, the commands compared."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.conversation import Conversation
from ..core.policy import Policy
from ..wire.capture import Capture, render


@dataclass(frozen=True, slots=True)
class Difference:
    """The first step that goes another way."""

    line: int
    """Of the recording."""
    now: int
    """Session ms."""
    expected: tuple[str, ...]
    """Commands as recorded."""
    got: tuple[str, ...]
    """Commands now; after a bug in the core the error in their place."""


@dataclass(frozen=True, slots=True)
class ReplayResult:
    steps: int
    """Steps replayed."""
    commands: int
    """Commands compared and found equal."""
    first_difference: Difference | None = None

    @property
    def identical(self) -> bool:
        return self.first_difference is None


def replay(capture: Capture, policy: Policy | None = None) -> ReplayResult:
    """Decide a recorded call again, up to the first difference. `policy`: instead of the recorded one.

    What comes after a difference would mean nothing: its events are answers to commands that were never given.
    """
    conversation = Conversation(policy or capture.header.policy, capture.header.prices)
    commands = 0
    for number, step in enumerate(capture.steps, start=1):
        try:
            got = tuple(render(c) for c in conversation.handle(step.now, step.event))
        except Exception as error:
            got = (f"{type(error).__name__}: {error}",)
        if got != step.commands:
            return ReplayResult(number, commands, Difference(step.line, step.now, step.commands, got))
        commands += len(got)
    return ReplayResult(len(capture.steps), commands)
