"""`POST /v1/realtime/calls`: an offer (SDP) in, an answer out, and a call that goes on over WebRTC."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol

import msgspec
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ...core.errors import BadInput
from .body import as_object, read_body
from .connections import Connections, Kind
from .door import Door
from .errors import BadSession, Refused
from .socket import Opening

MOST_OFFER_BYTES = 128 << 10
MOST_SESSION_BYTES = 1 << 20
_MOST_ANSWERING = 8
"""Offers that are answered at the same time."""
_MOST_BEGINNING = 32
"""... with those that wait for it."""
_log = logging.getLogger("vivavoce.server")


class PeerCall(Protocol):
    """A call whose offer was answered."""

    id: str
    answer: str

    async def run(self) -> None:
        """To its end."""

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Hang up."""

    def drop(self) -> None:
        """Hang up, at once."""


class PeerCalls(Protocol):
    """Where calls are answered."""

    async def answer(self, opening: Opening, offer: str, given: dict[str, Any]) -> PeerCall:
        """Raises BadInput for an unusable offer, BadSession for an unusable session."""

    async def hang_up(self, call_id: str, owner: str) -> bool:
        """False when this owner has no such call."""


class CallsEndpoint:
    """The endpoints that are about WebRTC calls."""

    def __init__(self, calls: PeerCalls | None, door: Door, connections: Connections, part: bool = False) -> None:
        """`calls`: None where WebRTC is not installed. `part`: other processes answer at this port, too."""
        self._calls = calls
        self._door = door
        self._connections = connections
        self._part = part
        self._beginning = 0
        self._answering = asyncio.Semaphore(_MOST_ANSWERING)
        self._running: set[asyncio.Task[None]] = set()

    async def create(self, request: Request) -> Response:
        """Answer an offer. Raises Refused."""
        credential = await self._door.admit(request)
        calls = self._require()
        # A slow sender must not take the place of others.
        offer, given = await _read(request)
        if self._beginning >= _MOST_BEGINNING:
            raise Refused(429, "rate_limit_exceeded", "Too many calls begin at once.", headers={"Retry-After": "1"})
        self._beginning += 1
        try:
            bound = credential.session_dict()
            session = bound | given
            opening = Opening(
                model=request.query_params.get("model") or str(session.get("model") or ""),
                kind="transcription" if session.get("type") == "transcription" else "realtime",
                call_id=None,
                session=bound,
                owner=credential.owner,
                safety_id=request.headers.get("openai-safety-identifier") or credential.safety_id,
            )
            async with self._answering:
                answered: asyncio.Future[PeerCall] = asyncio.get_running_loop().create_future()
                task = asyncio.create_task(self._run(calls, opening, offer, given, answered), name="webrtc call")
                self._running.add(task)
                task.add_done_callback(self._running.discard)
                call = await answered
        finally:
            self._beginning -= 1
        headers = {"Location": f"/v1/realtime/calls/{call.id}"}
        if self._part:
            # Who places many calls over one connection would give all of them to this process.
            headers["Connection"] = "close"
        return Response(call.answer, 201, headers, media_type="application/sdp")

    async def _run(
        self, calls: PeerCalls, opening: Opening, offer: str, given: dict[str, Any], answered: asyncio.Future[PeerCall]
    ) -> None:
        """The whole call; `answered` gets it, or why there is none."""
        try:
            with self._connections.enter(Kind.PEER):
                call = await calls.answer(opening, offer, given)
                # From here on the server's end is the call's, too.
                await self._connections.opened(call)
                if not answered.cancelled():
                    answered.set_result(call)
                await call.run()
        except Exception as error:
            if answered.done():
                _log.exception("a call failed")
            else:
                answered.set_exception(_refused(error))

    async def hang_up(self, request: Request) -> Response:
        """End a call. Raises Refused."""
        owner = (await self._door.admit(request)).owner
        if not await self._require().hang_up(request.path_params["call_id"], owner):
            raise Refused(404, "call_id_not_found", "No call found for the provided call_id.", "call_id")
        return Response()

    async def only_telephone(self, request: Request) -> Response:
        """Accepting, rejecting and referring are for telephone calls. Raises Refused."""
        await self._door.admit(request)
        raise Refused(400, "invalid_call", "Only calls over SIP can be accepted, rejected or referred.", "call_id")

    def _require(self) -> PeerCalls:
        if self._calls is None:
            raise Refused(501, "webrtc_unavailable", "WebRTC is not installed here: pip install 'vivavoce[webrtc]'.")
        return self._calls


async def _read(request: Request) -> tuple[str, dict[str, Any]]:
    """The offer and the session in a request. Raises Refused."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/sdp":
        return _offer(await read_body(request, MOST_OFFER_BYTES)), {}
    if kind != "multipart/form-data":
        message = "Send the offer as application/sdp, or as the field 'sdp' of multipart/form-data."
        raise Refused(400, "invalid_content_type", message)
    try:
        form = await request.form(max_files=2, max_fields=4, max_part_size=MOST_SESSION_BYTES)
    except HTTPException as error:
        raise Refused(400, "invalid_multipart", f"The form could not be read: {error.detail}", "sdp") from error
    try:
        fields = {name: await _field(form.get(name)) for name in ("sdp", "session")}
    finally:
        await form.close()
    if not fields["sdp"]:
        raise Refused(400, "missing_required_parameter", "Missing required parameter: 'sdp'.", "sdp")
    return _offer(fields["sdp"]), _session(fields["session"])


async def _field(value: UploadFile | str | None) -> bytes:
    if isinstance(value, UploadFile):
        return await value.read(MOST_SESSION_BYTES + 1)
    return (value or "").encode()


def _offer(data: bytes) -> str:
    if len(data) > MOST_OFFER_BYTES:
        raise Refused(413, "request_too_large", f"An offer has at most {MOST_OFFER_BYTES} bytes.", "sdp")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused(400, "invalid_offer", "The offer is no text in UTF-8.", "sdp") from None


def _session(data: bytes) -> dict[str, Any]:
    if not data.strip():
        return {}
    if len(data) > MOST_SESSION_BYTES:
        raise Refused(413, "request_too_large", f"A session has at most {MOST_SESSION_BYTES} bytes.", "session")
    try:
        return as_object(msgspec.json.decode(data), "session")
    except (ValueError, RecursionError):
        raise Refused(400, "invalid_json", "The session could not be parsed as JSON.", "session") from None


def _refused(error: Exception) -> Exception:
    match error:
        case Refused() if error.code == "server_overloaded":
            return Refused(429, "rate_limit_exceeded", "Too many calls are running.", headers=error.headers)
        case BadSession():
            return Refused(400, error.code, error.message, error.param)
        case BadInput():
            return Refused(400, "invalid_offer", str(error), "sdp")
    return error
