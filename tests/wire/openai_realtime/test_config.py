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
RATIO = {"type": "retention_ratio", "retention_ratio": 0.5}


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
        ({"truncation": {"retention_ratio": 0.5}}, "missing_required_parameter", "session.truncation.type"),
        (
            {"truncation": {"type": "retention_ratio"}},
            "missing_required_parameter",
            "session.truncation.retention_ratio",
        ),
        ({"truncation": {**RATIO, "retention_ratio": 7}}, "invalid_value", "session.truncation.retention_ratio"),
        ({"truncation": {**RATIO, "token_limits": 7}}, "invalid_value", "session.truncation.token_limits"),
        (
            {"truncation": {**RATIO, "token_limits": {"post_instructions": -1}}},
            "invalid_value",
            "session.truncation.token_limits.post_instructions",
        ),
        ({"tracing": "zzz"}, "invalid_value", "session.tracing"),
        ({"tracing": {"workflow_name": 7}}, "invalid_value", "session.tracing.workflow_name"),
        ({"tracing": {"name": "x"}}, "unknown_parameter", "session.tracing.name"),
        ({"include": ["everything"]}, "invalid_value", "session.include[0]"),
        ({"include": "everything"}, "invalid_value", "session.include"),
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


def test_a_transcription_session_writes_down_unless_it_is_told_not_to() -> None:
    session = first("fake", "transcription", "Be kind.", {})
    assert echo(session, "", 0)["audio"]["input"]["transcription"] == {"model": "whisper-1"}
    off = {"type": "transcription", "audio": {"input": {"transcription": None}}}
    assert updated(session, off).audio.input.transcription is None
    assert first("fake", "transcription", "", off).audio.input.transcription is None


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"tools": []}, "session.tools"),
        ({"instructions": "Be brief."}, "session.instructions"),
        ({"output_modalities": ["text"]}, "session.output_modalities"),
        ({"audio": {"output": {"voice": "alloy"}}}, "session.audio.output"),
        ({"colour": "red"}, "session.colour"),
    ],
)
def test_nothing_answers_in_a_transcription_session(given: Wire, param: str) -> None:
    session = first("fake", "transcription", "", {})
    for refused in (
        lambda: updated(session, {"type": "transcription", **given}),
        lambda: first("", "transcription", "", given),
    ):
        with pytest.raises(Refusal) as refusal:
            refused()
        assert (refusal.value.code, refusal.value.param) == ("unknown_parameter", param)


def test_a_transcription_session_takes_back_what_it_showed_and_a_model() -> None:
    session = first("fake", "transcription", "", {})
    assert updated(session, {**echo(session, "sess_1", 7), "model": "gpt-4o-transcribe"}) == session


@pytest.mark.parametrize(
    "given",
    [
        {"truncation": {**RATIO, "token_limits": {"post_instructions": 100}}},
        {"truncation": "disabled"},
        {"tracing": {"workflow_name": "w", "group_id": "g", "metadata": {"a": 1}}},
        {"tracing": "auto"},
        {"include": ["item.input_audio_transcription.logprobs"]},
        {"reasoning": {"effort": "low"}, "parallel_tool_calls": False},
    ],
)
def test_what_has_no_effect_is_shown_again(given: Wire) -> None:
    found = shown(given)
    assert {key: found[key] for key in given} == given


def test_null_brings_back_the_default_of_fields_that_have_no_null() -> None:
    given = {"truncation": "disabled", "reasoning": {"effort": "low"}, "parallel_tool_calls": True}
    assert update(dict.fromkeys(given), update(given)) == update({})


def test_times_may_have_a_point_if_nothing_is_behind_it() -> None:
    detection = {**VAD, "silence_duration_ms": 700.0, "prefix_padding_ms": 0.0, "idle_timeout_ms": 6000.0}
    found = shown({"audio": {"input": {"turn_detection": detection}}})["audio"]["input"]["turn_detection"]
    assert (found["silence_duration_ms"], found["prefix_padding_ms"], found["idle_timeout_ms"]) == (700, 0, 6000)
    assert isinstance(found["silence_duration_ms"], int)
    with pytest.raises(Refusal) as refusal:
        update({"audio": {"input": {"turn_detection": {**VAD, "silence_duration_ms": 700.5}}}})
    assert refusal.value.param == "session.audio.input.turn_detection.silence_duration_ms"


def test_the_servers_own_voice_speaks_and_is_shown_until_a_client_names_another() -> None:
    session = first("fake", "realtime", "", {}, voice="emma")
    assert echo(session, "", 0)["audio"]["output"]["voice"] == "emma"
    assert update({"audio": {"output": {"speed": 1.2}}}, session).voice == "emma"
    assert update({"audio": {"output": {"voice": "alloy"}}}, session).voice == "alloy"
    assert first("fake", "realtime", "", {"audio": {"output": {"voice": "alloy"}}}, voice="emma").voice == "alloy"


def test_what_a_client_secret_prescribes_is_where_the_session_begins() -> None:
    session = first("", "realtime", "Be kind.", {"model": "bound", "instructions": "Be brief."})
    assert (session.model, session.instructions) == ("bound", "Be brief.")
    assert first("named", "realtime", "Be kind.", {"model": "bound"}).model == "named"
