"""Frames that are wrong: one error each, and the connection goes on."""

from __future__ import annotations

import json
from typing import Any

from ..client import Client
from ..lab import Lab, alive, case, check, message, refused, same
from ..reading import dig, text

UNKNOWN = ("", "response.cancelled", "session.destroy", "x" * 1000, "input_audio_buffer", "RESPONSE.CREATE")


@case("3")
async def unknown_type(lab: Lab) -> None:
    """An unknown type is an invalid value of type."""
    client = await lab.connect()
    for kind in UNKNOWN:
        error = await refused(client, kind, *(["invalid_value"] if kind else []))
        same(error["type"], "invalid_request_error", "error.type")
        if kind:
            same(error["param"], "type", "error.param")
    await alive(client)


@case("3")
async def no_type(lab: Lab) -> None:
    """An event without type, or with a type that is no string."""
    client = await lab.connect()
    for n, event in enumerate(({}, {"type": None}, {"type": 7}, {"type": ["response.create"]}, {"type": {}})):
        await client.send_event({**event, "event_id": f"evt_no_type_{n}"})
        await client.error(f"evt_no_type_{n}")
    await alive(client)


async def _raw(client: Client, data: str | bytes) -> None:
    await client.send_raw(data)
    error = await client.error(None)
    same(error["type"], "invalid_request_error", "error.type")


@case("3")
async def not_json(lab: Lab) -> None:
    """Text that is no JSON."""
    client = await lab.connect()
    for frame in ("", "hello", "{", '{"type":', '{"type": "response.create"} x', "\x00", "{'type': 1}", "\ufeff{}"):
        await _raw(client, frame)
    await alive(client)


@case("3")
async def no_object(lab: Lab) -> None:
    """JSON that is no object."""
    client = await lab.connect()
    for frame in ("[]", "null", "7", '"response.create"', '[{"type": "response.create"}]', "true"):
        await _raw(client, frame)
    await alive(client)


@case("1.1")
async def binary(lab: Lab) -> None:
    """Binary frames are no events."""
    client = await lab.connect()
    for frame in (b"\x00\x01\x02", b'{"type": "response.create"}', bytes(4800)):
        await _raw(client, frame)
    await alive(client)


@case("3")
async def deep(lab: Lab) -> str:
    """Nesting without end breaks nothing."""
    client = await lab.connect()
    for depth in (200, 100_000):
        await client.send_raw("[" * depth + "]" * depth)
        await client.error(None)
        await client.send_raw('{"type": "session.update", "session": ' + '{"a":' * depth + "1" + "}" * depth + "}")
        await client.error(None)
    await alive(client)
    return "200 and 100000 levels"


@case("3")
async def huge(lab: Lab) -> None:
    """A million characters where a few are expected."""
    client = await lab.connect()
    await refused(client, "conversation.item.retrieve", item_id="x" * 1_000_000)
    await client.send("session.update", session={"type": "realtime", "instructions": "x" * 1_000_000})
    answer = await client.expect("session.updated", "error")
    check(answer["type"] == "session.updated" or dig(answer, "error", "event_id"), "the error names no event")
    await alive(client)


@case("3")
async def odd_characters(lab: Lab) -> None:
    """Text of any script comes back as it was, escapes and half surrogate pairs do no harm."""
    client = await lab.connect()
    words = '日本語 \u202e עברית 👩‍👩‍👧 \u0000 \\ " \n é'
    await client.send("conversation.item.create", item=message(words, id="odd"))
    done = await client.expect("conversation.item.done", "error")
    if done["type"] == "conversation.item.done":
        same(dig(done, "item", "content", 0, "text"), words, "text")
    half = json.dumps({"type": "conversation.item.create", "event_id": "evt_half", "item": message("\ud800 x")})
    client.order.sent(json.loads(half))
    await client.pass_on(half)
    await client.expect("conversation.item.done", "error")
    await alive(client)


