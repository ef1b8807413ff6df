"""Runs one conversation for each client of the Realtime protocol, with engines that all of them share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ..core.errors import BadInput
from ..runtime.engines import Engines
from ..transports.clients import Clients, Socket
from ..transports.webrtc.call import WebRtc
from ..wire.openai_realtime import config as wire
from ..wire.openai_realtime.refusal import Refusal
from ..wire.openai_realtime.tools import shown
from .http.errors import BadSession, Refused, make_id
from .http.socket import Opening
from .realtime_call import PeerCall, Settings, SocketCall

__all__ = ["RealtimeCalls", "Settings"]


class RealtimeCalls:
    """The sessions that run; `handle` is the handler of the HTTP side."""

    def __init__(self, engines: Engines, settings: Settings, log: Callable[[str], None] = lambda line: None) -> None:
        """`log` gets a line for people when a session begins and ends."""
        self._engines = engines
        self._settings = settings
        self._log = log
        self._running: dict[str, Clients] = {}
        """Sessions and calls by their ids."""

    async def has(self, call_id: str, owner: str = "") -> bool:
        running = self._running.get(call_id)
        return running is not None and running.owner == owner and not running.over

    def check(self, given: dict[str, Any]) -> dict[str, Any]:
        """The whole effective session that a client secret would give. Raises BadSession."""
        kind = str(given.get("type") or "realtime")
        try:
            session = self._first("", kind, given)
        except Refusal as refusal:
            raise BadSession(refusal.code, refusal.message, refusal.param) from None
        session = msgspec.structs.replace(session, model=session.model or self._settings.model)
        found = wire.echo(session, "", 0)
        if "tools" in found:
            found["tools"] = shown(found["tools"])
        return found

    def _first(self, model: str, kind: str, bound: Mapping[str, Any]) -> wire.Session:
        """Raises Refusal."""
        settings = self._settings
        served = settings.agents.get(settings.called(model))
        if served is None:
            return wire.first(model, kind, settings.instructions, bound, settings.voices[0])
        return wire.first(model, kind, served.agent.full_instructions(), bound, served.voices[0])

    async def handle(self, opening: Opening, socket: Socket) -> None:
        """One connection, to its end."""
        if opening.call_id is not None:
            if (running := self._running.get(opening.call_id)) is not None:
                await running.serve(socket, caller=False)
            return
        try:
            session = self._first(opening.model or self._settings.model, opening.kind, opening.session)
        except Refusal as refusal:
            await _turn_away(socket, refusal, 4000)
            return
        try:
            call = SocketCall(self._engines, self._settings, session, self._running, self._log, opening.owner)
        except BadInput as error:
            # The recording cannot be made: the folder was writable when the server began.
            self._log(f"a call is refused: {error}")
            await _turn_away(socket, Refusal("internal_error", "The server had an error.", kind="server_error"), 1011)
            return
        await call.run(socket)

    async def answer(self, opening: Opening, offer: str, given: dict[str, Any]) -> PeerCall:
        """A WebRTC call whose offer (SDP) is answered; it is to be `run`. `given`: its session, as the request has it.

        Raises BadOffer, BadSession, Refused.
        """
        assert self._settings.peer is not None
        try:
            session = self._first(opening.model or self._settings.model, opening.kind, opening.session)
            if given:
                session = wire.updated(session, {"type": session.type, **given})
        except Refusal as refusal:
            raise BadSession(refusal.code, refusal.message, refusal.param) from None
        try:
            call = PeerCall(self._engines, self._settings, session, self._running, self._log, opening.owner)
        except BadInput as error:
            self._log(f"a call is refused: {error}")
            raise Refused(500, None, "The server had an error while processing your request.") from error
        await call.answer_to(offer)
        return call

    async def hang_up(self, call_id: str, owner: str = "") -> bool:
        """End a WebRTC call; False when this owner has none of that id."""
        call = self._running.get(call_id)
        if not isinstance(call, WebRtc) or call.owner != owner or call.over:
            return False
        call.hang_up()
        return True


async def _turn_away(socket: Socket, refusal: Refusal, code: int) -> None:
    """An error instead of a session."""
    error = {"type": refusal.kind, "code": refusal.code, "message": refusal.message, "param": refusal.param}
    await socket.send(json.dumps({"type": "error", "event_id": make_id("event_", 16), "error": error}))
    await socket.close(code, f"{refusal.kind}.{refusal.code}")
