"""A server of OpenAI's Realtime protocol as a line: what it says is heard, and what is played is said to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from ..audio.frame import Frame
from ..audio.pcm import Pcm
from ..core.commands import Role
from ..core.errors import BadInput, VivavoceError
from ..core.events import ProviderFailed
from ..core.units import OUT_RATE
from ..wire.openai_realtime.caller import Began, Caller, Effect, Failed, NoEvent, Opened, Said, Send
from .base import Post
from .bridge import Beat, Lane

PATIENCE_S = 10.0
"""For the connection, and then for the first word of the server."""
MOST_UNSENT = 1_000
"""Events that wait for a server that does not read."""
_CLOSE_S = 0.5
_LONGEST_DETAIL = 300


class ServerFailed(VivavoceError):
    """The server was not reached, refused, broke off, or sent what is no event. `code` is short and never changes:
    `refused`, `not_found`, `unreachable`, `timeout`, `died`, `garbage` or `overflow`, or what the server calls it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Connection(Protocol):
    """A WebSocket to a server. Both methods but `close` raise ServerFailed."""

    async def send(self, event: dict[str, Any]) -> None: ...

    async def receive(self) -> str | bytes | None:
        """The next message; None when the server has closed properly."""
        ...

    async def close(self) -> None:
        """Within a second. Safe to call twice."""
        ...


Dial = Callable[[], Awaitable[Connection]]
"""Connects. Raises ServerFailed, or BadInput for a package that is missing."""


class RealtimeClient:
    """A transport whose other end is a server: we are its caller.

    It plays as fast as one speaks whatever the server sends ahead of time, stops when the server has heard the caller
    speak, and then tells it how many ms were heard. The server gets sound all the time, silence where nothing is
    played. What it reports as an error is posted as `ProviderFailed`; when it is gone, `frames` ends, or raises
    `ServerFailed` unless it closed properly.
    """

    reports_playback = False

    def __init__(self, dial: Dial, on_speech: Callable[[Began | Said], None] = lambda speech: None) -> None:
        """`on_speech` learns when an answer begins to be heard, and when nothing more of it will be heard."""
        self._dial = dial
        self._on_speech = on_speech
        self._caller = Caller()
        self._said = Lane()
        self._beat: Beat | None = None
        self._post: Post | None = None
        self._connection: Connection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._unsent: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_UNSENT)
        self._told = asyncio.Event()
        """The server has told of the session, or will not."""
        self._opened = False
        self._failure: Exception | None = None
        self._over = False
        """The server has closed properly."""
        self._closed = asyncio.Event()

    def attach(self, post: Post) -> None:
        self._post = post

    async def open(self) -> None:
        """Connect, unless that is done. `frames` does it too. Raises ServerFailed, or BadInput."""
        if self._connection is not None or self._closed.is_set():
            return
        connection = await self._dial()
        if self._closed.is_set():
            await connection.close()
            return
        self._connection = connection
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._read(), name="reader"), loop.create_task(self._write(), name="writer")]
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._told.wait()
        except TimeoutError:
            self._failure = ServerFailed("timeout", f"it told nothing of the session within {PATIENCE_S:g} s")
        if self._failure is None and not self._opened and not self._closed.is_set():
            self._failure = ServerFailed("died", "it closed the connection at once")
        if self._failure is not None:
            await self.close()
            raise self._failure

    def ask(self, text: str) -> None:
        """A written turn of the caller, which the server answers."""
        self._perform(self._caller.ask(text))

    def play(self, pcm: Pcm) -> None:
        if self._said.put(0 if self._beat is None else self._beat.position, pcm):
            self._report("overflow", "speech is dropped: nobody asks for the server's")

    async def frames(self) -> AsyncIterator[Frame]:
        """What the server says, 24 kHz, 20 ms at a time. Raises ServerFailed."""
        await self.open()
        self._beat = Beat()
        position = 0
        while not self._closed.is_set():
            await self._beat.wait()
            if self._failure is not None:
                raise self._failure
            if self._closed.is_set() or (self._over and self._caller.silent):
                return
            self._perform([self._caller.append(self._said.take())])
            pcm, effects = self._caller.frame()
            self._perform(effects)
            yield Frame(position, pcm, OUT_RATE)
            position += pcm.size

    async def close(self) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        self._told.set()
        self._perform(self._caller.close())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()

    async def _read(self) -> None:
        assert self._connection is not None
        try:
            while (message := await self._connection.receive()) is not None:
                self._perform(self._caller.receive(message))
            self._over = True
        except NoEvent as error:
            self._fail(ServerFailed("garbage", str(error)))
        except ServerFailed as error:
            self._fail(error)
        finally:
            self._told.set()

    async def _write(self) -> None:
        assert self._connection is not None
        # Who cannot be written to cannot be read from either, and the reader knows why.
        with suppress(ServerFailed):
            while True:
                await self._connection.send(await self._unsent.get())

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(event):
                    self._send(event)
                case Opened():
                    self._opened = True
                    self._told.set()
                case Began() | Said():
                    self._on_speech(effect)
                case Failed(code, detail):
                    self._report(code, detail)

    def _send(self, event: dict[str, Any]) -> None:
        if self._over or self._closed.is_set():
            return
        try:
            self._unsent.put_nowait(event)
        except asyncio.QueueFull:
            self._fail(ServerFailed("overflow", "it does not read what it is sent"))

    def _report(self, code: str, detail: str) -> None:
        """An error in the middle of a call is the operator's to know; before there is a session, there is no call."""
        if not self._opened:
            self._fail(ServerFailed(code, detail[:_LONGEST_DETAIL]))
        elif self._post is not None:
            self._post(ProviderFailed(Role.TRANSPORT, code, detail[:_LONGEST_DETAIL]))

    def _fail(self, failure: ServerFailed) -> None:
        self._failure = self._failure or failure
        self._told.set()


