"""Serving the application with uvicorn, on whichever event loop is running."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket as sockets
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from ...core.errors import BadInput
from .connections import Connections
from .keys import VARIABLE
from .server import ABORT
from .tls import Tls

MOST_MESSAGE_BYTES = 24 << 20
"""Of one message from a client. An append of 15 MiB of audio is 20 MiB in base64."""
PING_S = 20.0
GRACE_S = 5.0
"""What conversations get to end when the server stops."""
_MOST_HANDED = 64
"""Connections taken over at a time."""
_LINGER_S = 0.5
"""What connections get to close after that."""
_MOST_UNREAD_BYTES = 1 << 20
"""Of answers to pings, to a peer that does not read them."""


async def serve(
    app: Starlette,
    *,
    host: str,
    port: int,
    tls: Tls | None = None,
    on_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve what `make_app` made until SIGINT, SIGTERM or cancellation, once; port 0 takes a free one.

    `on_ready` gets the base URL once connections are accepted. Raises BadInput when the address cannot be used, or
    when it is open to other machines and no API key is configured.
    """
    listeners = await bind(host, port, app.state.door.keys.open)
    try:
        url = url_of(host, listeners, tls)
        await _until_stopped(_Server(_config(app, tls), app.state.connections, lambda: on_ready(url)), listeners)
    finally:
        for listener in listeners:
            listener.close()


async def serve_handed(
    app: Starlette,
    control: sockets.socket,
    *,
    tls: Tls | None = None,
    on_ready: Callable[[], None] = lambda: None,
    on_look: Callable[[int], None] = lambda closed: None,
) -> None:
    """Serve the connections that another process accepts and hands over: `control` is a Unix socket, and each byte that
    comes brings one. Until SIGTERM or cancellation, or until the other process is gone. `on_look` gets the number of
    connections that were handed over and have ended, ten times a second.
    """
    await _until_stopped(_Handed(_config(app, tls), app.state.connections, on_ready, control, on_look), [])


async def _until_stopped(server: _Server, listeners: list[sockets.socket]) -> None:
    running = asyncio.ensure_future(server.serve(sockets=listeners))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        server.should_exit = True
        await running
        raise


