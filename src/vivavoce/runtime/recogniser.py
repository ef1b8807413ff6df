"""The recogniser of one call, and those that take over when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ..core.commands import Role
from ..core.events import Event, ProviderFailed, Used, UserWords
from ..providers.base import Post, Stt, SttCall
from .engines import EngineError
from .hear import Ears
from .supervise import as_provider_error

OPEN_S = 30.0
"""How long the only recogniser may take to open."""
_SPARE_OPEN_S = 5.0
"""... and one that another can stand in for."""
_SEGMENTS = 1_000_000
"""Segments of each recogniser: those of another one have other numbers."""
_CLOSE_S = 5.0
Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


class Recogniser:
    """Holds at most one open call; what one that was replaced still says is dropped."""

    def __init__(self, stts: Sequence[Stt], post: Post, spawn: Spawn) -> None:
        self.call: SttCall | None = None
        self._stts = stts
        self._post = post
        self._spawn = spawn
        self._turn = 0
        """Counts the recognisers that were opened."""

    async def open_first(self, expect: Sequence[str]) -> None:
        """Open the first choice. One that fails is an event where others can take over; else raises `EngineError`."""
        stt, alone = self._stts[0], len(self._stts) == 1
        try:
            async with asyncio.timeout(OPEN_S if alone else _SPARE_OPEN_S):
                self.call = await stt.open(self._hears(), expect)
        except TimeoutError:
            self._failed(f"the recogniser {stt.model} did not open within {OPEN_S:.0f} s", None, alone)
        except Exception as error:
            self._failed(f"the recogniser {stt.model} cannot be opened: {error}", error, alone)

    def _failed(self, detail: str, error: Exception | None, alone: bool) -> None:
        if alone:
            raise EngineError(detail) from error
        code = "timeout" if error is None else as_provider_error(error).code
        self._post(ProviderFailed(Role.STT, code, detail))

    def prefer(self, stts: Sequence[Stt]) -> int:
        """From now on these come first, and those of before stand in for them. Returns how many there are then, or 0
        where nothing changes: nobody is to be heard, or they come first already."""
        if not self._stts or not stts or tuple(self._stts[: len(stts)]) == tuple(stts):
            return 0
        self._stts = (*stts, *(stt for stt in self._stts if stt not in stts))
        return len(self._stts)

    def take_over(self, ears: Ears, engine: int, since: int, expect: Sequence[str]) -> None:
        """Another one hears the caller, beginning with the audio from `since` on."""
        gone, self.call = self.call, None
        ears.deaf()
        self._turn += 1
        if gone is not None:
            self._spawn(self._close(gone), "closing of a recogniser")
        self._spawn(self._open(ears, self._stts[engine], since, expect), f"opening of recogniser {engine}")

    async def _open(self, ears: Ears, stt: Stt, since: int, expect: Sequence[str]) -> None:
        turn = self._turn
        try:
            async with asyncio.timeout(_SPARE_OPEN_S):
                call = await stt.open(self._hears(), expect)
        except Exception as error:
            if turn == self._turn:
                failure = as_provider_error(error)
                self._post(ProviderFailed(Role.STT, failure.code, f"{stt.model} cannot be opened: {failure.detail}"))
            return
        if turn != self._turn:
            await self._close(call)
            return
        self.call = call
        ears.take_over(call, since)

    async def _close(self, call: SttCall) -> None:
        """What cannot be closed is left alone: nobody hears of it any more."""
        with suppress(Exception):
            async with asyncio.timeout(_CLOSE_S):
                await call.close()

    def _hears(self) -> Post:
        """How the recogniser that is opened now tells what it hears, for as long as it is the one."""
        turn = self._turn

        def post(event: Event) -> None:
            if isinstance(event, UserWords):
                event = replace(event, segment=event.segment + turn * _SEGMENTS)
            if turn == self._turn or isinstance(event, Used):
                self._post(event)

        return post
