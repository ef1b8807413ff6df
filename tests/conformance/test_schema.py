"""Events in the shape of GA pass the schema checker; what strict clients stumble over does not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from .reading import Event
from .schema import LARGEST, SchemaChecker, problems
from .shapes import calling, created, done, error, item_event, message, reply, session, transcription_session, written

ITEM = "conversation.item"
HEARD = f"{ITEM}.input_audio_transcription"
USER = message("u", "user", "completed", {"type": "input_audio", "transcript": None})
MCP: Event = {
    "id": "m",
    "type": "mcp_call",
    "server_label": "docs",
    "name": "search",
    "arguments": "{}",
    "output": None,
}
TOKENS: Event = {"type": "tokens", "total_tokens": 3, "input_tokens": 2, "output_tokens": 1}

EVENTS: list[Event] = [
    {"type": "session.created", "session": session()},
    {"type": "session.updated", "session": transcription_session()},
    {"type": "conversation.created", "conversation": {"id": "conv_1", "object": "realtime.conversation"}},
    item_event("added", USER, None),
    item_event("done", message("s", "system", "completed", {"type": "input_text", "text": "x"}), "u"),
    item_event("done", MCP, "u"),
    {"type": f"{ITEM}.retrieved", "item": USER},
    {"type": f"{ITEM}.deleted", "item_id": "u"},
    {"type": f"{ITEM}.truncated", "item_id": "a", "content_index": 0, "audio_end_ms": 5},
    {"type": f"{HEARD}.delta", "item_id": "u", "content_index": 0, "delta": "x"},
    {"type": f"{HEARD}.completed", "item_id": "u", "content_index": 0, "transcript": "x"}
    | {"usage": {"type": "duration", "seconds": 1.5}},
    {"type": f"{HEARD}.completed", "item_id": "u", "content_index": 0, "transcript": "x"}
    | {"usage": TOKENS | {"input_token_details": {"text_tokens": 0, "audio_tokens": 2}}},
    {"type": f"{HEARD}.failed", "item_id": "u", "content_index": 0, "error": {"message": "x"}},
    {"type": "input_audio_buffer.speech_started", "item_id": "u", "audio_start_ms": 1},
    {"type": "input_audio_buffer.speech_stopped", "item_id": "u", "audio_end_ms": 2},
    {"type": "input_audio_buffer.committed", "item_id": "u", "previous_item_id": None},
    {"type": "input_audio_buffer.cleared"},
    {"type": "input_audio_buffer.timeout_triggered", "item_id": "u", "audio_start_ms": 1, "audio_end_ms": 2},
    {"type": "output_audio_buffer.started", "response_id": "r"},
    {"type": "response.mcp_call_arguments.delta", "response_id": "r", "item_id": "m", "output_index": 0}
    | {"delta": "{}", "obfuscation": ""},
    error("c1", "invalid_value", None),
    error(None, None, None, "server_error"),
    done("r", "cancelled", reason="turn_detected"),
    done("r", "incomplete", reason="max_output_tokens"),
    done("r", "failed", status_details={"type": "failed", "error": {"type": "server_error", "message": "x"}}),
    created("s", conversation_id=None, metadata={"k": "v"}),
    *reply("r", "a", "u"),
    *written("r", "a", "u"),
    *calling("r", "f", "u"),
]


def numbered(event: Event) -> Event:
    """The event with an id."""
    return {"event_id": "e1", **copy.deepcopy(event)}


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e["type"])
def test_the_shape_of_ga_passes(event: Event) -> None:
    assert problems(numbered(event)) == []
    assert problems(numbered(event) | {"obfuscation": "xyz"}) == []


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e["type"])
def test_every_field_is_needed(event: Event) -> None:
    optional = {"obfuscation"} if "arguments.delta" not in event["type"] else set()
    for key in set(numbered(event)) - optional:
        assert problems({k: v for k, v in numbered(event).items() if k != key}), key


def first(kind: str) -> Event:
    """The first of the legal events of a type."""
    return numbered(next(event for event in EVENTS if event["type"] == kind))


def detection(event: Event) -> Event:
    """The turn_detection of a session event."""
    return event["session"]["audio"]["input"]["turn_detection"]


def outer(event: Event) -> Event:
    """The output audio of a response event."""
    return event["response"]["audio"]["output"]


CHANGES: list[tuple[str, Callable[[Event], Any], str]] = [
    ("session.created", lambda e: e["session"].pop("tracing"), "session.tracing is missing"),
    ("session.created", lambda e: e["session"].pop("type"), "session.object"),
    ("session.created", lambda e: e["session"]["audio"]["input"].pop("noise_reduction"), "noise_reduction is missing"),
    ("session.created", lambda e: e["session"].update(output_modalities=["audio", "text"]), "output_modalities"),
    ("session.created", lambda e: detection(e).update(create_response=None), "create_response is None"),
    ("session.created", lambda e: detection(e).pop("interrupt_response"), "interrupt_response is None"),
    ("session.created", lambda e: detection(e).update(type="server"), "turn_detection"),
    ("session.created", lambda e: e["session"]["audio"]["output"]["format"].update(rate=16000), "rate"),
    ("response.created", lambda e: outer(e).update(voice={"id": "voice_1"}), "voice"),
    ("response.created", lambda e: e["response"].pop("metadata"), "response.metadata is missing"),
    ("response.done", lambda e: e["response"]["status_details"].update(reason="timeout"), "reason"),
    ("response.done", lambda e: e["response"].update(status_details=None), "status_details"),
    ("response.done", lambda e: e["response"].update(usage=None), "usage"),
    (f"{ITEM}.added", lambda e: e["item"]["content"][0].pop("transcript"), "transcript is missing"),
    (f"{ITEM}.added", lambda e: e["item"]["content"][0].update(type="audio"), "content.0.type"),
    (f"{ITEM}.added", lambda e: e["item"].update(status="cancelled"), "status"),
    (f"{ITEM}.added", lambda e: e["item"].update(role="developer"), "role"),
    (f"{ITEM}.added", lambda e: e["item"].pop("object"), "item.object"),
    ("response.content_part.added", lambda e: e["part"].update(type="output_audio"), "part.type"),
    ("response.content_part.added", lambda e: e["part"].update(audio=None), "part.audio is null"),
    ("response.content_part.done", lambda e: e["part"].pop("transcript"), "part.transcript"),
    ("input_audio_buffer.speech_started", lambda e: e.update(audio_start_ms=1.5), "audio_start_ms"),
    ("input_audio_buffer.speech_started", lambda e: e.update(audio_start_ms="1"), "audio_start_ms"),
    ("response.function_call_arguments.done", lambda e: e.pop("name"), "name"),
    (f"{HEARD}.completed", lambda e: e.pop("usage"), "usage"),
    (f"{HEARD}.completed", lambda e: e.update(usage=TOKENS), "input_token_details"),
    ("rate_limits.updated", lambda e: e["rate_limits"][0].update(name="words"), "name"),
    ("error", lambda e: e["error"].pop("event_id"), "error.event_id is missing"),
    ("input_audio_buffer.cleared", lambda e: e.update(type="response.cancelled"), "event"),
]


@pytest.mark.parametrize(("kind", "change", "words"), CHANGES)
def test_what_strict_clients_stumble_over_is_caught(kind: str, change: Callable[[Event], Any], words: str) -> None:
    event = first(kind)
    change(event)
    assert any(words in problem for problem in problems(event)), problems(event)


def test_an_mcp_call_has_its_output_key() -> None:
    bare = {key: value for key, value in MCP.items() if key != "output"}
    assert "item.output is missing" in problems(numbered(item_event("done", bare, None)))


def test_audio_is_base64_of_whole_samples() -> None:
    for delta, words in (("AAA=", ""), ("AAAA", "odd number"), ("?", "no base64"), ("", "empty")):
        checker = SchemaChecker()
        checker.received(numbered({"type": "session.created", "session": session()}))
        ids = {"response_id": "r", "item_id": "a", "output_index": 0, "content_index": 0}
        checker.received(numbered({"type": "response.output_audio.delta", **ids, "delta": delta}))
        assert words in "".join(checker.violations)
        assert bool(words) == bool(checker.violations)


def test_a_message_over_the_limit_is_too_long() -> None:
    checker = SchemaChecker()
    checker.received(first("input_audio_buffer.cleared"), LARGEST + 1)
    assert "bytes" in checker.violations[0]
