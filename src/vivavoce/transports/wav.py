"""Recordings as a caller: each becomes a turn, begun when the agent has finished (or in the middle of its answer)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from ..audio.frame import Frame
from ..audio.pcm import Pcm
from ..core.commands import Why
from ..core.notices import Notice
from .waiting import Waiting

RATE = 16_000
FRAME_MS = 20
FRAME = RATE * FRAME_MS // 1000
QUIET_MS = 600
"""The agent has finished when nothing has happened for this long."""
PATIENCE_MS = 6_000
"""How long to wait for an answer to a recording that the agent does not take for a turn."""


@dataclass(frozen=True, slots=True)
class Recording:
    """int16 mono `pcm` at 16 kHz."""

    name: str
    pcm: Pcm
    cut_in_ms: int | None = None
    """Begin this long after the answer to the recording before it became audible, instead of waiting for its end."""


class Recordings:
    """A caller made of recordings; the last answer is always heard to its end."""

    reports_playback = False

    def __init__(self, recordings: Sequence[Recording]) -> None:
        self._recordings = list(recordings)
        self._waiting = Waiting()
        self._start = 0.0
        self._frames_sent = 0
        self._closed = False

    def observe(self, now: int, notice: Notice, why: Why) -> None:
        self._waiting.observe(now, notice)

    def play(self, pcm: Pcm) -> None:
        """Nobody listens: the call is recorded elsewhere."""

    async def close(self) -> None:
        self._closed = True

    async def frames(self) -> AsyncIterator[Frame]:
        """20 ms frames in time, silence between the recordings; ends after the last answer."""
        self._start = asyncio.get_running_loop().time()
        async for frame in self._pause(first=True):
            yield frame
        for recording, following in zip_longest(self._recordings, self._recordings[1:]):
            for pcm in _cut(recording.pcm):
                yield await self._in_time(pcm)
            async for frame in self._pause(cut_in_ms=following.cut_in_ms if following else None):
                yield frame

    async def _pause(self, first: bool = False, cut_in_ms: int | None = None) -> AsyncIterator[Frame]:
        """Silence until it is time for the next recording."""
        begun = self._now()
        silence = np.zeros(FRAME, dtype=np.int16)
        while not self._closed and not self._time_to_speak(begun, first, cut_in_ms):
            yield await self._in_time(silence)

    def _time_to_speak(self, begun: int, first: bool, cut_in_ms: int | None) -> bool:
        now, waiting = self._now(), self._waiting
        if cut_in_ms is not None and waiting.audible_ms is not None and waiting.audible_ms >= begun:
            return now - waiting.audible_ms >= cut_in_ms
        if first:
            return waiting.quiet_for(now, QUIET_MS)
        answered = waiting.changed_ms > begun and waiting.reports > 0
        return waiting.quiet_for(now, QUIET_MS if answered else PATIENCE_MS) and now - begun >= QUIET_MS

    def _now(self) -> int:
        """Session ms, to within a frame."""
        return round((asyncio.get_running_loop().time() - self._start) * 1000)

    async def _in_time(self, pcm: Pcm) -> Frame:
        """A frame arrives when its last sample has been spoken."""
        frame = Frame(self._frames_sent * FRAME, pcm, RATE)
        self._frames_sent += 1
        due = self._start + self._frames_sent * FRAME_MS / 1000
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        return frame


def _cut(pcm: Pcm) -> list[Pcm]:
    """Frames of 20 ms, the last one filled up with silence."""
    padded = np.concatenate([pcm, np.zeros(-len(pcm) % FRAME, dtype=np.int16)])
    return list(padded.reshape(-1, FRAME))
