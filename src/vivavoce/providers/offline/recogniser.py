"""All calls of a recogniser's worker process, whatever it recognises with, and how `calls` talks to it."""

from __future__ import annotations

from typing import Protocol

import msgspec
import numpy as np

from .listener import Ears, Heard, Listener
from .serving import Job, Refused
from .vad import SileroVads


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


class Rack(Protocol):
    """Where ears come from; models are loaded when it is made."""

    def take(self, expect: tuple[str, ...]) -> tuple[Ears, list[str]]:
        """An ear for a call that expects these phrases, and words of them whose pronunciation is a guess."""
        ...

    def put_back(self, ear: Ears) -> None:
        """The call is over."""
        ...


class Recogniser:
    """`timed`: its ears know well where each word is."""

    def __init__(self, rack: Rack, timed: bool = False) -> None:
        self._vads = SileroVads()
        self._vads.load()
        self._rack = rack
        self._timed = timed
        self._calls: dict[int, tuple[Listener, Ears]] = {}

    def handle(self, request: Request, job: Job) -> Told:
        match request:
            case Open(call, expect, segment):
                self._shut(call)
                ear, guessed = self._rack.take(expect)
                self._calls[call] = (Listener(self._vads.open(), ear, segment, self._timed), ear)
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
            listener, ear = entry
            listener.finish(0)
            self._rack.put_back(ear)
