"""The WebSockets that are open: how many there may be, and how all of them end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from .errors import Refused

GOING_AWAY = 1001
_LAST_WORD_S = 1.0
"""What a cancelled conversation gets to clean up."""


class Line(Protocol):
    """A socket, or another way to a peer."""

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye."""

    def drop(self) -> None:
        """Give the peer up."""


class Connections:
    """The running conversations; each is one task with at most one line."""

    def __init__(self, most: int = 100) -> None:
        self._most = most
        self._sockets: dict[asyncio.Task[object], Line | None] = {}
        self.closing = False
        """All of them are being ended: a cancelled conversation need not say so."""

    def __len__(self) -> int:
        return len(self._sockets)

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Count the running task while it is inside. Raises Refused when there is no room, or no more time."""
        if self.closing:
            raise Refused(503, "server_shutting_down", "The server is shutting down.", headers={"Retry-After": "5"})
        if len(self._sockets) >= self._most:
            raise Refused(503, "server_overloaded", "Too many connections are open.", headers={"Retry-After": "5"})
        task = _this_task()
        self._sockets[task] = None
        try:
            yield
        finally:
            del self._sockets[task]

    async def opened(self, socket: Line) -> None:
        """The running task has its line now."""
        self._sockets[_this_task()] = socket
        if self.closing:
            await socket.close(GOING_AWAY, "server shutting down")

    async def close(self, grace_s: float = 5.0) -> None:
        """Close every socket; conversations that have not ended after `grace_s` are cancelled."""
        self.closing = True
        tasks, sockets = list(self._sockets), [socket for socket in self._sockets.values() if socket]
        closing = [asyncio.ensure_future(socket.close(GOING_AWAY, "server shutting down")) for socket in sockets]
        pending = await _wait([*tasks, *closing], grace_s)
        for task in pending:
            task.cancel()
        for socket in sockets if pending else ():
            socket.drop()
        await _wait([*pending], _LAST_WORD_S)


async def _wait(tasks: list[asyncio.Task[object] | asyncio.Task[None]], timeout_s: float) -> set[asyncio.Task[object]]:
    if not tasks:
        return set()
    _, pending = await asyncio.wait(tasks, timeout=timeout_s)
    return pending


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task
