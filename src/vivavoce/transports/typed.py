"""A caller who types: each text becomes a turn when the agent has finished with the one before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from ..audio.frame import Frame
from ..audio.pcm import Pcm
from ..core.commands import Why
from ..core.events import TextTurn
from ..core.notices import Notice
from .base import Post
from .waiting import Waiting

STEP_MS = 20
QUIET_MS = 400


class Typed:
    """Sends no audio at all."""

    reports_playback = False

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = list(texts)
        self._waiting = Waiting()
        self._post: Post | None = None
        self._closed = False

    def attach(self, post: Post) -> None:
        self._post = post

    def observe(self, now: int, notice: Notice, why: Why) -> None:
        self._waiting.observe(now, notice)

    def play(self, pcm: Pcm) -> None:
        """Nobody listens: the call is recorded elsewhere."""

    async def close(self) -> None:
        self._closed = True

    async def frames(self) -> AsyncIterator[Frame]:
        """Types the next text whenever the agent is done; ends after the last answer. Yields nothing."""
        for text in [*self._texts, None]:
            await self._until_quiet()
            if text is None or self._closed or self._post is None:
                return
            self._post(TextTurn(text))
            await asyncio.sleep(STEP_MS / 1000)
        nothing: tuple[Frame, ...] = ()
        for frame in nothing:
            yield frame

    async def _until_quiet(self) -> None:
        quiet = 0
        while not self._closed and quiet < QUIET_MS:
            quiet = 0 if self._waiting.busy else quiet + STEP_MS
            await asyncio.sleep(STEP_MS / 1000)
