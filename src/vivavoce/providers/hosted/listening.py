"""What hosted recognisers share: a name, a key, and sessions that are opened and closed in good order."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from ..base import Post, ProviderError
from .closing import cause
from .failures import Service, failure, stalled
from .link import Link, Manner
from .listener import Listener

_log = logging.getLogger(__name__)


class HostedStt(ABC):
    """A recogniser at a vendor; a subclass says who it is and opens its links."""

    vendor: ClassVar[str]
    variable: ClassVar[str]
    """The environment variable of its key."""
    manner: ClassVar[Manner] = Manner()
    open_s: float = 10.0
    """Longest wait for a session to begin."""
    close_s: float = 1.0
    """Longest wait for the vendor when a session is closed."""

    def __init__(self, model: str, key: str, url: str = "", language: str = "") -> None:
        """`url`: of another server with the vendor's protocol. `language`: BCP 47; the model's own when empty.

        Imports the SDK, which may take half a second: do it before a call begins. Raises `ProviderError` `missing`.
        """
        self.model = f"{self.vendor}:{model}"
        self.name = model
        self.key = key
        self.url = url.rstrip("/")
        self.language = language
        self.service = Service(self.model, self.variable)
        self.sdk = self.load()
        self._calls: set[Listener] = set()
        self._closed = False

    @abstractmethod
    def load(self) -> Any:
        """What the adapter needs of the vendor's SDK. Raises `ProviderError` code `missing`."""

    @abstractmethod
    async def dial(self, phrases: list[str]) -> Link:
        """Open a session; nothing has been received yet. Raises what the SDK raises."""

    async def open(self, post: Post, expect: Sequence[str] = ()) -> Listener:
        """A recogniser for one call. `expect`: phrases the agent is likely to hear, best first.

        Raises `ProviderError`: `missing`, `timeout`, `refused`, `rate_limited`, `not_found`, `died`, `closed`.
        """
        phrases = fitting(expect, self.manner)
        call = Listener(self, post, phrases, await self.connect(phrases))
        self._calls.add(call)
        return call

    def release(self, call: Listener) -> None:
        """That call is over."""
        self._calls.discard(call)

    async def close(self) -> None:
        """End all calls."""
        self._closed = True
        await asyncio.gather(*(call.close() for call in list(self._calls)))

    async def connect(self, phrases: list[str]) -> Link:
        """A session that has begun. Raises `ProviderError`."""
        link = None
        try:
            async with asyncio.timeout(self.open_s):
                self._check()
                link = await self.dial(phrases)
                await link.greet()
                self._check()
        except BaseException as error:
            if link is not None:
                await self.hang_up(link)
            if isinstance(error, TimeoutError):
                raise stalled(self.service, self.open_s) from None
            if isinstance(error, Exception):
                # From nothing: what a service says about a key may quote it.
                raise self.failure(error) from None
            raise
        return link

    def _check(self) -> None:
        if self._closed:
            raise ProviderError("closed", f"{self.model} was closed; make a new one")

    async def hang_up(self, link: Link) -> None:
        """Close a session politely, or else break it off."""
        try:
            async with asyncio.timeout(self.close_s):
                await link.close()
        except Exception as error:
            _log.debug("%s did not close: %s", self.model, type(error).__name__)
        finally:
            transport = getattr(link.socket, "transport", None)
            if transport is not None:
                transport.abort()

    def failure(self, error: BaseException) -> ProviderError:
        return failure(cause(error), self.service)


def fitting(expect: Sequence[str], manner: Manner) -> list[str]:
    """The phrases that a service takes."""
    phrases: list[str] = []
    room = manner.phrases_chars
    for phrase in expect:
        if 0 < len(phrase) <= min(manner.phrase_chars, room) and len(phrases) < manner.phrases:
            phrases.append(phrase)
            room -= len(phrase)
    return phrases
