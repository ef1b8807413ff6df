"""The agent's voice in the caller's microphone, as the session's ears and echo meter judged it in a real room.

The windows were measured with another text in the agent's mouth; what counts of them is how the meter learns the path,
doubts it when a reply begins, and what is left when the agent stops.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from ..core.events import UserSound, WordEnd
from ..core.units import IN_RATE, OUT_RATE, in_samples
from ..runtime.hear import SUPPRESSED
from .clips import QUIET_UNIT, WINDOW, Clip, Heard, Room
from .people import Word, plain

if TYPE_CHECKING:
    from .world import World

APART = in_samples(300)
"""Silence of the agent after which it speaks anew."""
KEPT = 400
"""Windows remembered, to tell which words were suppressed."""


@dataclass(slots=True)
class Loudspeaker:
    """What comes back to one caller. Positions are caller samples."""

    world: World
    room: Room
    stretches: int = 0
    """Times the agent began to speak."""
    began: int = 0
    until: int = -APART
    """Where the agent's voice began, and where it ends so far."""
    suppressed: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT))
    """Windows that the recogniser was not given, by number."""
    _told: dict[int, int] = field(default_factory=dict)
    """Words of each reply that came back."""
    _arriving: deque[Word] = field(default_factory=deque)
    """Words that were played, and are not yet back."""

    def follow(self, start: int, audible: bool) -> None:
        """One window begins, in which the agent is audible or not."""
        if not audible:
            return
        if start - self.until >= APART:
            self.began = start
            self.stretches += 1
        self.until = start + WINDOW

    def over(self, clip: Clip, n: int, start: int) -> UserSound | None:
        """Window `n` of a clip, while the agent's voice comes back; None when it does not."""
        if clip.over is None or self._alone(start) is None:
            return None
        return window(clip.over, n, start)

    def alone(self, start: int) -> UserSound | None:
        """The window, while only the agent speaks; None when nothing of it is left."""
        found = self._alone(start)
        return None if found is None else window(*found, start)

    def _alone(self, start: int) -> tuple[Heard, int] | None:
        if not self.stretches:
            return None
        if start < self.until:
            heard, n = self.room.first if self.stretches == 1 else self.room.later, (start - self.began) // WINDOW
            # Of a longer reply the middle is heard again.
            half = len(heard.p) // 2
            return heard, n if n < 2 * half else half + n % half
        n = (start - self.until) // WINDOW
        return (self.room.tail, n) if n < len(self.room.tail.p) else None

    def judged(self, sound: UserSound) -> None:
        """The recogniser is given this window, or silence in its place."""
        if sound.echo >= SUPPRESSED:
            self.suppressed.append(sound.start // WINDOW)

    def passes(self, word: Word) -> bool:
        """Does the recogniser hear this word: at least half of its windows?"""
        windows = range(word.start // WINDOW, word.end // WINDOW + 1)
        return 2 * sum(n in self.suppressed for n in windows) <= len(windows)

    def words(self, at: int) -> Iterator[Word]:
        """The agent's own words that have come back by sample `at` and were not suppressed."""
        self._played(at)
        while self._arriving and self._arriving[0].end <= at:
            word = self._arriving.popleft()
            if self.passes(word):
                yield word

    def _played(self, at: int) -> None:
        """Note the words that the loudspeaker has finished by now."""
        reply = self.world.playout.playing
        if reply is None:
            return
        played, told = self.world.playout.track(reply).played, self._told.get(reply, 0)
        for word, begin, end in islice(_words(self.world.tts.truth.get(reply, ())), told, None):
            if end > played:
                return
            self._told[reply] = told = told + 1
            back = at - (played - end) * IN_RATE // OUT_RATE + in_samples(self.room.delay_ms)
            self._arriving.append(Word(plain(word), back - (end - begin) * IN_RATE // OUT_RATE, back))


def _words(parts: Iterable[tuple[str, int, Sequence[WordEnd]]]) -> Iterator[tuple[str, int, int]]:
    """The words of a reply, and where each begins and ends (24 kHz). Parts in order: text, samples, word ends."""
    begun = 0
    for text, samples, ends in parts:
        chars, last = 0, begun
        for end in ends:
            yield text[chars : end.chars], last, begun + end.samples
            chars, last = end.chars, begun + end.samples
        begun += samples


def window(heard: Heard | Clip, n: int, start: int) -> UserSound:
    """The measured window number `n`, as one that begins at caller sample `start`; silence when there is none."""
    if n >= len(heard.p):
        return UserSound(start, WINDOW, 0.0, WINDOW)
    echo = heard.echo[n] / 255 if isinstance(heard, Heard) and heard.echo else 0.0
    return UserSound(start, WINDOW, heard.p[n] / 255, min(WINDOW, heard.quiet[n] * QUIET_UNIT), echo)
