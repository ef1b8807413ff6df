"""The client's events: text in, one typed event or a `Refusal` out."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Struct

from .config import Format
from .refusal import Refusal, missing, refused

MAX_EVENT_ID = 512
_SMALL = 1 << 20
_DEEP = 64
"""How deeply lists and objects may lie in each other."""


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    event_id: str | None = None


class SessionUpdate(Event, frozen=True, tag="session.update"):
    session: msgspec.Raw


class Append(Event, frozen=True, tag="input_audio_buffer.append"):
    audio: str


class Commit(Event, frozen=True, tag="input_audio_buffer.commit"): ...


class Clear(Event, frozen=True, tag="input_audio_buffer.clear"): ...


class ClearOutput(Event, frozen=True, tag="output_audio_buffer.clear"): ...


class ItemCreate(Event, frozen=True, tag="conversation.item.create"):
    item: msgspec.Raw
    previous_item_id: str | None = None


class ItemRetrieve(Event, frozen=True, tag="conversation.item.retrieve"):
    item_id: str


class ItemDelete(Event, frozen=True, tag="conversation.item.delete"):
    item_id: str


class ItemTruncate(Event, frozen=True, tag="conversation.item.truncate"):
    item_id: str
    content_index: int
    audio_end_ms: int | float


class ResponseCreate(Event, frozen=True, tag="response.create"):
    response: msgspec.Raw = msgspec.Raw(b"null")


class ResponseCancel(Event, frozen=True, tag="response.cancel"):
    response_id: str | None = None


class DuetBegin(Event, frozen=True, tag="vivavoce.duet.begin"):
    """Our own: two agents are to talk with each other in this session, and who listens may cut in.

    `a`, `b`: a persona that the server knows, or `name`, `instructions`, `voice` and `speed` of another."""

    topic: str
    a: str | dict[str, Any] = "optimist"
    b: str | dict[str, Any] = "skeptic"
    turns: int = 12
    gap_ms: int = 0
    natural: bool = False
    eager: bool = False
    answers: str = "other"
    budget: float = 0.0


class DuetUpdate(Event, frozen=True, tag="vivavoce.duet.update"):
    """Our own: another persona, another topic, or a moderator's line, which nobody hears."""

    a: str | dict[str, Any] | None = None
    b: str | dict[str, Any] | None = None
    topic: str | None = None
    say: str | None = None
    turns: int | None = None


ClientEvent = (
    SessionUpdate
    | Append
    | Commit
    | Clear
    | ClearOutput
    | ItemCreate
    | ItemRetrieve
    | ItemDelete
    | ItemTruncate
    | ResponseCreate
    | ResponseCancel
    | DuetBegin
    | DuetUpdate
)
TYPES = (
    "session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "output_audio_buffer.clear",
    "conversation.item.create",
    "conversation.item.retrieve",
    "conversation.item.delete",
    "conversation.item.truncate",
    "response.create",
    "response.cancel",
)
OWN_TYPES = ("vivavoce.duet.begin", "vivavoce.duet.update")
"""Events of ours that the protocol does not have."""


class OutputOptions(Struct, frozen=True, forbid_unknown_fields=True):
    format: Format | None = None
    voice: str | dict[str, Any] | None = None


class AudioOptions(Struct, frozen=True, forbid_unknown_fields=True):
    output: OutputOptions | None = None


class ResponseOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """What `response.create` may change for one response."""

    conversation: str | None = None
    input: list[dict[str, Any]] | None = None
    instructions: str | None = None
    output_modalities: list[str] | None = None
    audio: AudioOptions | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    reasoning: dict[str, Any] | None = None
    max_output_tokens: int | str | None = None
    prompt: dict[str, Any] | None = None
    metadata: dict[str, str] | None = None


_decode = msgspec.json.Decoder(ClientEvent).decode


class Unreadable(Exception):
    """A refusal together with the id that the client gave its event, if it could be read."""

    def __init__(self, refusal: Refusal, event_id: str | None) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.event_id = event_id


