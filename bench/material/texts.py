"""What callers say, as pieces with the places where they may pause. Pure: all chance comes from the caller's generator.

In the lists (`texts/*.txt`) ` | ` stands where a speaker may pause because more must come, ` + ` where the words so
far could be a whole turn, and `~` after a word that is drawn out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Literal

from vivavoce.sim.clips import Split

Place = Literal["", "open", "complete", "group"]
_LISTS = Path(__file__).parent / "texts"
_PLACES: dict[str, Place] = {"|": "open", "+": "complete"}
_FILLERS = frozenset(("um", "uh", "er", "erm", "hmm", "hm", "well"))
_MEDIAN_MS, _SIGMA, _SHORTEST_MS, _LONGEST_MS = 450, 0.6, 200, 3000
_STRETCH = 1.3
"""Pauses after a filler, and between groups of digits, are so much longer."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words said in one breath."""

    text: str
    place: Place = ""
    """What kind of pause may follow; empty at the end, and where none may."""
    drawn: bool = False
    """Said slowly, as while one thinks."""
    pause_ms: int = 0
    """The pause that does follow."""


@dataclass(frozen=True, slots=True)
class Line:
    """One text of a list."""

    asked: str
    habit: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return " ".join(piece.text for piece in self.pieces)

    @property
    def pausable(self) -> bool:
        return any(piece.place for piece in self.pieces)


def parse(text: str, asked: str = "", habit: str = "") -> Line:
    """A line of a list. Raises `ValueError` when a pause stands at an edge."""
    pieces: list[Piece] = []
    words: list[str] = []
    for token in [*text.split(), ""]:
        place = _PLACES.get(token, "")
        if token and not place:
            drawn = token.rstrip(",").endswith("~")
            if drawn and words:
                pieces.append(Piece(" ".join(words)))
                words = []
            words.append(token.replace("~", ""))
            if not drawn:
                continue
        if words:
            drawn = token.rstrip(",").endswith("~")
            pieces.append(Piece(" ".join(words), place, drawn))
        elif pieces and pieces[-1].drawn and place:
            pieces[-1] = replace(pieces[-1], place=place)
        elif token:
            raise ValueError(f"a pause needs words before it: {text!r}")
        words = []
    if not pieces or pieces[-1].place:
        raise ValueError(f"words must follow the last pause: {text!r}")
    return Line(asked, habit, tuple(pieces))


@cache
def turns(split: Split) -> dict[str, tuple[Line, ...]]:
    """The lines of a split by the heading of their section, as `yes_no pause`."""
    return _sections(_LISTS / f"{split}.txt")


@cache
def others(split: Split) -> dict[str, tuple[Line, ...]]:
    """What is said that is no turn: `interruption stop`, `interruption content`, `aside`, `backchannel`."""
    sections = _sections(_LISTS / "others.txt")
    return {name.removeprefix(f"{split} "): lines for name, lines in sections.items() if name.startswith(f"{split} ")}


def _sections(path: Path) -> dict[str, tuple[Line, ...]]:
    sections: dict[str, list[Line]] = {}
    heading = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            heading = line[2:]
            sections[heading] = []
        elif line:
            asked, _, habit = heading.partition(" ")
            sections[heading].append(parse(line, asked, habit))
    return {name: tuple(lines) for name, lines in sections.items()}


def pause_ms(rng: Random, stretch: float = 1.0) -> int:
    """The length of one pause: log-normal, to 10 ms."""
    drawn = _MEDIAN_MS * stretch * math.exp(rng.gauss(0.0, _SIGMA))
    return round(min(max(drawn, _SHORTEST_MS), _LONGEST_MS) / 10) * 10


