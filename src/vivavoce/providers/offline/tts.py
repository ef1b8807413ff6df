"""The embedded synthesiser: espeak-ng in a worker process, shared by all calls."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import msgspec
import numpy as np

from ...core.commands import Role, Usage
from ...core.events import WordEnd
from ..base import Busy, ProviderError, Speech
from .espeak import RATE
from .extra import require
from .tts_worker import Say, Sound
from .voices import VOICES, Voice
from .worker import Worker

_decode = msgspec.msgpack.Decoder(Sound).decode

_PIECE = 200
"""Characters after which a text is cut at the next end of a sentence, so that other calls get their turn."""
_LONGEST_PIECE = 400
_SENTENCE_END = re.compile(r"[.!?…]+[\"')\]»”’]*\s+|\n+")
_CLAUSE_END = re.compile(r".*[,;:–—]\s", re.DOTALL)
_SPACE = re.compile(r".*\s", re.DOTALL)


class EspeakTts:
    """Speaks English with the voices of `voices.VOICES`: plainly a machine, but at once and for nothing.

    First audio after about 1 ms; one second of speech costs about 1 ms of one core.
    """

    rate = RATE
    """Samples per second of the audio."""
    voices = tuple(voice.name for voice in VOICES)

    def __init__(self, busy: Busy | None = None, model: str = "espeak") -> None:
        """`busy` is told of work in the worker processes. Raises `ProviderError` code `missing`."""
        require("espeakng_loader")
        self.model = f"offline:{model}"
        self._worker = Worker("vivavoce.providers.offline.tts_worker", busy=busy)

    @property
    def outstanding(self) -> int:
        """Requests that the worker process has not answered yet."""
        return self._worker.outstanding

    async def start(self) -> None:
        """Have the worker process ready before the first word is needed. Raises `ProviderError`."""
        await self._worker.start()

    async def speak(
        self, text: str, voice: str, speed: float = 1.0, before: str = ""
    ) -> AsyncGenerator[Speech | Usage, None]:
        """Audio in pieces of about 60 ms as it is made, then one `Usage`. Closing the iterator cancels.

        `text` is spoken as it stands; markup is not looked for. A pause natural to its last punctuation follows it.
        `speed` is 0.5 to 2. Raises `ProviderError`: `refused` for an unknown voice or speed, `died`, `timeout`.
        """
        speaker = _speaker(voice)
        if not 0.5 <= speed <= 2.0:
            raise ProviderError("refused", f"speed must be from 0.5 to 2, not {speed:g}")
        chars = samples = 0
        last = WordEnd(0, 0)
        for piece in cut(plain(text)):
            request = _say(piece, speaker, speed)
            began = samples
            async with aclosing(self._worker.stream(request)) as parts:
                async for part in parts:
                    sound = _decode(part)
                    words = tuple(WordEnd(chars + at, began + end) for at, end in sound.words)
                    last = words[-1] if words else last
                    samples += len(sound.pcm) // 2
                    if sound.pcm or words:
                        yield Speech(np.frombuffer(sound.pcm, dtype=np.int16), words)
            chars += len(piece)
        if samples and last.chars < len(text):
            yield Speech(np.zeros(0, np.int16), (WordEnd(len(text), last.samples),))
        yield Usage(Role.TTS, self.model, (("characters", len(text)), ("seconds", samples / RATE)))

    async def close(self) -> None:
        """End the worker process and wait until it is gone."""
        await self._worker.close()


def plain(text: str) -> str:
    """`text`, character for character, with blanks for what a synthesiser would take for a command."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Co", "Cs") and c != "\n" else c for c in text)


def cut(text: str) -> Iterator[str]:
    """Pieces that together are `text`: whole sentences, unless one is longer than 400 characters."""
    while len(text) > _PIECE:
        end = _SENTENCE_END.search(text, _PIECE - 1)
        at = end.end() if end else len(text)
        if at > _LONGEST_PIECE:
            head = text[:_LONGEST_PIECE]
            soft = _CLAUSE_END.match(head) or _SPACE.match(head)
            at = soft.end() if soft else _LONGEST_PIECE
        yield text[:at]
        text = text[at:]
    if text.strip():
        yield text


def _speaker(name: str) -> Voice:
    for voice in VOICES:
        if voice.name == name:
            return voice
    raise ProviderError("refused", f"no voice {name!r}; there are: {', '.join(v.name for v in VOICES)}")


def _say(text: str, voice: Voice, speed: float) -> Say:
    return Say(
        text=text,
        accent=voice.accent,
        variant=voice.variant,
        language=voice.language,
        female=voice.female,
        pitch=voice.pitch,
        lilt=voice.lilt,
        words_per_minute=voice.words_per_minute,
        volume=voice.volume,
        speed=speed,
    )
