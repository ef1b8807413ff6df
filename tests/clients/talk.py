# ruff: noqa: ASYNC109
"""openai's own client, every frame of which goes through the checkers of shape and of order."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from tests.clients.speech import silence
from tests.conformance.order import OrderChecker
from tests.conformance.schema import SchemaChecker
from websockets.exceptions import ConnectionClosed

Where = Callable[[Any], bool]
WAIT_S, SETTLE_S = 15.0, 5.0
CHUNK = 4800
MISTAKE = "mine"
"""The name of client events that must be refused."""


@dataclass(slots=True)
class Reply:
    """All events of one response, as the client parsed them."""

    events: list[Any]

    @property
    def done(self) -> Any:
        """The response of response.done."""
        return self.events[-1].response

    @property
    def audio(self) -> bytes:
        return b"".join(base64.b64decode(e.delta) for e in self.events if e.type == "response.output_audio.delta")

    @property
    def message(self) -> Any:
        """Its message item."""
        return next(item for item in self.done.output if item.type == "message")

    @property
    def text(self) -> str:
        """What its message says, spoken or written."""
        part = self.message.content[0]
        return part.text if part.type == "output_text" else part.transcript

    @property
    def calls(self) -> list[Any]:
        return [item for item in self.done.output if item.type == "function_call"]

    @property
    def kinds(self) -> list[str]:
        """The types of its events, runs of deltas folded into one."""
        found: list[str] = []
        for event in self.events:
            if not (event.type.endswith(".delta") and event.type in found):
                found.append(event.type)
        return found


class Talk:
    """One connection. Events received stay unread until an `expect` or `reply` takes them."""

    def __init__(self, api: AsyncRealtimeConnection) -> None:
        self.api = api
        self.closed: ConnectionClosed | None = None
        self.seen: list[Any] = []
        """Every event received."""
        self._order, self._schema = OrderChecker(), SchemaChecker()
        self._listeners = [self._order]
        self.excused: tuple[str, ...] = ()
        """Parts of complaints about order that count for nothing."""
        self._unread: list[Any] = []
        self._news = asyncio.Event()
        # Where what leaves is what the server gets.
        self._send = api._connection.send
        api._connection.send = self._sent  # type: ignore[method-assign]
        self._reading = asyncio.create_task(self._read())

    def shares_session_with(self, other: Talk) -> None:
        """What either sends may be answered to both."""
        self._listeners.append(other._order)
        other._listeners.append(self._order)

    async def _sent(self, data: str, *args: Any) -> None:
        event = json.loads(data)
        # Errors go to the one who made the mistake.
        for order in self._listeners[: 1 if event.get("event_id") == MISTAKE else None]:
            order.sent(event)
        await self._send(data, *args)

    async def _read(self) -> None:
        try:
            while True:
                data = await self.api.recv_bytes()
                plain = json.loads(data)
                self._schema.received(plain, len(data))
                self._order.received(plain)
                event = self.api.parse_event(data)
                self.seen.append(event)
                self._unread.append(event)
                self._news.set()
        except ConnectionClosed as closed:
            self.closed = closed
        finally:
            self._news.set()

    # waiting

    async def expect(self, *kinds: str, where: Where = lambda e: True, timeout: float = WAIT_S) -> Any:
        """The first unread event of one of these types; an unread error that is not expected fails."""
        deadline = time.monotonic() + timeout
        while True:
            for event in self._unread:
                if event.type in kinds and where(event):
                    self._unread.remove(event)
                    return event
                assert event.type != "error" or "error" in kinds, f"waited for {kinds}, got {event.error}"
            left = deadline - time.monotonic()
            what = f"waited for {kinds}, closed: {self.closed}, after {[e.type for e in self.seen[-12:]]}"
            assert left > 0, what
            assert not self._reading.done(), what
            await self._wait(left)

    async def _wait(self, seconds: float) -> None:
        self._news.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)

    def unread(self, kind: str) -> list[Any]:
        return [event for event in self._unread if event.type == kind]

    def count(self, kind: str) -> int:
        """How many of a type were ever received."""
        return sum(event.type == kind for event in self.seen)

    async def error(self, event_id: str, code: str) -> Any:
        """The error that answers a client event."""
        found = await self.expect("error", where=lambda e: e.error.event_id == event_id)
        assert found.error.code == code
        assert found.error.message
        return found.error

    async def over(self) -> ConnectionClosed:
        """How the server closed the connection."""
        await asyncio.wait_for(asyncio.wait([self._reading]), WAIT_S)
        assert self.closed is not None
        return self.closed

    # what most conversations do

    async def update(self, **changes: Any) -> Any:
        """Change the session; returns what is then in effect."""
        await self.api.session.update(session={"type": "realtime", **changes})
        return (await self.expect("session.updated")).session

    async def create(self, item: Any, **fields: Any) -> Any:
        """Put an item into the conversation."""
        await self.api.conversation.item.create(item=item, **fields)
        added = await self.expect("conversation.item.added", where=lambda e: e.item.type == item["type"])
        await self.expect("conversation.item.done", where=lambda e: e.item.id == added.item.id)
        return added.item

    async def say(self, words: str) -> Any:
        """A message of the user, in writing."""
        part = {"type": "input_text", "text": words}
        return await self.create({"type": "message", "role": "user", "content": [part]})

    async def ask(self, words: str, **response: Any) -> Reply:
        """Say something and get the whole answer."""
        await self.say(words)
        return await self.respond(**response)

    async def respond(self, **response: Any) -> Reply:
        await self.api.response.create(**({"response": response} if response else {}))
        return await self.reply()

    async def reply(self, response_id: str = "") -> Reply:
        """The next response, or that one, to its end."""
        if not response_id:
            response_id = (await self.expect("response.created")).response.id
        done = await self.expect("response.done", where=lambda e: e.response.id == response_id)
        of_it = [e for e in self._unread if getattr(e, "response_id", None) == response_id]
        items = {item.id for item in done.response.output}
        self._unread = [
            e for e in self._unread if e not in of_it and getattr(getattr(e, "item", None), "id", None) not in items
        ]
        return Reply([*of_it, done])

    async def sounded(self, response_id: str, ms: int) -> None:
        """Wait until so much of a response's voice has come."""
        deadline, kind = time.monotonic() + WAIT_S, "response.output_audio.delta"
        while True:
            come = [e for e in self.seen if e.type == kind and e.response_id == response_id]
            if sum(len(base64.b64decode(e.delta)) for e in come) >= 48 * ms:
                return
            left = deadline - time.monotonic()
            assert left > 0, f"{ms} ms of {response_id} did not come"
            await self._wait(left)

    async def retrieve(self, item_id: str) -> Any:
        await self.api.conversation.item.retrieve(item_id=item_id)
        return (await self.expect("conversation.item.retrieved", where=lambda e: e.item.id == item_id)).item

    async def append(self, audio: bytes) -> None:
        """Send audio in one burst."""
        for at in range(0, len(audio), CHUNK):
            await self.api.input_audio_buffer.append(audio=base64.b64encode(audio[at : at + CHUNK]).decode())

    @asynccontextmanager
    async def microphone(self, audio: bytes, quiet: bytes = silence(100)) -> AsyncIterator[None]:
        """Send audio in one burst, then the quiet chunk every 100 ms until the block is left."""
        await self.append(silence(300) + audio if len(quiet) == CHUNK else audio)
        task = asyncio.create_task(self._stay_quiet(quiet))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _stay_quiet(self, quiet: bytes) -> None:
        while True:
            await self.append(quiet)
            await asyncio.sleep(0.1)

    async def turn(self) -> Any:
        """The user's spoken turn, from its start to its item, all of one name."""
        started = await self.expect("input_audio_buffer.speech_started")
        mine: Where = lambda e: e.item_id == started.item_id  # noqa: E731
        stopped = await self.expect("input_audio_buffer.speech_stopped", where=mine)
        assert started.audio_start_ms < stopped.audio_end_ms
        await self.expect("input_audio_buffer.committed", where=mine)
        added = await self.expect("conversation.item.added", where=lambda e: e.item.id == started.item_id)
        await self.expect("conversation.item.done", where=lambda e: e.item.id == started.item_id)
        return added.item

    async def transcript(self, item_id: str) -> str:
        """The words that were recognised in a spoken item."""
        kind = "conversation.item.input_audio_transcription.completed"
        return (await self.expect(kind, where=lambda e: e.item_id == item_id)).transcript

    # the end

    async def end(self, check: bool = True) -> None:
        """Let all that was asked come to its end, hang up, and judge."""
        deadline = time.monotonic() + SETTLE_S
        while check and self._order.finish() and self.closed is None and (left := deadline - time.monotonic()) > 0:
            await self._wait(left)
        still_open = self._order.finish()
        await self.api.close()
        await self._reading
        if check:
            assert self._schema.violations == []
            assert [v for v in self._order.violations if not any(part in v for part in self.excused)] == []
            assert still_open == []


@asynccontextmanager
async def connected(url: str, key: str = "x", check: bool = True, **connect: Any) -> AsyncIterator[Talk]:
    """A conversation whose session.created was read, checked when all went well."""
    client = AsyncOpenAI(base_url=url, api_key=key, max_retries=0)
    async with client, client.realtime.connect(**(connect or {"model": "m"})) as api:
        talk, well = Talk(api), False
        try:
            await talk.expect("session.created")
            yield talk
            well = True
        finally:
            await talk.end(check and well)
