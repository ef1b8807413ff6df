"""Deepgram's Aura voices, over warm WebSockets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from ..hosted.failures import Answered, needed
from ..hosted.lines import Line, Lines
from ..hosted.speaking import Ask, HostedTts, Part, addresses

if TYPE_CHECKING:
    from deepgram.speak.v1.socket_client import AsyncV1SocketClient

_FLUSHES = 20
"""Deepgram takes as many in a minute on one connection; each speech is one."""
_TEXT = re.compile(r".{1,1900}(?:\s|\Z)|.{1,1900}", re.DOTALL)
"""Deepgram takes 2000 characters in one message."""
_HUSH_S = 0.5
"""Longest wait of a new speech for the silence after the one before it."""


class AuraTts(HostedTts):
    """A voice is a model of Deepgram's: `thalia` stands for `aura-2-thalia-en`, and whole names are passed on."""

    vendor = "deepgram"
    variable = "DEEPGRAM_API_KEY"
    slowest, fastest = 0.7, 1.5
    voices = (
        "thalia",
        "andromeda",
        "helena",
        "apollo",
        "arcas",
        "aries",
        "asteria",
        "athena",
        "atlas",
        "aurora",
        "hera",
        "hermes",
        "luna",
        "orion",
        "orpheus",
        "zeus",
    )

    def __init__(self, model: str, key: str, url: str = "", language: str = "") -> None:
        """Raises `ProviderError`: `missing`, `refused`."""
        super().__init__(model, key)
        with needed("deepgram"):
            from deepgram import AsyncDeepgramClient, DeepgramClientEnvironment
            from deepgram.speak.v1.types import SpeakV1Text
        where = DeepgramClientEnvironment.PRODUCTION
        if url:
            http, ws = addresses(url)
            where = DeepgramClientEnvironment(base=http, production=ws, agent=ws, agent_rest=http)
        # The SDK imports this part of itself when it is first asked for: do it before calls are on.
        self._speak = AsyncDeepgramClient(api_key=key, environment=where).speak.v1
        self._text = SpeakV1Text
        self._family = model
        self._language = language.partition("-")[0] or "en"
        self._lines: Lines[AsyncV1SocketClient] = Lines(self._connect, uses=_FLUSHES)

    async def parts(self, ask: Ask) -> AsyncGenerator[Part, None]:
        async def begin(line: Line[AsyncV1SocketClient]) -> None:
            await self._silence(line)
            for text in _TEXT.findall(ask.text):
                await line.connection.send_text(self._text(type="Speak", text=text))
            await line.connection.send_flush()

        async with self._lines.line((self._model(ask.voice), ask.speed), begin, self._clear) as line:
            while True:
                message = await line.hear(line.connection.recv())
                if isinstance(message, bytes):
                    yield message
                    continue
                # `Cleared` and `Flushed` are of one class in the SDK.
                kind = getattr(message, "type", "")
                if kind == "Flushed":
                    return
                if kind == "Error":
                    raise Answered(500, str(getattr(message, "code", "")))

    async def hang_up(self) -> None:
        await self._lines.close()

    def _model(self, voice: str) -> str:
        return voice if "-" in voice else f"{self._family}-{voice.lower()}-{self._language}"

    def _connect(self, kind: tuple[str, float]) -> AbstractAsyncContextManager[AsyncV1SocketClient]:
        model, speed = kind
        options: dict[str, Any] = {} if speed == 1.0 else {"speed": speed}
        line: AbstractAsyncContextManager[AsyncV1SocketClient]
        line = self._speak.connect(model=model, encoding="linear16", sample_rate=self.rate, **options)
        return line

    async def _clear(self, line: Line[AsyncV1SocketClient]) -> None:
        line.hushed = True
        await line.connection.send_clear()

    async def _silence(self, line: Line[AsyncV1SocketClient]) -> None:
        """Drop what still came of a speech that was cut off."""
        if line.hushed:
            async with asyncio.timeout(_HUSH_S):
                while getattr(await line.connection.recv(), "type", "") != "Cleared":
                    pass
            line.hushed = False
