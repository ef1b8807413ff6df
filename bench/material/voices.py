"""Who speaks: the voices of each split, as data. No speaker is on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vivavoce.sim.clips import Split

Engine = Literal["espeak", "flite", "piper", "hibari"]


@dataclass(frozen=True, slots=True)
class Voice:
    """One speaker of one synthesiser."""

    engine: Engine
    speaker: str
    """For espeak `accent+variant`, with the accent's file as `en-US`."""
    weight: float = 1.0
    """How often it speaks, beside the others of its split."""

    @property
    def name(self) -> str:
        return f"{self.engine}:{self.speaker}"


def _espeak(*speakers: str) -> tuple[Voice, ...]:
    return tuple(Voice("espeak", speaker, 0.55) for speaker in speakers)


VOICES: dict[Split, tuple[Voice, ...]] = {
    "train": (
        Voice("flite", "kal16", 2.0),
        Voice("flite", "rms", 3.0),
        Voice("piper", "joe", 5.0),
        *_espeak("en-US+f1", "en-US+f3", "en-GB-scotland+f4", "en+f5", "en-US+Annie", "en+linda"),
        *_espeak("en-029+m2", "en+m3", "en-US+m5", "en-US+m7", "en-US+Andy", "en+Michael"),
    ),
    "test": (
        Voice("flite", "slt", 3.0),
        Voice("flite", "awb", 3.0),
        Voice("hibari", "heart", 5.0),
        *_espeak("en-US+f2", "en+Alicia", "en-US+belinda", "en-GB-scotland+steph", "en-029+steph2"),
        *_espeak("en-US+m1", "en+m4", "en-GB-scotland+m6", "en-US+m8", "en-US+Alex", "en+Lee"),
    ),
}

AGENTS: dict[Split, Voice] = {"train": Voice("espeak", "en-US+david"), "test": Voice("espeak", "en-GB-x-rp+Andrea")}
"""Who speaks for the agent where it comes back to the caller's microphone."""
