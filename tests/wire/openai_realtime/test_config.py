"""The session object: what each field takes, how updates are merged, and that all of it is echoed."""

from __future__ import annotations

from typing import Any

import pytest

from vivavoce.wire.openai_realtime.config import Session, echo, first, updated
from vivavoce.wire.openai_realtime.refusal import Refusal

Wire = dict[str, Any]


def update(given: Wire, session: Session | None = None, **known: bool) -> Session:
    return updated(session or Session(model="fake"), {"type": "realtime", **given}, **known)


def shown(given: Wire, session: Session | None = None) -> Wire:
    return echo(update(given, session), "sess_1", 7)


def test_the_effective_session_is_shown_whole() -> None:
    assert shown({}) == {
        "type": "realtime",
        "object": "realtime.session",
        "id": "sess_1",
        "model": "fake",
        "output_modalities": ["audio"],
        "instructions": "",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.5,
                    "prefix_padding_ms": 300,
                    "silence_duration_ms": 500,
                    "idle_timeout_ms": None,
                    "create_response": True,
                    "interrupt_response": True,
                },
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "alloy", "speed": 1.0},
        },
        "include": None,
        "expires_at": 7,
    }


def test_what_was_shown_can_be_sent_back_and_changes_nothing() -> None:
    before = update({"tools": [{"type": "function", "name": "look"}], "reasoning": {"effort": "low"}})
    assert update(echo(before, "sess_1", 7), before) == before


def test_an_update_changes_what_it_names_and_leaves_its_neighbours() -> None:
    one = update({"audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 900}}}})
    two = update({"audio": {"input": {"turn_detection": {"threshold": 0.7}}, "output": {"voice": "marin"}}}, one)
    three = update({"audio": {"input": {"transcription": {"model": "whisper-1", "language": "de"}}}}, two)
    four = update({"audio": {"input": {"transcription": {"language": "en"}}}}, three)
    audio = echo(four, "", 0)["audio"]
    assert audio["input"]["turn_detection"]["silence_duration_ms"] == 900
    assert audio["input"]["turn_detection"]["threshold"] == 0.7
    assert audio["input"]["transcription"] == {"model": "whisper-1", "language": "en"}
    assert audio["output"]["voice"] == "marin"


def test_another_kind_of_turn_detection_begins_with_its_own_defaults() -> None:
    one = update({"audio": {"input": {"turn_detection": {"type": "server_vad", "create_response": False}}}})
    two = shown({"audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}}, one)
    assert two["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    }


def test_null_turns_an_option_off_and_naming_it_turns_it_on_again() -> None:
    off = update({"audio": {"input": {"turn_detection": None, "noise_reduction": None}}})
    assert off.audio.input.turn_detection is None
    on = update({"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 0.9}}}}, off)
    assert echo(on, "", 0)["audio"]["input"]["turn_detection"]["threshold"] == 0.9


def test_lists_and_tools_are_replaced_whole() -> None:
    one = update({"tools": [{"type": "function", "name": "look"}, {"type": "function", "name": "book"}]})
    assert update({"tools": []}, one).tools == []


def test_the_model_of_a_session_never_changes() -> None:
    assert update({"model": "another"}).model == "fake"


VAD = {"type": "server_vad"}


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({"colour": "red"}, "unknown_parameter", "session.colour"),
        ({"voice": "alloy"}, "unknown_parameter", "session.voice"),
        ({"instructions": 7}, "invalid_value", "session.instructions"),
        ({"instructions": "x" * ((1 << 20) + 1)}, "invalid_value", "session.instructions"),
        ({"output_modalities": ["text", "audio"]}, "invalid_value", "session.output_modalities"),
        ({"output_modalities": []}, "invalid_value", "session.output_modalities"),
        ({"output_modalities": ["smell"]}, "invalid_value", "session.output_modalities[0]"),
        ({"max_output_tokens": 0}, "invalid_value", "session.max_output_tokens"),
        ({"max_output_tokens": 4097}, "invalid_value", "session.max_output_tokens"),
        ({"max_output_tokens": "many"}, "invalid_value", "session.max_output_tokens"),
        ({"truncation": "sometimes"}, "invalid_value", "session.truncation"),
        ({"tool_choice": "perhaps"}, "invalid_value", "session.tool_choice"),
        ({"tools": {}}, "invalid_value", "session.tools"),
        ({"type": "transcription"}, "invalid_value", "session.type"),
        ({"type": "chat"}, "invalid_value", "session.type"),
        ({"audio": 7}, "invalid_value", "session.audio"),
        ({"audio": {"loud": True}}, "unknown_parameter", "session.audio.loud"),
        ({"audio": {"input": {"format": {"type": "audio/mp3"}}}}, "invalid_value", "session.audio.input.format.type"),
        (
            {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}},
            "invalid_value",
            "session.audio.input.format.rate",
        ),
        (
            {"audio": {"input": {"turn_detection": {**VAD, "threshold": 1.5}}}},
            "invalid_value",
            "session.audio.input.turn_detection.threshold",
        ),
        (
            {"audio": {"input": {"turn_detection": {**VAD, "silence_duration_ms": -1}}}},
            "invalid_value",
            "session.audio.input.turn_detection.silence_duration_ms",
        ),
        (
            {"audio": {"input": {"turn_detection": {**VAD, "idle_timeout_ms": 100}}}},
            "invalid_value",
            "session.audio.input.turn_detection.idle_timeout_ms",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "hasty"}}}},
            "invalid_value",
            "session.audio.input.turn_detection.eagerness",
        ),
        (
            {"audio": {"input": {"noise_reduction": {"type": "everywhere"}}}},
            "invalid_value",
            "session.audio.input.noise_reduction.type",
        ),
        (
            {"audio": {"input": {"transcription": {"temperature": 0}}}},
            "unknown_parameter",
            "session.audio.input.transcription.temperature",
        ),
        ({"audio": {"output": {"speed": 3}}}, "invalid_value", "session.audio.output.speed"),
        ({"audio": {"output": {"voice": 7}}}, "invalid_value", "session.audio.output.voice"),
    ],
)
def test_what_is_refused_is_named_and_nothing_changes(given: Wire, code: str, param: str) -> None:
    with pytest.raises(Refusal) as refusal:
        update(given)
    assert (refusal.value.code, refusal.value.param) == (code, param)


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        (7, "invalid_type", "session"),
        (None, "invalid_type", "session"),
        ([], "invalid_type", "session"),
        ({}, "missing_required_parameter", "session.type"),
    ],
)
def test_an_update_is_an_object_with_a_type(given: object, code: str, param: str) -> None:
    with pytest.raises(Refusal) as refusal:
        updated(Session(), given)
    assert (refusal.value.code, refusal.value.param) == (code, param)


