"""Calls that another process of the same server holds: ended, joined and asked for over its private socket.

The id of a call names its process, so nobody has to be told where it is.
"""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any, Protocol

from ...transports.clients import Socket
from . import post
from .calls import PeerCall
from .marks import worker_of
from .socket import Opening

_BROKEN = (1011, "server_error")


class LocalCalls(Protocol):
    """The calls of this process."""

    async def has(self, call_id: str, owner: str) -> bool: ...

    async def hang_up(self, call_id: str, owner: str) -> bool: ...

    async def handle(self, opening: Opening, socket: Socket) -> None: ...

    async def answer(self, opening: Opening, offer: str, given: dict[str, Any]) -> PeerCall: ...


def path_of(folder: Path, worker: int) -> Path:
    return folder / f"worker{worker}"


class Neighbours:
    """The calls of all processes. Those of this one as they are, the others' over their sockets."""

    def __init__(self, calls: LocalCalls, worker: int, workers: int, folder: Path) -> None:
        self._calls = calls
        self._worker = worker
        self._workers = workers
        self._folder = folder

    async def has(self, call_id: str, owner: str) -> bool:
        """Does this call run, and is it this owner's?"""
        if (path := self._elsewhere(call_id)) is None:
            return await self._calls.has(call_id, owner)
        return await _ask(path, {"do": "has", "call": call_id, "owner": owner})

    async def hang_up(self, call_id: str, owner: str) -> bool:
        """End a call over WebRTC; False when this owner has none of that id."""
        if (path := self._elsewhere(call_id)) is None:
            return await self._calls.hang_up(call_id, owner)
        return await _ask(path, {"do": "hang_up", "call": call_id, "owner": owner})

    async def answer(self, opening: Opening, offer: str, given: dict[str, Any]) -> PeerCall:
        return await self._calls.answer(opening, offer, given)

    async def handle(self, opening: Opening, socket: Socket) -> None:
        """One connection, to its end."""
        path = None if opening.call_id is None else self._elsewhere(opening.call_id)
        if path is None:
            await self._calls.handle(opening, socket)
        else:
            await _join(path, opening, socket)

    async def attend(self, wire: post.Wire) -> None:
        """What other processes ask of this one."""
        match await wire.receive():
            case {"do": "has", "call": str(call_id), "owner": str(owner)}:
                await wire.send(await self._calls.has(call_id, owner))
            case {"do": "hang_up", "call": str(call_id), "owner": str(owner)}:
                await wire.send(await self._calls.hang_up(call_id, owner))
            case {"do": "join", "call": str(call_id), "owner": str(owner)}:
                if await self._calls.has(call_id, owner):
                    opening = Opening("", "realtime", call_id, {}, owner, "")
                    await self._calls.handle(opening, _Passed(wire))

    def _elsewhere(self, call_id: str) -> Path | None:
        """The socket of the process that has it; None where that is this one, or none at all."""
        worker = worker_of(call_id)
        return path_of(self._folder, worker) if 0 < worker <= self._workers and worker != self._worker else None


class _Passed:
    """A client's socket that another process holds."""

    def __init__(self, wire: post.Wire) -> None:
        self._wire = wire
        self._closed = False

    async def receive(self) -> str | bytes | None:
        if self._closed:
            return None
        match await self._wire.receive():
            case {"text": str(text)}:
                return text
            case {"bytes": str(data)}:
                return base64.b64decode(data)
        return None

    async def send(self, text: str) -> None:
        if not self._closed:
            await self._wire.send({"text": text})

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if not self._closed:
            self._closed = True
            await self._wire.send({"close": [code, reason]})
            self._wire.close()


async def _join(path: Path, opening: Opening, socket: Socket) -> None:
    """Pass messages on in both directions until one end is gone."""
    try:
        wire = await post.dial(path)
    except OSError:
        await socket.close(*_BROKEN)
        return
    try:
        await wire.send({"do": "join", "call": opening.call_id, "owner": opening.owner})
        listening = asyncio.ensure_future(_outwards(socket, wire))
        try:
            await _inwards(wire, socket)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    finally:
        wire.close()


async def _outwards(socket: Socket, wire: post.Wire) -> None:
    while (message := await socket.receive()) is not None:
        await wire.send({"text" if isinstance(message, str) else "bytes": message})
    wire.close()


async def _inwards(wire: post.Wire, socket: Socket) -> None:
    while (message := await wire.receive()) is not None:
        match message:
            case {"text": str(text)}:
                await socket.send(text)
            case {"close": [int(code), str(reason)]}:
                await socket.close(code, reason)
                return
    # Silent when the client has left; else the process that had the call is no more.
    await socket.close(*_BROKEN)


async def _ask(path: Path, question: dict[str, Any]) -> bool:
    try:
        return bool(await post.ask(path, question))
    except OSError:
        # Its process has just died, and the call with it.
        return False
