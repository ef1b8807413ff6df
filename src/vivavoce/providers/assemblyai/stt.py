"""AssemblyAI's streaming recognisers (version 3 of their protocol)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from ..hosted.closing import Ended, closed
from ..hosted.failures import Answered, needed
from ..hosted.link import Fact, Judged, Link, Manner, Said
from ..hosted.listening import HostedStt
from ..hosted.speaking import addresses

_QUEUED = 40
"""Messages that the SDK may hold: its own queue has no bound."""
_POLL_S = 0.02


class AssemblyAiStt(HostedStt):
    """Words with their times and AssemblyAI's own confidence that the turn is over; `finish` is its ForceEndpoint."""

    vendor = "assemblyai"
    variable = "ASSEMBLYAI_API_KEY"
    manner = Manner(least=800, pad=True, keep_alive_s=10.0, phrase_chars=50)

    def load(self) -> Any:
        with needed("assemblyai"):
            from assemblyai.streaming import v3
        return v3

    async def dial(self, phrases: list[str]) -> Link:
        v3 = self.sdk
        try:
            model = v3.SpeechModel(self.name)
        except ValueError:
            raise Answered(404) from None
        options = v3.RealTimeTranscriberOptions(
            api_key=self.key,
            connect_timeout=self.open_s,
            max_connection_retries=0,
            terminate_timeout=0.0,
        )
        if self.url:
            options.api_host = addresses(self.url)[1]
        parameters = v3.RealTimeParameters(
            sample_rate=16_000,
            encoding=v3.Encoding.pcm_s16le,
            speech_model=model,
            format_turns=False,
            keyterms_prompt=phrases or None,
            language_codes=[self.language] if self.language else None,
        )
        link = AssemblyAiLink(v3.AsyncRealTimeTranscriber(options), v3.RealTimeEvents)
        await link.connect(parameters)
        return link


class AssemblyAiLink(Link):
    def __init__(self, transcriber: Any, events: Any) -> None:
        self._transcriber = transcriber
        self._messages: asyncio.Queue[Any] = asyncio.Queue()
        self._ended = -1
        """The turn that ended last."""
        for event in (events.Begin, events.Turn, events.Termination, events.Error):
            transcriber.on(event, lambda _, message: self._messages.put_nowait(message))

    @property
    def socket(self) -> Any:
        return self._transcriber._websocket

    async def connect(self, parameters: Any) -> None:
        """What goes wrong is told by `receive`."""
        await self._transcriber.connect(parameters)
        reading = self._transcriber._read_task
        if reading is not None:
            # The SDK tells nobody when the session ends as it should, or when it stumbles over a message.
            reading.add_done_callback(self._done)

    def _done(self, reading: asyncio.Task[None]) -> None:
        broke = not reading.cancelled() and reading.exception() is not None
        self._messages.put_nowait(Answered(500) if broke else Ended())

    async def receive(self) -> Any:
        message = await self._messages.get()
        if not isinstance(message, Exception):
            return message
        code = getattr(message, "code", None)
        if not isinstance(code, int) or isinstance(message, Answered):
            raise message if isinstance(message, (Answered, Ended)) else ConnectionError()
        raise Answered(code) if code < 1000 else closed(code)

    def begun(self, message: Any) -> bool:
        return getattr(message, "type", None) == "Begin"

    def read(self, message: Any) -> Iterable[Fact]:
        kind = getattr(message, "type", None)
        if kind == "Termination":
            raise Ended
        if kind != "Turn" or message.turn_order <= self._ended:
            return
        over, words = message.end_of_turn, message.words
        if over:
            self._ended = message.turn_order
        # Words that may still change are in `words` only.
        text = message.transcript if over else " ".join(word.text for word in words)
        times = tuple((word.start / 1000, word.end / 1000) for word in words)
        start, end = (times[0][0], times[-1][1]) if times else (None, None)
        yield Said(text, over, start, end, times, over)
        if text:
            yield Judged(message.end_of_turn_confidence)

    async def send(self, pcm: bytes) -> None:
        queue = self._transcriber._write_queue
        while queue is not None and queue.qsize() >= _QUEUED:  # noqa: ASYNC110 - nothing tells that it was emptied
            await asyncio.sleep(_POLL_S)
        await self._transcriber.stream(pcm)

    async def finalise(self) -> None:
        await self._transcriber.force_endpoint()

    async def keep_alive(self) -> None:
        await self._transcriber.keep_alive()

    async def close(self) -> None:
        await self._transcriber.disconnect(terminate=True)
