"""What the fake vendors of language models share: what they answer, how they misbehave, what they saw of the client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

KEY = "k-secret-0123456789"
TEXTS = ("Well, ", "the quick ", "brown ", "fox.")
INPUT, CACHED = 12, 8
"""Tokens of every request, and how many of them the vendor had kept; each piece of an answer is one more."""


@dataclass(frozen=True)
class Called:
    """A call of a tool, its arguments in pieces."""

    id: str
    name: str
    pieces: tuple[str, ...]


@dataclass
class Script:
    """`..._at`: the number of the piece of text before which it happens; None for never."""

    texts: tuple[str, ...] = TEXTS
    calls: tuple[Called, ...] = ()
    finish: str = "stop"
    """`stop`, `length` or `filter`."""
    status: int = 0
    """HTTP status with which requests are refused."""
    cut_at: int | None = None
    stall_at: int | None = None
    garbage_at: int | None = None
    fails_at: int | None = None
    """The vendor reports that it is overloaded, in the middle of its answer."""
    silent: bool = False
    """Not even the head of an answer comes."""
    unknown: bool = False
    """Events that no SDK knows, and signs of life, are strewn in."""
    whole_calls: bool = False
    """Arguments come in one fragment."""


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: dict
    at: float


class Dialect(Protocol):
    """What one vendor's API looks like on the wire."""

    def pieces(self, script: Script) -> Iterator[bytes]:
        """The answer as events, `opening` ones first, one for each text, and the rest."""
        ...

    opening: int
    """How many events come before the first text."""
    noise: tuple[bytes, ...]
    garbage: bytes
    overloaded: bytes

    def refusal(self, status: int) -> bytes: ...

    def prefix(self, body: dict) -> list[str]:
        """The request as a cache of prompts reads it: tools, instructions, then message by message."""
        ...


class FakeModel:
    """A vendor's server on this machine. Leaving it fails when a client has kept a connection open."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.script = Script()
        self.requests: list[Request] = []
        self.asked = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.sent = 0
        """Pieces of text of the last answer."""
        self.accepted = 0
        self.connections: set[asyncio.Task] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> FakeModel:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        await self.deserted()

    async def deserted(self) -> None:
        """Every client has hung up."""
        if self.connections:
            await asyncio.wait_for(asyncio.gather(*self.connections), 1)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.accepted += 1
        self.connections.add(task)
        try:
            while await self._answer(reader, writer):
                pass
        except ConnectionError:
            self.hung_up.set()
        finally:
            self.connections.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        except asyncio.IncompleteReadError:
            return False
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))))
        self.requests.append(Request(head[0].split()[1], headers, body, asyncio.get_running_loop().time()))
        self.asked.set()
        if self.script.silent:
            return await self._stall(reader)
        if self.script.status:
            return await self._refuse(writer, self.script.status)
        return await self._stream(reader, writer)

    async def _refuse(self, writer: asyncio.StreamWriter, status: int) -> bool:
        body = self.dialect.refusal(status)
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        return True

    async def _stall(self, reader: asyncio.StreamReader) -> bool:
        await reader.read()
        self.hung_up.set()
        return False

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        script = self.script
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        self.sent = 0
        for number, event in enumerate(self.dialect.pieces(script), -self.dialect.opening):
            if number == script.cut_at:
                return False
            if number == script.stall_at:
                await writer.drain()
                return await self._stall(reader)
            faults = {script.garbage_at: self.dialect.garbage, script.fails_at: self.dialect.overloaded}
            noise = b"".join(self.dialect.noise) if script.unknown else b""
            part = noise + faults.get(number, event)
            writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            await writer.drain()
            self.sent = max(0, min(number + 1, len(script.texts)))
            if number == script.fails_at:
                break
            # One event to a read of the client, as over a network.
            await asyncio.sleep(0)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def data(value: dict | str, event: str = "") -> bytes:
    """A server-sent event."""
    text = value if isinstance(value, str) else json.dumps(value)
    return (f"event: {event}\n" if event else "").encode() + f"data: {text}\n\n".encode()


@dataclass(frozen=True)
class Keeps:
    """Where in its requests a vendor has what a cache of prompts reads."""

    settled: tuple[str, ...]
    growing: str

    def prefix(self, body: dict) -> list[str]:
        settled = [json.dumps(body.get(name)) for name in self.settled]
        return [*settled, *(json.dumps(item) for item in body[self.growing])]
