"""Lets pages watch a call: our own events over any number of data channels or sockets."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core.commands import Command
from ..core.events import Event
from ..runtime.observe import Observer
from ..transports.clients import Socket
from ..wire.watching import Watching

_KEPT = 500
"""Messages kept for those who come later, and for one who reads slowly."""


class Watch(Observer):
    """Tells what goes on in a call. Whoever comes late is told the last messages first; who is too slow loses some."""

    def __init__(self, started: dict[str, Any]) -> None:
        """`started`: what everybody is told first."""
        self._watching = Watching()
        self._started = json.dumps({"type": "call.started", "at_ms": 0, **started})
        self._last: deque[str] = deque(maxlen=_KEPT)
        self._watchers: list[_Watcher] = []

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        for message in self._watching.handled(now, event, commands):
            self._tell(message.decode())

    def publish(self, message: dict[str, Any]) -> None:
        """Tell something else, with `type` and `at_ms`."""
        self._tell(json.dumps(message))

    def _tell(self, text: str) -> None:
        self._last.append(text)
        for watcher in self._watchers:
            watcher.waiting.append(text)
            watcher.news.set()

    async def serve(self, socket: Socket) -> None:
        """Tell one watcher, until it is gone."""
        watcher = _Watcher(deque([self._started, *self._last], maxlen=_KEPT))
        self._watchers.append(watcher)
        telling = asyncio.get_running_loop().create_task(watcher.tell(socket), name="watcher")
        try:
            while await socket.receive() is not None:
                # A watcher has nothing to say.
                pass
        finally:
            self._watchers.remove(watcher)
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)


@dataclass(eq=False, slots=True)
class _Watcher:
    waiting: deque[str]
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def tell(self, socket: Socket) -> None:
        while True:
            while self.waiting:
                await socket.send(self.waiting.popleft())
            self.news.clear()
            await self.news.wait()
