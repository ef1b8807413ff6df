"""The conversation's items as clients see them: their order, their shapes, and the audio that belongs to them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...core import commands as core
from .refusal import Refusal, missing

Wire = dict[str, Any]
"""An item in the protocol's own shape."""
MAX_ITEMS = 10_000
MAX_TEXT = 64 << 20
"""Characters of all items of a session."""
RESERVE_ITEMS, RESERVE_TEXT = 100, 1 << 20
"""Beyond that, for items that the conversation itself makes. When this is used up too, the oldest items go."""
KEPT_AUDIO = 6 << 20
"""Bytes of audio kept for `conversation.item.retrieve`; beyond, the oldest goes."""
SHOWN_AUDIO = 5 << 20
"""Bytes of audio in one answer: clients take messages of up to 8 MiB, and base64 makes it a third more."""

_ROLES = {
    "system": ("input_text",),
    "user": ("input_text", "input_audio", "input_image"),
    "assistant": ("output_text", "output_audio"),
}


@dataclass(slots=True)
class Entry:
    id: str
    item: Wire
    """Without audio."""
    known: bool = True
    """The conversation's history has it too."""
    open: bool = False
    """It is not final."""
    reply: int | None = None
    """The reply that it is the message of."""
    audio: bytes = b""
    sizes: tuple[int, ...] = ()
    """Bytes of each audio part; empty where there is only one."""
    size: int = 0


@dataclass(slots=True)
class Items:
    """All items in order."""

    entries: list[Entry] = field(default_factory=list)
    _by_id: dict[str, Entry] = field(default_factory=dict)
    _text: int = 0
    _audio: int = 0

    @property
    def last(self) -> str | None:
        return self.entries[-1].id if self.entries else None

    def get(self, item: str) -> Entry | None:
        return self._by_id.get(item)

    def add(self, entry: Entry, after: str | None = None, ours: bool = False) -> str | None:
        """Put it at the end or after an item (`root`: at the start); gives the id before it.

        Raises `Refusal` for a name that is taken or unknown, or when there is too much. What is `ours` always fits.
        """
        if entry.id in self._by_id:
            message = f"Error adding item: an item with the id '{entry.id[:64]}' already exists."
            raise Refusal("item_create_duplicate_item_id", message, "item.id")
        at = len(self.entries) if after is None else self._place(after)
        entry.size = len(json.dumps(entry.item))
        if not ours:
            self.check_room(entry.size, "item")
        self._text += entry.size
        self.entries.insert(at, entry)
        self._by_id[entry.id] = entry
        return self.entries[at - 1].id if at else None

    def check_room(self, size: int = 0, param: str | None = None) -> None:
        """Raises `Refusal` when there is none for an item of so many characters."""
        if len(self.entries) >= MAX_ITEMS or self._text + size > MAX_TEXT:
            message = "The conversation is full: delete items, or begin a new session."
            raise Refusal("conversation_too_long", message, param)

    def oldest(self) -> Entry | None:
        """The item that is to go before one more of ours comes; None when there is room, or all are still made."""
        if len(self.entries) < MAX_ITEMS + RESERVE_ITEMS and self._text < MAX_TEXT + RESERVE_TEXT:
            return None
        return next((entry for entry in self.entries if not entry.open), None)

    def _place(self, after: str) -> int:
        if after == "root":
            return 0
        entry = self._by_id.get(after)
        if entry is None:
            message = f"Error adding item: the previous item with id '{after[:64]}' does not exist."
            raise Refusal("invalid_value", message, "previous_item_id")
        return self.entries.index(entry) + 1

    def remove(self, item: str) -> Entry | None:
        entry = self._by_id.pop(item, None)
        if entry is not None:
            self.entries.remove(entry)
            self._text -= entry.size
            self._audio -= len(entry.audio)
            entry.audio = b""
        return entry

    def before(self, item: str) -> str | None:
        """The id before an item."""
        at = self.entries.index(self._by_id[item])
        return self.entries[at - 1].id if at else None

    def known_before(self, item: str) -> str | None:
        """The nearest item before it that the conversation's history has, or `root`; None at the end of all."""
        at = self.entries.index(self._by_id[item])
        if all(not entry.known for entry in self.entries[at + 1 :]):
            return None
        return next((entry.id for entry in reversed(self.entries[:at]) if entry.known), "root")

    def keep(self, entry: Entry, audio: bytes) -> None:
        """The audio of an item, all there is so far."""
        if entry.id not in self._by_id:
            return
        self._audio += len(audio) - len(entry.audio)
        entry.audio = audio
        for old in self.entries:
            if self._audio <= KEPT_AUDIO:
                return
            self._audio -= len(old.audio)
            old.audio = b""

    def shown(self, entry: Entry) -> Wire:
        """The item with its audio, as far as that is kept."""
        if not entry.audio:
            return entry.item
        sizes, content, at = iter(entry.sizes or (len(entry.audio),)), [], 0
        for part in entry.item["content"]:
            if part.get("type") in ("input_audio", "output_audio"):
                start, at = at, at + next(sizes, 0)
                data = entry.audio[start : min(at, SHOWN_AUDIO)]
                part = {**part, "audio": base64.b64encode(data).decode()} if data else part
            content.append(part)
        return {**entry.item, "content": content}