# over a network


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is."""

    url: str
    """With `/realtime` at its end, without a query."""
    query: tuple[tuple[str, str], ...] = ()
    key: str = field(default="", repr=False)

    @classmethod
    def of(cls, text: str, key: str = "") -> Address:
        """`ws://HOST:PORT/v1/realtime?model=NAME`, or `wss`. Raises BadInput."""
        example = "fix: write it as wss://HOST/v1/realtime?model=NAME"
        try:
            parts = urlsplit(text)
            known = parts.scheme in ("ws", "wss") and parts.hostname and (parts.port is None or parts.port > 0)
        except ValueError:
            known = False
        if not known:
            raise BadInput(f"{text} is no address of a server; {example}")
        path = parts.path.rstrip("/")
        if parts.username is not None or parts.fragment:
            raise BadInput("an address has neither a user nor a fragment; fix: put the key into OPENAI_API_KEY")
        if not path.endswith("/realtime"):
            raise BadInput(f"{text} does not end in /realtime; {example}")
        return cls(f"{parts.scheme}://{parts.netloc}{path}", tuple(parse_qsl(parts.query)), key)


def dialled(address: Address) -> Dial:
    """Connects by openai's own SDK."""

    async def dial() -> Connection:
        try:
            sdk = await asyncio.to_thread(_client, address)
        except ImportError:
            raise BadInput("to call a server needs an extra; fix: pip install 'vivavoce[openai]'") from None
        closing: Any = {"close_timeout": _CLOSE_S}
        opening = sdk.realtime.connect(extra_query=dict(address.query), websocket_connection_options=closing)
        try:
            async with asyncio.timeout(PATIENCE_S):
                return _Socket(sdk, await opening.enter(), address)
        except BaseException as error:
            await sdk.close()
            if isinstance(error, Exception):
                raise _not_reached(error, address) from None
            raise

    return dial


def _client(address: Address) -> Any:
    """Slow the first time: the SDK is large. Raises ImportError."""
    import websockets.asyncio.client  # noqa: F401 - the SDK would miss it only when it connects
    from openai import AsyncOpenAI

    ws = address.url.removesuffix("/realtime")
    http = ws.replace("ws", "http", 1)
    # Without a key the SDK refuses to begin, but a server on this machine may want none.
    return AsyncOpenAI(api_key=address.key or "none", base_url=http, websocket_base_url=ws, max_retries=0)


class _Socket:
    """A connection of the SDK."""

    def __init__(self, sdk: Any, connection: Any, address: Address) -> None:
        self._sdk = sdk
        self._connection = connection
        self._address = address
        self._key = address.key.encode()
        """Not to be seen by anybody, even if the server quotes it."""

    async def send(self, event: dict[str, Any]) -> None:
        try:
            await self._connection.send(event)
        except Exception as error:
            raise _broken(error, self._address) from None

    async def receive(self) -> bytes | None:
        from websockets.exceptions import ConnectionClosedOK

        try:
            message: bytes = await self._connection.recv_bytes()
        except ConnectionClosedOK:
            return None
        except Exception as error:
            raise _broken(error, self._address) from None
        return message.replace(self._key, b"...") if self._key else message

    async def close(self) -> None:
        await self._connection.close()
        await self._sdk.close()


_STATUS = {
    401: ("refused", "it did not accept the key; check OPENAI_API_KEY"),
    403: ("refused", "it did not accept the key; check OPENAI_API_KEY"),
    404: ("not_found", "it has no such address or model; check both"),
    429: ("refused", "it has too many callers for now; wait, or raise the account's limit"),
}


def _not_reached(error: Exception, address: Address) -> ServerFailed:
    """Our own words: what libraries raise may quote a key."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        code, detail = _STATUS.get(status, ("refused", "it did not accept the connection"))
        return ServerFailed(code, f"{detail} (HTTP {status})")
    if isinstance(error, TimeoutError):
        return ServerFailed("timeout", f"{address.url} did not answer within {PATIENCE_S:g} s")
    if isinstance(error, OSError):
        return ServerFailed("unreachable", f"{address.url} cannot be reached; check the address, and that it is up")
    detail = f"{address.url} does not answer as a WebSocket server ({type(error).__name__}); check the address"
    return ServerFailed("unreachable", detail)


def _broken(error: Exception, address: Address) -> ServerFailed:
    closed = getattr(error, "rcvd", None)
    if closed is None:
        return ServerFailed("died", "the connection broke")
    reason = f": {closed.reason}" if closed.reason else ""
    if address.key:
        reason = reason.replace(address.key, "...")
    return ServerFailed("died", f"it closed the connection ({closed.code}{reason})")