def test_the_voice_is_fixed_once_the_agent_has_spoken() -> None:
    with pytest.raises(Refusal) as refusal:
        update({"audio": {"output": {"voice": "marin"}}}, spoke=True)
    assert refusal.value.code == "cannot_update_voice"
    assert update({"audio": {"output": {"voice": "alloy"}}}, spoke=True).voice == "alloy"


def test_the_speed_changes_between_responses_only() -> None:
    with pytest.raises(Refusal, match="between responses"):
        update({"audio": {"output": {"speed": 1.2}}}, speaking=True)
    assert update({"audio": {"output": {"speed": 1.2}}}).audio.output.speed == 1.2


def test_tracing_is_set_once() -> None:
    traced = update({"tracing": "auto"})
    with pytest.raises(Refusal, match="Tracing"):
        update({"tracing": None}, traced)
    assert update({"tracing": "auto"}, traced).tracing == "auto"


def test_a_voice_of_ones_own_is_shown_by_its_name() -> None:
    assert update({"audio": {"output": {"voice": {"id": "voice_1"}}}}).voice == "voice_1"


def test_a_transcription_session_shows_what_concerns_it() -> None:
    session = first("fake", "transcription", "Be kind.", {})
    found = echo(session, "sess_1", 7)
    assert sorted(found) == ["audio", "expires_at", "id", "include", "object", "type"]
    assert list(found["audio"]) == ["input"]


def test_what_a_client_secret_prescribes_is_where_the_session_begins() -> None:
    session = first("", "realtime", "Be kind.", {"model": "bound", "instructions": "Be brief."})
    assert (session.model, session.instructions) == ("bound", "Be brief.")
    assert first("named", "realtime", "Be kind.", {"model": "bound"}).model == "named"
