"""The words since the last final: pieces that a service will not change any more, and one that it still may."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.events import UserWords
from .link import Said
from .tape import RATE, Tape

_LAG = RATE // 2
"""Samples by which a service is late in telling that somebody began to speak."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words at caller samples."""

    text: str
    start: int
    end: int
    times: tuple[tuple[int, int], ...]


class Segment:
    """Positions are caller samples, never before `floor`, never after what was sent."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.number = 0
        self.floor = 0
        """What lies before is final."""
        self._begun: int | None = None
        self._pieces: list[Piece] = []
        self.pending: Piece | None = None
        """Words that may still change."""
        self._later: Piece | None = None
        self.stands = False
        """The service does not expect them to change."""
        self.told = ""
        """What was posted of it."""
        self._settled = ""
        """Words of the service's open turn that are final for us already."""

    @property
    def open(self) -> bool:
        """There are words that are not final."""
        return bool(self._pieces or self.pending)

    @property
    def text(self) -> str:
        return " ".join(piece.text for piece in self._all)

    @property
    def end(self) -> int:
        return max((piece.end for piece in self._all), default=self._floor)

    @property
    def _all(self) -> list[Piece]:
        return self._pieces if self.pending is None else [*self._pieces, self.pending]

    @property
    def _floor(self) -> int:
        return max(self.floor, self._tape.begun or 0)

    def begin(self) -> None:
        """Somebody began to speak."""
        if not self.open:
            self._begun = self._tape.at - _LAG

    def hear(self, said: Said, at: int) -> None:
        """`at`: where words end that have no times."""
        piece = self._place(said, at)
        self.pending = None
        if said.final:
            self._settled = ""
            self._pieces += [piece] if piece.text else []
        elif piece.text:
            self.pending = piece
        self.stands = said.last and self.pending is not None

    def split(self, upto: int) -> None:
        """Words that begin after `upto` are left to the next segment."""
        if self.pending is not None and self.pending.start >= upto:
            self._later, self.pending = self.pending, None

    def changed(self) -> bool:
        """True when there is something else to be told than before."""
        before, self.told = self.told, self.text
        return self.told != before

    def words(self, final: bool, upto: int = 0) -> UserWords:
        """All of it; nothing said up to `upto` when it is empty."""
        pieces = self._all
        if not pieces:
            return UserWords(self.number, "", final, self._floor, max(self._floor, upto))
        timed = all(piece.times for piece in pieces)
        times = tuple(time for piece in pieces for time in piece.times) if timed else ()
        return UserWords(self.number, self.text, final, pieces[0].start, self.end, times)

    def close(self, upto: int) -> None:
        """It is final, and covers everything before `upto`; the next one begins."""
        if self.pending is not None:
            self._settled = f"{self._settled} {self.pending.text}".strip()
        self.floor = max(self._floor, self.end, upto)
        self.number += 1
        self.told = ""
        later = self._later
        self.restart(self._settled)
        self.pending = later

    def restart(self, settled: str = "") -> None:
        """The service will tell everything anew."""
        self._pieces, self.pending, self._begun, self.stands = [], None, None, False
        self._settled, self._later = settled, None

    def _place(self, said: Said, at: int) -> Piece:
        text = self._rest(said.text.strip())
        low = max([self._floor, *(piece.end for piece in self._pieces)])
        began = self._tape.oldest if self._begun is None else self._begun
        first = began if said.start is None else self._tape.place(said.start)
        last = at if said.end is None else self._tape.place(said.end, True)
        start = max(low, min(first, self._tape.at))
        end = max(start, min(last, self._tape.at))
        times = self._times(said, low) if len(said.words) == len(text.split()) else ()
        if times:
            start, end = times[0][0], max(times[-1][1], times[0][0])
        return Piece(text, start, end, times)

    def _times(self, said: Said, low: int) -> tuple[tuple[int, int], ...]:
        times: list[tuple[int, int]] = []
        for begin, end in said.words:
            start = min(max(low, self._tape.place(begin)), self._tape.at)
            low = min(max(start, self._tape.place(end, True)), self._tape.at)
            times.append((start, low))
        return tuple(times)

    def _rest(self, text: str) -> str:
        """What is new of the service's open turn."""
        if not self._settled:
            return text
        if text.startswith(self._settled):
            return text[len(self._settled) :].strip()
        return " ".join(text.split()[len(self._settled.split()) :])
