"""Server events in the shape of GA, for the fake server and the tests of the checkers."""

from __future__ import annotations

from typing import Any

from .reading import Event

PCM = {"type": "audio/pcm", "rate": 24000}
SERVER_VAD: Event = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}


def session(**changes: Any) -> Event:
    """A whole session."""
    heard = {"format": PCM, "transcription": None, "noise_reduction": None, "turn_detection": SERVER_VAD}
    whole: Event = {"type": "realtime", "object": "realtime.session", "id": "sess_1", "model": "gpt-realtime"}
    whole |= {"output_modalities": ["audio"], "instructions": "", "tools": [], "tool_choice": "auto"}
    whole |= {"max_output_tokens": "inf", "tracing": None, "truncation": "auto", "prompt": None, "include": None}
    whole |= {
        "expires_at": 1800000000,
        "audio": {"input": heard, "output": {"format": PCM, "voice": "a", "speed": 1.0}},
    }
    return whole | changes


def transcription_session() -> Event:
    """A whole session that only transcribes."""
    heard = {"format": {"type": "audio/pcmu"}, "transcription": {"model": "m"}, "noise_reduction": None}
    whole: Event = {"type": "transcription", "object": "realtime.transcription_session", "id": "sess_2"}
    return whole | {"expires_at": 1800000000, "include": None, "audio": {"input": heard | {"turn_detection": None}}}


def message(item_id: str, role: str, status: str, *content: Event) -> Event:
    """A message item."""
    return {"id": item_id, "object": "realtime.item", "type": "message", "status": status} | {
        "role": role,
        "content": list(content),
    }


def call(item_id: str, call_id: str, arguments: str, status: str) -> Event:
    """A function_call item."""
    item: Event = {"id": item_id, "object": "realtime.item", "type": "function_call", "status": status}
    return item | {"name": "get_weather", "call_id": call_id, "arguments": arguments}


def item_event(kind: str, item: Event, previous: str | None) -> Event:
    """conversation.item.added or done."""
    return {"type": f"conversation.item.{kind}", "previous_item_id": previous, "item": item}


def error(event_id: Any, code: str | None, param: str | None, kind: str = "invalid_request_error") -> Event:
    """An error event."""
    body = {"type": kind, "code": code, "message": "No.", "param": param, "event_id": event_id}
    return {"type": "error", "error": body}


def response(response_id: str, status: str, *output: Event, **changes: Any) -> Event:
    """A response; ``reason`` goes into its details."""
    details = {"type": status, "reason": changes.pop("reason")} if "reason" in changes else None
    usage: Event | None = {"total_tokens": 3, "input_tokens": 1, "output_tokens": 2}
    usage = (usage or {}) | {"input_token_details": {"text_tokens": 1, "audio_tokens": 0}}
    usage |= {"output_token_details": {"text_tokens": 1, "audio_tokens": 1}}
    whole: Event = {"object": "realtime.response", "id": response_id, "status": status, "status_details": details}
    whole |= {"output": list(output), "conversation_id": "conv_1", "output_modalities": ["audio"], "metadata": None}
    whole |= {"max_output_tokens": "inf", "audio": {"output": {"format": PCM, "voice": "a"}}}
    return whole | {"usage": None if status == "in_progress" else usage} | changes


def created(response_id: str, **changes: Any) -> Event:
    """response.created."""
    return {"type": "response.created", "response": response(response_id, "in_progress", **changes)}


def done(response_id: str, status: str, *output: Event, **changes: Any) -> Event:
    """response.done."""
    return {"type": "response.done", "response": response(response_id, status, *output, **changes)}


def spoken(
    response_id: str, item_id: str, previous: str | None, index: int = 0, status: str = "completed"
) -> list[Event]:
    """All events of one spoken output message in the conversation."""
    ids = {"response_id": response_id, "item_id": item_id, "output_index": index, "content_index": 0}
    outer = {"response_id": response_id, "output_index": index}
    begun = message(item_id, "assistant", "in_progress")
    final = message(item_id, "assistant", status, {"type": "output_audio", "transcript": "Hi there."})
    return [
        {"type": "response.output_item.added", **outer, "item": begun},
        item_event("added", begun, previous),
        {"type": "response.content_part.added", **ids, "part": {"type": "audio", "transcript": ""}},
        {"type": "response.output_audio_transcript.delta", **ids, "delta": "Hi "},
        {"type": "response.output_audio.delta", **ids, "delta": "AAABAAIA"},
        {"type": "response.output_audio_transcript.delta", **ids, "delta": "there."},
        {"type": "response.output_audio.done", **ids},
        {"type": "response.output_audio_transcript.done", **ids, "transcript": "Hi there."},
        {"type": "response.content_part.done", **ids, "part": {"type": "audio", "transcript": "Hi there."}},
        item_event("done", final, previous),
        {"type": "response.output_item.done", **outer, "item": final},
    ]


def written(response_id: str, item_id: str, previous: str | None, outside: bool = False) -> list[Event]:
    """All events of one written output message."""
    ids = {"response_id": response_id, "item_id": item_id, "output_index": 0, "content_index": 0}
    begun = message(item_id, "assistant", "in_progress")
    final = message(item_id, "assistant", "completed", {"type": "output_text", "text": "Hi."})
    events: list[Event] = [
        {"type": "response.output_item.added", "response_id": response_id, "output_index": 0, "item": begun},
        item_event("added", begun, previous),
        {"type": "response.content_part.added", **ids, "part": {"type": "text", "text": ""}},
        {"type": "response.output_text.delta", **ids, "delta": "Hi"},
        {"type": "response.output_text.delta", **ids, "delta": "."},
        {"type": "response.output_text.done", **ids, "text": "Hi."},
        {"type": "response.content_part.done", **ids, "part": {"type": "text", "text": "Hi."}},
        item_event("done", final, previous),
        {"type": "response.output_item.done", "response_id": response_id, "output_index": 0, "item": final},
    ]
    return [e for e in events if not (outside and e["type"].startswith("conversation."))]


def calling(response_id: str, item_id: str, previous: str | None, index: int = 0) -> list[Event]:
    """All events of one function call."""
    ids = {"response_id": response_id, "item_id": item_id, "output_index": index, "call_id": f"call_{item_id}"}
    begun, final = (call(item_id, ids["call_id"], text, status) for text, status in CALL)
    outer = {"response_id": response_id, "output_index": index}
    stem = "response.function_call_arguments"
    return [
        {"type": "response.output_item.added", **outer, "item": begun},
        item_event("added", begun, previous),
        {"type": f"{stem}.delta", **ids, "delta": '{"city"'},
        {"type": f"{stem}.delta", **ids, "delta": ':"Paris"}'},
        {"type": f"{stem}.done", **ids, "name": "get_weather", "arguments": CALL[1][0]},
        item_event("done", final, previous),
        {"type": "response.output_item.done", **outer, "item": final},
    ]


CALL = (("", "in_progress"), ('{"city":"Paris"}', "completed"))


def reply(response_id: str, item_id: str, previous: str | None) -> list[Event]:
    """Timeline A from response.created to rate_limits.updated."""
    inner = spoken(response_id, item_id, previous)
    limits = [{"name": "tokens", "limit": 1000, "remaining": 900, "reset_seconds": 0.5}]
    return [
        created(response_id),
        *inner,
        done(response_id, "completed", inner[-1]["item"]),
        {"type": "rate_limits.updated", "rate_limits": limits},
    ]
