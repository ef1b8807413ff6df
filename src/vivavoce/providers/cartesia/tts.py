"""Cartesia's Sonic voices, over warm WebSockets; each speech is a context of its own, with the time of every word."""

from __future__ import annotations

import base64
import uuid
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from ..hosted.failures import Answered, needed
from ..hosted.lines import Line, Lines
from ..hosted.speaking import Ask, HostedTts, Part, addresses
from ..hosted.words import Spoken

if TYPE_CHECKING:
    from cartesia.lib._tts import AsyncTTSResourceConnection as Socket

VOICES = {
    "katie": "f786b574-daa5-4673-aa0c-cbe3e8534c02",
    "blake": "a167e0f3-df7e-4d52-a9c3-f949145efdab",
    "brooke": "e07c00bc-4134-4eae-9ea4-1a55fb45746b",
    "caroline": "f9836c6e-a0bd-460e-9d3c-f7299fa60f94",
    "jacqueline": "9626c31c-bec5-4cca-baa8-f8ba9e84c8bc",
    "ronald": "5ee9feff-1265-424a-9d7f-8e4d431a12c7",
}
"""Ready-made voices for agents."""


class CartesiaTts(HostedTts):
    """A voice is a name of `VOICES` or an id of Cartesia's."""

    vendor = "cartesia"
    variable = "CARTESIA_API_KEY"
    slowest, fastest = 0.6, 1.5
    voices = tuple(VOICES)

    def __init__(self, model: str, key: str, url: str = "", language: str = "") -> None:
        """Raises `ProviderError`: `missing`, `refused`."""
        super().__init__(model, key)
        with needed("cartesia"):
            import websockets.asyncio.client  # noqa: F401
            from cartesia import AsyncCartesia
        http, ws = addresses(url) if url else (None, None)
        self._client = AsyncCartesia(api_key=key, base_url=http, websocket_base_url=ws, max_retries=0)
        self._request: dict[str, Any] = {
            "model_id": model,
            "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": self.rate},
            "add_timestamps": True,
            "continue": False,
        }
        if language:
            self._request["language"] = language.partition("-")[0]
        self._lines: Lines[Socket] = Lines(self._connect)

    async def parts(self, ask: Ask) -> AsyncGenerator[Part, None]:
        context = str(uuid.uuid4())

        async def begin(line: Line[Socket]) -> None:
            await line.connection.send(self._asking(ask, context))  # type: ignore[arg-type]

        async def cancel(line: Line[Socket]) -> None:
            await line.connection.send({"cancel": True, "context_id": context})

        async with self._lines.line(None, begin, cancel) as line:
            while True:
                event: Any = await line.hear(line.connection.recv())
                # What still comes of a speech that was cut off has its context.
                if getattr(event, "context_id", None) not in (context, None):
                    continue
                kind = getattr(event, "type", "")
                if kind == "chunk":
                    yield base64.b64decode(event.data, validate=True)
                elif kind == "timestamps" and (times := event.word_timestamps):
                    yield [Spoken(*pair) for pair in zip(times.words, times.end, strict=False)]
                elif kind == "done":
                    return
                elif kind == "error":
                    raise _answered(event)

    async def hang_up(self) -> None:
        await self._lines.close()
        await self._client.close()

    def _asking(self, ask: Ask, context: str) -> dict[str, Any]:
        voice = {"mode": "id", "id": VOICES.get(ask.voice.lower(), ask.voice)}
        request = self._request | {"context_id": context, "transcript": ask.text, "voice": voice}
        return request if ask.speed == 1.0 else request | {"generation_config": {"speed": ask.speed}}

    def _connect(self, kind: None) -> AbstractAsyncContextManager[Socket]:
        return self._client.tts.websocket_connect()


def _answered(event: Any) -> Answered:
    code = event.error_code or ""
    return Answered(404 if code.endswith("not_found") else event.status_code or 500, code)
