"""A socket in memory with a client at its other end, and a watch over what its conversation leaves behind."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from vivavoce.audio.pcm import Pcm

Event = dict[str, Any]
LONG_S = 3600.0


class Peer:
    """Both ends of one WebSocket. The client reads at once, until it is told to `stall`."""

    def __init__(self) -> None:
        self.id = ""
        """Of its session, once somebody has noted it."""
        self.events: list[Event] = []
        """All that the client has read."""
        self.closed: tuple[int, str] | None = None
        """How the server closed."""
        self.gone = False
        self.count = 0
        """Messages that the server has taken."""
        self._to_server: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._reads = asyncio.Event()
        self._reads.set()
        self._news = asyncio.Event()
        self._at = 0

    # the server's end

    async def receive(self) -> str | bytes | None:
        if self.gone or self.closed:
            return None
        message = await self._to_server.get()
        self.count += message is not None
        return message

    async def send(self, text: str) -> None:
        await self._reads.wait()
        if not self.gone and self.closed is None:
            self.events.append(json.loads(text))
            self._news.set()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self.closed is None and not self.gone:
            self.closed = (code, reason)
            self._to_server.put_nowait(None)
            self._news.set()

    # the client's end

    def tell(self, kind: str, /, **fields: Any) -> None:
        """Send an event."""
        self._to_server.put_nowait(json.dumps({"type": kind, **fields}))

    def say(self, pcm: Pcm | bytes) -> None:
        """Append audio."""
        self.tell("input_audio_buffer.append", audio=base64.b64encode(bytes(pcm)).decode())

    def update(self, **changes: Any) -> None:
        self.tell("session.update", session={"type": "realtime", **changes})

    def ask(self, words: str, **response: Any) -> None:
        """Write something and want an answer."""
        part = {"type": "input_text", "text": words}
        self.tell("conversation.item.create", item={"type": "message", "role": "user", "content": [part]})
        self.tell("response.create", **({"response": response} if response else {}))

    def hang_up(self) -> None:
        self.gone = True
        self._reads.set()
        self._to_server.put_nowait(None)

    def stall(self) -> None:
        """Read no more."""
        self._reads.clear()

    def read_on(self) -> None:
        self._reads.set()

    async def expect(self, kind: str, where: Callable[[Event], bool] = lambda event: True) -> Event:
        """The next event of a type; those before it are passed over."""
        async with asyncio.timeout(LONG_S):
            while True:
                while self._at < len(self.events):
                    event = self.events[self._at]
                    self._at += 1
                    if event["type"] == kind and where(event):
                        return event
                assert self.closed is None, f"closed {self.closed}, waiting for {kind}"
                self._news.clear()
                await self._news.wait()

    @property
    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]


@asynccontextmanager
async def tidy() -> AsyncIterator[None]:
    """Nothing of what happens inside may outlive it: no task, and no exception that nobody looked at."""
    loop, complaints = asyncio.get_running_loop(), []
    before = asyncio.all_tasks()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    yield
    left = [task for task in asyncio.all_tasks() - before if not task.done()]
    assert left == [], f"tasks left: {[task.get_name() for task in left]}"
    gc.collect()
    assert complaints == []
