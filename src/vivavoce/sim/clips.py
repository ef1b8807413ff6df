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


class Clip(msgspec.Struct, frozen=True):
    """One sound. All times are ms from the start of its audio, which begins with silence or its own background."""

    id: str
    kind: Literal["turn", "interruption", "backchannel", "tic", "aside", "noise"]
    """`aside`: said to somebody else; `noise`: television, music, a second speaker in the background, a door."""
    voice: str
    """Engine and voice, as `flite:slt`, or the name of the human recording."""
    condition: Literal["clean", "noisy", "phone", "phone_noisy", "television", "second_speaker"]
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


@cache
def load(split: Split) -> tuple[Clip, ...]:
    """The clips of one side, as they are shipped."""
    packed = files(__package__).joinpath("material", f"{split}.jsonl.gz").read_bytes()
    return tuple(msgspec.json.Decoder(Clip).decode(line) for line in gzip.decompress(packed).splitlines())
