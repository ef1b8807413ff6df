"""The words in a stretch of audio, outside of any conversation."""

from __future__ import annotations

import asyncio

from ..audio.pcm import Pcm
from ..audio.resample import resample
from ..core.events import Event, ProviderFailed, UserWords
from ..core.units import IN_RATE
from ..providers.base import ProviderError, Stt

_STEP = IN_RATE


async def words_in(stt: Stt, pcm: Pcm, rate: int) -> str:
    """All the words in some audio, by a call of its own; none when the recogniser fails."""
    texts: list[str] = []
    done = asyncio.Event()

    def post(event: Event) -> None:
        if isinstance(event, UserWords) and event.final:
            texts.append(event.text)
        if isinstance(event, ProviderFailed) or (isinstance(event, UserWords) and event.final):
            done.set()

    heard = resample(pcm, rate, IN_RATE)
    try:
        async with asyncio.timeout(10 + heard.size / IN_RATE):
            call = await stt.open(post)
            try:
                for start in range(0, heard.size, _STEP):
                    call.feed(start, heard[start : start + _STEP])
                    await asyncio.sleep(_STEP / IN_RATE / 4 if heard.size > 8 * _STEP else 0)
                done.clear()
                call.finish(heard.size)
                await done.wait()
            finally:
                await call.close()
    except (TimeoutError, ProviderError):
        return ""
    return " ".join(filter(None, texts))
