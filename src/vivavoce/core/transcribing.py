"""The recogniser: asked for final words, not waited for for ever, and replaced when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .commands import FinishWords, Listen, Role, Why
from .context import Context
from .hearing import Hearing
from .turn import Turn
from .units import in_samples

REOPEN_MS = 1_000
"""How long a recogniser that failed is left alone when there is no better one."""


@dataclass(slots=True)
class Transcribing:
    context: Context
    hearing: Hearing
    engine: int = 0
    """Which one hears the caller."""

    def finish(self, turn: Turn, asked: int, why: Why) -> None:
        """Ask for the final words of a turn up to here; `asked` is the position they are asked for."""
        turn.finish_asked, turn.owed = asked, True
        self._ask(turn, why)

    def owes(self, turn: Turn) -> bool:
        """Are there words of it that are not final, or were never asked for?"""
        return turn.owed or (self.context.has_stt and turn.finish_asked < turn.end)

    def wait(self, turn: Turn) -> None:
        """Its final words are due from now on."""
        self.context.set_timer("words", turn.id, self.context.now + self.context.policy.endpoint.words_timeout_ms)

    def due(self, turn: Turn | None) -> None:
        """It did not answer in time."""
        if turn is not None and turn.owed:
            turn.owed, turn.given_up = False, True
            turn.marks.at["stt_final"] = self.context.now
            self.context.report(Role.STT, "timeout", f"no final words for turn {turn.id}", Why.WORDS_LATE)

    def failed(self) -> bool:
        """It failed; True if there is another one, to take over."""
        several = self.context.stts.count > 1
        if several:
            self.context.stts.failed(self.engine, self.context.now)
        return several

    def again(self, turn: Turn | None, committed: Sequence[Turn], why: Why) -> None:
        """The best one goes on where the words of the open turn that are certain end; one that failed just now gets a
        moment."""
        stts, now = self.context.stts, self.context.now
        engine = stts.best(now, self.context.policy.engines.rest_ms)
        ready = stts.failed_at.get(engine, -REOPEN_MS) + REOPEN_MS
        if now < ready:
            self.context.set_timer("listen", 0, ready)
            return
        self.context.clear_timer("listen", 0)
        self.engine = engine
        since = max(0, self.hearing.position - in_samples(self.context.policy.hearing.prefix_ms))
        if turn is not None:
            since = turn.forget_guesses()
        self.context.emit(Listen(engine, since, why))
        for waiting in [*committed, *([] if turn is None else [turn])]:
            if waiting.owed:
                self._ask(waiting, why)

    def _ask(self, turn: Turn, why: Why) -> None:
        self.context.emit(FinishWords(turn.id, self.hearing.position, why))
        self.wait(turn)
