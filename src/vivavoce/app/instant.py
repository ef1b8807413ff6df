"""Engines that take no time and cost next to nothing, so that what is measured is ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import numpy as np

from ..core.events import UserWords, WordEnd
from ..providers.base import Ask, LlmOutput, Pcm, Post, Speech, TextDelta

ANSWER = (
    "The keeper of the lighthouse climbed all of the stairs again, and lit the lamp for the ships. "
    "Every night he sang a song that his mother had taught him. The sea listened, and was quiet for a while."
)
WORD_MS = 300
LOUD = 500
"""Peak from which a window is speech."""


class InstantSttCall:
    """Hears `turn one`, `turn two` and so on: one sentence for each stretch of loud audio."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._segment = 0
        self._since: int | None = None
        self._until = 0
        self._turns = 0

    def feed(self, start: int, pcm: Pcm) -> None:
        loud = np.flatnonzero(np.abs(pcm) >= LOUD)
        if loud.size:
            if self._since is None:
                self._since = start + int(loud[0])
            self._until = start + int(loud[-1])

    def finish(self, upto: int) -> None:
        text, start = "", upto
        if self._since is not None:
            self._turns += 1
            text, start, self._since = f"this is turn {self._turns} now", self._since, None
        self._post(UserWords(self._segment, text, True, start, self._until if text else upto))
        self._segment += 1

    async def close(self) -> None:
        """Nothing to close."""


class InstantStt:
    model = "offline:instant"

    async def open(self, post: Post, expect: Sequence[str] = ()) -> InstantSttCall:
        return InstantSttCall(post)

    async def close(self) -> None:
        """Nothing to close."""


class InstantLlm:
    """Always gives the same answer; remembers what it was asked last."""

    model = "offline:instant"

    def __init__(self) -> None:
        self.asked: Ask | None = None

    async def stream(self, ask: Ask) -> AsyncIterator[LlmOutput]:
        self.asked = ask
        for word in ANSWER.split(" "):
            yield TextDelta(word + " ")

    async def close(self) -> None:
        """Nothing to close."""


class InstantTts:
    """Each word is a tone of 300 ms."""

    model = "offline:instant"
    rate = 24_000
    voices: tuple[str, ...] = ("tone",)

    async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Speech]:
        samples = self.rate * WORD_MS // 1000
        tone = (8_000 * np.sin(np.arange(samples) * 0.05)).astype(np.int16)
        chars = 0
        for n, word in enumerate(text.split()):
            chars = text.index(word, chars) + len(word)
            yield Speech(tone, (WordEnd(chars, (n + 1) * samples),))

    async def close(self) -> None:
        """Nothing to close."""
