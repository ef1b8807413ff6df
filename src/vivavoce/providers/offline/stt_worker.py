"""The embedded recogniser's worker process: `python -m vivavoce.providers.offline.stt_worker`, spoken to by `stt`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import lm
from .decoders import Ear, Models
from .listener import Ears
from .recogniser import Recogniser, Request, Told
from .serving import Job, serve

EXPECTED_WEIGHT = 6
"""How often a phrase of the agent counts, next to 1 to 8 for the general ones."""
_SPARE = 4
"""Decoders of each kind kept for later calls."""


class Decoders:
    """Pairs of decoders, some of them kept for later calls."""

    def __init__(self) -> None:
        self._models = Models()
        self._taken: dict[Ears, tuple[tuple[str, ...], list[str]]] = {}
        self._spare_open: list[Any] = []
        self._spare_expecting: list[tuple[tuple[str, ...], Any, list[str]]] = []
        self._general = general()
        self.put_back(self.take(())[0])

    def take(self, expect: tuple[str, ...]) -> tuple[Ear, list[str]]:
        open = self._spare_open.pop() if self._spare_open else self._models.open()
        decoder, guessed = self._expecting(expect)
        ear = Ear(decoder, open)
        self._taken[ear] = (expect, guessed)
        return ear, guessed

    def put_back(self, ear: Ears) -> None:
        assert isinstance(ear, Ear)
        expect, guessed = self._taken.pop(ear)
        self._spare_open = [*self._spare_open, ear.open][-_SPARE:]
        self._spare_expecting = [*self._spare_expecting, (expect, ear.expected, guessed)][-_SPARE:]

    def _expecting(self, expect: tuple[str, ...]) -> tuple[Any, list[str]]:
        for at, (theirs, decoder, guessed) in enumerate(self._spare_expecting):
            if theirs == expect:
                del self._spare_expecting[at]
                return decoder, guessed
        phrases = [(lm.words(phrase), EXPECTED_WEIGHT) for phrase in expect]
        return self._models.expecting([*self._general, *phrases])


def general() -> list[tuple[list[str], int]]:
    """What people say to almost any voice agent: (words, how often it counts)."""
    phrases = []
    for line in (Path(__file__).parent / "phrases.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            count, text = line.split(" ", 1)
            phrases.append((lm.words(text), int(count)))
    return phrases


def prepare() -> Callable[[Request, Job], Told]:
    """Load the models; gives the handler of requests."""
    return Recogniser(Decoders()).handle


if __name__ == "__main__":
    serve(Request, prepare)
