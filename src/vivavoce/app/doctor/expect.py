"""The gap that a caller would hear with engines as fast as measured, and what would shorten it most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...core.marks import Marks
from ...core.policy import Policy


@dataclass(frozen=True, slots=True)
class Speeds:
    """All in milliseconds."""

    final: int
    """From the end of speech to the final words."""
    silence: int
    """That ends a turn."""
    first: int
    """To the first words of the answer."""
    clause: int
    """From there to the end of the first clause."""
    voice: int
    """To the first audio."""


ADVICE: Mapping[str, str] = {
    "final": "the final words of the recogniser: try one that is nearer or faster (--stt; docs/engines.md), or ask it "
    "sooner (policy.endpoint.finalise_after_ms)",
    "silence": "the silence that ends a turn: set policy.endpoint.silence_ms lower if callers seldom pause, or take a "
    "recogniser that judges turns itself, as deepgram:flux-general-en",
    "first": "the first words of the language model: try a smaller or nearer one (--llm), one that does not think "
    "first, or shorter instructions",
    "clause": "the first clause of the answer: tell the model to begin with a short sentence, or try a faster one",
    "voice": "the first audio of the synthesiser: try one that is nearer or faster (--tts; docs/engines.md)",
}
"""What makes each hop faster."""


def marks(speeds: Speeds, policy: Policy, partials: bool) -> Marks:
    """When each mark of an exchange is reached. An early answer is begun on words that are not final yet."""
    at = Marks()
    final, over = speeds.final, max(speeds.final, speeds.silence)
    early = policy.reply.speculate and partials
    asked = min(over, max(policy.reply.speculate_after_ms, 0)) if early else over
    first = asked + speeds.first
    clause = first + speeds.clause
    audio = clause + speeds.voice
    heard = max(over, audio)
    reached = {
        "user_end": 0,
        "vad_off": min(policy.hearing.hangover_ms, final),
        "stt_final": final,
        "turn_decided": over,
        "llm_request": asked,
        "llm_first_token": first,
        "first_speakable": clause,
        "tts_request": clause,
        "tts_first_byte": audio,
        "released": heard,
        "first_audible": heard,
    }
    for name, ms in reached.items():
        at.set(name, ms)
    return at


def advice(speeds: Speeds, policy: Policy, partials: bool) -> tuple[str, str]:
    """The hop without which the gap would be shortest, and what makes it faster."""

    def without(hop: str) -> int:
        return marks(replace(speeds, **{hop: 0}), policy, partials).gap_ms or 0

    slowest = min(ADVICE, key=without)
    return slowest, f"Slowest is {ADVICE[slowest]}."