def user_audio(ident: str, transcript: str | None = None) -> Wire:
    """A spoken turn; its words come later, in events of their own."""
    content = [{"type": "input_audio", "transcript": transcript}]
    return message(ident, "user", content)


def transcribe(entry: Entry, index: int, text: str) -> None:
    """The words of one of its parts, if that is audio of the caller, are these."""
    content = list(entry.item.get("content", ()))
    if index < len(content) and content[index]["type"] == "input_audio":
        content[index] = {**content[index], "transcript": text}
        entry.item = {**entry.item, "content": content}


def retell(entry: Entry, text: str) -> None:
    """The words of an assistant's message, which has one part, are these."""
    parts = [
        {**part, "transcript" if part["type"] == "output_audio" else "text": text} for part in entry.item["content"]
    ]
    entry.item = {**entry.item, "content": parts}


def message(ident: str, role: str, content: list[Wire], status: str = "completed") -> Wire:
    return {
        "id": ident,
        "object": "realtime.item",
        "type": "message",
        "status": status,
        "role": role,
        "content": content,
    }


def function_call(ident: str, call: str, name: str, arguments: str, status: str) -> Wire:
    return {
        "id": ident,
        "object": "realtime.item",
        "type": "function_call",
        "status": status,
        "name": name,
        "call_id": call,
        "arguments": arguments,
    }


def checked(given: Any, ident: str, root: str = "item") -> Wire:
    """An item that a client brings, complete, named `ident` if it has no name. Raises `Refusal`."""
    if not isinstance(given, dict):
        raise Refusal("invalid_type", f"Invalid type for '{root}': expected an object.", root)
    ident = ident if given.get("id") in (None, "") else given["id"]
    if not isinstance(ident, str) or not 0 < len(ident) <= 256:
        raise Refusal("invalid_value", "An item's id is a text of at most 256 characters.", f"{root}.id")
    match given.get("type"):
        case "message":
            return _message(given, ident, root)
        case "function_call":
            call = _text(given, "call_id", root) if given.get("call_id") else f"call_{ident}"
            name, arguments = _text(given, "name", root), _text(given, "arguments", root)
            return function_call(ident, call, name, arguments, "completed")
        case "function_call_output":
            call, output = _text(given, "call_id", root), _text(given, "output", root)
            row = {"id": ident, "object": "realtime.item", "type": "function_call_output", "status": "completed"}
            return {**row, "call_id": call, "output": output}
        case "mcp_approval_response":
            request = _text(given, "approval_request_id", root)
            if not isinstance(given.get("approve"), bool):
                raise Refusal("invalid_value", "Expected true or false.", f"{root}.approve")
            row = {"id": ident, "object": "realtime.item", "type": "mcp_approval_response"}
            reason = _text(given, "reason", root) if given.get("reason") else None
            return {**row, "approval_request_id": request, "approve": given["approve"], "reason": reason}
        case None:
            raise missing(f"{root}.type")
        case other:
            message = (
                f"Invalid value: {str(other)[:100]!r}. Supported values are: 'message', 'function_call', "
                "'function_call_output', 'mcp_approval_response'."
            )
            raise Refusal("invalid_value", message, f"{root}.type")


def _text(given: Wire, key: str, root: str) -> str:
    value = given.get(key)
    if value is None:
        raise missing(f"{root}.{key}")
    if not isinstance(value, str):
        raise Refusal("invalid_type", f"Invalid type for '{root}.{key}': expected a string.", f"{root}.{key}")
    return value


