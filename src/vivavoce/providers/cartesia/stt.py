"""Cartesia's recogniser that judges turns, ink-2."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..hosted.failures import Answered, needed
from ..hosted.link import Began, Fact, Judged, Link, Manner, Said
from ..hosted.listening import HostedStt
from ..hosted.speaking import addresses

if TYPE_CHECKING:
    from cartesia import AsyncCartesia

_OVER = {"turn.eager_end": 0.6, "turn.end": 0.8}
"""Event: the least probability that the turn is over, by the thresholds that Cartesia documents."""


class CartesiaStt(HostedStt):
    """Words without times and Cartesia's own judgement of turns; `finish` takes the words that have settled."""

    vendor = "cartesia"
    variable = "CARTESIA_API_KEY"
    manner = Manner(least=1_600, quiet_s=0.5, settles=True, phrases_chars=1_200)

    def load(self) -> AsyncCartesia:
        with needed("cartesia"):
            from cartesia import AsyncCartesia
        http, ws = addresses(self.url) if self.url else (None, None)
        return AsyncCartesia(api_key=self.key, base_url=http, websocket_base_url=ws, max_retries=0)

    async def close(self) -> None:
        await super().close()
        await self.sdk.close()

    async def dial(self, phrases: list[str]) -> Link:
        opening = self.sdk.stt.auto_finalize.websocket(
            encoding="pcm_s16le",
            model=self.name,
            sample_rate=16_000,
            **({"keyterm": phrases} if phrases else {}),
        )
        return CartesiaLink(await opening.enter())


class CartesiaLink(Link):
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @property
    def socket(self) -> Any:
        return self._connection._connection

    async def receive(self) -> Any:
        return await self._connection.recv()

    def begun(self, message: Any) -> bool:
        return getattr(message, "type", None) == "connected"

    def read(self, message: Any) -> Iterable[Fact]:
        kind = getattr(message, "type", None)
        if kind == "error":
            raise Answered(message.status_code)
        if kind == "turn.start":
            yield Began()
        elif kind == "turn.resume":
            yield Judged(0.0)
        elif kind == "turn.update":
            yield Said(message.transcript)
        elif kind in _OVER:
            yield Said(message.transcript, final=kind == "turn.end", last=True)
            yield Judged(_OVER[kind])

    async def send(self, pcm: bytes) -> None:
        await self._connection.send_raw(pcm)

    async def finalise(self) -> None:
        """Cartesia ends turns by itself."""

    async def close(self) -> None:
        try:
            await self._connection.send({"type": "close"})
        finally:
            await self._connection.close()
