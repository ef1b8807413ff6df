"""ElevenLabs' voices over warm WebSockets, a context for each speech. Their SDK has no asynchronous client for this."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ..hosted.failures import Answered, needed
from ..hosted.lines import Line, Lines
from ..hosted.speaking import Ask, HostedTts, Part, addresses
from ..hosted.words import Letters
from .voices import FASTEST, SLOWEST, VOICES, options, voice_id

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_URL = "https://api.elevenlabs.io"
_INACTIVE_S = 120
"""How long ElevenLabs keeps an idle connection; ours are given up before."""
_STATUS = {
    "quota_exceeded": 402,
    "voice_not_found": 404,
    "rate_limit_exceeded": 429,
    "too_many_concurrent_requests": 429,
}
"""HTTP's word for errors that come as messages; all others are the service's own."""
_ABSOLUTE_S = 0.05


class ElevenLabsSocketTts(HostedTts):
    """As `ElevenLabsTts`, but an interruption costs no connection. A voice is a name of `VOICES` or an id."""

    vendor = "elevenlabs-ws"
    variable = "ELEVENLABS_API_KEY"
    slowest, fastest = SLOWEST, FASTEST
    voices = tuple(VOICES)

    def __init__(self, model: str, key: str, url: str = "", language: str = "") -> None:
        """Raises `ProviderError`: `missing`, `refused`."""
        super().__init__(model, key)
        with needed("elevenlabs"):
            from websockets.asyncio.client import connect
        self._open = connect
        self._headers = {"xi-api-key": key}
        self._base = addresses(url or _URL)[1]
        line = {"sync_alignment": "true", "inactivity_timeout": _INACTIVE_S}
        self._query = urlencode(options(model, self.rate, language) | line)
        self._numbers = count(1)
        self._lines: Lines[ClientConnection] = Lines(self._connect)

    async def parts(self, ask: Ask) -> AsyncGenerator[Part, None]:
        context = f"c{next(self._numbers)}"

        async def say(line: Line[ClientConnection], **message: Any) -> None:
            await line.connection.send(json.dumps({"context_id": context} | message))

        async def begin(line: Line[ClientConnection]) -> None:
            settings = {} if ask.speed == 1.0 else {"voice_settings": {"speed": ask.speed}}
            await say(line, text=" ", **settings)
            await say(line, text=f"{ask.text} ", flush=True)
            await say(line, close_context=True)

        async def hush(line: Line[ClientConnection]) -> None:
            # What still comes of it is of a context that nobody asks for.
            await say(line, close_context=True)

        async with self._lines.line(voice_id(ask.voice), begin, hush) as line:
            async for part in self._made(line, context):
                yield part

    async def _made(self, line: Line[ClientConnection], context: str) -> AsyncGenerator[Part, None]:
        letters, size = Letters(), 0
        while True:
            message = json.loads(await line.hear(line.connection.recv()))
            if message.get("error") or message.get("code"):
                name = str(message.get("error") or "")
                raise Answered(_STATUS.get(name, 500), name)
            if (message.get("contextId") or message.get("context_id")) != context:
                continue
            if audio := message.get("audio"):
                pcm = base64.b64decode(audio, validate=True)
                times = message.get("alignment") or message.get("normalizedAlignment")
                if times is not None:
                    yield letters.push(times["chars"], _ends(times, size / 2 / self.rate))
                size += len(pcm)
                yield pcm
            if message.get("isFinal"):
                yield letters.flush()
                return

    async def hang_up(self) -> None:
        await self._lines.close()

    def _connect(self, voice: str) -> AbstractAsyncContextManager[ClientConnection]:
        address = f"{self._base}/v1/text-to-speech/{quote(voice, safe='')}/multi-stream-input?{self._query}"
        return self._open(address, additional_headers=self._headers, max_size=None)


def _ends(times: dict[str, list[int]], before_s: float) -> list[float]:
    """When each character ends, in seconds of the speech. Times count from the message's own audio, before which there
    were `before_s`; should they count from the beginning of the speech, they are that late already."""
    starts, lengths = times["charStartTimesMs"], times["charDurationsMs"]
    first_s = starts[0] / 1000 if starts else 0.0
    base = 0.0 if before_s and first_s >= before_s - _ABSOLUTE_S else before_s
    return [base + (start + length) / 1000 for start, length in zip(starts, lengths, strict=False)]
