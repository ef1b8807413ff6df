"""What the settings of a session mean for the conversation."""

from __future__ import annotations

from typing import Any

import pytest

from vivavoce.core.policy import BROWSER, changed
from vivavoce.wire.openai_realtime.config import Session, first, updated
from vivavoce.wire.openai_realtime.policy import settings


def session(detection: dict[str, Any] | None, **given: Any) -> Session:
    update = {"type": "realtime", "audio": {"input": {"turn_detection": detection}}, **given}
    return updated(Session(), update)


SERVER, SEMANTIC = {"type": "server_vad"}, {"type": "semantic_vad"}


@pytest.mark.parametrize("detection", [None, SERVER, SEMANTIC])
def test_every_setting_is_one_that_the_conversation_has(detection: dict[str, Any] | None) -> None:
    changed(BROWSER, dict(settings(session(detection))))


@pytest.mark.parametrize(
    ("detection", "key", "value"),
    [
        (None, "turns", "manual"),
        (None, "endpoint.answer", False),
        (SERVER, "turns", "local"),
        (SERVER, "endpoint.answer", True),
        (SERVER, "endpoint.silence_ms", 500),
        (SERVER, "barge_in.interrupted_by", "voice"),
        (SERVER, "barge_in.yielding", "at_once"),
        (SERVER, "idle.prompt_after_ms", 0),
        ({**SERVER, "threshold": 0.8}, "hearing.start_p", 0.8),
        ({**SERVER, "threshold": 0.0}, "hearing.start_p", 0.0),
        ({**SERVER, "prefix_padding_ms": 10}, "hearing.prefix_ms", 10),
        ({**SERVER, "silence_duration_ms": 200}, "endpoint.max_ms", 200),
        ({**SERVER, "silence_duration_ms": 200}, "endpoint.finalise_after_ms", 100),
        ({**SERVER, "idle_timeout_ms": 6_000}, "idle.prompt_after_ms", 6_000),
        ({**SERVER, "idle_timeout_ms": 6_000, "create_response": False}, "idle.prompt_after_ms", 0),
        ({**SERVER, "create_response": False}, "endpoint.answer", False),
        ({**SERVER, "interrupt_response": False}, "barge_in.yielding", "never"),
        (SEMANTIC, "barge_in.interrupted_by", "meaning"),
        ({**SEMANTIC, "interrupt_response": False}, "barge_in.interrupted_by", "voice"),
        ({**SEMANTIC, "interrupt_response": False}, "barge_in.yielding", "never"),
        ({**SEMANTIC, "create_response": False}, "endpoint.answer", False),
    ],
)
def test_what_a_way_to_detect_turns_means(detection: dict[str, Any] | None, key: str, value: object) -> None:
    assert settings(session(detection))[key] == value


def test_voice_alone_ends_a_turn_after_one_fixed_silence() -> None:
    found = settings(session({**SERVER, "silence_duration_ms": 700}))
    assert {found[f"endpoint.{key}_ms"] for key in ("silence", "min", "trailing", "max")} == {700}


def test_the_more_eager_the_shorter_every_silence() -> None:
    low, medium, high = (settings(session({**SEMANTIC, "eagerness": eager})) for eager in ("low", "medium", "high"))
    assert settings(session({**SEMANTIC, "eagerness": "auto"})) == medium
    for key in ("silence", "min", "trailing", "max"):
        one, two, three = (found[f"endpoint.{key}_ms"] for found in (high, medium, low))
        assert one < two < three


def test_what_stops_hearing_is_below_what_starts_it() -> None:
    for threshold in (0.05, 0.5, 1.0):
        found = settings(session({**SERVER, "threshold": threshold}))
        assert 0 < found["hearing.stop_p"] <= found["hearing.start_p"]


def test_words_that_nobody_waits_to_answer_may_take_longer() -> None:
    waits = settings(session(SERVER))["endpoint.words_timeout_ms"]
    assert waits < settings(session(None))["endpoint.words_timeout_ms"]


def test_a_transcription_session_answers_nothing() -> None:
    found = settings(first("fake", "transcription", "", {}))
    assert (found["turns"], found["endpoint.answer"]) == ("local", False)


def test_a_session_for_text_does_not_speak() -> None:
    assert settings(session(SERVER, output_modalities=["text"]))["reply.spoken"] is False


def test_what_the_client_plays_cannot_be_held_back_what_we_play_can() -> None:
    assert settings(session(SERVER))["barge_in.hold_after_ms"] > 10**6
    assert "barge_in.hold_after_ms" not in settings(session(SERVER), plays=True)
