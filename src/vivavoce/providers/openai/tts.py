"""OpenAI's voices, one HTTP request for each speech."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from ..hosted.failures import needed
from ..hosted.speaking import KEEP_S, Ask, HostedTts, Part

VOICES = (
    "alloy",
    "ash",
    "ballad",
    "cedar",
    "coral",
    "echo",
    "fable",
    "marin",
    "nova",
    "onyx",
    "sage",
    "shimmer",
    "verse",
)


class OpenAiTts(HostedTts):
    """Also any server that offers `audio/speech` as OpenAI does, with the voices it has."""

    vendor = "openai"
    variable = "OPENAI_API_KEY"
    slowest, fastest = 0.25, 4.0
    voices = VOICES

    def __init__(self, model: str, key: str, url: str = "", language: str = "", instructions: str = "") -> None:
        """`instructions`: how to speak, for models that take it. The language is that of the text.

        Raises `ProviderError`: `missing`, `refused`.
        """
        super().__init__(model, key)
        with needed("openai"):
            import httpx2
            from openai import AsyncOpenAI, DefaultAsyncHttpxClient
        limits = httpx2.Limits(max_keepalive_connections=20, keepalive_expiry=KEEP_S)
        http = DefaultAsyncHttpxClient(limits=limits)
        # The engine itself decides about a second try, while the caller waits.
        self._client = AsyncOpenAI(api_key=key, base_url=url or None, max_retries=0, http_client=http)
        self._create = self._client.audio.speech.with_streaming_response.create
        self._options: dict[str, Any] = {"model": model, "response_format": "pcm"}
        if instructions:
            self._options["instructions"] = instructions

    async def parts(self, ask: Ask) -> AsyncGenerator[Part, None]:
        options = self._options if ask.speed == 1.0 else self._options | {"speed": ask.speed}
        voice = ask.voice.lower() if ask.voice.lower() in VOICES else ask.voice
        async with self._create(input=ask.text, voice=voice, **options) as response:
            async for chunk in response.iter_bytes():
                yield chunk

    async def hang_up(self) -> None:
        await self._client.close()
