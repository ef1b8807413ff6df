"""What the server hands to the handler of a conversation: how it was opened, and the socket it runs on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

from ...transports.clients import Socket

Message = MutableMapping[str, Any]
MOST_PENDING_BYTES = 16 << 20
STALL_S = 10.0
_MOST_REASON_BYTES = 123


@dataclass(frozen=True, slots=True)
class Opening:
    """What the handshake said."""

    model: str
    """Empty when none was named."""
    kind: str
    """`realtime` or `transcription`."""
    call_id: str | None
    """The running call to attach to; None for a conversation of its own."""
    session: dict[str, Any]
    """The session configuration bound to the client secret; empty if there is none."""
    owner: str
    """Names the API key, or the one that a client secret was made with; never contains it."""
    safety_id: str
    """The application's name for its user; may be empty."""


Handler = Callable[[Opening, Socket], Awaitable[None]]


class Calls(Protocol):
    """The calls that run."""

    async def has(self, call_id: str, owner: str) -> bool:
        """Does this call run, and is it this owner's?"""


class AsgiSocket:
    """A Socket over an accepted ASGI connection."""

    def __init__(
        self,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
        abort: Callable[[], None] | None = None,
        *,
        most_pending_bytes: int = MOST_PENDING_BYTES,
        stall_s: float = STALL_S,
    ) -> None:
        """`abort` cuts the connection without waiting for the peer, where the server can do that."""
        self._receive = receive
        self._send = send
        self._abort = abort
        self._most_pending_bytes = most_pending_bytes
        self._stall_s = stall_s
        self._pending_bytes = 0
        self._turn = asyncio.Lock()
        """Keeps frames in order while the transport is full."""
        self._reading: asyncio.Timeout | None = None
        self._gone = False
        """The peer is gone."""
        self._closed = False
        """We closed."""

    async def receive(self) -> str | bytes | None:
        if self._gone or self._closed:
            return None
        try:
            async with asyncio.timeout(None) as self._reading:
                message = await self._receive()
        except TimeoutError:
            return None
        finally:
            self._reading = None
        if message["type"] != "websocket.receive":
            self._gone = True
            return None
        text: str | None = message.get("text")
        data: bytes | None = message.get("bytes")
        return text if text is not None else data

    async def send(self, text: str) -> None:
        if self._gone or self._closed:
            return
        size = len(text)
        if self._pending_bytes and self._pending_bytes + size > self._most_pending_bytes:
            self.drop()
            return
        self._pending_bytes += size
        try:
            await self._pass_on({"type": "websocket.send", "text": text})
        finally:
            self._pending_bytes -= size

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self._gone or self._closed:
            return
        self._closed = True
        self._wake()
        reason = reason.encode()[:_MOST_REASON_BYTES].decode(errors="ignore")
        await self._pass_on({"type": "websocket.close", "code": code, "reason": reason})

    def drop(self) -> None:
        """Give the peer up: nothing more is sent, and `receive` returns None."""
        self._gone = True
        self._wake()
        if self._abort is not None:
            self._abort()

    def abort_later(self, after_s: float = STALL_S) -> None:
        """Cut the connection after a while, should the peer not have finished closing it."""
        if self._abort is not None:
            asyncio.get_running_loop().call_later(after_s, self._abort)

    async def _pass_on(self, message: Message) -> None:
        try:
            async with asyncio.timeout(self._stall_s), self._turn:
                if not self._gone:
                    await self._send(message)
        except TimeoutError:
            self.drop()
        except (OSError, RuntimeError):
            # How servers say that the connection has ended in the meantime.
            self._gone = True

    def _wake(self) -> None:
        if self._reading is not None:
            self._reading.reschedule(asyncio.get_running_loop().time())
