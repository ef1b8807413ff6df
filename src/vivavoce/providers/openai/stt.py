"""OpenAI's recognisers, by transcription sessions of the Realtime API; also of any server that speaks it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...audio.resample import Resampler
from ..hosted.failures import Answered, needed
from ..hosted.link import Fact, Link, Manner, Said
from ..hosted.listening import HostedStt
from ..hosted.speaking import addresses

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_RATE = 24_000
"""The only one that a transcription session takes."""
_OF_WORDS = "conversation.item.input_audio_transcription."
_EMPTY = ("input_audio_buffer_commit_empty", "audio_unintelligible")
_ERRORS = {
    "invalid_api_key": 401,
    "insufficient_quota": 402,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "session_expired": 408,
}
"""Code of an error: what HTTP would say."""
_KEYWORDS = ("gpt-transcribe", "gpt-live-transcribe")
_NO_PHRASES = ("gpt-realtime-whisper", "gpt-4o-transcribe-diarize")


class OpenAiStt(HostedStt):
    """Words come when `finish` commits the audio; nothing is judged by OpenAI, and long silence is not sent."""

    vendor = "openai"
    variable = "OPENAI_API_KEY"
    manner = Manner(least=1_600, quiet_s=None, answer_s=5.0, lead=8_000, phrases_chars=800)

    def load(self) -> AsyncOpenAI:
        with needed("openai"):
            from openai import AsyncOpenAI
        http, ws = addresses(self.url) if self.url else (None, None)
        client = AsyncOpenAI(api_key=self.key, base_url=http, websocket_base_url=ws, max_retries=0)
        # The SDK imports this part when it is first mentioned.
        assert client.realtime
        return client

    async def close(self) -> None:
        await super().close()
        await self.sdk.close()

    async def dial(self, phrases: list[str]) -> Link:
        opening = self.sdk.realtime.connect(extra_query={"intent": "transcription"})
        link = OpenAiLink(await opening.enter())
        await link.configure(self._transcription(phrases))
        return link

    def _transcription(self, phrases: list[str]) -> dict[str, Any]:
        asked: dict[str, Any] = {"model": self.name}
        if self.language:
            asked["language"] = self.language.partition("-")[0]
        if phrases and self.name.startswith(_KEYWORDS):
            asked["keywords"] = phrases
        elif phrases and not self.name.startswith(_NO_PHRASES):
            whisper = self.name.startswith("whisper")
            asked["prompt"] = ", ".join(phrases) if whisper else f"Expect words like these: {'; '.join(phrases)}"
        return asked


class OpenAiLink(Link):
    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._resampler = Resampler(16_000, _RATE)
        self._text = ""
        """What is known of the item that is being transcribed."""

    @property
    def socket(self) -> Any:
        return self._connection._connection

    async def configure(self, transcription: dict[str, Any]) -> None:
        heard = {
            "format": {"type": "audio/pcm", "rate": _RATE},
            "transcription": transcription,
            "turn_detection": None,
        }
        session = {"type": "transcription", "audio": {"input": heard}}
        await self._connection.send({"type": "session.update", "session": session})

    async def receive(self) -> Any:
        return await self._connection.recv()

    def begun(self, message: Any) -> bool:
        return getattr(message, "type", None) == "session.updated"

    def read(self, message: Any) -> Iterable[Fact]:
        kind = getattr(message, "type", None) or ""
        if kind == "error" or kind == _OF_WORDS + "failed":
            self._text = ""
            if message.error.code not in _EMPTY:
                raise Answered(_ERRORS.get(message.error.code, 400 if "request" in (message.error.type or "") else 500))
            yield Said("", final=True, last=True)
        elif kind == _OF_WORDS + "delta":
            self._text += message.delta or ""
            yield Said(self._text)
        elif kind == _OF_WORDS + "completed":
            self._text = ""
            yield Said(message.transcript, final=True, last=True)

    async def send(self, pcm: bytes) -> None:
        await self._append(self._resampler.push(np.frombuffer(pcm, np.int16)).tobytes())

    async def finalise(self) -> None:
        await self._append(self._resampler.flush().tobytes())
        await self._connection.send({"type": "input_audio_buffer.commit"})

    async def close(self) -> None:
        await self._connection.close()

    async def _append(self, pcm: bytes) -> None:
        if pcm:
            audio = b64encode(pcm).decode("ascii")
            await self._connection.send({"type": "input_audio_buffer.append", "audio": audio})
