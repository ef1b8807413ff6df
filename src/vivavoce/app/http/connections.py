"""The WebSockets that are open: how many there may be, and how all of them end."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
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


class Kind(Enum):
    """What comes in."""

    CALL = "a call of its own, over the connection that asks for it"
    PEER = "a call over WebRTC, which needs that connection no longer"
    LISTENER = "somebody who joins a call"


class Tally(Protocol):
    """How many conversations there are, where several processes serve together."""

    def put(self, calls: int, peers: int) -> None:
        """So many in this process, so many of them without a connection to the port."""

    def total(self) -> int:
        """In all processes."""


class Connections:
    """The running conversations; each is one task with at most one line."""

    def __init__(
        self,
        most: int = 100,
        tally: Tally | None = None,
        busy_s: Callable[[int], float] = lambda calls: 0.0,
    ) -> None:
        """`most` at a time, in all processes of `tally`. `busy_s`: how long so many must be kept from another one,
        in seconds; 0 when there may be one more."""
        self._most = most
        self._tally = tally
        self._busy_s = busy_s
        self._sockets: dict[asyncio.Task[object], Line | None] = {}
        self._peers = 0
        self.closing = False
        """All of them are being ended: a cancelled conversation need not say so."""

    def __len__(self) -> int:
        return len(self._sockets)

    @property
    def total(self) -> int:
        """In all processes."""
        return len(self) if self._tally is None else self._tally.total()

    @property
    def busy_s(self) -> float:
        """How long nobody more comes in, in seconds. Without calls there is nobody to protect."""
        return self._busy_s(len(self)) if self._sockets else 0.0

    @contextmanager
    def enter(self, kind: Kind = Kind.CALL) -> Iterator[None]:
        """Count the running task while it is inside. Raises Refused when there is no room, or no more time."""
        if self.closing:
            raise Refused(503, "server_shutting_down", "The server is shutting down.", headers={"Retry-After": "5"})
        # Who joins a call is no burden that could be sent elsewhere.
        if kind is not Kind.LISTENER and (wait_s := self.busy_s):
            after = {"Retry-After": str(math.ceil(wait_s))}
            raise Refused(503, "server_overloaded", "The server is busy with the calls it has.", headers=after)
        self._check_room(self.total + 1)
        task = _this_task()
        self._sockets[task] = None
        self._peers += kind is Kind.PEER
        self._count()
        try:
            # Once more when it is counted: two processes must not give one place away twice.
            self._check_room(self.total)
            yield
        finally:
            del self._sockets[task]
            self._peers -= kind is Kind.PEER
            self._count()

    def _check_room(self, wanted: int) -> None:
        if wanted > self._most:
            raise Refused(503, "server_overloaded", "Too many connections are open.", headers={"Retry-After": "5"})

    def _count(self) -> None:
        if self._tally is not None:
            self._tally.put(len(self._sockets), self._peers)

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
