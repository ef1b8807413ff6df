"""A hosted recogniser on this machine: a WebSocket server whose good and bad days are scripted, driven by bytes."""

from __future__ import annotations

import asyncio
import json
from abc import abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import numpy as np
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from .sound import RATE, Ear, Heard

KEY = "sk-very-secret-key"
NOISE = ("<html>this is no answer", "[1, 2]", "7", '{"type": "Novelty", "message_type": "novelty", "what": [1, 2, 3]}')
"""Frames of no sense, and of no type that anybody knows."""


class Silent:
    """A connection that says nothing."""

    def __aiter__(self) -> Silent:
        return self

    async def __anext__(self) -> None:
        raise StopAsyncIteration


@dataclass
class Script:
    """Seconds and caller samples (16 kHz); by default a good day."""

    status: int = 0
    """Answer to the handshake."""
    deaf: bool = False
    """Takes connections and never says anything."""
    delay_s: float = 0.0
    """Before each message."""
    noise: tuple[str, ...] = ()
    """Frames before each message."""
    dies_at: int | None = None
    """So many samples into a connection it ends, by breaking off or with `close_code`."""
    close_code: int | None = None
    deaths: int = 1
    """Connections that die."""
    stalls_at: int | None = None
    """So many samples into a connection nothing more is said."""
    refuses: int = 0
    """Handshakes to be refused (503) after the first connection."""


@dataclass
class Session:
    """What one connection was like."""

    query: dict[str, list[str]]
    headers: dict[str, str]
    texts: list[dict[str, Any]] = field(default_factory=list)
    """Messages that are no audio."""
    samples: int = 0
    ended: float | None = None
    """Time of the loop."""


class Vendor:
    """Serves while it is entered. A subclass speaks the protocol."""

    path: ClassVar[str]
    rate: ClassVar[int] = RATE

    def __init__(self) -> None:
        self.script = Script()
        self.sessions: list[Session] = []
        self.handshakes = 0
        self.ended = asyncio.Event()
        self._server: Server

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def open(self) -> int:
        return sum(session.ended is None for session in self.sessions)

    async def __aenter__(self) -> Vendor:
        self._server = await serve(self._main, "127.0.0.1", 0, process_request=self._admit, close_timeout=0.2)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def deserted(self) -> float:
        """When the last connection ended."""
        async with asyncio.timeout(5):
            while self.open:
                self.ended.clear()
                await self.ended.wait()
        return max((session.ended or 0.0 for session in self.sessions), default=0.0)

    def _admit(self, connection: ServerConnection, request: Any) -> Any:
        self.handshakes += 1
        status = self.script.status
        if self.handshakes > 1 and self.script.refuses:
            self.script.refuses -= 1
            status = 503
        if not status and urlsplit(request.path).path != self.path:
            status = 404
        return connection.respond(HTTPStatus(status), f"no, {KEY}") if status else None

    async def _main(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        query = parse_qs(urlsplit(connection.request.path).query)
        session = Session(query, dict(connection.request.headers.raw_items()))
        self.sessions.append(session)
        talk = self.Talk(self, connection, session)
        try:
            with suppress(ConnectionClosed):
                await talk.run()
        finally:
            session.ended = asyncio.get_running_loop().time()
            self.ended.set()

    class Talk:
        """One connection; what it heard and what of that is final."""

        def __init__(self, vendor: Vendor, connection: ServerConnection, session: Session) -> None:
            self.vendor = vendor
            self.script = vendor.script
            self.connection = connection
            self.session = session
            self.ear = Ear(vendor.rate)
            self.final = 0
            """Words that are."""
            self.told: list[Heard] = []
            self.turn = 0

        async def run(self) -> None:
            if not self.script.deaf:
                await self.hello()
            async for message in self.connection:
                if self.script.deaf:
                    continue
                if isinstance(message, bytes):
                    await self.hear(message)
                else:
                    self.session.texts.append(json.loads(message))
                    await self.take(self.session.texts[-1])

        @property
        def new(self) -> list[Heard]:
            """Words since the last final."""
            return self.ear.words[self.final :]

        @property
        def text(self) -> str:
            return " ".join(word.text for word in self.new)

        @property
        def changed(self) -> bool:
            before, self.told = self.told, self.new
            return [word.text for word in self.told] != [word.text for word in before]

        def close_segment(self) -> None:
            self.final = len(self.ear.words)
            self.told = []
            self.turn += 1

        async def hear(self, pcm: bytes) -> None:
            """Audio, in portions of 50 ms."""
            samples = np.frombuffer(pcm, "<i2")
            portion = self.vendor.rate // 20
            for at in range(0, samples.size, portion):
                self.ear.hear(samples[at : at + portion])
                self.session.samples = self.ear.samples * RATE // self.vendor.rate
                await self._die()
                await self.heard()

        async def _die(self) -> None:
            script = self.script
            if script.dies_at is None or self.session.samples < script.dies_at or not script.deaths:
                return
            script.deaths -= 1
            if script.close_code is None:
                self.connection.transport.abort()
            else:
                await self.connection.close(script.close_code, f"because of {KEY}")
            raise asyncio.CancelledError

        async def say(self, **message: Any) -> None:
            script = self.script
            if script.stalls_at is not None and self.session.samples >= script.stalls_at:
                return
            for frame in script.noise:
                await self.connection.send(frame)
            if script.delay_s:
                await asyncio.sleep(script.delay_s)
            await self.connection.send(json.dumps(message))

        async def hello(self) -> None: ...

        async def heard(self) -> None:
            """There is more audio."""

        @abstractmethod
        async def take(self, message: dict[str, Any]) -> None:
            """A message that is no audio."""