def _message(given: Wire, ident: str, root: str) -> Wire:
    role, content = given.get("role"), given.get("content")
    if role is None:
        raise missing(f"{root}.role")
    if not isinstance(role, str) or role not in _ROLES:
        message_ = f"Invalid value: {str(role)[:100]!r}. Supported values are: 'system', 'user', 'assistant'."
        raise Refusal("invalid_value", message_, f"{root}.role")
    if not isinstance(content, list):
        raise missing(f"{root}.content")
    parts = [_part(part, role, f"{root}.content[{n}]") for n, part in enumerate(content)]
    return message(ident, role, parts)


def _part(part: Any, role: str, root: str) -> Wire:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind not in _ROLES[role]:
        names = ", ".join(f"'{name}'" for name in _ROLES[role])
        message_ = f"Invalid value: {str(kind)[:100]!r}. Supported values for the role '{role}' are: {names}."
        raise Refusal("invalid_value", message_, f"{root}.type")
    match kind:
        case "input_text" | "output_text":
            return {"type": kind, "text": _text(part, "text", root)}
        case "input_image":
            return _image(part, root)
        case "input_audio":
            return _spoken(part, root)
        case _:
            if part.get("audio"):
                raise Refusal("invalid_value", "The audio of an assistant message cannot be supplied.", f"{root}.audio")
            return {"type": "output_audio", "transcript": _text(part, "transcript", root)}


def _image(part: Wire, root: str) -> Wire:
    url = _text(part, "image_url", root)
    if not url.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")):
        message_ = "An image is given as a data URL of a PNG or JPEG, in base64."
        raise Refusal("invalid_value", message_, f"{root}.image_url")
    try:
        base64.b64decode(url.partition(",")[2], validate=True)
    except ValueError:
        raise Refusal("invalid_value", "Expected base64 encoded bytes.", f"{root}.image_url") from None
    detail = part.get("detail") or "auto"
    if detail not in ("auto", "low", "high"):
        raise Refusal("invalid_value", "Supported values are: 'auto', 'low', 'high'.", f"{root}.detail")
    return {"type": "input_image", "image_url": url, "detail": detail}


def _spoken(part: Wire, root: str) -> Wire:
    transcript, audio = part.get("transcript"), part.get("audio")
    if transcript is not None and not isinstance(transcript, str):
        raise Refusal("invalid_type", "A transcript is a text.", f"{root}.transcript")
    if audio is not None and not isinstance(audio, str):
        raise Refusal("invalid_type", "Audio is base64 encoded bytes.", f"{root}.audio")
    if transcript is None and not audio:
        raise missing(f"{root}.audio")
    return {"type": "input_audio", "transcript": transcript}


def audio_of(given: Wire) -> dict[int, str]:
    """The base64 audio of a checked item that a client brought, by the index of its part."""
    parts = given["content"] if given.get("type") == "message" else ()
    return {n: part["audio"] for n, part in enumerate(parts) if part["type"] == "input_audio" and part.get("audio")}


def words_of(part: Wire) -> str:
    """The words of a part, as far as they are known."""
    return part.get("text") or part.get("transcript") or ""


def to_core(item: Wire) -> core.Item | None:
    """The item as the conversation's history has it; None for what it does not need."""
    match item["type"]:
        case "message":
            role = "agent" if item["role"] == "assistant" else item["role"]
            texts = map(words_of, item["content"])
            images = tuple(part["image_url"] for part in item["content"] if part["type"] == "input_image")
            return core.Message(item["id"], role, " ".join(filter(None, texts)), images=images)
        case "function_call":
            return core.Call(item["id"], item["call_id"], item["name"], item["arguments"])
        case "function_call_output":
            return core.Result(item["id"], item["call_id"], item["output"])
    return None


def referenced(given: list[Wire], items: Items, fresh: Iterator[str]) -> tuple[core.Item, ...]:
    """The context that a `response.create` brings. Raises `Refusal`."""
    found: list[core.Item] = []
    for n, part in enumerate(given):
        root = f"response.input[{n}]"
        if isinstance(part, dict) and part.get("type") == "item_reference":
            entry = items.get(_text(part, "id", root))
            if entry is None:
                raise Refusal("invalid_value", f"There is no item '{str(part['id'])[:64]}'.", f"{root}.id")
            item = to_core(entry.item)
        else:
            whole = checked(part, next(fresh), root)
            for k in audio_of(part):
                if not words_of(whole["content"][k]):
                    message = (
                        "Words of audio are not looked for here: give its 'transcript', or refer to a created item."
                    )
                    raise Refusal("invalid_value", message, f"{root}.content[{k}].audio")
            item = to_core(whole)
        if item is not None:
            found.append(item)
    return tuple(found)
