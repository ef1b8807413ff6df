"""Frames that no client should send: each gets one error that says what is wrong, and the session goes on."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from tests.wire.openai_realtime.mangled import EVENTS, WRONG, changed, named, noise, paths, text, without

from vivavoce.wire.openai_realtime import config
from vivavoce.wire.openai_realtime.effects import Effect, Send
from vivavoce.wire.openai_realtime.messages import MAX_EVENT_ID, TYPES, Unreadable, options, plain, read
from vivavoce.wire.openai_realtime.refusal import Refusal
from vivavoce.wire.openai_realtime.server import MAX_BACKLOG_MS, Server

Wire = dict[str, Any]
MINE = {"type": "message", "role": "user", "id": "mine", "content": []}


def server() -> Server:
    made = Server("abc", config.first("fake", "realtime", "", {}), 2_000_000_000)
    made.attach()
    made.receive(0, json.dumps({"type": "conversation.item.create", "item": MINE}))
    return made


def told(effects: list[Effect]) -> list[Wire]:
    return [json.loads(effect.text) for effect in effects if isinstance(effect, Send)]


def errors(effects: list[Effect]) -> list[Wire]:
    return [event["error"] for event in told(effects) if event["type"] == "error"]


def refused(made: Server, frame: str | bytes) -> Wire | None:
    """The one error that a frame gets, if any; and the session goes on."""
    found = errors(made.receive(1, frame))
    assert len(found) <= 1, found
    good = {"type": "session.update", "session": {"type": "realtime", "instructions": "Go on."}}
    assert "session.updated" in [event["type"] for event in told(made.receive(2, json.dumps(good)))]
    return found[0] if found else None


def same(param: str | None, path: str) -> bool:
    """Names a parameter the field that was changed, what it is part of, or what is part of it?"""
    return param is not None and (param.startswith(path) or path.startswith(param))


@pytest.mark.parametrize("name", EVENTS)
def test_a_wrong_value_in_any_field_is_refused_by_its_name_or_taken(name: str) -> None:
    event = EVENTS[name]
    anyway = refused(server(), text(event))
    for path in paths(event):
        versions = [changed(event, path, value) for value in WRONG]
        versions += [] if isinstance(path[-1], int) else [without(event, path)]
        for n, version in enumerate(versions):
            error = refused(server(), text({**version, "event_id": "mine"}))
            if error is None:
                continue
            assert error["event_id"] == "mine"
            field = named(path)
            unreadable = error["code"] == "invalid_event" and error["param"] is None
            # An event that is wrong as it stands may be refused for that; tools and the choice among them go together.
            same_as_ever = anyway is not None and anyway["code"] == error["code"]
            together = field.startswith("session.tools") and same(error["param"], "session.tool_choice")
            assert unreadable or same_as_ever or together or same(error["param"], field), (field, n, error)


def test_noise_is_refused_and_never_breaks_the_machine() -> None:
    dice, made = random.Random(7), server()
    for _ in range(1_500):
        frame = noise(dice)
        error = refused(made, frame)
        if error is not None and isinstance(frame, str):
            assert error["event_id"] is None or error["event_id"] in frame
        if isinstance(frame, bytes):
            assert error is not None


@pytest.mark.parametrize(
    ("frame", "event_id", "code", "param"),
    [
        ("", None, "invalid_event", None),
        ("{", None, "invalid_event", None),
        ('{"type":"response.cancel"', None, "invalid_event", None),
        ("[]", None, "invalid_event", None),
        ("null", None, "invalid_event", None),
        ("7", None, "invalid_event", None),
        ('"response.create"', None, "invalid_event", None),
        (b'{"type":"response.create"}', None, "invalid_event", None),
        (b"\xff\x00", None, "invalid_event", None),
        ("[" * 100_000, None, "invalid_event", None),
        ('{"type":' * 100_000, None, "invalid_event", None),
        (
            '{"event_id":"a","type":"response.create","response":' + "[" * 200 + "]" * 200 + "}",
            "a",
            "invalid_event",
            None,
        ),
        ('{"event_id":"a","type":"response.create","response":' + "[" * 5_000 + "}", None, "invalid_event", None),
        ('{"event_id":"a","type":"response.create","response":{"metadata":NaN}}', "a", "invalid_event", None),
        ('{"event_id":"a","type":"response.cancel","response_id":"\\ud800"}', "a", "invalid_event", None),
        ('{"event_id":"a","type":"response.cancel","response_id":"\ud800"}', "a", "invalid_event", None),
        ('{"event_id":"a","type":"\ud800"}', "a", "invalid_event", None),
        ('{"event_id":"a","type":' + "9" * 9_000 + "}", "a", "invalid_event", None),
        ('{"event_id":"a"}', "a", "missing_required_parameter", "type"),
        ('{"event_id":"a","type":null}', "a", "missing_required_parameter", "type"),
        ('{"event_id":"a","type":"nonsense"}', "a", "invalid_value", "type"),
        ('{"event_id":"a","type":7}', "a", "invalid_value", "type"),
        ('{"event_id":7,"type":"response.create"}', None, "invalid_value", "event_id"),
        ('{"event_id":[],"type":"response.create"}', None, "invalid_value", "event_id"),
        ('{"event_id":"' + "a" * 600 + '","type":"response.create"}', None, "invalid_value", "event_id"),
        ('{"event_id":"a","type":"session.update"}', "a", "missing_required_parameter", "session"),
        ('{"event_id":"a","type":"input_audio_buffer.append"}', "a", "missing_required_parameter", "audio"),
        ('{"event_id":"a","type":"input_audio_buffer.append","audio":7}', "a", "invalid_value", "audio"),
        ('{"event_id":"a","type":"input_audio_buffer.append","audio":"A"}', "a", "invalid_value", "audio"),
        ('{"event_id":"a","type":"input_audio_buffer.append","audio":"AAAA"}', "a", "invalid_value", "audio"),
        ('{"event_id":"a","type":"conversation.item.create","item":7}', "a", "invalid_type", "item"),
        ('{"event_id":"a","type":"conversation.item.delete"}', "a", "missing_required_parameter", "item_id"),
        (
            '{"event_id":"a","type":"conversation.item.truncate","item_id":"x","content_index":0,"audio_end_ms":1.5}',
            "a",
            "invalid_value",
            "audio_end_ms",
        ),
        (
            '{"event_id":"a","type":"response.create","response":{"colour":1}}',
            "a",
            "unknown_parameter",
            "response.colour",
        ),
    ],
)
def test_what_is_said_of_a_frame(frame: str | bytes, event_id: str | None, code: str, param: str | None) -> None:
    error = refused(server(), frame)
    assert error is not None
    assert (error["event_id"], error["code"], error["param"]) == (event_id, code, param)
    assert error["type"] == "invalid_request_error"
    assert 0 < len(error["message"]) < 1_000


def test_a_frame_that_is_too_large_is_refused() -> None:
    error = refused(server(), json.dumps({"type": "input_audio_buffer.append", "audio": "A" * (21 << 20)}))
    assert error is not None
    assert (error["code"], error["param"]) == ("invalid_value", "audio")


def test_a_flood_of_requests_is_refused_one_by_one_until_time_has_passed() -> None:
    made = server()
    ask = json.dumps({"type": "response.create", "event_id": "mine", "response": {"conversation": "none"}})
    codes = [tuple(error["code"] for error in errors(made.receive(1, ask))) for _ in range(300)]
    assert set(codes) == {(), ("rate_limit_exceeded",)}
    assert codes.count(()) == 16
    assert refused(made, json.dumps({"type": "response.cancel", "response_id": "resp_abc1"})) is None
    assert errors(made.receive(70, ask)) == []


def test_audio_is_refused_while_too_much_of_it_waits_but_other_events_are_taken() -> None:
    made = server()
    append = json.dumps({"type": "input_audio_buffer.append", "audio": "AAAAAAAA", "event_id": "mine"})
    (error,) = errors(made.receive(1, append, backlog_ms=MAX_BACKLOG_MS + 1))
    assert (error["type"], error["code"], error["param"], error["event_id"]) == (
        "rate_limit_exceeded",
        "rate_limit_exceeded",
        "audio",
        "mine",
    )
    clear = json.dumps({"type": "input_audio_buffer.clear"})
    assert not errors(made.receive(1, clear, backlog_ms=MAX_BACKLOG_MS + 1))
    assert not errors(made.receive(1, append, backlog_ms=MAX_BACKLOG_MS))


def test_an_error_goes_to_the_connection_that_made_it() -> None:
    made = server()
    made.attach(3)
    (send,) = made.receive(1, "{", connection=3)
    assert isinstance(send, Send)
    assert send.to == 3


@pytest.mark.parametrize("kind", TYPES)
def test_every_event_type_is_known_and_its_name_is_echoed_back(kind: str) -> None:
    fields = {"session": {}, "audio": "", "item": {}, "item_id": "x", "content_index": 0, "audio_end_ms": 0}
    event = read(json.dumps({"type": kind, "event_id": "a" * MAX_EVENT_ID, **fields}))
    assert event.event_id == "a" * MAX_EVENT_ID


def test_fields_that_nobody_knows_are_no_reason_to_refuse_an_event() -> None:
    assert read('{"type":"response.cancel","sent_at":7}').event_id is None


def test_an_unreadable_frame_says_why() -> None:
    with pytest.raises(Unreadable, match="no JSON event"):
        read("{")


def test_what_lies_too_deep_is_refused_before_anything_copies_it() -> None:
    raw = read('{"type":"session.update","session":' + "[" * 65 + "]" * 65 + "}").session
    with pytest.raises(Refusal, match="at most 64 deep"):
        plain(raw)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"conversation": "all"}, "response.conversation"),
        ({"metadata": {str(n): "" for n in range(17)}}, "response.metadata"),
        ({"metadata": {"a" * 65: ""}}, "response.metadata"),
        ({"metadata": {"a": "b" * 513}}, "response.metadata"),
        ({"metadata": {"a": 7}}, "response.metadata"),
        ({"audio": {"output": {"format": {"type": "audio/mp3"}}}}, "response.audio.output.format.type"),
        ({"audio": {"output": {"loud": True}}}, "response.audio.output.loud"),
        ({"input": [7]}, "response.input[0]"),
        ({"output_modalities": ["audio", 7]}, "response.output_modalities[1]"),
    ],
)
def test_what_a_response_may_not_ask_for(given: Wire, param: str) -> None:
    raw = read(json.dumps({"type": "response.create", "response": given})).response
    with pytest.raises(Refusal) as refusal:
        options(raw)
    assert refusal.value.param == param
