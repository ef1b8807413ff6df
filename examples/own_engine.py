"""A synthesiser of one's own: it speaks Morse. The five steps are those of docs/own-engine.md."""

import re
from collections.abc import AsyncIterator

import numpy as np

from vivavoce import Agent
from vivavoce.core.events import WordEnd
from vivavoce.providers.base import ProviderError, Speech

CODES = ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
LETTERS = dict(zip("abcdefghijklmnopqrstuvwxyz", CODES.split(), strict=True))


# 1. A class with what its Protocol in vivavoce/providers/base.py asks for.
class MorseTts:
    # "offline:" says that nothing is reached over a network: simulated calls need not run in real time.
    model = "offline:morse"
    rate = 8_000
    voices = ("key",)

    # 2. Give what there is as soon as it is there; whoever interrupts closes the iterator.
    async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Speech]:
        # 3. Raise nothing but ProviderError, with a short code that never changes.
        if voice not in self.voices:
            raise ProviderError("not_found", f"there is no voice {voice!r}; choose {', '.join(self.voices)}")
        unit, done = int(0.04 * self.rate / speed), 0
        for word in re.finditer(r"\S+", text):
            pcm = self._word(word[0].lower(), unit)
            done += pcm.size
            # 4. Say where each word ends, so that it is known what was heard of an answer that is cut off.
            yield Speech(pcm, (WordEnd(chars=word.end(), samples=done),))

    # 5. Let go of what you opened. It is called when serving or a simulation ends; the next may follow.
    async def close(self) -> None:
        pass

    def _word(self, word: str, unit: int) -> np.ndarray:
        lengths = {".": 1, "-": 3}
        codes = [LETTERS[letter] for letter in word if letter in LETTERS]
        marks = [np.repeat([1, 0], [lengths[mark] * unit, unit]) for code in codes for mark in code]
        on = np.concatenate([*marks, np.zeros(4 * unit)])
        return (8_000 * on * np.sin(2 * np.pi * 600 * np.arange(on.size) / self.rate)).astype(np.int16)


agent = Agent("You are a telegraphist.", greeting="Hello.", tts=MorseTts())
