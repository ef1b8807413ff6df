"""Recorded and synthesised sounds of callers, as a voice activity detector heard them, with what they truly are.

A clip is measured once from its audio (`python -m bench.material`), so that a simulated call uses real detector
windows at the speed of events. The clips of `train` and `test` share no voice, no text and no recording.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Literal

import msgspec

Split = Literal["train", "test"]
WINDOW = 512
"""Samples of one detector window, at 16 kHz."""
QUIET_UNIT = 4
"""Samples for which one step of `quiet` stands."""


Span = tuple[int, int]


def holds(spans: Sequence[Span]) -> list[Span]:
    """What lies between stretches of sound."""
    return [(before[1], after[0]) for before, after in pairwise(spans)]


class Heard(msgspec.Struct, frozen=True):
    """What the ears make of each window of 512 samples."""

    p: bytes
    """Probability of speech, times 255."""
    quiet: bytes
    """Trailing samples below speech level, divided by `QUIET_UNIT`, at most 128."""
    echo: bytes
    """Probability that it is the agent's own voice, times 255; empty where that cannot come back."""


class Room(msgspec.Struct, frozen=True):
    """A room in which the agent's voice comes out of a loudspeaker and back into the caller's microphone. All windows
    begin when the agent's voice is sent, not when it arrives."""

    name: str
    agent: str
    """Whose voice it is."""
    level_db: float
    """How much softer it comes back than it was sent."""
    delay_ms: int
    first: Heard
    """While only the agent speaks, for the first time in the call."""
    later: Heard
    """... and again, after a silence."""
    tail: Heard
    """... and when it has stopped in the middle."""


class Clip(msgspec.Struct, frozen=True):
    """One sound. All times are ms from the start of its audio, which begins with silence or its own background."""

    id: str
    kind: Literal["turn", "interruption", "backchannel", "tic", "aside", "noise"]
    """`aside`: said to somebody else; `noise`: television, music, a second speaker in the background, a door."""
    voice: str
    """Engine and voice, as `flite:slt`, or the name of the human recording."""
    condition: Literal["clean", "noisy", "phone", "phone_noisy", "television", "second_speaker", "loudspeaker"]
    """How it was made worse before it was measured."""
    spans: list[tuple[int, int]]
    """Where there is voice (or the noise), to 10 ms. What lies between two spans of a turn is a hold: 200 to 5000 ms.
    Shorter gaps are part of a span."""
    words: list[tuple[str, int, int]]
    """What is said: word, start, end; with the punctuation that a recogniser would write. Empty for tics and noise."""
    p: bytes
    """Probability of speech of each window of 512 samples, times 255."""
    quiet: bytes
    """Trailing samples of each window below speech level, divided by `QUIET_UNIT`, at most 128."""
    asked: Literal["", "open", "yes_no", "number", "name", "choice"] = ""
    """What the agent asked before; empty when it asked nothing."""
    habit: str = ""
    """What makes a turn hard: `pause`, `hesitation`, `number`, `spelling`, `correction`, `list`, `short`; or empty."""
    scores: list[list[int]] = []
    """For each span but those of noise: what a turn model said at 200, 400 and 800 ms of the silence after it, times
    255; empty when none was asked."""
    room: str = ""
    """The caller hears the agent from a loudspeaker in this `Room`."""
    over: Heard | None = None
    """There: what the ears make of it while the agent speaks on."""


@cache
def load(split: Split) -> tuple[Clip, ...]:
    """The clips of one side, as they are shipped."""
    return tuple(msgspec.json.Decoder(Clip).decode(line) for line in _lines(f"{split}.jsonl.gz"))


@cache
def rooms(split: Split) -> dict[str, Room]:
    """The rooms of one side, by name."""
    found = [msgspec.json.Decoder(Room).decode(line) for line in _lines(f"{split}.rooms.jsonl.gz")]
    return {room.name: room for room in found}


def _lines(name: str) -> list[bytes]:
    return gzip.decompress(files(__package__).joinpath("material", name).read_bytes()).splitlines()
