"""Somebody who listens until the call is over, and whose recordings cut in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np

from ...audio.frame import Frame
from ...audio.pcm import Pcm
from ...transports.bridge import Beat

RATE = 16_000
FRAME = 320
"""20 ms."""


class Listener:
    reports_playback = False

    def __init__(self, cuts: Sequence[tuple[float, Pcm]] = ()) -> None:
        """`cuts`: what they say (16 kHz), and how many seconds into the call. Who has nothing to say has no
        microphone."""
        self._closed = asyncio.Event()
        self._cuts = [(round(at * RATE), pcm) for at, pcm in cuts]

    async def frames(self) -> AsyncIterator[Frame]:
        if not self._cuts:
            await self._closed.wait()
            return
        beat, silence, at = Beat(), np.zeros(FRAME, dtype=np.int16), 0
        while not self._closed.is_set():
            await beat.wait()
            yield Frame(at, self._said(at, silence), RATE)
            at += FRAME

    def _said(self, at: int, silence: Pcm) -> Pcm:
        """The frame that begins at this sample."""
        for start, pcm in self._cuts:
            if start < at + FRAME and at < start + pcm.size:
                frame = silence.copy()
                begin = max(0, start - at)
                piece = pcm[max(0, at - start) :][: FRAME - begin]
                frame[begin : begin + piece.size] = piece
                return frame
        return silence

    def play(self, pcm: Pcm) -> None:
        """It is heard elsewhere."""

    async def close(self) -> None:
        self._closed.set()
