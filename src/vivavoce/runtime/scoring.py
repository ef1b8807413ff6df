"""Asks the turn model of one call: one check at a time, and of those that wait only the last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ..core.commands import Role, ScoreTurn
from ..core.events import ProviderFailed, TurnScore
from ..providers.base import Pcm, Post, ProviderError, TurnScorer
from .supervise import as_provider_error

_LONGEST_S = 2.0
"""For one check; what it would say after that is about a turn that is over."""
_FAILURES = 3
"""So many in a row, and the model is left alone for the rest of the call."""


class Scoring:
    """Posts a `TurnScore` for each check that was made, and `ProviderFailed` for each that could not be."""

    def __init__(
        self,
        scorer: TurnScorer,
        recent: Callable[[int], Pcm],
        post: Post,
        spawn: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]],
    ) -> None:
        """`recent`: the caller's audio up to a position."""
        self._scorer = scorer
        self._recent = recent
        self._post = post
        self._spawn = spawn
        self._task: asyncio.Task[None] | None = None
        self._turn = 0
        """That of the task."""
        self._next: ScoreTurn | None = None
        self._failures = 0

    def ask(self, command: ScoreTurn) -> None:
        """Check soon. What waits for its turn is forgotten, and so is a check of an earlier turn."""
        if self._failures >= _FAILURES:
            return
        busy = self._task is not None and not self._task.done()
        self._next = command
        if busy and command.turn == self._turn:
            # It is let finish: on a machine that is too slow for the rhythm of the asking, none would ever.
            return
        if self._task is not None:
            self._task.cancel()
        self._turn = command.turn
        self._task = self._spawn(self._answer(), f"score of turn {command.turn}")

    async def _answer(self) -> None:
        while self._next is not None and self._failures < _FAILURES:
            command, self._next = self._next, None
            try:
                p = await self._check(command)
            except ProviderError as error:
                self._failures += 1
                last = "" if self._failures < _FAILURES else "; it is not asked again in this call"
                self._post(ProviderFailed(Role.TURN, error.code, f"{error.detail}{last}"))
            else:
                self._failures = 0
                self._post(TurnScore(command.turn, p))

    async def _check(self, command: ScoreTurn) -> float:
        """Raises nothing but `ProviderError`."""
        try:
            async with asyncio.timeout(_LONGEST_S):
                p = float(await self._scorer.score(self._recent(command.upto)))
        except TimeoutError:
            raise ProviderError("timeout", f"no judgement within {_LONGEST_S:g} s") from None
        except Exception as error:
            raise as_provider_error(error) from error
        if not 0.0 <= p <= 1.0:
            raise ProviderError("refused", f"a probability of {p}")
        return p
