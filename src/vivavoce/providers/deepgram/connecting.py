"""What both listening protocols of Deepgram share."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from ..hosted.closing import Ended
from ..hosted.failures import needed
from ..hosted.link import Link
from ..hosted.speaking import addresses

if TYPE_CHECKING:
    from deepgram import AsyncDeepgramClient


def client(key: str, url: str) -> AsyncDeepgramClient:
    """Raises `ProviderError` code `missing`."""
    with needed("deepgram"):
        from deepgram import AsyncDeepgramClient, DeepgramClientEnvironment
    where = DeepgramClientEnvironment.PRODUCTION
    if url:
        http, ws = addresses(url)
        where = DeepgramClientEnvironment(base=http, production=ws, agent=ws, agent_rest=http)
    return AsyncDeepgramClient(api_key=key, environment=where)


class Connected(Link):
    """A connection of the SDK, and how to leave it."""

    def __init__(self, connection: Any, stack: AsyncExitStack) -> None:
        self.connection = connection
        self._messages = aiter(connection)
        self._stack = stack

    @property
    def socket(self) -> Any:
        return getattr(self.connection, "_websocket", None)

    async def receive(self) -> Any:
        try:
            return await anext(self._messages)
        except StopAsyncIteration:
            raise Ended from None

    async def send(self, pcm: bytes) -> None:
        await self.connection.send_media(pcm)

    async def close(self) -> None:
        try:
            await self.connection.send_close_stream()
        finally:
            await self._stack.aclose()