def perform(rng: Random, line: Line, paused: bool, chance: float = 0.6) -> tuple[Piece, ...]:
    """The pieces as they are said this time: joined where nobody pauses. When `paused`, at least one pause."""
    places = [number for number, piece in enumerate(line.pieces) if piece.place]
    chosen = {number for number in places if paused and rng.random() < chance}
    if paused and places and not chosen:
        chosen = {rng.choice(places)}
    said: list[Piece] = []
    for number, piece in enumerate(line.pieces):
        stretch = _STRETCH if piece.place == "group" or _filled(piece.text) else 1.0
        length = pause_ms(rng, stretch) if number in chosen else 0
        last = said[-1] if said else None
        if last is not None and not last.pause_ms and not last.drawn and not piece.drawn:
            said[-1] = replace(last, text=f"{last.text} {piece.text}", place=piece.place, pause_ms=length)
        else:
            said.append(replace(piece, pause_ms=length))
    return tuple(said)


def _filled(text: str) -> bool:
    return text.split()[-1].strip(",.~").lower() in _FILLERS


_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_GROUPS = ((3, 3, 4), (4, 4, 4, 4), (3, 2, 4), (2, 3, 3), (5, 6), (3, 3, 3), (2, 2, 2, 2, 2))
_FRAMES: dict[Split, tuple[str, ...]] = {
    "train": ("", "It's", "My number is", "The number is", "Sure, it's", "The account number is", "Okay, that's"),
    "test": (
        "Right, it's",
        "You can reach me on",
        "My mobile is",
        "The card number is",
        "It reads",
        "Please note",
        "So,",
    ),
}


def dictation(rng: Random, split: Split) -> Line:
    """A telephone, account or card number, said in groups."""
    frame = rng.choice(_FRAMES[split])
    groups = [_group(rng, size) for size in rng.choice(_GROUPS)]
    first = f"{frame} {groups[0]}".strip()
    texts = [first[0].upper() + first[1:], *groups[1:]]
    pieces = [Piece(f"{text},", "group") for text in texts[:-1]]
    return Line("number", "number", (*pieces, Piece(f"{texts[-1]}.")))


def _group(rng: Random, size: int) -> str:
    nought = rng.choice(("zero", "oh"))
    return " ".join(nought if digit == 0 else _DIGITS[digit] for digit in (rng.randrange(10) for _ in range(size)))


_NAMES: dict[Split, tuple[str, ...]] = {
    "train": (
        "Baker", "Hudson", "Marlow", "Petrov", "Quigley", "Sanders", "Ullman", "Vargas", "Yates", "Zimmer", "Delgado",
        "Friedman", "Gibson", "Iverson", "Jansen", "Kowalski", "Lambert", "Novak", "Osborne", "Rowe",
    ),
    "test": (
        "Abbott", "Brennan", "Castillo", "Dubois", "Eriksen", "Farrell", "Gupta", "Hartley", "Ingram", "Jovanovic",
        "Kipling", "Larsson", "Mancini", "Nakamura", "Oakley", "Pemberton", "Reyes", "Sheridan", "Thorne", "Underwood",
    ),
}  # fmt: skip
_INTRODUCED: dict[Split, tuple[str, ...]] = {
    "train": ("My name is {}, ", "It's {}, ", "{}, that's ", ""),
    "test": ("The surname is {}, ", "{}, you spell it ", "This is {}, ", "I spell it "),
}


def spelling(rng: Random, split: Split) -> Line:
    """A name, spelled in groups of two to four letters."""
    name = rng.choice(_NAMES[split])
    letters = name.upper()
    groups: list[str] = []
    while letters:
        size = rng.randint(2, 4) if len(letters) > 4 else len(letters)
        groups.append(" ".join(letters[:size]))
        letters = letters[size:]
    lead = rng.choice(_INTRODUCED[split]).format(name).strip()
    pieces = [Piece(lead, "open" if lead.endswith("is") else "group")] if lead else []
    pieces += [Piece(f"{group},", "group") for group in groups[:-1]]
    return Line("name", "spelling", (*pieces, Piece(f"{groups[-1]}.")))
