"""A caller over a WebSocket, who plays by itself: the audio of both sides is in the messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ..audio.frame import Frame
from ..audio.pcm import Pcm
from ..wire.openai_realtime.effects import Hear
from .clients import Clients

AHEAD_S = 60.0
_FRAME_MS = 100
_BURST_S = 8.0
"""Audio that is passed on as fast as it comes."""
_RATE = 4.0
"""How many times faster than speech the rest of a burst may be: recognisers are not much faster."""


class Realtime(Clients):
    """The transport of a session over a WebSocket, the first one that is served."""

    ahead_s = AHEAD_S

    def play(self, pcm: Pcm) -> None:
        """Never called: the client plays by itself."""

    def take(self, reply: int, pcm: Pcm) -> bool:
        wanted, effects = self._server.take(reply, pcm)
        self.perform(effects)
        return wanted

    async def frames(self) -> AsyncIterator[Frame]:
        """The audio in frames of at most 100 ms; what was asked for in between is posted in between."""
        position, rate, level, at = 0, 0, 0.0, self._now()
        while (effect := await self._next()) is not None:
            if not isinstance(effect, Hear):
                await self._act(effect)
                continue
            if effect.rate != rate:
                position, rate = 0, effect.rate
            step = rate * _FRAME_MS // 1000
            for start in range(0, effect.pcm.size, step):
                pcm = effect.pcm[start : start + step]
                self._backlog_ms -= pcm.size * 1000 / rate
                now = self._now()
                level, at = max(0.0, level - (now - at) * _RATE) + pcm.size / rate, now
                if level > _BURST_S:
                    await asyncio.sleep((level - _BURST_S) / _RATE)
                if self._gone.is_set():
                    return
                yield Frame(position, pcm, rate)
                position += pcm.size
