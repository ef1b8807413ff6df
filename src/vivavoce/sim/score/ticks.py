"""The same conversation on a clock of 200 ms, as the public board of full-duplex agents counts it."""

from __future__ import annotations

from .dialogue import Dialogue, Sound, Voice

TICK_MS = 200


def on_ticks(dialogue: Dialogue, tick: int = TICK_MS) -> Dialogue:
    """Every stretch covers the ticks in which it is audible."""

    def span(a: int, b: int) -> tuple[int, int]:
        return a // tick * tick, -(-b // tick) * tick

    sounds = tuple(Sound(s.kind, tuple(span(*one) for one in s.spans), s.text, s.tool) for s in dialogue.sounds)
    voices: list[Voice] = []
    for voice in dialogue.voices:
        start, end = span(voice.start, voice.end)
        if voices and start <= voices[-1].end:
            voices[-1] = Voice(voices[-1].start, max(end, voices[-1].end), voice.cut)
        else:
            voices.append(Voice(start, end, voice.cut))
    return Dialogue(sounds, tuple(voices), dialogue.ends, dialogue.yields)
