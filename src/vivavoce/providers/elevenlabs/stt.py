"""ElevenLabs' realtime recogniser, Scribe."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from ..hosted.closing import Ended, closed
from ..hosted.failures import Answered, needed
from ..hosted.link import Began, Fact, Link, Manner, Said
from ..hosted.listening import HostedStt
from ..hosted.speaking import addresses

_OVER = "close"
"""The SDK's event for the end of the connection."""
_WORDS = ("session_started", "partial_transcript", "committed_transcript", "committed_transcript_with_timestamps")
_ERRORS = {
    "auth_error": 401,
    "quota_exceeded": 402,
    "unaccepted_terms": 403,
    "rate_limited": 429,
    "resource_exhausted": 429,
    "queue_overflow": 429,
    "input_error": 400,
    "invalid_request": 400,
    "chunk_size_exceeded": 400,
    "transcriber_error": 500,
    "error": 500,
}
"""Type of message: what HTTP would say."""
_ENDED = ("session_time_limit_exceeded", "insufficient_audio_activity")
_THROTTLED = "commit_throttled"
"""Too little was sent since the last commit."""


class ScribeStt(HostedStt):
    """Words, in the end with their times; `finish` is Scribe's manual commit."""

    vendor = "elevenlabs"
    variable = "ELEVENLABS_API_KEY"
    manner = Manner(least=1_600, phrases=50, phrase_chars=20)

    def load(self) -> Any:
        with needed("elevenlabs"):
            from elevenlabs import realtime
        return realtime

    async def dial(self, phrases: list[str]) -> Link:
        sdk = self.sdk
        options: dict[str, Any] = {
            "model_id": self.name,
            "audio_format": sdk.AudioFormat.PCM_16000,
            "sample_rate": 16_000,
            "commit_strategy": sdk.CommitStrategy.MANUAL,
            "include_timestamps": True,
        }
        if self.language:
            options["language_code"] = self.language.partition("-")[0]
        if phrases:
            options["keyterms"] = phrases
        where = {"base_url": addresses(self.url)[1]} if self.url else {}
        service = sdk.ScribeRealtime(self.key, **where)
        # Its handlers are set before the connection's task gets to run.
        return ScribeLink(await service.connect(options), sdk.RealtimeEvents)


class ScribeLink(Link):
    def __init__(self, connection: Any, events: Any) -> None:
        self._connection = connection
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._talking = False
        """There were words since the last commit."""
        for kind in (*_WORDS, *_ERRORS, *_ENDED, _THROTTLED):
            connection.on(events(kind), self._messages.put_nowait)
        connection.on(events(_OVER), lambda how: self._messages.put_nowait({"message_type": _OVER, **how}))

    @property
    def socket(self) -> Any:
        return self._connection.websocket

    async def receive(self) -> Any:
        message = await self._messages.get()
        if message.get("message_type") == _OVER:
            raise closed(message["code"])
        return message

    def begun(self, message: Any) -> bool:
        return bool(message.get("message_type") == "session_started")

    def read(self, message: Any) -> Iterable[Fact]:
        kind = message.get("message_type")
        if kind in _ENDED:
            raise Ended
        if kind in _ERRORS:
            raise Answered(_ERRORS[kind])
        if kind == _THROTTLED:
            yield Said("", final=True, last=True)
        elif kind == "partial_transcript":
            if message["text"] and not self._talking:
                self._talking = True
                yield Began()
            yield Said(message["text"])
        elif kind == "committed_transcript":
            # The same follows with the times of its words, as a rule.
            text = message["text"].strip()
            yield Said(text, final=not text, last=True)
        elif kind == "committed_transcript_with_timestamps":
            self._talking = False
            words = [word for word in message.get("words") or () if word.get("type", "word") == "word"]
            times = tuple((word["start"], word["end"]) for word in words)
            start, end = (times[0][0], times[-1][1]) if times else (None, None)
            yield Said(message["text"], True, start, end, times, True)

    async def send(self, pcm: bytes) -> None:
        await self._connection.send({"audio_base_64": b64encode(pcm).decode("ascii")})

    async def finalise(self) -> None:
        await self._connection.commit()

    async def close(self) -> None:
        await self._connection.close()