class _Server(uvicorn.Server):
    """Says when it is ready, and ends conversations before connections. Signals end it and are not raised again."""

    def __init__(self, config: uvicorn.Config, connections: Connections, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._connections = connections
        self._ready = ready

    async def startup(self, sockets: list[sockets.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[sockets.socket] | None = None) -> None:
        await self._connections.close(GRACE_S)
        asyncio.get_running_loop().call_later(_LINGER_S, self._abort)
        await super().shutdown(sockets)
        self._abort()

    def _abort(self) -> None:
        """Cut what is still open: peers that do not finish closing."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


class _Handed(_Server):
    """Has no listener of its own."""

    def __init__(
        self,
        config: uvicorn.Config,
        connections: Connections,
        ready: Callable[[], None],
        control: sockets.socket,
        look: Callable[[int], None],
    ) -> None:
        super().__init__(config, connections, ready)
        self._control = control
        self._look = look
        self._taken = 0
        self._beginning: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[sockets.socket] | None = None) -> None:
        self._control.setblocking(False)
        asyncio.get_running_loop().add_reader(self._control, self._take)
        await super().startup(sockets)

    async def shutdown(self, sockets: list[sockets.socket] | None = None) -> None:
        asyncio.get_running_loop().remove_reader(self._control)
        await super().shutdown(sockets)
        for task in list(self._beginning):
            task.cancel()

    async def on_tick(self, counter: int) -> bool:
        self._look(self._taken - len(self._beginning) - len(self.server_state.connections))
        return await super().on_tick(counter)

    def _take(self) -> None:
        try:
            data, handles, _, _ = sockets.recv_fds(self._control, _MOST_HANDED, _MOST_HANDED)
        except BlockingIOError:
            return
        except OSError:
            data, handles = b"", []
        if not data:
            # Whoever hands us connections is gone: there will be no more.
            asyncio.get_running_loop().remove_reader(self._control)
            self.should_exit = True
        for handle in handles:
            self._taken += 1
            task = asyncio.ensure_future(self._begin(sockets.socket(fileno=handle)))
            self._beginning.add(task)
            task.add_done_callback(self._beginning.discard)

    async def _begin(self, connection: sockets.socket) -> None:
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(self._protocol, connection, ssl=self.config.ssl)
        except OSError:
            # A peer that left again, or did not finish the handshake of TLS: it has heard why, and nobody else need.
            connection.close()

    def _protocol(self) -> asyncio.Protocol:
        kind: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = kind(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol


class _WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which lets connections be cut, logs no address and no header, and bounds what is unread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _quiet()
        self.conn.logger = self.logger
        self.conn.debug = False

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"][ABORT] = {"abort": self.transport.abort}

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # Refused in so many words: uvicorn would complain that the handshake was not completed.
            self.handshake_complete = True

    def handle_ping(self) -> None:
        if self.transport.get_write_buffer_size() > _MOST_UNREAD_BYTES:
            self.transport.abort()
            return
        super().handle_ping()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()


def _quiet() -> logging.Logger:
    """Queries and headers can hold keys, and are logged below this level."""
    logger = logging.getLogger("vivavoce.server.websocket")
    logger.setLevel(logging.WARNING)
    return logger


def _config(app: Starlette, tls: Tls | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws=_WebSocketProtocol,
        ws_max_size=MOST_MESSAGE_BYTES,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        ssl_certfile=tls.cert if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )


async def bind(host: str, port: int, is_open: bool) -> list[sockets.socket]:
    """One listening socket for each address of the host. Raises BadInput as `serve` does."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host or None, port, type=sockets.SOCK_STREAM, flags=sockets.AI_PASSIVE)
    except (OSError, UnicodeError, OverflowError) as error:
        raise BadInput(f"cannot find the address of {host}:{port}; fix: --host 127.0.0.1") from error
    addresses = list(dict.fromkeys((family, address) for family, _, _, _, address in found))
    if is_open and not all(_is_loopback(str(address[0])) for _, address in addresses):
        raise BadInput(
            f"without API keys the server listens on this machine only, not on {host or 'all addresses'}; "
            f"fix: set {VARIABLE}, or use --host 127.0.0.1"
        )
    bound: list[sockets.socket] = []
    try:
        for family, address in addresses:
            chosen = port or (bound[0].getsockname()[1] if bound else 0)
            bound += _listen(family, (address[0], chosen, *address[2:]), optional=bool(bound))
    except OSError as error:
        for listener in bound:
            listener.close()
        raise BadInput(_why(host, port, error)) from error
    return bound


def _listen(family: int, address: tuple[Any, ...], optional: bool) -> list[sockets.socket]:
    """A bound socket; none when this machine lacks an optional address. Raises OSError."""
    listener = None
    try:
        # Named, since asyncio turns Nagle off only on sockets that say that they are TCP.
        listener = sockets.socket(family, sockets.SOCK_STREAM, sockets.IPPROTO_TCP)
        listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        if family == sockets.AF_INET6:
            listener.setsockopt(sockets.IPPROTO_IPV6, sockets.IPV6_V6ONLY, 1)
        listener.bind(address)
        # Already here, since two sockets may be bound to one address until one of them listens.
        listener.listen(100)
        listener.setblocking(False)
    except OSError as error:
        if listener is not None:
            listener.close()
        if optional and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            return []
        raise
    return [listener]


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def url_of(host: str, listeners: list[sockets.socket], tls: Tls | None) -> str:
    """The base URL, for programs and browsers of this machine."""
    scheme = "http" if tls is None else "https"
    return f"{scheme}://{_shown(host)}:{listeners[0].getsockname()[1]}"


def _shown(host: str) -> str:
    """The host as it is written in a URL for a browser of this machine."""
    if host in ("", "0.0.0.0"):
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{host}:{port} is in use by another program; fix: choose another --port, or 0 for any"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights; fix: choose a --port of 1024 or more"
    return f"cannot listen on {host}:{port}: {error.strerror}; fix: --host 127.0.0.1"
