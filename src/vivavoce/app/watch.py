"""Lets pages watch a call: our own events over any number of data channels or sockets."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Sequence
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
        self._queues: list[deque[str]] = []
        self._news: list[asyncio.Event] = []

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        for message in self._watching.handled(now, event, commands):
            text = message.decode()
            self._last.append(text)
            for queue, news in zip(self._queues, self._news, strict=True):
                queue.append(text)
                news.set()

    async def serve(self, socket: Socket) -> None:
        """Tell one watcher, until it is gone."""
        queue, news = deque([self._started, *self._last], maxlen=_KEPT), asyncio.Event()
        self._queues.append(queue)
        self._news.append(news)
        telling = asyncio.get_running_loop().create_task(_tell(socket, queue, news), name="watcher")
        try:
            while await socket.receive() is not None:
                # A watcher has nothing to say.
                pass
        finally:
            self._news.remove(news)
            self._queues = [other for other in self._queues if other is not queue]
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)


async def _tell(socket: Socket, queue: deque[str], news: asyncio.Event) -> None:
    while True:
        while queue:
            await socket.send(queue.popleft())
        news.clear()
        await news.wait()