WRONG: dict[str, list[dict[str, Any]]] = {
    "session.update": [{"session": v} for v in (None, 7, "x", [], {"type": 7}, {"type": "poem"})]
    + [
        {"session": {"type": "realtime", key: 7}}
        for key in ("output_modalities", "instructions", "tools", "tool_choice", "audio", "truncation", "tracing")
    ]
    + [{"session": {"type": "realtime", "audio": {side: 7}}} for side in ("input", "output")]
    + [
        {"session": {"type": "realtime", "audio": {"input": {key: 7}}}}
        for key in ("format", "transcription", "turn_detection", "noise_reduction")
    ]
    + [{"session": {"type": "realtime", "audio": {"output": {key: []}}}} for key in ("format", "voice", "speed")]
    + [{"session": {"type": "realtime", "tools": [7]}}, {"session": {"type": "realtime", "max_output_tokens": []}}],
    "input_audio_buffer.append": [{"audio": v} for v in (None, 7, [], {}, True)],
    "conversation.item.create": [{"item": v} for v in (None, 7, "x", [], {"type": 7}, {"type": "message", "role": 7})]
    + [{"item": {"type": "message", "role": "user", "content": v}} for v in (7, "x", [7], {}, [{"type": 7}])]
    + [{"item": message("x", id=v)} for v in (7, [], {})]
    + [{"item": message("x"), "previous_item_id": v} for v in (7, [], {})]
    + [{"item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": 7}]}}]
    + [{"item": {"type": "function_call_output", "call_id": v, "output": "x"}} for v in (7, None)],
    "conversation.item.retrieve": [{}, *({"item_id": v} for v in (None, 7, [], {}))],
    "conversation.item.delete": [{}, *({"item_id": v} for v in (None, 7, [], {}))],
    "conversation.item.truncate": [
        {"item_id": v, "content_index": w, "audio_end_ms": x}
        for v, w, x in ((7, 0, 0), ("x", "0", 0), ("x", 0, "0"), ("x", 0, 1.5), ("x", None, None), ([], [], []))
    ],
    "response.create": [{"response": v} for v in (7, "x", [])]
    + [
        {"response": {key: {"no": "such"}}}
        for key in ("conversation", "input", "instructions", "output_modalities", "tools", "max_output_tokens")
    ]
    + [{"response": {"metadata": v}} for v in (7, [], {"a": 7}, {"a": {}})]
    + [{"response": {"input": [v]}} for v in (7, None, {}, {"type": "item_reference"})],
    "response.cancel": [{"response_id": v} for v in (7, [], {})],
}


async def _wrong(lab: Lab, kind: str) -> str:
    client = await lab.connect()
    for fields in WRONG[kind]:
        await refused(client, kind, **fields)
    await alive(client)
    same(client.order.counts["response.created"], 0, "responses created")
    return f"{len(WRONG[kind])} events"


@case("3")
async def wrong_session_update(lab: Lab) -> str:
    """Wrong types in every field of session.update."""
    return await _wrong(lab, "session.update")


@case("3")
async def wrong_append(lab: Lab) -> str:
    """Wrong types in every field of input_audio_buffer.append."""
    return await _wrong(lab, "input_audio_buffer.append")


@case("3")
async def wrong_item_create(lab: Lab) -> str:
    """Wrong types in every field of conversation.item.create."""
    return await _wrong(lab, "conversation.item.create")


@case("3")
async def wrong_item_reference(lab: Lab) -> None:
    """Wrong types in the fields of retrieve, delete and truncate."""
    for kind in ("conversation.item.retrieve", "conversation.item.delete", "conversation.item.truncate"):
        await _wrong(lab, kind)


@case("3")
async def wrong_response(lab: Lab) -> None:
    """Wrong types in every field of response.create and response.cancel."""
    for kind in ("response.create", "response.cancel"):
        await _wrong(lab, kind)


@case("3")
async def event_ids(lab: Lab) -> None:
    """Errors echo the event_id of the client, whatever it is; without one they say null."""
    client = await lab.connect()
    for event_id in ("a", "x" * 512, "日本", "same", "same"):
        await refused(client, "conversation.item.delete", item_id="nowhere", event_id=event_id)
    await client.send_event({"type": "conversation.item.delete", "item_id": "nowhere"})
    await client.error(None)
    for wrong in (7, [], {}):
        await client.send_event({"type": "session.update", "session": {"type": "realtime"}, "event_id": wrong})
        await client.expect("error", "session.updated")
    await alive(client)


@case("7.5")
async def a_mistake_amid_a_response(lab: Lab) -> None:
    """Mistakes do not disturb the response that is being made."""
    client = await lab.session(output_modalities=["text"])
    await client.send("conversation.item.create", item=message(lab.target.prompt))
    await client.send("response.create")
    await refused(client, "no.such.event")
    await _raw(client, "}{")
    done = await client.expect("response.done", timeout=4 * client.timeout)
    same(text(dig(done, "response", "status")), "completed", "response.status")
