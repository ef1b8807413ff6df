"""A scripted server, just enough to try the client on: text in, timeline A out, errors."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from .reading import Event, dig
from .shapes import error, item_event, reply, session


class Fake:
    """One connection. ``spoil`` may change or drop (None) any event before it leaves."""

    def __init__(self, socket: ServerConnection, spoil: Any) -> None:
        self._socket, self._spoil = socket, spoil
        self._count = itertools.count(1)
        self._session = session()
        self._order: list[str] = []

    async def run(self) -> None:
        """Answer until the client leaves."""
        await self._emit({"type": "session.created", "session": self._session})
        async for frame in self._socket:
            try:
                event = json.loads(frame) if isinstance(frame, str) else None
            except (ValueError, RecursionError):
                event = None
            if not isinstance(event, dict):
                await self._emit(error(None, "invalid_event", None))
                continue
            for answer in self._answers(event):
                await self._emit(answer)

    async def _emit(self, event: Event) -> None:
        changed = self._spoil({"event_id": f"event_{next(self._count)}", **event})
        if changed is not None:
            await self._socket.send(json.dumps(changed))

    def _answers(self, event: Event) -> list[Event]:
        event_id, kind = event.get("event_id"), event.get("type")
        if kind == "session.update":
            changes = dig(event, "session")
            if not isinstance(changes, dict) or "type" not in changes:
                return [error(event_id, "missing_required_parameter", "session.type")]
            self._session = {**self._session, **{k: v for k, v in changes.items() if k != "audio"}}
            return [{"type": "session.updated", "session": self._session}]
        if kind == "conversation.item.create" and isinstance(event.get("item"), dict):
            return self._create(event["item"])
        if kind == "conversation.item.retrieve":
            return [error(event_id, "item_retrieve_invalid_item_id", "item_id")]
        if kind == "response.create":
            n = next(self._count)
            events = reply(f"resp_{n}", f"item_{n}", self._order[-1] if self._order else None)
            self._order.append(f"item_{n}")
            return events
        if kind == "response.cancel":
            return [error(event_id, "response_cancel_not_active", None)]
        return [error(event_id, "invalid_value", "type")]

    def _create(self, item: Event) -> list[Event]:
        whole = {"id": f"item_{next(self._count)}", "object": "realtime.item", "status": "completed", **item}
        previous = self._order[-1] if self._order else None
        self._order.append(whole["id"])
        return [item_event(kind, whole, previous) for kind in ("added", "done")]


@asynccontextmanager
async def serving(spoil: Any = lambda event: event) -> AsyncIterator[str]:
    """The address of a fake server while the block lasts."""
    async with serve(
        lambda socket: Fake(socket, spoil).run(),
        "127.0.0.1",
        0,
        max_size=None,
        subprotocols=[Subprotocol("realtime")],
        select_subprotocol=lambda _, offered: Subprotocol("realtime") if "realtime" in offered else None,
    ) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
