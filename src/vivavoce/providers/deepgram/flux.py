"""Deepgram's Flux: a recogniser that judges turns, of the second listening protocol."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from ..hosted.failures import Answered
from ..hosted.link import Began, Fact, Judged, Link, Manner, Reached, Said
from ..hosted.listening import HostedStt
from .connecting import Connected, client

if TYPE_CHECKING:
    from deepgram import AsyncDeepgramClient

_EAGER = 0.5
"""Confidence from which on Flux tells that the turn may be over."""


class FluxStt(HostedStt):
    """Words and Flux's own confidence that the turn is over; `finish` is its ForceEndTurn."""

    vendor = "deepgram"
    variable = "DEEPGRAM_API_KEY"
    manner = Manner(least=1_280, phrases_chars=1_500)

    def load(self) -> AsyncDeepgramClient:
        return client(self.key, self.url)

    async def dial(self, phrases: list[str]) -> Link:
        hints = [self.language] if self.language and self.name.endswith("-multi") else None
        stack = AsyncExitStack()
        connection = await stack.enter_async_context(
            self.sdk.listen.v2.connect(
                model=self.name,
                encoding="linear16",
                sample_rate=16_000,
                eager_eot_threshold=_EAGER,
                keyterm=phrases or None,
                language_hint=hints,
            )
        )
        return FluxLink(connection, stack)


class FluxLink(Connected):
    def begun(self, message: Any) -> bool:
        return getattr(message, "type", None) == "Connected"

    def read(self, message: Any) -> Iterable[Fact]:
        kind = getattr(message, "type", None)
        if kind == "Error":
            raise Answered(429 if "LIMIT" in message.code.upper() else 500)
        if kind != "TurnInfo":
            return
        event, text = message.event, message.transcript
        if event == "StartOfTurn":
            yield Began()
        over = event == "EndOfTurn"
        words = tuple((word.start, word.end) for word in message.words if word.start is not None)
        timed = bool(words) and None not in words[-1]
        start, end = (words[0][0], words[-1][1]) if timed else (None, message.audio_window_end)
        if event != "TurnResumed":
            yield Said(text, over, start, end, words if timed else (), over)
        if event == "TurnResumed":
            yield Judged(0.0)
        elif text:
            yield Judged(message.end_of_turn_confidence)
        else:
            yield Reached(message.audio_window_end)

    async def finalise(self) -> None:
        await self.connection.send_force_end_turn()
