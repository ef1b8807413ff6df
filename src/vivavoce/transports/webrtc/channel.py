"""What data channels of both backends share: messages wait until somebody asks for them, or the peer takes them."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any

MOST_UNREAD = 32 << 20
"""Characters or bytes of messages that nobody has asked for. Then the channel is closed: it would never end."""
MOST_UNSENT = 1 << 20
"""Bytes that wait for the peer; then `send` waits."""

_log = logging.getLogger(__name__)


class Mailbox:
    """The messages of one channel, until it is gone."""

    def __init__(self) -> None:
        self._messages: deque[str | bytes] = deque()
        self._unread = 0
        self._more = asyncio.Event()
        self.gone = asyncio.Event()

    def put(self, message: str | bytes) -> bool:
        """False when there are far too many."""
        self._unread += len(message)
        if self._unread > MOST_UNREAD:
            return False
        self._messages.append(message)
        self._more.set()
        return True

    def close(self) -> None:
        self.gone.set()
        self._more.set()

    async def get(self) -> str | bytes | None:
        while not self._messages:
            if self.gone.is_set():
                return None
            self._more.clear()
            await self._more.wait()
        message = self._messages.popleft()
        self._unread -= len(message)
        return message


class DataChannel(ABC):
    """A data channel of the peer's; see `peer.Channel`. What the libraries name differently is left to the backends."""

    refusals: tuple[type[Exception], ...]
    """What the library raises for a message longer than the peer takes."""

    def __init__(self, channel: Any) -> None:
        self.label: str = channel.label
        self._channel = channel
        self._box = Mailbox()
        self._room = asyncio.Event()
        channel.on("message", lambda event: self._came(self.read(event)))
        channel.on("bufferedamountlow", lambda *_: self._room.set())
        channel.on("close", lambda *_: self.gone())

    @abstractmethod
    def is_open(self) -> bool:
        """Can it be written to, as far as the library knows?"""

    @abstractmethod
    def unsent(self) -> int:
        """Bytes that wait for the peer."""

    @abstractmethod
    def read(self, event: Any) -> str | bytes:
        """The message that an event of the library brings."""

    def when_open(self, act: Callable[[], None]) -> None:
        """Now, if it is open already, as it is as a rule: then no event comes."""
        if self.is_open():
            act()
        else:
            self._channel.once("open", lambda *_: act())

    def _came(self, message: str | bytes) -> None:
        if not self._box.put(message):
            self._channel.close()

    def gone(self) -> None:
        """Nothing more will come, and nothing can be sent."""
        self._box.close()
        self._room.set()

    async def receive(self) -> str | bytes | None:
        return await self._box.get()

    async def send(self, text: str) -> None:
        while self._writable() and self.unsent() > MOST_UNSENT:
            self._room.clear()
            await self._room.wait()
        if self._writable():
            try:
                self._channel.send(text)
            except self.refusals as error:
                # There is nobody to tell but the log.
                _log.warning("a message of %d characters was not sent over the data channel: %s", len(text), error)

    def _writable(self) -> bool:
        return self.is_open() and not self._box.gone.is_set()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._channel.close()

    async def finished(self) -> None:
        """When the peer has got everything."""
        self._channel.close()
        await self._box.gone.wait()
