"""One call's recognition, inside the worker process: gate, decoders, and the way back from decoder time to caller
positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from .decoders import Word
from .gate import Gate, Pcm

_LONG = 20 * 16_000
"""Samples after which an utterance is finalised at the next pause, asked or not, to bound the decoder's memory."""
_TOO_LONG = 60 * 16_000
"""Samples after which it is finalised anyway."""
_STILL_SPEAKING = 3_200
"""Samples (200 ms): a finish so soon after speech leaves the gate open."""
_TAIL = 1_600
"""Samples (100 ms): speech that ends so soon after a final segment is the tail of its last word."""


class Heard(msgspec.Struct, frozen=True):
    """The fields of a `UserWords`."""

    segment: int
    text: str
    final: bool
    start: int
    end: int
    times: tuple[tuple[int, int], ...] = ()


class Ears(Protocol):
    """What `decoders.Ear` does."""

    samples: int

    def begin(self) -> None: ...
    def hear(self, pcm: Pcm) -> None: ...
    def end(self) -> None: ...
    def words(self) -> list[Word]: ...


class Listener:
    """Feed it a call's audio; it tells what was said, in caller positions (16 kHz)."""

    def __init__(self, vad: Callable[[Pcm], float], ear: Ears, segment: int = 0, timed: bool = False) -> None:
        """`timed`: tell where each word is, as the ear knows it well."""
        self._timed = timed
        self._gate = Gate(vad)
        self._ear = ear
        self._segment = segment
        self._floor = 0
        """All audio before this position belongs to segments that are final."""
        self._heard_to = 0
        """All audio before this position has been recognised or left out."""
        self._told_to = 0
        """What `feed` told last goes up to this position."""
        self._map: list[tuple[int, int]] = []
        """(decoder sample, caller position) wherever the two drift apart; empty when no utterance is open."""
        self._said = ""

    def feed(self, start: int, pcm: Pcm) -> list[Heard]:
        """More audio; gives the words as they now stand, if they changed, and finals of very long utterances."""
        told: list[Heard] = []
        if self._gate.at is None:
            self._floor = start
        for position, window in self._gate.feed(start, pcm):
            self._hear(position, window)
            if self._ear.samples >= (_TOO_LONG if self._gate.open else _LONG) and self._map:
                told.append(self._finalise(self._heard_to))
        if self._map and self._heard_to > self._told_to and not told:
            self._told_to = self._heard_to
            words = self._words(None)
            text = " ".join(word.text for word in words)
            if text and text != self._said:
                self._said = text
                told.append(Heard(self._segment, text, False, words[0].start, words[-1].end, self._times(words)))
        return told

    def finish(self, upto: int) -> Heard:
        """What was said before position `upto`, for good. Audio that has not come yet belongs to the next segment."""
        if rest := self._gate.rest():
            position, pcm = rest
            if self._gate.open and position < upto:
                self._hear(position, pcm[: upto - position])
        return self._finalise(upto)

    def catch_up(self) -> None:
        """After `finish`: hear again what belongs to the next segment already. Takes a while.

        That may be speech that goes on, or that is over by now; `feed` tells of it.
        """
        at = self._gate.at or 0
        if at - self._gate.last_speech > _STILL_SPEAKING:
            self._gate.open = False
        if self._gate.last_speech > self._floor + (0 if self._gate.open else _TAIL):
            for position, window in self._gate.since(self._floor):
                self._hear(position, window)

    def _hear(self, position: int, pcm: Pcm) -> None:
        """Recognise one window, less what has been recognised already."""
        if position < self._heard_to:
            pcm = pcm[self._heard_to - position :]
            position = self._heard_to
        if not len(pcm):
            return
        if not self._map:
            self._ear.begin()
            self._map.append((0, position))
        elif self._place(self._ear.samples) != position:
            self._map.append((self._ear.samples, position))
        self._ear.hear(pcm)
        self._heard_to = position + len(pcm)

    def _finalise(self, upto: int) -> Heard:
        """End the segment at `upto`; an utterance that ran on beyond it is left for `catch_up`."""
        words: list[Word] = []
        if self._map:
            self._ear.end()
            words = self._words(upto)
            self._map.clear()
        start = words[0].start if words else min(self._floor, upto)
        end = words[-1].end if words else upto
        text = " ".join(word.text for word in words)
        heard = Heard(self._segment, text, True, start, end, self._times(words))
        self._segment += 1
        self._said = ""
        # What has not come yet cannot have been heard, whatever `upto` says.
        arrived = min(upto, self._gate.at or 0)
        self._floor = self._heard_to = self._told_to = max(self._floor, arrived, end if words else 0)
        self._ear.samples = 0
        return heard

    def _words(self, upto: int | None) -> list[Word]:
        """The words in caller positions, those only that begin before `upto`."""
        words = []
        for word in self._ear.words():
            start = self._place(word.start)
            end = min(self._place(word.end), self._heard_to)
            if upto is None or start < upto:
                words.append(Word(word.text, start, end))
        return words

    def _times(self, words: list[Word]) -> tuple[tuple[int, int], ...]:
        return tuple((word.start, word.end) for word in words) if self._timed else ()

    def _place(self, sample: int) -> int:
        """The caller position of a decoder sample."""
        decoded, position = self._map[0]
        for later, there in self._map:
            if later <= sample:
                decoded, position = later, there
        return position + sample - decoded
