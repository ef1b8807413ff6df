"""A server as a line: played in time, cut when it yields, told what was heard; and every way in which one can fail."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from tests.app.office import ANSWER, Office
from tests.runtime.fakes import ScriptLlm, make, tone
from tests.transports.peer import Peer, tidy
from websockets.asyncio.server import ServerConnection, serve

from vivavoce.audio.frame import Frame
from vivavoce.audio.pcm import Pcm
from vivavoce.core.errors import BadInput
from vivavoce.core.events import Event, ProviderFailed
from vivavoce.core.notices import ReplyAudible
from vivavoce.core.units import OUT_RATE, out_samples
from vivavoce.runtime.clock import run
from vivavoce.transports import realtime_client as module
from vivavoce.transports.base import Attached, Transport
from vivavoce.transports.bridge import FRAME, SLACK
from vivavoce.transports.realtime_client import Address, RealtimeClient, ServerFailed, dialled
from vivavoce.wire.openai_realtime.caller import Began, Said

CREATED = {"type": "session.created", "session": {"type": "realtime"}}
SPEECH_STARTED = {"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, "item_id": "item_user"}


def virtually(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def watched() -> None:
        async with tidy():
            await asyncio.wait_for(main(), 1_000)

    run(watched(), realtime=False)


class Server:
    """A connection whose other end says what a test wants, and keeps what it is sent with the ms at which it came."""

    def __init__(self, *first: dict[str, Any] | str, reads: bool = True) -> None:
        self.sent: list[tuple[int, dict[str, Any]]] = []
        self.closed = 0
        self.reads = reads
        self._out: asyncio.Queue[str | Exception | None] = asyncio.Queue()
        for event in first:
            self.tell(event)

    async def dial(self) -> Server:
        self.start = asyncio.get_running_loop().time()
        return self

    def tell(self, event: dict[str, Any] | str | Exception | None) -> None:
        """An event, a message, how the connection breaks, or that it closes properly."""
        self._out.put_nowait(json.dumps(event) if isinstance(event, dict) else event)

    def speak(self, pcm: Pcm, text: str = "", item: str = "item_a", response: str = "resp_a") -> None:
        """All of an answer, as fast as the network is."""
        fields = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
        self.tell({"type": "response.created", "response": {"id": response}})
        self.tell({"type": "response.output_audio_transcript.delta", "delta": text, **fields})
        audio = base64.b64encode(pcm.tobytes()).decode()
        self.tell({"type": "response.output_audio.delta", "delta": audio, **fields})
        self.tell({"type": "response.done", "response": {"id": response, "status": "completed"}})

    @property
    def heard(self) -> Pcm:
        """All that was appended to its buffer."""
        pieces = [base64.b64decode(event["audio"]) for event in self.of("input_audio_buffer.append")]
        return np.frombuffer(b"".join(pieces), dtype=np.int16)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for _, event in self.sent if event["type"] == kind]

    # what the client does

    async def send(self, event: dict[str, Any]) -> None:
        if not self.reads:
            await asyncio.Event().wait()
        self.sent.append((round((asyncio.get_running_loop().time() - self.start) * 1000), event))

    async def receive(self) -> str | None:
        message = await self._out.get()
        if isinstance(message, Exception):
            raise message
        return message

    async def close(self) -> None:
        self.closed += 1


class Ear:
    """Listens to a client until it is over."""

    def __init__(self, client: RealtimeClient) -> None:
        self.client = client
        self.frames: list[Frame] = []
        self.reports: list[tuple[str, str]] = []
        self.error: Exception | None = None
        client.attach(self._post)
        self._task = asyncio.create_task(self._listen())

    def _post(self, event: Event) -> None:
        assert isinstance(event, ProviderFailed)
        self.reports.append((event.code, event.detail))

    async def _listen(self) -> None:
        try:
            async for frame in self.client.frames():
                self.frames.append(frame)
        except ServerFailed as error:
            self.error = error

    @property
    def pcm(self) -> Pcm:
        return np.concatenate([frame.pcm for frame in self.frames])

    async def over(self) -> None:
        await self._task
        await self.client.close()

    async def hang_up(self) -> None:
        await self.client.close()
        await self._task


# playing and being heard


def test_a_client_is_a_transport() -> None:
    client: Transport = RealtimeClient(Server().dial)
    assert isinstance(client, Attached)


def test_what_comes_at_once_is_heard_as_fast_as_it_is_spoken() -> None:
    async def main() -> None:
        speech: list[Began | Said] = []
        server = Server(CREATED)
        ear = Ear(RealtimeClient(server.dial, speech.append))
        await asyncio.sleep(0.305)
        server.speak(tone(1_000, OUT_RATE), "Good evening.")
        await asyncio.sleep(0.5)
        assert speech == [Began("item_a")]
        await asyncio.sleep(0.7)
        assert speech[1:] == [Said("item_a", "Good evening.", "Good evening.")]
        await ear.hang_up()
        assert len(ear.frames) == 75
        assert [frame.start for frame in ear.frames] == [n * FRAME for n in range(75)]
        assert np.array_equal(ear.pcm[15 * FRAME : 65 * FRAME], tone(1_000, OUT_RATE))
        assert not ear.pcm[65 * FRAME :].any()
        assert server.of("conversation.item.truncate") == []
        assert server.closed == 1

    virtually(main)


def test_the_server_gets_sound_all_the_time() -> None:
    async def main() -> None:
        server = Server(CREATED)
        client = RealtimeClient(server.dial)
        ear = Ear(client)
        await asyncio.sleep(0.2)
        said = tone(200, OUT_RATE)
        for at in range(0, said.size, FRAME):
            client.play(said[at : at + FRAME])
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.601)
        await ear.hang_up()
        assert [at for at, _ in server.sent] == [20 * (n + 1) for n in range(50)]
        assert server.heard.size == OUT_RATE
        first = out_samples(200) + SLACK
        assert np.array_equal(server.heard[first : first + said.size], said)
        assert int((server.heard != 0).sum()) == int((said != 0).sum())

    virtually(main)


def test_an_interruption_stops_the_voice_and_tells_what_was_heard() -> None:
    async def main() -> None:
        speech: list[Began | Said] = []
        server = Server(CREATED)
        ear = Ear(RealtimeClient(server.dial, speech.append))
        server.speak(tone(4_000, OUT_RATE), "one two three four")
        await asyncio.sleep(2.01)
        server.tell(SPEECH_STARTED)
        await asyncio.sleep(0.99)
        await ear.hang_up()
        (cut,) = server.of("conversation.item.truncate")
        # A hundred frames, and the fade.
        assert cut == {**cut, "item_id": "item_a", "content_index": 0, "audio_end_ms": 2_005}
        sounding = np.flatnonzero(ear.pcm)
        assert out_samples(2_004) < sounding[-1] < out_samples(2_005)
        assert speech == [Began("item_a"), Said("item_a", "one two three four", "one two")]

    virtually(main)


def test_a_written_turn_asks_for_an_answer() -> None:
    async def main() -> None:
        server = Server(CREATED)
        client = RealtimeClient(server.dial)
        ear = Ear(client)
        client.ask("Hello.")
        await asyncio.sleep(0.03)
        await ear.hang_up()
        kinds = [event["type"] for _, event in server.sent]
        assert kinds[:2] == ["conversation.item.create", "response.create"]

    virtually(main)


# our own server at the other end, in memory


class Joined:
    """The client's end of a server's socket."""

    def __init__(self, office: Office) -> None:
        self.office = office

    async def dial(self) -> Joined:
        self.peer: Peer = self.office.connect()
        self._read = 0
        return self

    async def send(self, event: dict[str, Any]) -> None:
        self.peer.tell(event.pop("type"), **event)

    async def receive(self) -> str | None:
        while self._read == len(self.peer.events):
            if self.peer.closed is not None or self.peer.gone:
                return None
            self.peer._news.clear()
            await self.peer._news.wait()
        self._read += 1
        return json.dumps(self.peer.events[self._read - 1])

    async def close(self) -> None:
        self.peer.hang_up()


def test_a_session_calls_a_server_and_is_answered() -> None:
    async def main() -> None:
        office = Office()
        speech: list[Began | Said] = []
        line = RealtimeClient(Joined(office).dial, speech.append)
        greeting = "Hello there, what is the weather like today?"
        call = make(greeting=greeting, line=line, llm=ScriptLlm(["Thank you."]))  # type: ignore[arg-type]
        task = asyncio.create_task(call.session.run())
        await asyncio.sleep(12)
        await line.close()
        summary = await task
        await office.over()
        assert (summary.reason, summary.reports) == ("caller", ())
        assert call.told(ReplyAudible)
        answer = "".join(step for step in ANSWER if isinstance(step, str))
        assert [s.heard for s in speech if isinstance(s, Said)][:1] == [answer]

    virtually(main)


def test_a_server_that_is_interrupted_knows_what_was_heard() -> None:
    async def main() -> None:
        office = Office(["word " * 60])
        speech: list[Began | Said] = []
        begun = asyncio.Event()

        def spoke(said: Began | Said) -> None:
            speech.append(said)
            begun.set()

        client = RealtimeClient(Joined(office).dial, spoke)
        ear = Ear(client)
        client.ask("Hello.")
        await begun.wait()
        await asyncio.sleep(2)
        loud = tone(1_500, OUT_RATE)
        for at in range(0, loud.size, FRAME):
            client.play(loud[at : at + FRAME])
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        peer = office.peers[0]
        cut = await peer.expect("conversation.item.truncated")
        said = next(s for s in speech if isinstance(s, Said))
        assert 2_000 <= cut["audio_end_ms"] <= 3_500
        assert said.heard
        assert len(said.heard) < len(said.text)
        assert "error" not in peer.kinds
        await ear.hang_up()
        await office.over()

    virtually(main)


# what goes wrong


def test_errors_of_the_server_are_reported_and_the_call_goes_on() -> None:
    async def main() -> None:
        server = Server(CREATED)
        ear = Ear(RealtimeClient(server.dial))
        server.tell({"type": "error", "error": {"type": "x", "code": "invalid_value", "message": "No. " * 200}})
        server.tell({"type": "response.smell", "smell": ["of", "roses"]})
        server.speak(tone(100, OUT_RATE))
        await asyncio.sleep(0.5)
        await ear.hang_up()
        ((code, detail),) = ear.reports
        assert code == "invalid_value"
        assert detail.startswith("No. No.")
        assert len(detail) == 300
        assert ear.pcm.any()

    virtually(main)


@pytest.mark.parametrize(
    ("end", "code", "detail"),
    [
        (ServerFailed("died", "the connection broke"), "died", "the connection broke"),
        ("not an event", "garbage", "it sent something that is no event of the protocol"),
    ],
)
def test_a_server_that_dies_ends_the_call_at_once(end: Exception | str, code: str, detail: str) -> None:
    async def main() -> None:
        server = Server(CREATED)
        ear = Ear(RealtimeClient(server.dial))
        server.speak(tone(5_000, OUT_RATE))
        await asyncio.sleep(1)
        server.tell(end)
        async with asyncio.timeout(0.1):
            await ear.over()
        assert isinstance(ear.error, ServerFailed)
        assert (ear.error.code, str(ear.error)) == (code, detail)

    virtually(main)


def test_the_last_words_of_a_server_that_closes_are_heard() -> None:
    async def main() -> None:
        server = Server(CREATED)
        ear = Ear(RealtimeClient(server.dial))
        await asyncio.sleep(0.01)
        server.speak(tone(1_000, OUT_RATE))
        server.tell(None)
        await ear.over()
        assert ear.error is None
        assert np.array_equal(ear.pcm, tone(1_000, OUT_RATE))
        assert server.closed == 1

    virtually(main)


@pytest.mark.parametrize(
    ("first", "code", "detail"),
    [
        ([None], "died", "it closed the connection at once"),
        ([], "timeout", "it told nothing of the session within 10 s"),
        (
            [{"type": "error", "error": {"code": "invalid_api_key", "message": "Bad key."}}],
            "invalid_api_key",
            "Bad key.",
        ),
        (["hello"], "garbage", "it sent something that is no event of the protocol"),
        ([ServerFailed("died", "gone")], "died", "gone"),
    ],
)
def test_a_server_without_a_session_is_no_call(first: list[Any], code: str, detail: str) -> None:
    async def main() -> None:
        server = Server(*first)
        client = RealtimeClient(server.dial)
        with pytest.raises(ServerFailed) as failed:
            await client.open()
        assert (failed.value.code, str(failed.value)) == (code, detail)
        assert server.closed == 1

    virtually(main)


def test_a_server_that_does_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UNSENT", 50)

    async def main() -> None:
        server = Server(CREATED, reads=False)
        ear = Ear(RealtimeClient(server.dial))
        async with asyncio.timeout(1.2):
            await ear.over()
        assert isinstance(ear.error, ServerFailed)
        assert (ear.error.code, str(ear.error)) == ("overflow", "it does not read what it is sent")

    virtually(main)


def test_closing_is_safe_at_any_time() -> None:
    async def main() -> None:
        server = Server(CREATED)
        client = RealtimeClient(server.dial)
        await client.close()
        await client.close()
        assert [frame async for frame in client.frames()] == []
        assert server.closed == 0
        slow = RealtimeClient(lambda: asyncio.sleep(1, server))  # type: ignore[arg-type, return-value]
        opening = asyncio.create_task(slow.open())
        await asyncio.sleep(0.5)
        await slow.close()
        await opening
        assert server.closed == 1

    virtually(main)


# addresses


@pytest.mark.parametrize(
    ("text", "url", "query"),
    [
        ("ws://127.0.0.1:8080/v1/realtime", "ws://127.0.0.1:8080/v1/realtime", ()),
        ("wss://a.b/v1/realtime/?model=x&y=z", "wss://a.b/v1/realtime", (("model", "x"), ("y", "z"))),
    ],
)
def test_an_address(text: str, url: str, query: tuple[tuple[str, str], ...]) -> None:
    address = Address.of(text, "sk-secret")
    assert (address.url, address.query) == (url, query)
    assert "sk-secret" not in repr(address)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("http://127.0.0.1/v1/realtime", "is no address of a server; fix: write it as wss://HOST/v1/realtime?model="),
        ("ws:///v1/realtime", "is no address of a server"),
        ("ws://host:port/v1/realtime", "is no address of a server"),
        ("ws://[::/v1/realtime", "is no address of a server"),
        ("ws://host/v1", "ws://host/v1 does not end in /realtime; fix: write it as"),
        ("wss://me:sk-secret@host/v1/realtime", "neither a user nor a fragment; fix: put the key into OPENAI_API_KEY"),
    ],
)
def test_what_is_no_address(text: str, why: str) -> None:
    with pytest.raises(BadInput) as refused:
        Address.of(text)
    assert why in str(refused.value)
    assert "sk-secret" not in str(refused.value)


# real sockets


@asynccontextmanager
async def foreign(
    talk: Callable[[ServerConnection], Coroutine[Any, Any, None]], **options: Any
) -> AsyncIterator[Address]:
    """A WebSocket server of somebody else."""
    async with serve(talk, "127.0.0.1", 0, **options) as server:
        port = server.sockets[0].getsockname()[1]
        yield Address.of(f"ws://127.0.0.1:{port}/v1/realtime?model=viva", "sk-secret-0123")


async def failure(address: Address) -> str:
    """What becomes of a call."""
    client = RealtimeClient(dialled(address))
    try:
        with pytest.raises(ServerFailed) as failed:
            async for _ in client.frames():
                pass
        return f"{failed.value.code}: {failed.value}"
    finally:
        async with asyncio.timeout(2):
            await client.close()


def test_the_sdk_opens_what_was_asked_for_and_reads_until_the_end() -> None:
    async def talk(connection: ServerConnection) -> None:
        assert connection.request is not None
        assert connection.request.path == "/v1/realtime?model=viva"
        assert connection.request.headers["Authorization"] == "Bearer sk-secret-0123"
        await connection.send(json.dumps(CREATED))
        appended = json.loads(await connection.recv())
        assert appended["type"] == "input_audio_buffer.append"
        error = {"code": "odd", "message": "Your key sk-secret-0123 is odd."}
        await connection.send(json.dumps({"type": "error", "error": error}))

    async def main() -> None:
        async with foreign(talk) as address:
            ear = Ear(RealtimeClient(dialled(address)))
            await ear.over()
        assert ear.error is None
        assert ear.reports == [("odd", "Your key ... is odd.")]

    asyncio.run(main())


def test_a_key_that_is_refused_a_page_that_is_missing_and_a_full_house() -> None:
    async def nobody(connection: ServerConnection) -> None: ...

    async def main() -> None:
        for status, said in [
            (401, "refused: it did not accept the key; check OPENAI_API_KEY (HTTP 401)"),
            (404, "not_found: it has no such address or model; check both (HTTP 404)"),
            (429, "refused: it has too many callers for now; wait, or raise the account's limit (HTTP 429)"),
            (400, "refused: it did not accept the connection (HTTP 400)"),
        ]:
            async with foreign(
                nobody, process_request=lambda c, r, s=status: c.respond(s, "sk-secret-0123")
            ) as address:
                assert await failure(address) == said

    asyncio.run(main())


def test_a_server_that_breaks_off() -> None:
    async def rude(connection: ServerConnection) -> None:
        await connection.send(json.dumps(CREATED))
        await connection.close(4000, "invalid_request_error.sk-secret-0123")

    async def dead(connection: ServerConnection) -> None:
        await connection.send(json.dumps(CREATED))
        await connection.recv()
        connection.transport.abort()

    async def main() -> None:
        async with foreign(rude) as address:
            assert await failure(address) == "died: it closed the connection (4000: invalid_request_error....)"
        async with foreign(dead) as address:
            assert await failure(address) == "died: the connection broke"

    asyncio.run(main())


def test_an_address_where_nobody_is() -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"ws://127.0.0.1:{taken.getsockname()[1]}/v1/realtime"
            expected = f"unreachable: {url} cannot be reached; check the address, and that it is up"
            assert await failure(Address.of(url)) == expected
        mute = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        async with mute:
            url = f"ws://127.0.0.1:{mute.sockets[0].getsockname()[1]}/v1/realtime"
            assert (await failure(Address.of(url))).startswith(f"unreachable: {url} does not answer as a WebSocket")

    asyncio.run(main())


def test_a_server_that_does_not_say_goodbye_is_not_waited_for() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.send(json.dumps(CREATED))
        connection.transport.pause_reading()
        await asyncio.sleep(1.5)
        connection.transport.resume_reading()

    async def main() -> None:
        async with foreign(talk) as address:
            client = RealtimeClient(dialled(address))
            await client.open()
            loop = asyncio.get_running_loop()
            before = loop.time()
            await client.close()
            assert loop.time() - before < 1.2

    asyncio.run(main())


def test_without_the_sdk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(address: Address) -> Any:
        raise ImportError("no openai")

    monkeypatch.setattr(module, "_client", missing)
    with pytest.raises(BadInput, match=r"pip install 'vivavoce\[openai\]'"):
        asyncio.run(RealtimeClient(dialled(Address.of("ws://127.0.0.1/v1/realtime"))).open())
