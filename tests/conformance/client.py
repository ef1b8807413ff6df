# ruff: noqa: ASYNC109
"""A small client that checks all it sees: every frame of both directions goes through both checkers."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from .audio import RATE, silence
from .order import OrderChecker
from .reading import Event, dig, text
from .schema import SchemaChecker

Where = Callable[[Event], bool]


class Failure(Exception):
    """The server did not do what it must."""


class Skip(Exception):
    """What the case needs did not come about; nothing is said about the server."""


def address(url: str, query: dict[str, str]) -> str:
    """The WebSocket address for a base url of ws, wss, http or https, with or without /realtime."""
    base, _, given = url.partition("?")
    base = base.rstrip("/")
    if "://" not in base:
        base = f"ws://{base}"
    scheme, rest = base.split("://", 1)
    rest = rest if rest.endswith("/realtime") else f"{rest}/realtime"
    scheme = {"http": "ws", "https": "wss"}.get(scheme, scheme)
    return f"{scheme}://{rest}?{'&'.join(part for part in (given, urlencode(query)) if part)}".rstrip("?")


class Client:
    """One connection. Every event received stays unread until an ``expect`` or ``until`` takes it."""

    def __init__(self, socket: ClientConnection, timeout: float = 10.0) -> None:
        self.order, self.schema = OrderChecker(), SchemaChecker()
        self.timeout = timeout
        self.log: list[tuple[float, str, Event]] = []
        self.ended = ""
        self._socket = socket
        self._unread: list[Event] = []
        self._news = asyncio.Event()
        self._numbers = itertools.count(1)
        self._start = time.monotonic()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(
        cls,
        url: str,
        key: str = "",
        query: dict[str, str] | None = None,
        timeout: float = 10.0,
        protocols: list[str] | None = None,
    ) -> Client:
        """Connect; session.created is left for the case to expect. Protocols carry the key as browsers do."""
        headers = {"Authorization": f"Bearer {key}"} if key and not protocols else {}
        try:
            socket = await connect(
                address(url, query or {}),
                additional_headers=headers,
                subprotocols=[Subprotocol(name) for name in protocols] if protocols else None,
                open_timeout=timeout,
                max_size=None,
                compression=None,
                proxy=None,
                max_queue=None,
            )
        except Exception as error:
            raise Failure(f"no connection: {type(error).__name__}: {error}") from error
        return cls(socket, timeout)

    @property
    def protocol(self) -> str | None:
        """The subprotocol that the server selected."""
        return self._socket.subprotocol

    async def send(self, kind: str, /, **fields: Any) -> str:
        """Send an event of a type, with an event_id of its own unless one is given; returns that."""
        event: Event = {"type": kind, "event_id": f"evt_{next(self._numbers)}", **fields}
        await self.send_event(event)
        return text(event["event_id"])

    async def send_event(self, event: Event) -> None:
        """Send an object as it is."""
        await self._write(json.dumps(event), event)

    async def send_raw(self, data: str | bytes) -> None:
        """Send a frame that is no event."""
        await self._write(data, {})

    async def pass_on(self, data: str | bytes) -> None:
        """Send a frame that no checker is told of."""
        try:
            await self._socket.send(data)
        except ConnectionClosed as error:
            raise Failure(f"the connection is closed: {error}") from error

    async def _write(self, data: str | bytes, event: Event) -> None:
        self.order.sent(event)
        self._note("→", event or {"type": f"({len(data)} {'bytes' if isinstance(data, bytes) else 'characters'})"})
        await self.pass_on(data)

    async def expect(self, *kinds: str, where: Where | None = None, timeout: float | None = None) -> Event:
        """The first unread event of one of these types; an unread error that is not expected fails."""

        def fits(event: Event) -> bool:
            return event.get("type") in kinds and (where is None or where(event))

        index = await self._find(fits, " or ".join(kinds), timeout, "error" not in kinds)
        return self._unread.pop(index)

    async def until(self, *kinds: str, where: Where | None = None, timeout: float | None = None) -> list[Event]:
        """All unread events up to the first of these types, which is the last of the list."""

        def fits(event: Event) -> bool:
            return event.get("type") in kinds and (where is None or where(event))

        index = await self._find(fits, " or ".join(kinds), timeout, "error" not in kinds)
        taken, self._unread = self._unread[: index + 1], self._unread[index + 1 :]
        return taken

    def take(self, where: Where) -> list[Event]:
        """The unread events that a condition holds for, now read."""
        taken = [event for event in self._unread if where(event)]
        self._unread = [event for event in self._unread if not where(event)]
        return taken

    async def error(self, event_id: str | None, *codes: str | None, timeout: float | None = None) -> Event:
        """The error that answers a client event, with one of these codes if any are given."""
        event = await self.expect("error", where=lambda e: dig(e, "error", "event_id") == event_id, timeout=timeout)
        code = dig(event, "error", "code")
        if codes and code not in codes:
            raise Failure(f"error.code is {code!r}, expected {' or '.join(map(repr, codes))}")
        return dig(event, "error")

    async def quiet(self, seconds: float) -> list[Event]:
        """Everything unread after some time, without failing on errors."""
        await asyncio.sleep(seconds)
        taken, self._unread = self._unread, []
        return taken

    def peek(self, *kinds: str) -> list[Event]:
        """The unread events of these types, left unread."""
        return [event for event in self._unread if event.get("type") in kinds]

    async def _find(self, fits: Where, what: str, timeout: float | None, strict: bool) -> int:
        limit = self.timeout if timeout is None else timeout
        deadline = time.monotonic() + limit
        while True:
            for index, event in enumerate(self._unread):
                if fits(event):
                    return index
                if strict and event.get("type") == "error":
                    self._unread.pop(index)
                    raise Failure(f"waited for {what}, got an error: {json.dumps(event.get('error'))}")
            left = deadline - time.monotonic()
            if self.ended or left <= 0:
                raise Failure(f"{what} did not come" + (f": {self.ended}" if self.ended else f" within {limit:g} s"))
            await self._wait(left)

    async def _wait(self, seconds: float) -> None:
        self._news.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)

    async def append(self, audio: bytes, chunk: int = 4800) -> None:
        """Send audio in chunks of so many bytes as fast as it goes."""
        for start in range(0, len(audio), chunk):
            await self.send("input_audio_buffer.append", audio=encoded(audio[start : start + chunk]))

    @contextlib.asynccontextmanager
    async def microphone(self, audio: bytes, quiet: bytes = silence(100), rate: int = 2 * RATE) -> AsyncIterator[None]:
        """Stream audio in real time, then the quiet chunk without end, until the block is left."""
        task = asyncio.create_task(self._stream(audio, quiet, rate))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Failure):
                await task

    async def _stream(self, audio: bytes, quiet: bytes, rate: int) -> None:
        size, due = len(quiet), time.monotonic()
        chunks = (audio[at : at + size] for at in range(0, len(audio), size))
        for chunk in itertools.chain(chunks, itertools.repeat(quiet)):
            await self.send("input_audio_buffer.append", audio=encoded(chunk))
            due += len(chunk) / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def close(self, settle: float = 5.0) -> list[str]:
        """Cancel what runs, wait for rest, close; returns what stayed open."""
        with contextlib.suppress(Failure):
            if not self.ended and self.order.replies.active():
                await self.send("response.cancel")
            deadline = time.monotonic() + (settle if self.order.counts["session.created"] else 0)
            while self.order.finish() and not self.ended and (left := deadline - time.monotonic()) > 0:
                await self._wait(left)
        open_ = self.order.finish()
        await self._socket.close()
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        return open_

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                self._take(frame)
            self.ended = f"the server closed the connection ({self._socket.close_code} {self._socket.close_reason})"
        except ConnectionClosed as error:
            self.ended = f"the connection broke: {error}"
        finally:
            self.ended = self.ended or "the connection is closed"
            self._news.set()

    def _take(self, frame: str | bytes) -> None:
        try:
            event = json.loads(frame) if isinstance(frame, str) else None
        except ValueError:
            event = None
        if not isinstance(event, dict):
            self.schema.violations.append(f"a frame of the server is no JSON object in text: {frame[:80]!r}")
            return
        self.order.received(event)
        self.schema.received(event, len(frame))
        self._note("←", event)
        self._unread.append(event)
        self._news.set()

    def _note(self, way: str, event: Event) -> None:
        self.log.append((1000 * (time.monotonic() - self._start), way, event))

    def transcript(self, last: int = 40) -> str:
        """The end of the exchange, a line for each event, runs of appends and deltas folded into one."""
        lines: list[str] = []
        same = ""
        for ms, way, event in self.log:
            kind = text(event.get("type"))
            key = f"{way} {kind}"
            if key == same and kind.endswith((".delta", ".append")):
                lines[-1] = lines[-1].split("  ×")[0] + f"  ×{int(lines[-1].partition('  ×')[2] or 1) + 1}"
                continue
            same = key
            lines.append(f"{ms:8.0f} {key} {_brief(event)}".rstrip())
        return "\n".join(lines[-last:])


def encoded(audio: bytes) -> str:
    """Base64 as the wire has it."""
    return base64.b64encode(audio).decode()


def _brief(event: Event) -> str:
    keys = ("event_id", "response_id", "item_id", "previous_item_id", "output_index", "content_index", "audio_end_ms")
    shown = {key: event[key] for key in keys if key in event and not (key == "event_id" and len(str(event[key])) > 12)}
    for key in ("item", "response"):
        if dig(event, key, "id"):
            shown[key] = f"{dig(event, key, 'id')} {dig(event, key, 'status') or ''}".strip()
    if "error" in event:
        shown["error"] = json.dumps(event["error"])
    return " ".join(f"{key}={value}" for key, value in shown.items())
