"""The application: routes, and the handshake of a conversation."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from .calls import CallsEndpoint, PeerCalls
from .client_secrets import CheckSession, ClientSecrets
from .connections import GOING_AWAY, Connections, Kind
from .door import LOOPBACK_ORIGIN, Brake, Door, subprotocols
from .errors import Refused, error_event
from .keys import Keys
from .socket import AsgiSocket, Calls, Handler, Opening
from .vault import Credential

ABORT = "vivavoce.abort"
"""The ASGI extension of our own server: `abort` cuts the connection without waiting for the peer."""
PREFIXES = ("/v1", "/openai/v1", "/openai")
ALLOW_HEADERS = ("Authorization", "Content-Type", "X-OpenAI-Agents-SDK", "OpenAI-Safety-Identifier", "api-key")
_log = logging.getLogger("vivavoce.server")
_NO_SUCH_CALL = "No session found for the provided call_id"


def make_app(
    handler: Handler,
    calls: Calls,
    keys: Keys,
    *,
    check_session: CheckSession,
    models: Sequence[str] = (),
    allow_origins: Sequence[str] = (),
    connections: Connections | None = None,
    brake: Brake | None = None,
    routes: Sequence[BaseRoute] = (),
    peer_calls: PeerCalls | None = None,
    ice_servers: Sequence[Mapping[str, str]] = (),
    part: bool = False,
) -> Starlette:
    """The ASGI application. `handler` runs each conversation, `peer_calls` those over WebRTC, where that is installed;
    `routes` are more routes, tried first; `ice_servers` is what callers over WebRTC are told (RTCIceServer); `part`:
    other processes serve the same port.

    `state.door` (Door) and `state.connections` (Connections) are there for those routes and for whoever serves the
    application. Raises BadInput for an unusable origin.
    """
    door = Door(keys, allow_origins, brake)
    connections = Connections() if connections is None else connections
    conversations = Conversations(handler, calls, door, connections)
    client_secrets = ClientSecrets(door, check_session)
    webrtc = CallsEndpoint(peer_calls, door, connections, part)
    pages = Pages(door, connections, models, ice_servers)
    own: list[BaseRoute] = [Route("/healthz", pages.health)]
    for prefix in PREFIXES:
        own.append(WebSocketRoute(f"{prefix}/realtime", conversations))
        own.append(Route(f"{prefix}/realtime/client_secrets", client_secrets.create, methods=["POST"]))
        own.append(Route(f"{prefix}/realtime/calls", webrtc.create, methods=["POST"]))
        own.append(Route(f"{prefix}/realtime/calls/{{call_id}}/hangup", webrtc.hang_up, methods=["POST"]))
        for action in ("accept", "reject", "refer"):
            path = f"{prefix}/realtime/calls/{{call_id}}/{action}"
            own.append(Route(path, webrtc.only_telephone, methods=["POST"]))
        own.append(Route(f"{prefix}/realtime/ice_servers", pages.list_ice_servers))
        own.append(Route(f"{prefix}/models", pages.list_models))
    own.append(WebSocketRoute("/{path:path}", _no_socket_here))
    app = Starlette(
        routes=[*routes, *own],
        middleware=[Middleware(OriginCheck, door=door), _cors(door)],
        exception_handlers={
            Refused: _refused,
            HTTPException: _http_error,
            ClientDisconnect: _left,
            Exception: _crashed,
        },
    )
    app.state.door = door
    app.state.connections = connections
    return app


class Conversations:
    """The WebSocket endpoint, an ASGI application of its own."""

    def __init__(self, handler: Handler, calls: Calls, door: Door, connections: Connections) -> None:
        self._handler = handler
        self._calls = calls
        self._door = door
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one client in, or not, and run its conversation to its end."""
        websocket = WebSocket(scope, receive, send)
        socket = AsgiSocket(receive, send, scope.get("extensions", {}).get(ABORT, {}).get("abort"))
        try:
            opening = await self._opening(websocket, await self._door.admit(websocket))
            with self._connections.enter(Kind.CALL if opening.call_id is None else Kind.LISTENER):
                await self._converse(websocket, socket, opening)
        except Refused as refused:
            await deny(websocket, refused)

    async def _opening(self, websocket: WebSocket, credential: Credential) -> Opening:
        query = websocket.query_params
        call_id = query.get("call_id") or None
        if call_id is not None and not await self._calls.has(call_id, credential.owner):
            raise Refused(404, "call_id_not_found", _NO_SUCH_CALL, "")
        session = credential.session_dict()
        kind = query.get("intent") or session.get("type")
        return Opening(
            model=query.get("model") or query.get("deployment") or str(session.get("model") or ""),
            kind="transcription" if kind == "transcription" else "realtime",
            call_id=call_id,
            session=session,
            owner=credential.owner,
            safety_id=websocket.headers.get("openai-safety-identifier") or credential.safety_id,
        )

    async def _converse(self, websocket: WebSocket, socket: AsgiSocket, opening: Opening) -> None:
        await websocket.accept("realtime" if "realtime" in subprotocols(websocket) else None)
        try:
            await self._connections.opened(socket)
            if fault := _fault(websocket):
                code, message = fault
                await socket.send(error_event(code, message))
                await socket.close(4000, f"invalid_request_error.{code}")
            else:
                await self._handle(opening, socket)
        finally:
            socket.abort_later()

    async def _handle(self, opening: Opening, socket: AsgiSocket) -> None:
        try:
            await self._handler(opening, socket)
        except Exception:
            _log.exception("a conversation failed")
            message = "The server had an error while processing your request. Please try again."
            await socket.send(error_event(None, message, "server_error"))
            await socket.close(1011, "server_error")
        except asyncio.CancelledError:
            await socket.close(GOING_AWAY)
            if not self._connections.closing:
                raise
        else:
            await socket.close()


