"""The ledger of one reply: played samples <-> words. What was heard is computed from it, never committed.

A word counts as heard when its last sample has been played. Without word times the text of a part is apportioned
by duration, the word in progress is never credited, and the result is marked inexact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .errors import Misuse
from .events import WordEnd
from .units import out_samples

_WORD = re.compile(r"\S+")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"')\]]*(?=\s|$)")
_SLOWEST_MS_PER_CHAR = 110
"""Only a bound: while a part is still being made, its length is taken to be at least this slow a reading."""


@dataclass(frozen=True, slots=True)
class Heard:
    """`text` was heard once `samples` samples of the reply were played."""

    reply: int
    samples: int
    text: str
    exact: bool


@dataclass(slots=True)
class Part:
    """One synthesised stretch of a reply."""

    text: str
    samples: int = 0
    ended: bool = False
    attempt: int = 0
    """Which of its syntheses counts."""
    engine: int = 0
    """Which synthesiser makes it."""
    words: list[WordEnd] = field(default_factory=list)
    lead: int = 0
    """Silence at its beginning, in samples."""

    def chars_at(self, played: int) -> tuple[int, bool]:
        """Characters heard once `played` samples of this part were played, and whether that is exact."""
        if self.ended and played >= self.samples:
            return len(self.text), True
        if self.words:
            return max((w.chars for w in self.words if w.samples <= played), default=0), True
        total = self.samples
        if not self.ended:
            total = max(total, out_samples(len(self.text) * _SLOWEST_MS_PER_CHAR))
        reached = len(self.text) * played // total if total else 0
        return max((m.end() for m in _WORD.finditer(self.text) if m.end() <= reached), default=0), not played


@dataclass(slots=True)
class Ledger:
    """All parts of one reply, in the order they are played."""

    parts: list[Part] = field(default_factory=list)
    samples: int = 0
    """Samples of audio that exist so far."""

    @property
    def complete(self) -> bool:
        """Every part has all its audio."""
        return all(p.ended for p in self.parts)

    @property
    def text(self) -> str:
        return "".join(p.text for p in self.parts)

    @property
    def lead(self) -> int:
        """Samples before the first audible one."""
        at = 0
        for part in self.parts:
            if part.lead < part.samples or not part.ended:
                return at + part.lead
            at += part.samples
        return at

    def add(self, text: str) -> int:
        """A new part; its number."""
        self.parts.append(Part(text))
        return len(self.parts) - 1

    def audio(self, part: int, samples: int, words: tuple[WordEnd, ...], lead: int) -> None:
        """More audio of a part. Audio of a later part before the end of an earlier one breaks the ledger."""
        if any(not p.ended for p in self.parts[:part]):
            raise Misuse(f"audio of part {part} before part {part - 1} ended")
        row = self.parts[part]
        if row.samples == 0:
            row.lead = lead
        row.samples += samples
        self.samples += samples
        row.words.extend(words)

    def end(self, part: int) -> None:
        self.parts[part].ended = True

    def heard(self, reply: int, played: int) -> Heard:
        """What was heard once `played` samples of the reply were played."""
        chars, exact = self._reached(played)
        return Heard(reply, played, self.text[:chars].strip(), exact)

    def _reached(self, played: int) -> tuple[int, bool]:
        chars, left = 0, played
        for part in self.parts:
            got, exact = part.chars_at(left)
            chars += got
            left -= part.samples
            if not part.ended or left < 0 or got < len(part.text):
                return chars, exact
        return chars, True

    def recent(self, played: int, chars: int) -> str:
        """The last `chars` characters of what was heard, and the word in progress, for comparing with an echo."""
        reached, _ = self._reached(played)
        return self.text[max(0, reached - chars) : reached + 24]

    def sentence_end(self, played: int) -> int | None:
        """The sample at which the sentence being spoken ends; None while that is not known."""
        reached, _ = self._reached(played)
        text = self.text
        end = next((m.end() for m in _SENTENCE_END.finditer(text) if m.end() > reached), None)
        if end is None:
            return self.samples if self.complete else None
        return self._sample_of(end)

    def _sample_of(self, chars: int) -> int | None:
        """The first sample at which `chars` characters of the reply have been heard; None while unknown."""
        at = 0
        for part in self.parts:
            if chars <= len(part.text):
                if chars == len(part.text) and part.ended:
                    return at + part.samples
                for w in part.words:
                    if w.chars >= chars:
                        return at + w.samples
                if part.words or not part.ended:
                    return None
                return at + part.samples * chars // max(1, len(part.text))
            if not part.ended:
                return None
            chars -= len(part.text)
            at += part.samples
        return None
