"""What both ways to ElevenLabs' voices ask for in the same words."""

from __future__ import annotations

from typing import Any

VOICES = {
    "sarah": "EXAVITQu4vr4xnSDxMaL",
    "george": "JBFqnCBsd6RMkjVDRZzb",
    "alice": "Xb7hH8MSUJpSbSDYk0k2",
    "brian": "nPczCjzI2devNBz1zQrb",
    "charlie": "IKne3meq5aSn9XLyUdCD",
    "chris": "iP95p4xoKVk53GoZ742B",
    "daniel": "onwK4e9ZLuTAKqWW03F9",
    "eric": "cjVigY5qzO86Huf0OWal",
    "jessica": "cgSgspJ2msm6clMCkdW9",
    "laura": "FGY2WhTYpPnrIDTdsKH5",
    "liam": "TX3LPaxmHKxFdv7VOQHJ",
    "lily": "pFZP5JQG7iQjIQuC4Bku",
    "matilda": "XrExE9yKIg1WjnnlVkGX",
    "river": "SAz9YHcvj6GT2YYXdXww",
    "roger": "CwhRBWXzGAHq8TQ4Fs17",
    "will": "bIHbv24MWmeRgasZH58o",
}
"""Ready-made voices that every account has."""
SLOWEST, FASTEST = 0.7, 1.2
"""Speeds that are taken."""
_NO_LANGUAGE = ("eleven_multilingual_v2",)
"""Models that hear the language from the text, and do not let it be set."""


def voice_id(voice: str) -> str:
    """From a name of `VOICES`; an id stays as it is."""
    return VOICES.get(voice.lower(), voice)


def options(model: str, rate: int, language: str) -> dict[str, Any]:
    """Of every request, for samples at `rate` Hz."""
    found: dict[str, Any] = {"model_id": model, "output_format": f"pcm_{rate}"}
    if language and not model.startswith(_NO_LANGUAGE):
        found["language_code"] = language.partition("-")[0]
    return found
