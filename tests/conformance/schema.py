"""The shape of events: openai-python's own types, and what stricter clients ask beyond them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Annotated, Any

from openai.types.realtime import RealtimeServerEvent
from pydantic import Field, TypeAdapter, ValidationError

from .reading import Event, dig, text

LARGEST = 8 * 1024 * 1024
"""Bytes; a client of the agents SDK closes the connection at a longer message."""

SESSION = (
    "type object id model output_modalities instructions tools tool_choice max_output_tokens tracing truncation prompt "
    "expires_at audio include"
).split()
TRANSCRIPTION_SESSION = "type object id expires_at audio include".split()
AUDIO_INPUT = "format transcription noise_reduction turn_detection".split()
AUDIO_OUTPUT = "format voice speed".split()
VAD = {
    "server_vad": "threshold prefix_padding_ms silence_duration_ms idle_timeout_ms".split(),
    "semantic_vad": ["eagerness"],
}
RESPONSE = (
    "id object status status_details output conversation_id output_modalities max_output_tokens audio usage metadata"
).split()
REASONS = {
    "cancelled": {"turn_detected", "client_cancelled"},
    "incomplete": {"max_output_tokens", "content_filter"},
    "completed": {None},
    "failed": {None},
}
STATUSES = {"completed", "incomplete", "in_progress"}
CONTENT = {
    "system": {"input_text"},
    "user": {"input_text", "input_audio", "input_image"},
    "assistant": {"output_text", "output_audio"},
}
OURS = {"message", "function_call", "function_call_output"}
"""Item types that carry object and status; those of MCP do not."""

_ADAPTER: TypeAdapter[Any] = TypeAdapter(Annotated[RealtimeServerEvent, Field(discriminator="type")])


def problems(event: Event) -> list[str]:
    """Everything wrong with the shape of one server event, taken by itself."""
    kind = text(dig(event, "type"))
    found = list(_typed(event))
    if kind.startswith("session."):
        found += _session(event.get("session"))
    if kind in ("response.created", "response.done"):
        found += _response(event.get("response"), final=kind == "response.done")
    if "item" in event:
        found += _item(event["item"], "item")
    if "part" in event:
        found += _part(event["part"])
    if kind == "response.mcp_call_arguments.delta" and "obfuscation" not in event:
        found.append("obfuscation is missing")
    if kind.endswith("input_audio_transcription.delta"):
        found += _missing(event, ["content_index", "delta"], "")
    if kind.endswith("input_audio_transcription.completed"):
        found += _transcription_usage(event.get("usage"))
    if kind in ("conversation.item.added", "conversation.item.done", "input_audio_buffer.committed"):
        found += _missing(event, ["previous_item_id"], "")
    if kind == "error":
        found += _missing(event.get("error"), ["type", "code", "message", "param", "event_id"], "error.")
    return found


class SchemaChecker:
    """Collects every breach of shape in ``violations``; remembers formats to judge audio by them."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self._count = 0
        self._format: Any = None
        self._formats: dict[str, Any] = {}

    def received(self, event: Event, size: int = 0) -> None:
        """A server event came, in a message of so many bytes."""
        self._count += 1
        kind = text(dig(event, "type"))
        found = problems(event)
        if size > LARGEST:
            found.append(f"the message has {size} bytes, more than {LARGEST}")
        if kind.startswith("session."):
            self._format = dig(event, "session", "audio", "output", "format", "type")
        if kind == "response.created":
            body = event.get("response")
            self._formats[text(dig(body, "id"))] = dig(body, "audio", "output", "format", "type")
        if kind == "response.output_audio.delta":
            found += self._audio(event)
        self.violations += [f"server event {self._count} {kind}: {problem}" for problem in found]

    def _audio(self, event: Event) -> Iterator[str]:
        try:
            data = base64.b64decode(text(event.get("delta")), validate=True)
        except binascii.Error as error:
            yield f"delta is no base64: {error}"
            return
        if not data:
            yield "delta is empty"
        layout = self._formats.get(text(event.get("response_id"))) or self._format
        if layout in (None, "audio/pcm") and len(data) % 2:
            yield f"delta has an odd number of bytes of PCM16, {len(data)}"


def _typed(event: Event) -> Iterator[str]:
    try:
        _ADAPTER.validate_python(event, strict=True)
    except ValidationError as error:
        yield from _best(error.errors(include_url=False))


def _best(errors: list[Any]) -> Iterator[str]:
    """Where a union failed, only the member that came nearest speaks."""
    unions: dict[tuple[Any, ...], dict[str, list[Any]]] = {}
    for detail in errors:
        path = detail["loc"][1:]
        member = next((n for n, step in enumerate(path) if isinstance(step, str) and step[:1].isupper()), None)
        if member is None:
            yield f"{'.'.join(map(str, path)) or 'event'}: {detail['msg']}"
        else:
            unions.setdefault(path[:member], {}).setdefault(path[member], []).append(detail)
    for where, members in unions.items():
        nearest = min(members.values(), key=lambda found: sum(map(_distance, found)))
        for detail in nearest:
            inner = (*where, *detail["loc"][len(where) + 2 :])
            yield f"{'.'.join(map(str, inner))}: {detail['msg']}"


def _distance(detail: Any) -> int:
    return 100 if detail["loc"][-1] in ("type", "role") else 1


