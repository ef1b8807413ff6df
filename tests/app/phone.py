"""A WebRTC peer in memory, on a virtual clock: speaks in real time, notes what is played to it, reads both channels."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
from bench.instant import engines
from tests.conformance.order import OrderChecker
from tests.conformance.schema import SchemaChecker
from tests.transports.peer import Peer as ChannelEnds

from vivavoce.app.http.socket import Opening
from vivavoce.app.realtime import RealtimeCalls, Settings
from vivavoce.app.realtime_call import PeerCall
from vivavoce.audio.dtmf import tones
from vivavoce.audio.frame import Frame
from vivavoce.audio.pcm import Pcm
from vivavoce.transports.webrtc.peer import BadOffer, Channel, Traffic

RATE, FRAME = 48_000, 960


class Ends(ChannelEnds):
    """A data channel, watched over by the checkers of order and shape."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label
        self._order, self._schema = OrderChecker(), SchemaChecker()

    def tell(self, kind: str, /, **fields: Any) -> None:
        self._order.sent({"type": kind, **fields})
        super().tell(kind, **fields)

    async def send(self, text: str) -> None:
        event = json.loads(text)
        self._order.received(event)
        self._schema.received(event, len(text))
        await super().send(text)

    @property
    def violations(self) -> list[str]:
        return [*self._order.violations, *self._schema.violations]


class Phone:
    """Both the `Peer` that the server sees and the person who holds it."""

    def __init__(self) -> None:
        self.traffic = Traffic()
        self.events = Ends("oai-events")
        self.watching = Ends("vivavoce")
        self.voiced: list[float] = []
        """When (loop time) a loud frame was played."""
        self.closed = False
        self._say: list[tuple[int, int]] = []
        """Samples left, and how loud."""
        self._pressing: list[Pcm] = []
        """Frames of keys that are left."""
        self._on_channel: Callable[[Channel], None] | None = None
        self._gone = asyncio.Event()

    # as the server's library

    async def answer(self, offer: str, on_channel: Callable[[Channel], None]) -> str:
        if "m=audio" not in offer:
            raise BadOffer("the offer has no audio")
        self._on_channel = on_channel
        return "v=0 answer"

    async def frames(self) -> AsyncIterator[Frame]:
        loop = asyncio.get_running_loop()
        position, start = 0, loop.time()
        while not self._gone.is_set():
            await asyncio.sleep(max(0.0, start + (position + FRAME) / RATE - loop.time()))
            yield Frame(position, self._frame(), RATE)
            position += FRAME

    def _frame(self) -> Pcm:
        if self._pressing:
            return self._pressing.pop(0)
        if not self._say:
            return np.zeros(FRAME, dtype=np.int16)
        left, level = self._say[0]
        self._say[0] = (left - FRAME, level)
        if left <= FRAME:
            self._say.pop(0)
        return np.where(np.arange(FRAME) % 100 < 50, level, -level).astype(np.int16)

    def play(self, pcm: Pcm) -> None:
        if np.abs(pcm).max() > 500:
            self.voiced.append(asyncio.get_running_loop().time())

    async def close(self) -> None:
        self.closed = True
        self.vanish()

    # as the person

    def open(self, *channels: Ends) -> None:
        assert self._on_channel is not None
        for channel in channels or (self.events, self.watching):
            self._on_channel(channel)

    def say(self, ms: int, level: int = 8_000) -> None:
        """Speak from now on for so long."""
        self._say.append((RATE * ms // 1000, level))

    def press(self, digits: str) -> None:
        """Press keys from now on, each for 100 ms, with as much silence after it."""
        for digit in digits:
            sound = tones(digit, 5 * FRAME, RATE)
            self._pressing += [*sound.reshape(5, FRAME), *np.zeros((5, FRAME), dtype=np.int16)]

    def vanish(self) -> None:
        self._gone.set()
        for channel in (self.events, self.watching):
            channel.hang_up()


class Line:
    """A server, and a call to it."""

    def __init__(self, **settings: Any) -> None:
        self.phone = Phone()
        self.log: list[str] = []
        found = Settings("instant", "Be kind.", ("tone",), peer=lambda: self.phone, **settings)
        self.calls = RealtimeCalls(engines(), found, self.log.append)

    async def dial(self, session: dict[str, Any] | None = None, offer: str = "v=0 m=audio") -> PeerCall:
        opening = Opening("m", "realtime", None, {}, "", "")
        return await self.calls.answer(opening, offer, session or {})
