"""When words were spoken, as vendors tell it, laid over the text that they were given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...core.events import WordEnd

_SIGN = "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
"""Chinese and Japanese have no blanks between words: each sign is one here."""
_WORD = re.compile(rf"{_SIGN}|(?:(?!{_SIGN})\S)+")
_ALONE = re.compile(_SIGN)
_AHEAD = 8
"""Words of the text among which a spoken word is looked for, at most."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word as it was spoken, and the second of the utterance at which it ends."""

    word: str
    ends_s: float


class Letters:
    """Characters with times, put together to words."""

    def __init__(self) -> None:
        self._word = ""
        self._ends_s = 0.0

    def push(self, letters: Sequence[str], ends_s: Sequence[float]) -> list[Spoken]:
        """The words that are complete now."""
        words: list[Spoken] = []
        for letter, end in zip(letters, ends_s, strict=False):
            if letter.strip():
                self._word += letter
                self._ends_s = end
            if not letter.strip() or _ALONE.match(letter):
                words += self.flush()
        return words

    def flush(self) -> list[Spoken]:
        """The word that was left open, if any."""
        word, self._word = self._word, ""
        return [Spoken(word, self._ends_s)] if word else []


class WordEnds:
    """Finds spoken words in `text`, in order, and tells of each once the audio has reached its end.

    What is spoken otherwise than it is written (“25%”: “twenty-five percent”) is over when the next word begins that
    is spoken as it is written.
    """

    def __init__(self, text: str, rate: int) -> None:
        self._length = len(text)
        self._rate = rate
        self._words = [(_plain(found.group()), found.end()) for found in _WORD.finditer(text)]
        self._next = self._past(0)
        """The first word of the text that is not known to be spoken."""
        self._begun = ""
        """What was spoken of it, where one written word is several spoken ones."""
        self._odd = 0
        """Spoken words since the last that was found."""
        self._reached = 0
        """The sample at which the last spoken word ends."""
        self._waiting: list[WordEnd] = []
        self._told = WordEnd(0, 0)
        self._any = False

    def push(self, spoken: Iterable[Spoken]) -> None:
        for piece in spoken:
            self._any = True
            reached = max(self._reached, round(piece.ends_s * self._rate))
            for word in _WORD.findall(piece.word):
                self._take(_plain(word), reached)
            self._reached = reached

    def upto(self, samples: int) -> tuple[WordEnd, ...]:
        """Words that end within so much audio, and were not told yet."""
        ready = [word for word in self._waiting if word.samples <= samples]
        del self._waiting[: len(ready)]
        if ready:
            self._told = ready[-1]
        return tuple(ready)

    def finish(self, samples: int) -> tuple[WordEnd, ...]:
        """The rest, once all audio is there. Nothing if the vendor told of no word."""
        if not self._any:
            return ()
        complete = self._next == len(self._words)
        rest = [WordEnd(word.chars, min(word.samples, samples)) for word in self._waiting]
        last = rest[-1] if rest else self._told
        if last.chars < self._length:
            rest.append(WordEnd(self._length, last.samples if complete else samples))
        self._waiting.clear()
        return tuple(rest)

    def _take(self, word: str, reached: int) -> None:
        found = self._find(word)
        if found is None:
            self._odd += 1
            return
        if found > self._next:
            # Those before it were spoken in other words, which are over.
            self._waiting.append(WordEnd(self._words[found - 1][1], self._reached))
        self._next, self._begun, self._odd = self._past(found + 1), "", 0
        self._waiting.append(WordEnd(self._words[self._next - 1][1], reached))

    def _past(self, at: int) -> int:
        """The first word from there on that is more than punctuation."""
        while at < len(self._words) and not self._words[at][0]:
            at += 1
        return at

    def _find(self, word: str) -> int | None:
        """Which word of the text has been spoken to its end with this one."""
        if not word or self._next == len(self._words):
            return None
        begun = self._begun + word
        whole = self._words[self._next][0]
        if whole == begun:
            return self._next
        if whole.startswith(begun):
            self._begun = begun
            return None
        # A word that comes again later is not that one: few words are spoken as fewer.
        ahead = range(self._next, min(self._next + min(2 * self._odd + 2, _AHEAD), len(self._words)))
        return next((at for at in ahead if self._words[at][0] == word), None)


def _plain(word: str) -> str:
    """Letters and digits, without case: punctuation and quotes differ between what is written and what is timed."""
    return "".join(c for c in word.casefold() if c.isalnum())