def _missing(value: Any, keys: list[str], where: str) -> Iterator[str]:
    held = value if isinstance(value, dict) else {}
    for key in keys:
        if key not in held:
            yield f"{where}{key} is missing"


def _session(session: Any) -> Iterator[str]:
    speaks = dig(session, "type") == "realtime"
    yield from _missing(session, SESSION if speaks else TRANSCRIPTION_SESSION, "session.")
    expected = "realtime.session" if speaks else "realtime.transcription_session"
    if dig(session, "object") != expected:
        yield f"session.object is {dig(session, 'object')!r}, expected {expected!r}"
    yield from _missing(dig(session, "audio", "input"), AUDIO_INPUT, "session.audio.input.")
    if not speaks:
        return
    yield from _missing(dig(session, "audio", "output"), AUDIO_OUTPUT, "session.audio.output.")
    if dig(session, "output_modalities") not in (["audio"], ["text"]):
        yield f"session.output_modalities is {dig(session, 'output_modalities')!r}"
    detection = dig(session, "audio", "input", "turn_detection")
    if detection is not None:
        yield from _missing(detection, VAD.get(text(dig(detection, "type")), []), "session.audio.input.turn_detection.")
        for key in ("create_response", "interrupt_response"):
            if not isinstance(dig(detection, key), bool):
                yield f"session.audio.input.turn_detection.{key} is {dig(detection, key)!r}, no boolean"
    for side in ("input", "output"):
        layout = dig(session, "audio", side, "format")
        if dig(layout, "type") == "audio/pcm" and dig(layout, "rate") != 24000:
            yield f"session.audio.{side}.format.rate is {dig(layout, 'rate')!r}, expected 24000"


def _response(response: Any, final: bool) -> Iterator[str]:
    yield from _missing(response, RESPONSE, "response.")
    if dig(response, "output_modalities") not in (["audio"], ["text"]):
        yield f"response.output_modalities is {dig(response, 'output_modalities')!r}"
    voice = dig(response, "audio", "output", "voice")
    if voice is None and dig(response, "output_modalities") == ["audio"]:
        yield "response.audio.output.voice is missing"
    elif voice is not None and not isinstance(voice, str):
        yield f"response.audio.output.voice is {voice!r}, no string"
    details, status = dig(response, "status_details"), text(dig(response, "status"))
    if dig(details, "reason") not in REASONS.get(status, {None}):
        yield f"response.status_details.reason is {dig(details, 'reason')!r} with status {status!r}"
    if details is not None and dig(details, "type") != status:
        yield f"response.status_details.type is {dig(details, 'type')!r} with status {status!r}"
    if status in ("cancelled", "incomplete", "failed") and details is None:
        yield f"response.status_details is null with status {status!r}"
    if status == "failed" and not isinstance(dig(details, "error"), dict):
        yield "response.status_details.error is missing"
    if not final:
        return
    yield from _usage(dig(response, "usage"))
    for index, item in enumerate(dig(response, "output") or []):
        yield from _item(item, f"response.output.{index}")
        for part in dig(item, "content") or []:
            if dig(part, "audio"):
                yield f"response.output.{index} carries audio"


def _usage(usage: Any) -> Iterator[str]:
    keys = "total_tokens input_tokens output_tokens input_token_details output_token_details".split()
    yield from _missing(usage, keys, "response.usage.")
    yield from _missing(dig(usage, "input_token_details"), ["text_tokens", "audio_tokens"], "input_token_details.")
    yield from _missing(dig(usage, "output_token_details"), ["text_tokens", "audio_tokens"], "output_token_details.")


def _transcription_usage(usage: Any) -> Iterator[str]:
    if dig(usage, "type") == "tokens":
        yield from _missing(usage, ["input_token_details"], "usage.")


def _item(item: Any, where: str) -> Iterator[str]:
    kind = text(dig(item, "type"))
    yield from _missing(item, ["id"], f"{where}.")
    if kind in OURS:
        if dig(item, "object") != "realtime.item":
            yield f"{where}.object is {dig(item, 'object')!r}, expected 'realtime.item'"
        if dig(item, "status") not in STATUSES:
            yield f"{where}.status is {dig(item, 'status')!r}"
    if kind in ("function_call", "function_call_output") and not isinstance(dig(item, "call_id"), str):
        yield f"{where}.call_id is {dig(item, 'call_id')!r}"
    if kind == "mcp_call":
        yield from _missing(item, ["output"], f"{where}.")
    if kind != "message":
        return
    allowed = CONTENT.get(text(dig(item, "role")), set())
    for index, part in enumerate(dig(item, "content") or []):
        here = f"{where}.content.{index}"
        if dig(part, "type") not in allowed:
            yield f"{here}.type is {dig(part, 'type')!r} in a message of role {dig(item, 'role')!r}"
        if dig(part, "type") in ("input_audio", "output_audio"):
            yield from _missing(part, ["transcript"], f"{here}.")
        if isinstance(part, dict) and part.get("audio", "") is None:
            yield f"{here}.audio is null; leave it out"


def _part(part: Any) -> Iterator[str]:
    if dig(part, "type") not in ("audio", "text"):
        yield f"part.type is {dig(part, 'type')!r}, expected 'audio' or 'text'"
    key = "text" if dig(part, "type") == "text" else "transcript"
    if not isinstance(dig(part, key), str):
        yield f"part.{key} is {dig(part, key)!r}, no string"
    if isinstance(part, dict) and part.get("audio", "") is None:
        yield "part.audio is null; leave it out"
