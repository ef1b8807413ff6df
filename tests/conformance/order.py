"""The order of events: a pure state machine fed with every frame of a connection, in both directions.

    checker = OrderChecker()
    checker.received({"type": "session.created", ...})
    checker.sent({"type": "response.create"})
    ...
    checker.violations, checker.finish()

Unknown fields are ignored; unknown event types are violations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from .acks import Acks, Request
from .items import Conversation
from .reading import Event, dig, text
from .replies import Replies, Response
from .turns import Turns

EVENT_TYPES = frozenset(
    [f"session.{x}" for x in ("created", "updated")]
    + [f"conversation.{x}" for x in ("created", "item.added", "item.done", "item.created")]
    + [f"conversation.item.{x}" for x in ("retrieved", "deleted", "truncated")]
    + [f"conversation.item.input_audio_transcription.{x}" for x in ("delta", "completed", "segment", "failed")]
    + [f"input_audio_buffer.{x}" for x in ("committed", "cleared", "speech_started", "speech_stopped")]
    + [f"input_audio_buffer.{x}" for x in ("timeout_triggered", "dtmf_event_received")]
    + [f"output_audio_buffer.{x}" for x in ("started", "stopped", "cleared")]
    + [f"response.{x}" for x in ("created", "done", "output_item.added", "output_item.done")]
    + [f"response.content_part.{x}" for x in ("added", "done")]
    + [
        f"response.{x}.{y}"
        for x in ("output_text", "output_audio", "output_audio_transcript")
        for y in ("delta", "done")
    ]
    + [f"response.{x}_arguments.{y}" for x in ("function_call", "mcp_call") for y in ("delta", "done")]
    + [f"{x}.{y}" for x in ("response.mcp_call", "mcp_list_tools") for y in ("in_progress", "completed", "failed")]
    + ["rate_limits.updated", "error"]
)
"""Every server event type of the GA union."""


class OrderChecker:
    """Collects every breach of order in ``violations``; ``finish`` tells what is still open.

    ``counts`` and ``unknown`` count the types received, all of them and those that GA does not know.
    """

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.counts: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self._index = 0
        self._type = ""
        self._ids: set[str] = set()
        self._credits = 0
        self._playing: dict[str, bool] = {}
        """Responses that were heard: does the server still play them?"""
        self._silenced = False
        """The client told the agent to be silent, which may cancel responses."""
        self._lists: dict[str, str] = {}
        self._asked: dict[str, bool] = {}
        """Approval requests: was a call approved that has not begun?"""
        self._approved: dict[str, str] = {}
        """Calls that began when they were approved, beside every response, and how far they are."""
        self._turn_detection: Event = {}
        self.acks = Acks(self._say)
        self.conversation = Conversation(self._say)
        self.turns = Turns(self._say)
        self.replies = Replies(self._say, self._was_truncated)
        self._handlers: dict[str, Callable[[Event], None]] = {
            "session.created": self._session,
            "session.updated": self._session,
            "conversation.item.created": lambda _: self._say("GA has conversation.item.added and done instead"),
            "conversation.item.added": self._item_added,
            "conversation.item.done": self._item_done,
            "conversation.item.retrieved": self._retrieved,
            "conversation.item.deleted": self._deleted,
            "conversation.item.truncated": self._truncated,
            "input_audio_buffer.speech_started": self._speech_started,
            "input_audio_buffer.speech_stopped": self.turns.stopped,
            "input_audio_buffer.timeout_triggered": self.turns.timed_out,
            "input_audio_buffer.committed": self._committed,
            "input_audio_buffer.cleared": lambda _: self._ack("input_audio_buffer.clear"),
            "response.created": self._response_created,
            "response.done": self._response_done,
            "error": self._error,
        }

    def sent(self, event: Event) -> None:
        """A client event left. Give what is no JSON object to ``sent_malformed``."""
        self._index += 1
        self.acks.sent(self._index, event)
        self._silenced = self._silenced or dig(event, "type") == "output_audio_buffer.clear"
        item = dig(event, "item")
        if dig(item, "type") == "mcp_approval_response" and dig(item, "approve") is True:
            request = text(dig(item, "approval_request_id"))
            self._asked[request] = request in self._asked

    def sent_malformed(self) -> None:
        """A frame left that is no event at all: it must be answered by one error."""
        self.sent({})

    def received(self, event: Event) -> None:
        """A server event came."""
        self._index += 1
        kind = self._type = text(dig(event, "type"))
        self.counts[kind] += 1
        if kind not in EVENT_TYPES:
            self.unknown[kind] += 1
            self._say("no event type of GA")
            return
        self._identity(event, kind)
        if kind in self._handlers:
            self._handlers[kind](event)
        elif kind.startswith("conversation.item.input_audio_transcription."):
            self.conversation.known(event.get("item_id"), "transcription")
            self.turns.transcribed(event, final=kind.endswith((".completed", ".failed")))
        elif kind.startswith("response.mcp_call.") and event.get("item_id") in self._approved:
            self._running(event, kind)
        elif kind.startswith("response."):
            self.replies.received(event)
        elif kind.startswith("output_audio_buffer."):
            self._playback(event)
        elif kind.startswith("mcp_list_tools."):
            self._listing(event, kind)

    def finish(self) -> list[str]:
        """What is still open; call it when the connection has come to rest."""
        sounds = [f"response {r} sounds and never ends" for r, playing in self._playing.items() if playing]
        open_ = [*sounds, *self.acks.open(), *self.turns.open(), *self.conversation.open(), *self.replies.open()]
        return open_ if self.counts["session.created"] else ["session.created never came", *open_]

    def _say(self, what: str) -> None:
        self.violations.append(f"#{self._index} {self._type}: {what}")

    def _identity(self, event: Event, kind: str) -> None:
        if kind == "session.created" and self.counts[kind] > 1:
            self._say("comes twice")
        if self.counts["session.created"] == 0 and kind != "error":
            self._say("comes before session.created")
        if kind == "input_audio_buffer.dtmf_event_received":
            return
        event_id = event.get("event_id")
        if not isinstance(event_id, str) or not event_id:
            self._say(f"event_id is {event_id!r}")
        elif event_id in self._ids:
            self._say(f"event_id {event_id} was used before")
        else:
            self._ids.add(event_id)

    def _ack(self, kind: str, match: Callable[[Request], bool] = lambda _: True) -> Request | None:
        request = self.acks.take(kind, match)
        if request is None:
            self._say(f"no {kind} of the client waits for this")
        return request

    def _session(self, event: Event) -> None:
        if self._type == "session.updated":
            self._ack("session.update")
        detection = dig(event, "session", "audio", "input", "turn_detection")
        speaks = dig(event, "session", "type") == "realtime"
        self._turn_detection = detection if isinstance(detection, dict) and speaks else {"create_response": False}

    def _item_added(self, event: Event) -> None:
        item = event.get("item")
        item_id, kind = text(dig(item, "id")), text(dig(item, "type"))
        asked = None
        if not self.replies.entered(item_id) and not self.turns.added(item_id):
            request = self._creator(item_id, kind, dig(item, "role"))
            if request is not None:
                asked = dig(request.event, "previous_item_id")
            elif kind == "mcp_call" and self._asked.pop(text(dig(item, "approval_request_id")), False):
                self._approved[item_id] = "approved"
            elif kind not in ("mcp_list_tools", "mcp_approval_request"):
                self._say(f"item {item_id} comes from no turn, response or conversation.item.create")
        self.conversation.added(event, asked if isinstance(asked, str) else None)

    def _creator(self, item_id: str, kind: str, role: object) -> Request | None:
        named = self.acks.take("conversation.item.create", lambda r: dig(r.event, "item", "id") == item_id)
        return named or self.acks.take(
            "conversation.item.create",
            lambda r: (
                dig(r.event, "item", "id") is None
                and dig(r.event, "item", "type") == kind
                and dig(r.event, "item", "role") == role
            ),
        )

    def _item_done(self, event: Event) -> None:
        self.conversation.done(event)
        item_id = text(dig(event, "item", "id"))
        if self._lists.get(item_id) == "in_progress":
            self._say("the list of tools is done before its mcp_list_tools.completed or failed")
        if self._approved.get(item_id, "completed") not in ("completed", "failed"):
            self._say(f"the approved call {item_id} is done before its response.mcp_call.completed or failed")
        if dig(event, "item", "type") == "mcp_approval_request":
            self._asked[item_id] = False
        self.replies.left(event.get("item"))

    def _retrieved(self, event: Event) -> None:
        item_id = dig(event, "item", "id")
        self._ack("conversation.item.retrieve", lambda r: dig(r.event, "item_id") == item_id)
        self.conversation.known(item_id, self._type)

    def _deleted(self, event: Event) -> None:
        item_id = event.get("item_id")
        asked = self.acks.take("conversation.item.delete", lambda r: dig(r.event, "item_id") == item_id)
        if asked is None and item_id != self.conversation.oldest:
            self._say(f"no conversation.item.delete names {item_id!r}, nor is it the oldest item that is done")
        self.conversation.remove(text(item_id))

    def _truncated(self, event: Event) -> None:
        def same(request: Request) -> bool:
            return all(dig(request.event, key) == event.get(key) for key in ("item_id", "content_index"))

        if not self._playing:
            self._ack("conversation.item.truncate", same)
        else:
            self.acks.take("conversation.item.truncate", same)
        item = self.conversation.known(event.get("item_id"), self._type)
        if item is not None:
            item.truncated = True
            if item.role != "assistant":
                self._say(f"item {item.id} is truncated though its role is {item.role!r}")

    def _was_truncated(self, item_id: str) -> bool:
        item = self.conversation.items.get(item_id)
        return item is not None and item.truncated

    def _speech_started(self, event: Event) -> None:
        if event.get("item_id") in self.conversation.items:
            self._say(f"item {event.get('item_id')} is in the conversation already")
        self.turns.started(event)

    def _committed(self, event: Event) -> None:
        item_id = text(event.get("item_id"))
        places = [self.conversation.last, *self.turns.coming()]
        if event.get("previous_item_id") not in places:
            self._say(f"previous_item_id is {event.get('previous_item_id')!r}, expected {places[-1]!r}")
        if self.turns.committed(item_id, lambda: self.acks.take("input_audio_buffer.commit") is not None):
            self.acks.perhaps("input_audio_buffer.commit")
            self._credits += self._turn_detection.get("create_response") is not False

    def _response_created(self, event: Event) -> None:
        self.replies.created(event)
        body = event.get("response")
        outside, metadata = dig(body, "conversation_id") is None, dig(body, "metadata") or None

        def place(request: Request) -> bool:
            return (dig(request.event, "response", "conversation") == "none") == outside

        def same(request: Request) -> bool:
            return place(request) and (dig(request.event, "response", "metadata") or None) == metadata

        if not outside and (late := self.conversation.unfinished()):
            self._say(f"response {dig(body, 'id')} is created before item {late[0]} is done")
        exact = self.acks.waiting("response.create", same)
        own = self._credits > 0 and not outside
        if exact and own and metadata is None:
            self.acks.perhaps("response.create", same)
            self._credits -= 1
        elif exact:
            exact[0].answered = True
        elif own:
            self._credits -= 1
        elif self.acks.take("response.create", place):
            self._say(f"metadata is {metadata!r}, not what response.create gave")
        else:
            self._say(f"response {dig(body, 'id')} comes from no turn and no response.create")

    def _response_done(self, event: Event) -> None:
        response = self.replies.done(event)
        if response is None:
            return

        def meant(request: Request, done: Response = response) -> bool:
            target = dig(request.event, "response_id")
            return target == done.id or (target is None and not done.outside)

        if dig(event, "response", "status_details", "reason") == "client_cancelled":
            if self.acks.take("response.cancel", meant) is None and not self._silenced:
                self._say("no response.cancel of the client waits for this")
        else:
            self.acks.perhaps("response.cancel", meant)

    def _error(self, event: Event) -> None:
        body = event.get("error")
        self.acks.error(body if isinstance(body, dict) else {})

    def _playback(self, event: Event) -> None:
        response_id, begins = text(event.get("response_id")), self._type.endswith(".started")
        if response_id not in self.replies.all:
            self._say(f"response {response_id!r} was never created")
        if begins and response_id in self._playing:
            self._say(f"response {response_id} begins to sound twice")
        elif not begins and not self._playing.get(response_id, True):
            self._say(f"response {response_id} ends to sound twice")
        self._playing[response_id] = begins

    def _running(self, event: Event, kind: str) -> None:
        """A call that was approved runs outside the response that asked for it."""
        item_id, state = event["item_id"], kind.rsplit(".", 1)[1]
        before = self._approved[item_id]
        if event.get("output_index") != 0:
            self._say(f"output_index of {item_id} is {event.get('output_index')!r}, expected 0")
        if before != ("approved" if state == "in_progress" else "in_progress"):
            self._say(f"{kind} of {item_id} comes after {before}")
        self._approved[item_id] = state

    def _listing(self, event: Event, kind: str) -> None:
        item, state = self.conversation.known(event.get("item_id"), kind), kind.rsplit(".", 1)[1]
        if item is None:
            return
        before = self._lists.get(item.id)
        if before != (None if state == "in_progress" else "in_progress"):
            self._say(f"{kind} of {item.id} comes after {before or 'nothing'}")
        self._lists[item.id] = state
