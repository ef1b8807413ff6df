"""ElevenLabs' voices, one HTTP request for each speech, with the time of every character."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator

from ..hosted.failures import needed
from ..hosted.speaking import KEEP_S, Ask, HostedTts, Part
from ..hosted.words import Letters
from .voices import FASTEST, SLOWEST, VOICES, options, voice_id

_NO_BEFORE = ("eleven_v3",)
"""Models, by how they begin, that refuse a request with `previous_text`."""


class ElevenLabsTts(HostedTts):
    """A voice is a name of `VOICES` or an id of ElevenLabs'."""

    vendor = "elevenlabs"
    variable = "ELEVENLABS_API_KEY"
    slowest, fastest = SLOWEST, FASTEST
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
        self._options = options(model, self.rate, language)

    async def parts(self, ask: Ask) -> AsyncGenerator[Part, None]:
        more = dict(self._options)
        if ask.speed != 1.0:
            more["voice_settings"] = self._settings(speed=ask.speed)
        if ask.before and not self._known.startswith(_NO_BEFORE):
            more["previous_text"] = ask.before
        letters = Letters()
        async for chunk in self._stream(voice_id(ask.voice), text=ask.text, **more):
            # Times of the text as it was written, where there are any: those are the ones to be laid over it.
            times = getattr(chunk, "alignment", None) or getattr(chunk, "normalized_alignment", None)
            if times is not None:
                yield letters.push(times.characters, times.character_end_times_seconds)
            if audio := getattr(chunk, "audio_base_64", None):
                yield base64.b64decode(audio, validate=True)
        yield letters.flush()

    async def hang_up(self) -> None:
        await self._http.aclose()