def read(text: str | bytes) -> ClientEvent:
    """Raises `Unreadable`."""
    if isinstance(text, bytes):
        raise Unreadable(Refusal("invalid_event", "Events are sent as text messages, not as binary ones."), None)
    try:
        event: ClientEvent = _decode(text)
    except msgspec.ValidationError as error:
        raise _explain(text, error) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Unreadable(_no_json(error), _id_in(text)) from None
    if event.event_id is not None and len(event.event_id) > MAX_EVENT_ID:
        refusal = Refusal("invalid_value", f"An event_id has at most {MAX_EVENT_ID} characters.", "event_id")
        raise Unreadable(refusal, None)
    return event


def _no_json(error: Exception) -> Refusal:
    return Refusal("invalid_event", f"This is no JSON event: {str(error)[:200]}.")


def _id_in(text: str) -> str | None:
    """The id of an event that holds what msgspec does not take, such as half a character or an endless number."""
    if len(text) > _SMALL:
        return None
    try:
        row = json.loads(text, parse_int=len)
    except (ValueError, RecursionError):
        return None
    found = row.get("event_id") if isinstance(row, dict) else None
    return found if isinstance(found, str) and len(found) <= MAX_EVENT_ID and found.isprintable() else None


def _explain(text: str, error: msgspec.ValidationError) -> Unreadable:
    """Why an event was not taken, found by a second and slower look."""
    try:
        row = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as broken:
        return Unreadable(_no_json(broken), _id_in(text))
    if not isinstance(row, dict):
        return Unreadable(Refusal("invalid_event", "An event is a JSON object."), None)
    given = row.get("event_id")
    event_id = given if isinstance(given, str) and len(given) <= MAX_EVENT_ID else None
    kind = row.get("type")
    if kind is None:
        return Unreadable(missing("type"), event_id)
    if kind not in TYPES and kind not in OWN_TYPES:
        known = ", ".join(f"'{name}'" for name in TYPES)
        shown = repr(kind)[:100]
        message = f"Invalid value: {shown}. Supported values are: {known}."
        return Unreadable(Refusal("invalid_value", message, "type"), event_id)
    return Unreadable(refused(error), event_id)


def plain(raw: msgspec.Raw) -> Any:
    """What stands in a part of an event. Raises `Refusal` for what is nested too deeply."""
    try:
        found = msgspec.json.decode(raw)
    except (RecursionError, msgspec.DecodeError) as error:
        raise _no_json(error) from None
    check_depth(found)
    return found


def check_depth(value: Any) -> None:
    """Raises `Refusal` for what is nested too deeply."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > _DEEP:
            raise Refusal("invalid_event", f"Lists and objects lie in each other at most {_DEEP} deep.")
        rows = [row.values() if isinstance(row, dict) else row for row in level if isinstance(row, dict | list)]
        level = [inner for row in rows for inner in row if isinstance(inner, dict | list)]


def options(raw: msgspec.Raw) -> ResponseOptions:
    """Raises `Refusal`."""
    if bytes(raw) == b"null":
        return ResponseOptions()
    given = plain(raw)
    try:
        found = msgspec.convert(given, ResponseOptions)
    except msgspec.ValidationError as error:
        raise refused(error, "response") from None
    if found.conversation not in (None, "auto", "none"):
        message = f"Invalid value: {found.conversation[:100]!r}. Supported values are: 'auto', 'none'."
        raise Refusal("invalid_value", message, "response.conversation")
    _check_metadata(found.metadata or {})
    return found


def _check_metadata(metadata: dict[str, str]) -> None:
    if len(metadata) > 16:
        raise Refusal("invalid_value", "Metadata has at most 16 pairs.", "response.metadata")
    for key, value in metadata.items():
        if len(key) > 64 or len(value) > 512:
            message = "Keys of metadata have at most 64 characters, values at most 512."
            raise Refusal("invalid_value", message, "response.metadata")
