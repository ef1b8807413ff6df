"""The recogniser's worker process: `python -m vivavoce.providers.offline.stt_worker`, spoken to by `stt`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from . import lm
from .decoders import Ear, Models
from .listener import Heard, Listener
from .serving import Job, Refused, serve
from .vad import SileroVads

EXPECTED_WEIGHT = 6
"""How often a phrase of the agent counts, next to 1 to 8 for the general ones."""
_SPARE = 4
"""Decoders of each kind kept for later calls."""


class Open(msgspec.Struct, frozen=True, tag=True):
    """A call begins (or begins again); its first segment is numbered `segment`."""

    call: int
    expect: tuple[str, ...]
    segment: int = 0


class Feed(msgspec.Struct, frozen=True, tag=True):
    """int16 at 16 kHz from caller position `start` on."""

    call: int
    start: int
    pcm: bytes


class Finish(msgspec.Struct, frozen=True, tag=True):
    call: int
    upto: int


class Shut(msgspec.Struct, frozen=True, tag=True):
    call: int


class Told(msgspec.Struct, frozen=True):
    """The answer, also in parts, to everything."""

    heard: tuple[Heard, ...] = ()
    guessed: tuple[str, ...] = ()
    """Answer to `Open`: expected words that no dictionary has."""


Request = Open | Feed | Finish | Shut


class Recogniser:
    """All calls of this process."""

    def __init__(self) -> None:
        self._vads = SileroVads()
        self._vads.load()
        self._models = Models()
        self._calls: dict[int, tuple[Listener, Ear, tuple[str, ...], list[str]]] = {}
        self._spare_open: list[Any] = []
        self._spare_expecting: list[tuple[tuple[str, ...], Any, list[str]]] = []
        self._general = general()
        self._keep((), *self._take(()))

    def handle(self, request: Request, job: Job) -> Told:
        match request:
            case Open(call, expect, segment):
                self._shut(call)
                ear, guessed = self._take(expect)
                self._calls[call] = (Listener(self._vads.open(), ear, segment), ear, expect, guessed)
                return Told(guessed=tuple(guessed))
            case Feed(call, start, pcm):
                return Told(tuple(self._listener(call).feed(start, np.frombuffer(pcm, dtype=np.int16))))
            case Finish(call, upto):
                listener = self._listener(call)
                job.part(Told((listener.finish(upto),)))
                listener.catch_up()
                return Told()
            case Shut(call):
                self._shut(call)
                return Told()

    def _listener(self, call: int) -> Listener:
        if call not in self._calls:
            raise Refused("refused", f"call {call} is not open")
        return self._calls[call][0]

    def _shut(self, call: int) -> None:
        if entry := self._calls.pop(call, None):
            listener, ear, expect, guessed = entry
            listener.finish(0)
            self._keep(expect, ear, guessed)

    def _take(self, expect: tuple[str, ...]) -> tuple[Ear, list[str]]:
        open = self._spare_open.pop() if self._spare_open else self._models.open()
        for at, (theirs, decoder, guessed) in enumerate(self._spare_expecting):
            if theirs == expect:
                del self._spare_expecting[at]
                return Ear(decoder, open), guessed
        phrases = [(lm.words(phrase), EXPECTED_WEIGHT) for phrase in expect]
        decoder, guessed = self._models.expecting([*self._general, *phrases])
        return Ear(decoder, open), guessed

    def _keep(self, expect: tuple[str, ...], ear: Ear, guessed: list[str]) -> None:
        self._spare_open = [*self._spare_open, ear.open][-_SPARE:]
        self._spare_expecting = [*self._spare_expecting, (expect, ear.expected, guessed)][-_SPARE:]


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
    return Recogniser().handle


if __name__ == "__main__":
    serve(Request, prepare)
