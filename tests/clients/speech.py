"""Recordings of a person, and silence, as PCM16 mono at a rate."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import vivavoce
from vivavoce.audio.wav import load_mono

RATE = 24000
_FOLDER = Path(vivavoce.__file__).parent / "app" / "recordings"


@cache
def recording(name: str, rate: int = RATE) -> bytes:
    """What a person said."""
    return load_mono((_FOLDER / f"{name}.wav").read_bytes(), rate).tobytes()


def silence(ms: int, rate: int = RATE) -> bytes:
    return bytes(2 * rate * ms // 1000)


def words(text: str) -> list[str]:
    """Words without case and punctuation."""
    return re.findall(r"[a-z0-9']+", text.lower())
