"""Client events and their answers: one acknowledgement or one error each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .reading import Event, dig, text

ANSWER = {
    "session.update": "session.updated",
    "input_audio_buffer.commit": "input_audio_buffer.committed",
    "input_audio_buffer.clear": "input_audio_buffer.cleared",
    "conversation.item.create": "conversation.item.added",
    "conversation.item.retrieve": "conversation.item.retrieved",
    "conversation.item.delete": "conversation.item.deleted",
    "conversation.item.truncate": "conversation.item.truncated",
    "response.create": "response.created",
    "response.cancel": "response.done",
}
"""What acknowledges a client event; an error is the other legal answer."""

SILENT = {"input_audio_buffer.append", "output_audio_buffer.clear"}
"""Client events that need no answer, though an error may come."""

BY_CODE = {
    "conversation_already_has_active_response": "response.create",
    "response_cancel_not_active": "response.cancel",
    "input_audio_buffer_commit_empty": "input_audio_buffer.commit",
    "item_create_duplicate_item_id": "conversation.item.create",
    "item_retrieve_invalid_item_id": "conversation.item.retrieve",
    "item_delete_invalid_item_id": "conversation.item.delete",
    "item_truncate_invalid_item_id": "conversation.item.truncate",
}
"""Errors whose code tells what they answer."""

UNASKED = {"session_expired", "rate_limit_exceeded", "inference_rate_limit_exceeded"}
"""Codes of errors that answer no client event."""


@dataclass(slots=True)
class Request:
    """One client event that waits for its answer."""

    index: int
    type: str
    event: Event
    event_id: str | None
    answered: bool = False
    maybe: bool = False

    def __str__(self) -> str:
        name = f" {self.event_id}" if self.event_id else ""
        return f"#{self.index} {self.type or 'frame that is no event'}{name}"


class Acks:
    """Pairs server events with the client events that they answer."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._sent: list[Request] = []
        self._by_id: dict[str, list[Request]] = {}
        self._by_kind: dict[str, list[Request]] = {}

    def sent(self, index: int, event: Event) -> None:
        """A client event has left."""
        event_id = dig(event, "event_id")
        kind = text(dig(event, "type"))
        kept = {} if kind in SILENT else event
        request = Request(index, kind, kept, event_id if isinstance(event_id, str) else None)
        self._sent.append(request)
        self._by_kind.setdefault(kind, []).append(request)
        if request.event_id is not None:
            self._by_id.setdefault(request.event_id, []).append(request)

    def waiting(self, kind: str, match: Callable[[Request], bool] = lambda _: True) -> list[Request]:
        """The unanswered requests of a type, oldest first, those perhaps answered last."""
        self._by_kind[kind] = [r for r in self._by_kind.get(kind, []) if not r.answered]
        return sorted(filter(match, self._by_kind[kind]), key=lambda r: r.maybe)

    def take(self, kind: str, match: Callable[[Request], bool] = lambda _: True) -> Request | None:
        """The oldest request of a type that this event answers, now answered."""
        for request in self.waiting(kind, match):
            request.answered = True
            return request
        return None

    def perhaps(self, kind: str, match: Callable[[Request], bool] = lambda _: True) -> None:
        """The oldest request of a type may have been answered by an event with another cause."""
        for request in self.waiting(kind, match):
            request.maybe = True
            return

    def error(self, body: Event) -> None:
        """An error event came: it answers the client event whose event_id it echoes."""
        event_id = body.get("event_id")
        if event_id is None:
            self._anonymous(body)
            return
        named = self._by_id.get(event_id, []) if isinstance(event_id, str) else []
        open_ = [r for r in named if not r.answered]
        if not named:
            self._say(f"error.event_id {event_id!r} is of no event that the client sent")
        elif not open_:
            self._say(f"{named[-1]} was answered already, now comes an error for it")
        else:
            open_[0].answered = True

    def _anonymous(self, body: Event) -> None:
        if body.get("type") != "invalid_request_error" or body.get("code") in UNASKED:
            return
        kind = BY_CODE.get(text(body.get("code")))
        open_ = [r for r in self._sent if not r.answered and kind in (None, r.type)]
        nameless = [r for r in open_ if r.event_id is None]
        urgent = [r for r in nameless if r.type not in ANSWER and r.type not in SILENT]
        loud = [r for r in nameless if r.type in ANSWER]
        for request in [*urgent, *loud, *nameless][:1]:
            request.answered = True
            return
        named = [r for r in open_ if r.type not in SILENT] or open_
        if named:
            named[0].answered = True
            self._say(f"error without event_id, though only named client events wait: {named[0]}")
        else:
            self._say(f"error answers no client event: {body.get('message')!r}")

    def open(self) -> list[str]:
        """The requests that nothing has answered."""
        late = [r for r in self._sent if not r.answered and not r.maybe and r.type not in SILENT]
        return [f"{r}: neither {ANSWER.get(r.type, 'acknowledged')} nor error" for r in late]
