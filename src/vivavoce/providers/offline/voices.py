"""The synthesiser's voices, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Voice:
    """One speaker. `accent` and `variant` name files in espeak-ng's data, as `gmw/en-US` and `f3`."""

    name: str
    language: str
    """BCP 47 tag, for finding a stand-in when the accent's file is missing."""
    accent: str
    variant: str
    female: bool
    pitch: int = 50
    """0 to 100; 50 is the variant's own."""
    lilt: int = 50
    """Range of the pitch, 0 to 100; 50 is the variant's own."""
    words_per_minute: int = 165
    volume: int = 85
    """0 to 100; evens out the loudness between variants and leaves headroom."""


VOICES = (
    Voice("emma", "en-gb", "gmw/en", "f2", female=True, volume=80),
    Voice("george", "en-gb", "gmw/en", "m3", female=False, pitch=42, volume=95),
    Voice("amy", "en-us", "gmw/en-US", "f3", female=True, pitch=55, lilt=60, volume=95),
    Voice("jack", "en-us", "gmw/en-US", "m7", female=False, pitch=45, volume=85),
    Voice("fiona", "en-gb-scotland", "gmw/en-GB-scotland", "f4", female=True, lilt=60, volume=70),
    Voice("hamish", "en-gb-scotland", "gmw/en-GB-scotland", "m4", female=False, pitch=35, volume=80),
    Voice("grace", "en-029", "gmw/en-029", "f5", female=True, pitch=60, words_per_minute=155, volume=95),
    Voice("winston", "en-029", "gmw/en-029", "m2", female=False, pitch=30, words_per_minute=150, volume=100),
)
