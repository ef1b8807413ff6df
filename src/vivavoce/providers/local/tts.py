"""Neural voices on this machine, through sherpa-onnx in a worker process; a process has one model, for all calls."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
import numpy as np

from ...core.commands import Role, Usage
from ..base import Busy, ProviderError, Speech
from ..offline.tts import cut, plain
from ..offline.worker import Worker
from .store import find
from .tts_worker import Say

SLOWEST, FASTEST = 0.5, 2.0
_decode = msgspec.msgpack.Decoder(bytes).decode
_SILENCE_S = 60.0
"""Longest work on one sentence: a slow machine may need longer than the sentence lasts."""
_START_S = 120.0


class SherpaTts:
    """Speaks with the voices of one model. The first audio comes when its first sentence is made."""

    def __init__(self, model: str, busy: Busy | None = None) -> None:
        """`busy` is told of work in the worker process. Raises `ProviderError`: `missing`, `not_found`."""
        self._model, _ = find(f"sherpa:{model}")
        self.model = self._model.name
        self.rate = self._model.rate
        self.voices = self._model.voices
        module = "vivavoce.providers.local.tts_worker"
        self._worker = Worker(module, self.model, silence_s=_SILENCE_S, start_s=_START_S, busy=busy)

    @property
    def outstanding(self) -> int:
        """Requests that the worker process has not answered yet."""
        return self._worker.outstanding

    async def start(self) -> None:
        """Have the model loaded before the first word is needed. Raises `ProviderError`."""
        await self._worker.start()

    async def speak(
        self, text: str, voice: str, speed: float = 1.0, before: str = ""
    ) -> AsyncGenerator[Speech | Usage, None]:
        """Audio sentence by sentence, then one `Usage`. Closing the iterator cancels; a sentence that is being made is
        made to its end, and thrown away.

        `speed` is 0.5 to 2. Raises `ProviderError`: `refused` for an unknown voice or speed, `died`, `timeout`.
        """
        speaker = self._speaker(voice)
        # Kokoro's British speakers are those with a b.
        british = self._model.kind == "kokoro" and voice.startswith("b")
        if not SLOWEST <= speed <= FASTEST:
            raise ProviderError("refused", f"speed must be from {SLOWEST:g} to {FASTEST:g}, not {speed:g}")
        samples = 0
        for piece in cut(plain(text)):
            if not any(map(str.isalnum, piece)):
                continue
            request = Say(piece, speaker, british, speed)
            async with aclosing(self._worker.stream(request)) as parts:
                async for part in parts:
                    if pcm := _decode(part):
                        samples += len(pcm) // 2
                        yield Speech(np.frombuffer(pcm, dtype=np.int16))
        yield Usage(Role.TTS, self.model, (("characters", len(text)), ("seconds", samples / self.rate)))

    async def close(self) -> None:
        """End the worker process and wait until it is gone."""
        await self._worker.close()

    def _speaker(self, voice: str) -> int:
        if voice not in self.voices:
            raise ProviderError("refused", f"{self.model} has no voice {voice!r}; there are: {', '.join(self.voices)}")
        return self.voices.index(voice)
