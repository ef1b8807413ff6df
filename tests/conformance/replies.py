"""Responses: what opens inside one closes inside it, in order, and adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .reading import Event, dig, text, words


@dataclass(slots=True)
class Part:
    """A content part of an output message."""

    kind: str
    said: str = ""
    ended: list[str] = field(default_factory=list)
    closed: bool = False


@dataclass(slots=True)
class Output:
    """An output item of a response."""

    id: str
    index: int
    kind: str
    parts: list[Part] = field(default_factory=list)
    entered: bool = False
    left: bool = False
    closed: bool = False
    arguments: str = ""
    argued: bool = False
    running: bool = False


@dataclass(slots=True)
class Response:
    """A response between its response.created and its response.done."""

    id: str
    outside: bool
    metadata: Any
    done: bool = False
    outputs: list[Output] = field(default_factory=list)


class Replies:
    """Follows every response and the items inside it."""

    def __init__(self, say: Callable[[str], None], truncated: Callable[[str], bool]) -> None:
        self._say = say
        self._truncated = truncated
        self.all: dict[str, Response] = {}
        self._owner: dict[str, tuple[Response, Output]] = {}
        self._handlers: dict[str, Callable[[Event, Response], None]] = {
            "response.output_item.added": self._item_added,
            "response.output_item.done": self._item_done,
            "response.content_part.added": self._part_added,
            "response.content_part.done": self._part_done,
            "response.output_text.delta": self._delta,
            "response.output_text.done": self._text_done,
            "response.output_audio_transcript.delta": self._delta,
            "response.output_audio_transcript.done": self._text_done,
            "response.output_audio.delta": self._delta,
            "response.output_audio.done": self._audio_done,
            "response.function_call_arguments.delta": self._arguments,
            "response.function_call_arguments.done": self._arguments,
            "response.mcp_call_arguments.delta": self._arguments,
            "response.mcp_call_arguments.done": self._arguments,
        }

    def active(self) -> list[Response]:
        """The responses of the default conversation that are not done."""
        return [r for r in self.all.values() if not r.done and not r.outside]

    def created(self, event: Event) -> None:
        """response.created."""
        body = event.get("response")
        response_id = text(dig(body, "id"))
        if response_id in self.all:
            self._say(f"response {response_id} is created twice")
            return
        outside = dig(body, "conversation_id") is None
        if not outside and self.active():
            self._say(f"response {response_id} is created while {self.active()[0].id} is active")
        if dig(body, "status") != "in_progress" or dig(body, "output") != []:
            self._say(f"response {response_id} is created with status {dig(body, 'status')!r} or with output")
        self.all[response_id] = Response(response_id, outside, dig(body, "metadata"))

    def done(self, event: Event) -> Response | None:
        """response.done: everything inside must be closed, and be listed."""
        body = event.get("response")
        response = self.all.get(text(dig(body, "id")))
        if response is None:
            self._say(f"response {dig(body, 'id')!r} is done but was never created")
            return None
        if response.done:
            self._say(f"response {response.id} is done twice")
            return response
        response.done = True
        for output in response.outputs:
            if not output.closed:
                self._say(f"response {response.id} is done while its item {output.id} is open")
        if dig(body, "status") == "in_progress":
            self._say(f"response {response.id} is done with status in_progress")
        if (dig(body, "conversation_id") is None) != response.outside:
            self._say(f"response {response.id} changes its conversation_id")
        if (dig(body, "metadata") or None) != (response.metadata or None):
            self._say(f"response {response.id} changes its metadata")
        listed = dig(body, "output")
        ids = [dig(item, "id") for item in listed] if isinstance(listed, list) else []
        if ids != [output.id for output in response.outputs]:
            self._say(f"response {response.id} lists the items {ids}, it made {[o.id for o in response.outputs]}")
            return response
        for item, output in zip(listed or [], response.outputs, strict=True):
            self._same(item, output, "response.done")
        return response

    def received(self, event: Event) -> None:
        """Any event inside a response."""
        kind = text(event.get("type"))
        if kind.startswith("response.mcp_call."):
            self._mcp(event, kind)
            return
        response = self.all.get(text(event.get("response_id")))
        if response is None:
            self._say(f"response {event.get('response_id')!r} was never created")
            return
        if response.done:
            self._say(f"response {response.id} was done already")
        handler = self._handlers.get(kind)
        if handler is not None:
            handler(event, response)

    def entered(self, item_id: str) -> bool:
        """conversation.item.added; false if the item is of no response."""
        if item_id not in self._owner:
            return False
        response, output = self._owner[item_id]
        output.entered = True
        if response.outside:
            self._say(f"item {item_id} of the out-of-band response {response.id} is added to the conversation")
        elif output.parts or output.arguments or output.argued or output.closed:
            self._say(f"item {item_id} is added to the conversation after its content began")
        return True

    def left(self, item: Any) -> None:
        """conversation.item.done of an item; nothing to do when it is of no response."""
        if text(dig(item, "id")) not in self._owner:
            return
        response, output = self._owner[item["id"]]
        if response.outside:
            self._say(f"item {output.id} of the out-of-band response {response.id} has conversation.item.done")
        if output.closed:
            self._say(f"conversation.item.done of {output.id} comes after its output_item.done")
        output.left = True
        self._whole(output, "conversation.item.done", dig(item, "status"))
        self._same(item, output, "conversation.item.done")

    def open(self) -> list[str]:
        """Responses that are not done."""
        return [f"response {r.id} was created and never done" for r in self.all.values() if not r.done]

    def _item_added(self, event: Event, response: Response) -> None:
        item, index = event.get("item"), event.get("output_index")
        item_id = text(dig(item, "id"))
        if index != len(response.outputs):
            self._say(f"output_index of {item_id} is {index!r}, expected {len(response.outputs)}")
        if item_id in self._owner:
            self._say(f"output item {item_id} is added twice")
            return
        output = Output(item_id, len(response.outputs), text(dig(item, "type")))
        if output.kind == "message" and dig(item, "content"):
            self._say(f"output item {item_id} is added with content already")
        response.outputs.append(output)
        self._owner[item_id] = response, output

    def _find(self, event: Event, response: Response) -> Output | None:
        item_id = dig(event, "item_id") or dig(event, "item", "id")
        output = next((o for o in response.outputs if o.id == item_id), None)
        if output is None:
            self._say(f"item {item_id!r} is no output item of {response.id}")
            return None
        if event.get("output_index") != output.index:
            self._say(f"output_index of {output.id} is {event.get('output_index')!r}, expected {output.index}")
        if output.closed:
            self._say(f"item {output.id} was done already")
        if not output.entered and not response.outside and event.get("type") != "response.output_item.done":
            self._say(f"item {output.id} goes on before conversation.item.added")
        return output

    def _item_done(self, event: Event, response: Response) -> None:
        output = self._find(event, response)
        if output is None:
            return
        if not response.outside and not (output.entered and output.left):
            missing = "conversation.item.done" if output.entered else "conversation.item.added"
            self._say(f"output_item.done of {output.id} without its {missing}")
        self._whole(output, "response.output_item.done", dig(event, "item", "status"))
        self._same(event.get("item"), output, "response.output_item.done")
        output.closed = True

    def _whole(self, output: Output, where: str, status: Any) -> None:
        open_ = [i for i, part in enumerate(output.parts) if not part.closed]
        if open_:
            self._say(f"{where} of {output.id} while its content part {open_[0]} is open")
        called = output.kind == "function_call" and (output.arguments or status == "completed")
        if called and not output.argued:
            self._say(f"{where} of {output.id} before its function_call_arguments.done")

    def _same(self, item: Any, output: Output, where: str) -> None:
        if output.kind == "message" and not self._truncated(output.id):
            said = [part.said for part in output.parts]
            if words(item) != said:
                self._say(f"{where}: item {output.id} says {words(item)}, its parts said {said}")
        if output.kind == "function_call" and output.argued and dig(item, "arguments") != output.arguments:
            self._say(f"{where}: arguments of {output.id} are not those of its arguments.done")

    def _part_added(self, event: Event, response: Response) -> None:
        output = self._find(event, response)
        if output is None:
            return
        if event.get("content_index") != len(output.parts):
            self._say(f"content_index in {output.id} is {event.get('content_index')!r}, expected {len(output.parts)}")
        part = event.get("part")
        if dig(part, "text") or dig(part, "transcript"):
            self._say(f"a content part of {output.id} is added with content already")
        output.parts.append(Part(text(dig(part, "type"))))

    def _part(self, event: Event, response: Response) -> Part | None:
        output, index = self._find(event, response), event.get("content_index")
        if output is None:
            return None
        if not isinstance(index, int) or not 0 <= index < len(output.parts):
            self._say(f"content_index {index!r} of {output.id} was never added")
            return None
        part = output.parts[index]
        if part.closed:
            self._say(f"content part {index} of {output.id} was done already")
        return part

    def _delta(self, event: Event, response: Response) -> None:
        part = self._part(event, response)
        if part is None:
            return
        stream = _stream(event)
        if stream in part.ended:
            self._say(f"{stream} delta after {stream}.done")
        if (stream == "output_text") != (part.kind == "text"):
            self._say(f"{stream} delta in a part of type {part.kind}")
        if stream != "output_audio":
            part.said += text(event.get("delta"))

    def _text_done(self, event: Event, response: Response) -> None:
        part, stream = self._part(event, response), _stream(event)
        if part is None:
            return
        value = event.get("text" if stream == "output_text" else "transcript")
        if value != part.said:
            self._say(f"{stream}.done is {value!r}, its deltas were {part.said!r}")
        if stream == "output_audio_transcript" and "output_audio" not in part.ended:
            self._say("output_audio_transcript.done before output_audio.done")
        self._end(part, stream)

    def _audio_done(self, event: Event, response: Response) -> None:
        part = self._part(event, response)
        if part is not None:
            self._end(part, "output_audio")

    def _end(self, part: Part, stream: str) -> None:
        if stream in part.ended:
            self._say(f"{stream}.done twice")
        if (stream == "output_text") != (part.kind == "text"):
            self._say(f"{stream}.done in a part of type {part.kind}")
        part.ended.append(stream)

    def _part_done(self, event: Event, response: Response) -> None:
        part = self._part(event, response)
        if part is None:
            return
        needed = ["output_text"] if part.kind == "text" else ["output_audio", "output_audio_transcript"]
        for stream in needed:
            if stream not in part.ended:
                self._say(f"content_part.done before {stream}.done")
        body = event.get("part")
        value = dig(body, "text" if part.kind == "text" else "transcript")
        if value != part.said:
            self._say(f"content_part.done says {value!r}, its deltas were {part.said!r}")
        part.closed = True

    def _arguments(self, event: Event, response: Response) -> None:
        output, kind = self._find(event, response), text(event.get("type"))
        if output is None:
            return
        if output.kind != kind.removeprefix("response.").split("_arguments")[0]:
            self._say(f"{kind} for an item of type {output.kind}")
        if output.argued:
            self._say(f"arguments of {output.id} were done already")
        if kind.endswith(".delta"):
            output.arguments += text(event.get("delta"))
            return
        if output.arguments and event.get("arguments") != output.arguments:
            self._say(f"arguments.done is {event.get('arguments')!r}, its deltas were {output.arguments!r}")
        if output.kind == "function_call" and not event.get("name"):
            self._say(f"arguments.done of {output.id} has no name")
        output.arguments, output.argued = text(event.get("arguments")), True

    def _mcp(self, event: Event, kind: str) -> None:
        _, output = self._owner.get(text(event.get("item_id")), (None, None))
        if output is None or output.kind != "mcp_call":
            self._say(f"item {event.get('item_id')!r} is no mcp_call of a response")
        elif kind.endswith("in_progress"):
            output.running = True
        elif not output.running:
            self._say(f"{kind} of {output.id} before its in_progress")


def _stream(event: Event) -> str:
    return text(event.get("type")).removeprefix("response.").rsplit(".", 1)[0]
