"""Deepgram's recognisers of the first listening protocol, such as nova-3."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from ..hosted.failures import Answered
from ..hosted.link import Fact, Link, Manner, Reached, Said
from ..hosted.listening import HostedStt
from .connecting import Connected, client

if TYPE_CHECKING:
    from deepgram import AsyncDeepgramClient


class DeepgramStt(HostedStt):
    """Words with their times; `finish` is Deepgram's Finalize."""

    vendor = "deepgram"
    variable = "DEEPGRAM_API_KEY"
    manner = Manner(least=320, keep_alive_s=3.0, phrases_chars=1_500)

    def load(self) -> AsyncDeepgramClient:
        return client(self.key, self.url)

    async def dial(self, phrases: list[str]) -> Link:
        options: dict[str, Any] = {"keyterm" if self.name.startswith("nova-3") else "keywords": phrases or None}
        stack = AsyncExitStack()
        connection = await stack.enter_async_context(
            self.sdk.listen.v1.connect(
                model=self.name,
                language=self.language or None,
                encoding="linear16",
                sample_rate=16_000,
                channels=1,
                interim_results="true",
                smart_format="true",
                endpointing=300,
                **options,
            )
        )
        return DeepgramLink(connection, stack)


class DeepgramLink(Connected):
    async def greet(self) -> None:
        """Deepgram says nothing before it has heard something."""

    def read(self, message: Any) -> Iterable[Fact]:
        kind = getattr(message, "type", None)
        if kind == "Error":
            raise Answered(400 if message.variant == "SchemaError" else 500)
        if kind != "Results":
            return
        heard = message.channel.alternatives[0]
        final, end = bool(message.is_final), message.start + message.duration
        words = tuple((word.start, word.end) for word in heard.words)
        start, last = (words[0][0], words[-1][1]) if words else (message.start, end)
        yield Said(heard.transcript, final, start, last, words, bool(message.from_finalize))
        if final and not heard.transcript:
            yield Reached(end)

    async def finalise(self) -> None:
        await self.connection.send_finalize()

    async def keep_alive(self) -> None:
        await self.connection.send_keep_alive()
