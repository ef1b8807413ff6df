"""Messages between the processes of one server, over Unix sockets in a folder that only its user may enter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

_LENGTH_BYTES = 4
_MOST_BYTES = 64 << 20
_ANSWER_S = 5.0


class Wire:
    """One connection: messages, each a value as in JSON, whole and in order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def receive(self) -> Any:
        """The next message; None when the other end is gone."""
        try:
            size = int.from_bytes(await self._reader.readexactly(_LENGTH_BYTES))
            return msgspec.json.decode(await self._reader.readexactly(size)) if size <= _MOST_BYTES else None
        except (asyncio.IncompleteReadError, OSError):
            return None

    async def send(self, message: Any) -> None:
        """Returns when the transport has taken it. Silent when the other end is gone."""
        data = msgspec.json.encode(message)
        with suppress(OSError):
            self._writer.write(len(data).to_bytes(_LENGTH_BYTES) + data)
            await self._writer.drain()

    def close(self) -> None:
        self._writer.close()


async def dial(path: Path) -> Wire:
    """A connection to whoever listens there. Raises OSError."""
    return Wire(*await asyncio.open_unix_connection(path))


async def ask(path: Path, question: dict[str, Any]) -> Any:
    """One question, one answer. Raises OSError when nobody answers in time."""
    async with asyncio.timeout(_ANSWER_S):
        wire = await dial(path)
        try:
            await wire.send(question)
            answer = await wire.receive()
        finally:
            wire.close()
    if answer is None:
        raise ConnectionError(f"{path.name} hung up without an answer")
    return answer


async def listen(path: Path, attend: Callable[[Wire], Awaitable[None]]) -> asyncio.Server:
    """`attend` to each connection until it returns. A dead process's socket is replaced. Raises OSError."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer)
        try:
            await attend(wire)
        finally:
            wire.close()

    return await asyncio.start_unix_server(serve, path)