class Pages:
    """The small answers."""

    def __init__(
        self, door: Door, connections: Connections, models: Sequence[str], ice_servers: Sequence[Mapping[str, str]]
    ) -> None:
        self._door = door
        self._connections = connections
        self._ice_servers = [dict(server) for server in ice_servers]
        self._models = [{"id": name, "object": "model", "created": 0, "owned_by": "vivavoce"} for name in models]

    async def list_models(self, request: Request) -> JSONResponse:
        """The served models. Raises Refused."""
        await self._door.admit(request)
        return JSONResponse({"object": "list", "data": self._models})

    async def list_ice_servers(self, request: Request) -> JSONResponse:
        """STUN and TURN servers for callers over WebRTC; a password is for those who may call. Raises Refused."""
        await self._door.admit(request)
        return JSONResponse({"ice_servers": self._ice_servers}, headers={"Cache-Control": "no-store"})

    async def health(self, request: Request) -> JSONResponse:
        """For load balancers; needs no key."""
        return JSONResponse({"status": "ok", "calls": self._connections.total})


class OriginCheck:
    """Keeps pages of other sites out, over HTTP as over WebSockets."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self._door.check_origin(Headers(scope=scope).getlist("origin"))
        except Refused as refused:
            if scope["type"] == "websocket":
                await deny(WebSocket(scope, receive, send), refused)
            else:
                await response_of(refused)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def response_of(refused: Refused) -> JSONResponse:
    """The HTTP answer."""
    return JSONResponse(refused.body(), refused.status, refused.headers)


async def deny(websocket: WebSocket, refused: Refused) -> None:
    """Answer a handshake with an HTTP error; where the server cannot do that, with its plain refusal."""
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(response_of(refused))
    else:
        await websocket.close()


def _fault(websocket: WebSocket) -> tuple[str, str] | None:
    """What is wrong with the handshake, for a client that can only be told over the socket: code and message."""
    beta = "realtime=v1" in websocket.headers.get("openai-beta", "").replace(" ", "").split(",")
    if beta or "openai-beta.realtime-v1" in subprotocols(websocket):
        return "beta_api_shape_disabled", "The beta Realtime API is not supported; use the GA API without OpenAI-Beta."
    intent = websocket.query_params.get("intent") or "transcription"
    if intent != "transcription":
        return "invalid_intent", "The intent is not supported. Supported values are: 'transcription'."
    return None


def _cors(door: Door) -> Middleware:
    origins = door.origins if door.keys.open else ("*",)
    return Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_origin_regex=LOOPBACK_ORIGIN,
        allow_methods=("GET", "POST", "OPTIONS"),
        allow_headers=ALLOW_HEADERS,
        expose_headers=("Location",),
    )


async def _no_socket_here(websocket: WebSocket) -> None:
    await deny(websocket, _unknown_url(websocket))


def _unknown_url(connection: HTTPConnection) -> Refused:
    return Refused(404, "unknown_url", f"Unknown request URL: {connection.url.path}")


async def _refused(request: Any, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return response_of(error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return response_of(_unknown_url(request))
    code = "method_not_allowed" if error.status_code == 405 else None
    return response_of(Refused(error.status_code, code, f"{error.detail}.", headers=error.headers))


async def _left(request: Request, error: Exception) -> Response:
    """The client hung up amid its request: nobody gets the answer, and nothing is wrong with us."""
    return Response(status_code=400)


async def _crashed(request: Request, error: Exception) -> Response:
    message = "The server had an error while processing your request."
    return response_of(Refused(500, None, message))
