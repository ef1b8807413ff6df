"""What both sides of the server machine share: the session, the items, the responses in order, and what to send."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ...core.events import Event, ItemDeleted, ToolsDeclared, ToolSpec
from .audio import InputBuffer
from .config import Session, echo
from .effects import Act, Effect, Send
from .items import Entry, Items, retell
from .limiter import Limiter
from .refusal import Refusal
from .response import Response
from .tools import shown

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class SpokenTurn:
    """A turn of the caller that voice activity detection found."""

    item: str
    start_ms: int
    told: bool
    """`speech_started` was sent."""
    committed: bool = False
    """The client committed it before it was over: the rest of it has no events."""


@dataclass(slots=True)
class State:
    ids: str
    session: Session
    expires_at: int
    plays: bool = False
    """We play the agent's voice to the caller, and the caller's audio comes on a line of its own (WebRTC, telephone);
    else both are in the messages and the client plays."""
    epoch: float = 0.0
    """Unix seconds when `now` was 0."""
    now: float = 0.0
    items: Items = field(default_factory=Items)
    buffer: InputBuffer = field(default_factory=InputBuffer)
    limiter: Limiter = field(default_factory=Limiter)
    line: list[Response] = field(default_factory=list)
    """Responses of the conversation that are not over; the first is the active one, the others wait for it."""
    asides: list[Response] = field(default_factory=list)
    """Responses beside the conversation that are not over."""
    by_reply: dict[int, Response] = field(default_factory=dict)
    """Whose answer a reply is, as long as anybody may ask."""
    unheard: dict[int, Response] = field(default_factory=dict)
    """Replies that we are playing or will play."""
    turns: dict[int, SpokenTurn] = field(default_factory=dict)
    recording: set[str] = field(default_factory=set)
    """Items of turns that the client committed, until the conversation has them too."""
    padded_ms: int = 0
    """Silence that was heard but never appended."""
    spoke: bool = False
    """There was audio of the agent."""
    truncating: dict[str, list[int]] = field(default_factory=dict)
    """Item -> marks (ms) that the conversation has not yet answered."""
    recognising: dict[str, deque[tuple[Entry, int]]] = field(default_factory=dict)
    """Created items, and their parts whose words are looked for, in order."""
    awaiting: dict[str, int] = field(default_factory=dict)
    """Item -> how many retrieve events wait until it is truncated."""
    specs: Callable[[], tuple[ToolSpec, ...]] = tuple
    """All tools that there are now."""
    _effects: list[Effect] = field(default_factory=list)
    _counters: dict[str, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"sess_{self.ids}"

    @property
    def conversation(self) -> str:
        return f"conv_{self.ids}"

    def new_id(self, kind: str) -> str:
        """`item`, `resp` and so on: unique in this session and, by its letters, among all."""
        n = self._counters[kind] = self._counters.get(kind, 0) + 1
        # Items of the conversation's own are called item_<ids><number>.
        return f"{kind}_{self.ids}{'c' if kind == 'item' else ''}{n}"

    def fresh_items(self) -> Iterator[str]:
        while True:
            yield self.new_id("item")

    def echo(self) -> dict[str, Any]:
        found = echo(self.session, self.id, self.expires_at)
        if "tools" in found:
            found["tools"] = shown(found["tools"])
        return found

    # effects

    def effects(self) -> list[Effect]:
        """What has come together since the last time."""
        effects, self._effects = self._effects, []
        return effects

    def add(self, effect: Effect) -> None:
        self._effects.append(effect)

    def act(self, event: Event) -> None:
        self.add(Act(event))

    def tell(self, event: dict[str, Any], to: int | None = None, named: bool = True) -> None:
        """Send an event, to one connection or to all. One kind of event has no `event_id`: not `named`."""
        if named:
            event = {"type": event["type"], "event_id": self.new_id("event"), **event}
        try:
            text = _encode(event).decode()
        except UnicodeEncodeError:
            # Half a surrogate pair, as models emit when they are cut in the middle of a character.
            text = _encode(_without_surrogates(event)).decode()
        self.add(Send(text, to))

    def error(self, refusal: Refusal, event_id: str | None, to: int | None) -> None:
        found = {"type": refusal.kind, "code": refusal.code, "message": refusal.message}
        self.tell({"type": "error", "error": {**found, "param": refusal.param, "event_id": event_id}}, to)

    def declare(self) -> None:
        """The conversation is told of all tools that there are now."""
        self.act(ToolsDeclared(self.specs()))

    # items

    def join(self, entry: Entry) -> str | None:
        """An item that the conversation itself makes, at its end; gives the id before it. There is always room, if need
        be that of the oldest items."""
        taken = self.items.get(entry.id)
        while (old := taken or self.items.oldest()) is not None:
            self.remove(old)
            taken = None
        return self.items.add(entry, ours=True)

    def remove(self, entry: Entry) -> None:
        """An item goes, for the conversation and for all clients. What was asked about it before is answered first."""
        for mark in self.truncating.get(entry.id, ()):
            self.truncated(entry.id, mark)
        self.answer_awaiting(entry)
        self.items.remove(entry.id)
        self.act(ItemDeleted(entry.id))
        self.tell({"type": "conversation.item.deleted", "item_id": entry.id})

    def add_own(self, entry: Entry) -> None:
        """A complete item of the conversation itself, at its end."""
        self._tell_whole(entry, self.join(entry))

    def add_item(self, entry: Entry, after: str | None = None) -> None:
        """A complete item that a client brings: added and done. Raises `Refusal`."""
        self._tell_whole(entry, self.items.add(entry, after))

    def _tell_whole(self, entry: Entry, previous: str | None) -> None:
        for event in ("conversation.item.added", "conversation.item.done"):
            self.tell({"type": event, "previous_item_id": previous, "item": entry.item})

    # responses

    def open(self, response: Response) -> None:
        """A response begins, or waits until the one before it is over."""
        if response.conversation is None:
            self.asides.append(response)
        else:
            self.line.append(response)
            if self.line[0] is not response:
                response.hold()
        response.do(response.created)

    def over(self, response: Response) -> None:
        """It was told to finish: tell of the limits, and let the next one go on."""
        if not response.closed:
            return
        if response in self.asides:
            self.asides.remove(response)
        if response in self.line:
            self.line.remove(response)
        part = response.part
        if part is not None:
            self.spoke = self.spoke or bool(part.audio)
            self.items.keep(part.entry, bytes(part.audio))
            part.audio.clear()
            self.heard(response)
        response.forget()
        if response.tools is not None:
            self.declare()
        self.tell({"type": "rate_limits.updated", "rate_limits": self.limiter.shown(self.now)})
        if self.line:
            following = self.line[0]
            following.let_go()
            self.settle(following)

    def truncated(self, item: str, mark: int) -> None:
        event = {"type": "conversation.item.truncated", "item_id": item, "content_index": 0, "audio_end_ms": mark}
        self.tell(event)

    def answer_awaiting(self, entry: Entry) -> None:
        """It is truncated, and shown to those who asked for it meanwhile."""
        self.truncating.pop(entry.id, None)
        for _ in range(self.awaiting.pop(entry.id, 0)):
            self.tell({"type": "conversation.item.retrieved", "item": self.items.shown(entry)})

    def heard(self, response: Response) -> None:
        """If its client truncated it, what was not heard is gone: from its message and from the audio kept."""
        if response.part is not None and response.heard is not None:
            entry = response.part.entry
            retell(entry, response.heard)
            self.items.keep(entry, entry.audio[: response.bytes_at(response.heard_ms)])

    def settle(self, response: Response) -> None:
        """Finish it if all of it is there."""
        if response.ready and not response.closed:
            response.finish("completed")
        if response.closed and (response in self.line or response in self.asides):
            self.over(response)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {key: _without_surrogates(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(inner) for inner in value]
    return value
