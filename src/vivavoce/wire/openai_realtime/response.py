"""One response: the order of its events, from `response.created` to exactly one `response.done`."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ...audio.pcm import Pcm
from ...core.units import OUT_RATE
from .audio import Encoder, bytes_per_ms
from .config import Session, check_max_tokens
from .effects import McpTool
from .items import Entry, Wire, function_call, message

Emit = Callable[[dict[str, Any]], None]
"""Sends one event, to which it adds an id."""
Join = Callable[[Entry], str | None]
"""Adds an item to the conversation and gives the id before it."""

_CUT = {"length": "max_output_tokens", "filter": "content_filter"}
_AUDIO_TOKENS_PER_S = 20


@dataclass(slots=True)
class Part:
    """The message of a response, which has one part."""

    entry: Entry
    index: int
    previous: str | None
    text: str = ""
    audio: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class CallItem:
    """A tool call of a response."""

    entry: Entry
    index: int
    previous: str | None
    open: bool = True


class Response:
    """Everything a client is told of one answer. `config` is the session with what this response overrides."""

    def __init__(
        self,
        ident: str,
        config: Session,
        conversation: str | None,
        metadata: dict[str, str] | None,
        emit: Emit,
        join: Join,
    ) -> None:
        self.id = ident
        self.config = config
        self.conversation = conversation
        """None beside the conversation."""
        self.metadata = metadata
        self.reply: int | None = None
        """The reply that makes it, once there is one."""
        self.item = ""
        """What its message is called."""
        self.tools: tuple[McpTool, ...] | None = None
        """The tools of MCP servers that it has, if it has tools of its own."""
        self.closed = False
        """`response.done` was sent."""
        self.ending = False
        """It was told to end, now or when it is its turn; nothing more of it counts."""
        self.cut = False
        """It was told to end before all of it was made."""
        self.audible = False
        """We have begun to play it."""
        self.made = False
        """All of its text, audio and calls exist."""
        self.samples_due = 0
        """Samples (24 kHz) of audio it has in all, once it is made."""
        self.samples = 0
        self.usage: dict[str, float] = {}
        self.short = ""
        self.part: Part | None = None
        self.calls: dict[str, CallItem] = {}
        self.heard: str | None = None
        """What the client says was heard of it, once it said so."""
        self.heard_ms = 0
        self.kept_ms: int | None = None
        """How much of its voice is left, once it was truncated."""
        self._send = emit
        self._join = join
        self._later: list[Callable[[], object]] | None = None
        self._output: list[Entry] = []
        self._encoder = Encoder(config.audio.output.format)

    # holding back

    def hold(self) -> None:
        """Do nothing until `let_go`: another response is not over."""
        self._later = []

    def let_go(self) -> None:
        """Do all that was put off, in order."""
        later, self._later = self._later or [], None
        for act in later:
            act()

    @property
    def active(self) -> bool:
        """Nothing of it is put off."""
        return self._later is None

    def forget(self) -> None:
        """It is over: keep only what may still be asked."""
        self._output.clear()
        self.calls.clear()

    def do(self, act: Callable[[], object]) -> None:
        """Now, or when it is this response's turn."""
        if self._later is None:
            act()
        else:
            self._later.append(act)

    def end(self, status: str, reason: str | None = None, error: dict[str, Any] | None = None) -> None:
        """Finish it, now or when it is its turn; what is made of it from now on is not told."""
        self.ending = self.cut = True
        self.do(lambda: self.finish(status, reason, error))

    def _emit(self, event_type: str, **fields: Any) -> None:
        self._send({"type": event_type, **fields})

    # the life of it

    def created(self) -> None:
        self._emit("response.created", response=self._shown("in_progress", None, None))

    def delta(self, text: str) -> None:
        """More words of its message."""
        part = self._message()
        part.text += text
        kind = "response.output_audio_transcript.delta" if self.config.spoken else "response.output_text.delta"
        self._emit(kind, **self._ids(part), delta=text)

    def audio(self, pcm: Pcm) -> None:
        """More of its voice, at 24 kHz."""
        self.samples += pcm.size
        self._sound(self._message(), self._encoder.push(pcm))

    def bytes_at(self, ms: int) -> int:
        """Bytes of its voice before a time."""
        return ms * bytes_per_ms(self.config.audio.output.format)

    def call(self, entry: Entry, kind: str) -> CallItem:
        """It calls a tool, a `function_call` or an `mcp_call`; the arguments are there at once."""
        item = entry.item
        begun = (
            {**item, "status": "in_progress", "arguments": ""} if kind == "function_call" else {**item, "arguments": ""}
        )
        opened = self._open(entry, begun)
        found = CallItem(entry, opened.index, opened.previous)
        key = item["call_id"] if kind == "function_call" else item["id"]
        self.calls[key] = found
        ids = {"response_id": self.id, "item_id": entry.id, "output_index": found.index}
        arguments = item["arguments"]
        if kind == "function_call":
            ids["call_id"] = item["call_id"]
            self._emit("response.function_call_arguments.delta", **ids, delta=arguments)
            self._emit("response.function_call_arguments.done", **ids, name=item["name"], arguments=arguments)
        else:
            self._emit("response.mcp_call_arguments.delta", **ids, delta=arguments, obfuscation="")
            self._emit("response.mcp_call_arguments.done", **ids, arguments=arguments)
        if kind == "function_call":
            self.close_call(found)
        return found

    def mcp(self, found: CallItem, state: str) -> None:
        """`in_progress`, `completed` or `failed`."""
        self._emit(f"response.mcp_call.{state}", item_id=found.entry.id, output_index=found.index)

    def close_call(self, found: CallItem) -> None:
        """Its item is final."""
        if found.open:
            found.open = False
            self._done(found.entry, found.index, found.previous)

    def add_done(self, entry: Entry) -> None:
        """An item that is complete from its beginning."""
        opened = self._open(entry, entry.item)
        self._done(entry, opened.index, opened.previous)

    @property
    def ready(self) -> bool:
        """All of it was made and given to the client."""
        return self.made and self.samples >= self.samples_due and not any(call.open for call in self.calls.values())

    def complete(self) -> None:
        """The reply that makes it is over: so is this, unless calls still run."""
        if any(call.open for call in self.calls.values()):
            self.made, self.samples_due = True, self.samples
        else:
            self.finish("completed")

    def finish(self, status: str, reason: str | None = None, error: dict[str, Any] | None = None) -> None:
        """End it, once: close what is open, then `response.done`."""
        if self.closed:
            return
        self.closed = self.ending = True
        if status == "completed" and self.short:
            status, reason = "incomplete", _CUT[self.short]
        if self.part is not None:
            self._close_message(self.part, "completed" if status == "completed" else "incomplete")
        for call in self.calls.values():
            self.close_call(call)
        details: dict[str, Any] | None = None
        if status != "completed":
            details = {"type": status}
            if reason is not None:
                details["reason"] = reason
            if error is not None:
                details["error"] = error
        self._emit("response.done", response=self._shown(status, details, self._usage()))

    # its message

    def _message(self) -> Part:
        if self.part is None:
            item = self.item
            entry = Entry(item, message(item, "assistant", [], "in_progress"), reply=self.reply)
            opened = self._open(entry, entry.item)
            self.part = Part(entry, opened.index, opened.previous)
            part = {"type": "audio", "transcript": ""} if self.config.spoken else {"type": "text", "text": ""}
            self._emit("response.content_part.added", **self._ids(self.part), part=part)
        return self.part

    def _sound(self, part: Part, data: bytes) -> None:
        if data:
            part.audio += data
            self._emit("response.output_audio.delta", **self._ids(part), delta=base64.b64encode(data).decode())

    def _close_message(self, part: Part, status: str) -> None:
        ids = self._ids(part)
        if self.config.spoken:
            self._sound(part, self._encoder.flush())
            self._emit("response.output_audio.done", **ids)
            self._emit("response.output_audio_transcript.done", **ids, transcript=part.text)
            shown, content = ("audio", "transcript"), "output_audio"
        else:
            self._emit("response.output_text.done", **ids, text=part.text)
            shown, content = ("text", "text"), "output_text"
        self._emit("response.content_part.done", **ids, part={"type": shown[0], shown[1]: part.text})
        final = {**part.entry.item, "status": status, "content": [{"type": content, shown[1]: part.text}]}
        part.entry.item = final
        self._done(part.entry, part.index, part.previous)

    def _ids(self, part: Part) -> dict[str, Any]:
        ids = {"response_id": self.id, "item_id": part.entry.id}
        return {**ids, "output_index": part.index, "content_index": 0}

    # its items

    def _open(self, entry: Entry, begun: Wire) -> CallItem:
        entry.open = True
        index = len(self._output)
        self._output.append(entry)
        self._emit("response.output_item.added", response_id=self.id, output_index=index, item=begun)
        previous = None
        if self.conversation is not None:
            previous = self._join(entry)
            self._emit("conversation.item.added", previous_item_id=previous, item=begun)
        return CallItem(entry, index, previous)

    def _done(self, entry: Entry, index: int, previous: str | None) -> None:
        entry.open = False
        if self.conversation is not None:
            self._emit("conversation.item.done", previous_item_id=previous, item=entry.item)
        self._emit("response.output_item.done", response_id=self.id, output_index=index, item=entry.item)

    # what it shows

    def _shown(self, status: str, details: dict[str, Any] | None, usage: dict[str, Any] | None) -> dict[str, Any]:
        config = self.config
        form = msgspec.to_builtins(config.audio.output.format)
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": [entry.item for entry in self._output],
            "conversation_id": self.conversation,
            "output_modalities": config.output_modalities,
            "max_output_tokens": check_max_tokens(config.max_output_tokens, "max_output_tokens") or "inf",
            "audio": {"output": {"format": form, "voice": config.voice}},
            "usage": usage,
            "metadata": self.metadata,
        }

    def _usage(self) -> dict[str, Any]:
        """Tokens as the model metered them; the audio of an answer counts 20 a second."""
        read = _sum(self.usage, "input_tokens")
        cached = _sum(self.usage, "cached_input_tokens")
        written = _sum(self.usage, "output_tokens")
        spoken = round(self.samples * _AUDIO_TOKENS_PER_S / OUT_RATE)
        return {
            "total_tokens": read + written + spoken,
            "input_tokens": read,
            "output_tokens": written + spoken,
            "input_token_details": {
                "text_tokens": read,
                "audio_tokens": 0,
                "image_tokens": 0,
                "cached_tokens": cached,
                "cached_tokens_details": {"text_tokens": cached, "audio_tokens": 0, "image_tokens": 0},
            },
            "output_token_details": {"text_tokens": written, "audio_tokens": spoken},
        }


def _sum(usage: dict[str, float], unit: str) -> int:
    """Over all models; keys are `role:model:unit`."""
    return round(sum(n for key, n in usage.items() if key.startswith("llm:") and key.rpartition(":")[2] == unit))


def call_entry(item: str, call: str, name: str, arguments: str, reply: int | None) -> Entry:
    return Entry(item, function_call(item, call, name, arguments, "completed"), reply=reply)
