"""What data channels of both backends share: messages wait here until somebody asks for them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

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


def too_long(text: str, error: Exception) -> None:
    """A message that the peer has said it will not take: there is nobody to tell but the log."""
    _log.warning("a message of %d characters was not sent over the data channel: %s", len(text), error)
