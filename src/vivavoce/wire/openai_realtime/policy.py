"""What the settings of a session mean for the conversation: dotted policy keys and values."""

from __future__ import annotations

from .config import SemanticVad, ServerVad, Session

Settings = dict[str, bool | int | float | str]

_EAGERNESS: dict[str, tuple[int, int, int, int]] = {
    "low": (900, 400, 3_500, 8_000),
    "medium": (500, 240, 1_800, 4_000),
    "high": (300, 160, 900, 2_000),
}
"""Silence that ends a turn, the least, after words that trail off, and the most (ms)."""
_FINALISE_MS = 200
_WORDS_MS, _ANSWER_WORDS_MS = 10_000, 3_000
"""How long to wait for the words of a turn; clients send audio faster than it can be recognised. An answer that
nobody asked for waits less."""


def settings(session: Session, plays: bool = False) -> Settings:
    """Every policy key that the protocol governs. `plays`: the agent's voice is played by us, not by the client."""
    detection = session.audio.input.turn_detection
    found: Settings = {
        "turns": "manual" if detection is None else "local",
        "reply.spoken": session.spoken,
        # Failures are told as failed responses, and what happens next is the client's affair.
        "reply.apology": "",
        "reply.continue_after_tools": False,
        "idle.ask": True,
        "idle.prompt_after_ms": 0,
        "endpoint.answer": False,
        "endpoint.words_timeout_ms": _WORDS_MS,
    }
    if not plays:
        # Nothing can be held back once it was sent.
        found["barge_in.hold_after_ms"] = 10**8
    if detection is None:
        return found
    answers = detection.create_response and session.type == "realtime"
    found["endpoint.answer"] = answers
    found["endpoint.words_timeout_ms"] = _ANSWER_WORDS_MS if answers else _WORDS_MS
    found["barge_in.yielding"] = "at_once" if detection.interrupt_response else "never"
    if isinstance(detection, ServerVad):
        found |= _server_vad(detection)
        found["idle.prompt_after_ms"] = (detection.idle_timeout_ms or 0) if answers else 0
    else:
        found |= _semantic_vad(detection)
    return found


def _server_vad(vad: ServerVad) -> Settings:
    """Voice activity alone decides, both when a turn is over and what interrupts."""
    silence = vad.silence_duration_ms
    return {
        "hearing.start_p": vad.threshold,
        "hearing.stop_p": max(0.01, min(vad.threshold, vad.threshold - 0.15)),
        "hearing.prefix_ms": vad.prefix_padding_ms,
        "endpoint.silence_ms": silence,
        "endpoint.min_ms": silence,
        "endpoint.trailing_ms": silence,
        "endpoint.max_ms": silence,
        "endpoint.finalise_after_ms": min(_FINALISE_MS, silence // 2),
        "barge_in.interrupted_by": "voice",
    }


def _semantic_vad(vad: SemanticVad) -> Settings:
    """Words decide when a turn is over, and whether sound over the agent's voice means anything."""
    silence, least, trailing, most = _EAGERNESS["medium" if vad.eagerness == "auto" else vad.eagerness]
    return {
        "hearing.start_p": 0.5,
        "hearing.stop_p": 0.35,
        "hearing.prefix_ms": 300,
        "endpoint.finalise_after_ms": _FINALISE_MS,
        # Where nothing may interrupt, overlapping speech is a turn like any other, as the protocol has it.
        "barge_in.interrupted_by": "meaning" if vad.interrupt_response else "voice",
        "endpoint.silence_ms": silence,
        "endpoint.min_ms": least,
        "endpoint.trailing_ms": trailing,
        "endpoint.max_ms": most,
    }
