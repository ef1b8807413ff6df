"""Somebody who only listens: silence in time, until the call is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from ...audio.frame import Frame
from ...audio.pcm import Pcm

RATE = 16_000
FRAME = 320


class Listener:
    reports_playback = False

    def __init__(self) -> None:
        self._closed = False

    async def frames(self) -> AsyncIterator[Frame]:
        loop, silence = asyncio.get_running_loop(), np.zeros(FRAME, dtype=np.int16)
        start, number = loop.time(), 0
        while not self._closed:
            number += 1
            await asyncio.sleep(max(0.0, start + number * FRAME / RATE - loop.time()))
            yield Frame((number - 1) * FRAME, silence, RATE)

    def play(self, pcm: Pcm) -> None:
        """It is heard elsewhere."""

    async def close(self) -> None:
        self._closed = True
