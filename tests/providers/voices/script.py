"""What the fake vendors share: how they misbehave on request, what they speak, and what they saw of the client."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

RATE = 24_000
CHAR = 480
"""Samples (20 ms) of each character."""
PIECE = 4801
"""Bytes of one message: about 100 ms, and half a sample too many."""
KEY = "k-secret-0123456789"


@dataclass
class Script:
    """`..._at`: the number of the piece of audio instead of which it happens; None for never."""

    status: int = 0
    """HTTP status with which requests, or connections, are refused."""
    code: str = ""
    """The vendor's own error code that goes with it."""
    first_s: float = 0.0
    each_s: float = 0.0
    cut_at: int | None = None
    """The connection is cut."""
    close_at: int | None = None
    """A WebSocket is closed as it should be, but too early."""
    stall_at: int | None = None
    garbage_at: int | None = None
    unknown: bool = False
    """Messages that no SDK knows are strewn in."""
    silent: bool = False
    """Nothing is audible: all is done, without audio."""
    deaf: bool = False
    """Cancelling is not confirmed."""


@dataclass
class Request:
    """One speech as it was asked for."""

    text: str
    voice: str
    speed: float = 1.0
    before: str = ""
    raw: dict = field(default_factory=dict)


def samples(text: str) -> int:
    return CHAR * len(text)


@lru_cache(maxsize=64)
def sound(text: str) -> bytes:
    t = np.arange(samples(text)) / RATE
    return (8000 * np.sin(2 * np.pi * 220 * t)).astype("<i2").tobytes()


def pieces(text: str, size: int = PIECE) -> Iterator[bytes]:
    pcm = sound(text)
    for at in range(0, len(pcm), size):
        yield pcm[at : at + size]


def words(text: str) -> list[tuple[str, float, float]]:
    """Each word, and the seconds at which it begins and ends."""
    second = CHAR / RATE
    return [(m.group(), m.start() * second, m.end() * second) for m in re.finditer(r"\S+", text)]


class FakeVoice(ABC):
    """A vendor's server on this machine. Leaving it fails when a client has kept a connection open."""

    def __init__(self) -> None:
        self.script = Script()
        self.requests: list[Request] = []
        self.keys: list[str] = []
        self.asked = asyncio.Event()
        self.cancelled = asyncio.Event()
        """The client cancelled a speech, or hung up in the middle of it."""
        self.done = asyncio.Event()
        """A speech was sent to its end."""
        self.sent: list[float] = []
        """When each piece of audio was sent; time of the loop."""
        self.connections = 0
        self.port = 0
        self._open = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> FakeVoice:
        self.port = await self.serve()
        return self

    async def __aexit__(self, kind: object, *exc: object) -> None:
        await self.stop()
        if kind is None:
            await self.deserted()

    async def deserted(self) -> None:
        """Wait until nobody is connected."""
        await asyncio.wait_for(self._empty.wait(), 1)

    @abstractmethod
    async def serve(self) -> int:
        """Its port."""

    @abstractmethod
    async def stop(self) -> None: ...

    def came(self) -> None:
        """A connection was opened."""
        self.connections += 1
        self._open += 1
        self._empty.clear()

    def went(self) -> None:
        self._open -= 1
        if not self._open:
            self._empty.set()

    def seen(self, request: Request) -> None:
        self.requests.append(request)
        self.asked.set()

    async def wait(self, piece: int) -> None:
        delay = self.script.each_s if piece else self.script.first_s
        if delay:
            await asyncio.sleep(delay)
        if piece == self.script.stall_at:
            await asyncio.Event().wait()
        self.sent.append(asyncio.get_running_loop().time())
