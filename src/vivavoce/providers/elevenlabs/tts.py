"""ElevenLabs' voices, one HTTP request for each speech, with the time of every character."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from typing import Any

from ..hosted.failures import needed
from ..hosted.speaking import KEEP_S, Ask, HostedTts, Part
from ..hosted.words import Letters

VOICES = {
    "sarah": "EXAVITQu4vr4xnSDxMaL",
    "george": "JBFqnCBsd6RMkjVDRZzb",
    "alice": "Xb7hH8MSUJpSbSDYk0k2",
    "brian": "nPczCjzI2devNBz1zQrb",
    "charlie": "IKne3meq5aSn9XLyUdCD",
    "chris": "iP95p4xoKVk53GoZ742B",
    "daniel": "onwK4e9ZLuTAKqWW03F9",
    "eric": "cjVigY5qzO86Huf0OWal",
    "jessica": "cgSgspJ2msm6clMCkdW9",
    "laura": "FGY2WhTYpPnrIDTdsKH5",
    "liam": "TX3LPaxmHKxFdv7VOQHJ",
    "lily": "pFZP5JQG7iQjIQuC4Bku",
    "matilda": "XrExE9yKIg1WjnnlVkGX",
    "river": "SAz9YHcvj6GT2YYXdXww",
    "roger": "CwhRBWXzGAHq8TQ4Fs17",
    "will": "bIHbv24MWmeRgasZH58o",
}
"""Ready-made voices that every account has."""
_NO_BEFORE = ("eleven_v3",)
"""Models, by how they begin, that refuse a request with `previous_text`."""
_NO_LANGUAGE = ("eleven_multilingual_v2",)
"""Models that hear the language from the text, and do not let it be set."""


class ElevenLabsTts(HostedTts):
    """A voice is a name of `VOICES` or an id of ElevenLabs'."""

    vendor = "elevenlabs"
    variable = "ELEVENLABS_API_KEY"
    slowest, fastest = 0.7, 1.2
    voices = tuple(VOICES)

    def __init__(self, model: str, key: str, url: str = "", language: str = "") -> None:
        """Raises `ProviderError`: `missing`, `refused`."""
        super().__init__(model, key)
        with needed("elevenlabs"):
            import httpx
            from elevenlabs import VoiceSettings
            from elevenlabs.client import AsyncElevenLabs
        limits = httpx.Limits(max_keepalive_connections=20, keepalive_expiry=KEEP_S)
        self._http = httpx.AsyncClient(limits=limits, timeout=None, follow_redirects=True)
        client = AsyncElevenLabs(api_key=key, base_url=url.rstrip("/") or None, httpx_client=self._http)
        self._stream = client.text_to_speech.stream_with_timestamps
        self._settings = VoiceSettings
        self._known = model
        self._options: dict[str, Any] = {"model_id": model, "output_format": f"pcm_{self.rate}"}
        if language and not model.startswith(_NO_LANGUAGE):
            self._options["language_code"] = language.partition("-")[0]

    async def parts(self, ask: Ask) -> AsyncGenerator[Part, None]:
        options = dict(self._options)
        if ask.speed != 1.0:
            options["voice_settings"] = self._settings(speed=ask.speed)
        if ask.before and not self._known.startswith(_NO_BEFORE):
            options["previous_text"] = ask.before
        letters = Letters()
        voice = VOICES.get(ask.voice.lower(), ask.voice)
        async for chunk in self._stream(voice, text=ask.text, **options):
            # Times of the text as it was written, where there are any: those are the ones to be laid over it.
            times = getattr(chunk, "alignment", None) or getattr(chunk, "normalized_alignment", None)
            if times is not None:
                yield letters.push(times.characters, times.character_end_times_seconds)
            if audio := getattr(chunk, "audio_base_64", None):
                yield base64.b64decode(audio, validate=True)
        yield letters.flush()

    async def hang_up(self) -> None:
        await self._http.aclose()
