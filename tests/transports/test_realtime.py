"""The sockets of one session: pace, order, clients that do not read, and hanging up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from tests.transports.peer import LONG_S, Peer, tidy

from vivavoce.audio.frame import Frame
from vivavoce.core.events import Event, ItemCreated, TurnCommitted
from vivavoce.runtime.clock import run
from vivavoce.transports import clients
from vivavoce.transports.base import AheadTransport, Attached, ObservingTransport, ReportingTransport
from vivavoce.transports.realtime import Realtime
from vivavoce.wire.openai_realtime import config
from vivavoce.wire.openai_realtime.effects import Configure, Connect, Direct, Send, Shut
from vivavoce.wire.openai_realtime.server import Server

RATE = 24_000
HELLO = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]}


def play(main: Coroutine[Any, Any, None]) -> None:
    """On virtual time, and nothing may be left."""

    async def watched() -> None:
        async with tidy():
            await asyncio.wait_for(main, LONG_S)

    run(watched(), realtime=False)


def quiet(seconds: float) -> bytes:
    return bytes(int(2 * RATE * seconds))


class Line:
    """A transport with a client, and what a session would have got of it, in order."""

    def __init__(self, recognise_s: float = 0.0) -> None:
        self.server = Server("test", config.first("m", "realtime", "Be brief.", {}), 0)
        self.transport = Realtime(self.server, self._configure, self._connect, self._recognise, self._direct)
        self.got: list[Frame | Event | Configure | Connect] = []
        self.at: list[float] = []
        """When each frame came."""
        self.peer = Peer()
        self._recognise_s = recognise_s
        self.transport.attach(self._take)

    def _take(self, what: Frame | Event | Configure) -> None:
        self.got.append(what)
        if isinstance(what, Frame):
            self.at.append(asyncio.get_running_loop().time())

    def _configure(self, effect: Configure) -> None:
        self._take(effect)

    def _connect(self, effect: Connect) -> None:
        self.got.append(effect)

    def _direct(self, effect: Direct) -> None:
        self.got.append(effect)

    async def _recognise(self, pcm: np.ndarray, rate: int) -> str:
        await asyncio.sleep(self._recognise_s)
        return f"{pcm.size / rate:g} s"

    async def hear(self) -> None:
        async for frame in self.transport.frames():
            self._take(frame)
        self.got.append("over")

    @property
    def frames(self) -> list[Frame]:
        return [one for one in self.got if isinstance(one, Frame)]

    @asynccontextmanager
    async def open(self):
        """The client is connected, and hangs up at the end."""
        hearing = asyncio.create_task(self.hear())
        serving = asyncio.create_task(self.transport.serve(self.peer))
        await self.peer.expect("session.created")
        yield self.peer
        self.peer.hang_up()
        await serving
        await hearing
        await self.transport.close()


def test_it_is_every_kind_of_transport_that_a_session_needs() -> None:
    async def main() -> None:
        transport = Line().transport
        assert isinstance(transport, AheadTransport)
        assert isinstance(transport, Attached)
        assert isinstance(transport, ObservingTransport)
        assert not isinstance(transport, ReportingTransport)
        transport.play(np.zeros(480, np.int16))
        await transport.close()

    play(main())


def test_audio_comes_whole_in_frames_of_100_ms() -> None:
    async def main() -> None:
        line, sound = Line(), np.arange(int(1.23 * RATE), dtype=np.int16)
        async with line.open() as peer:
            peer.say(sound[:7])
            peer.say(sound[7:5000])
            peer.say(sound[5000:])
            peer.update()
            await peer.expect("session.updated")
        assert np.array_equal(np.concatenate([frame.pcm for frame in line.frames]), sound)
        assert max(frame.pcm.size for frame in line.frames) == RATE // 10
        starts = np.cumsum([0, *(frame.pcm.size for frame in line.frames)])
        assert [frame.start for frame in line.frames] == list(starts[:-1])
        assert {frame.rate for frame in line.frames} == {RATE}

    play(main())


def test_a_burst_is_passed_on_at_once_and_the_rest_four_times_as_fast_as_speech() -> None:
    async def main() -> None:
        line = Line()
        async with line.open() as peer:
            begun = asyncio.get_running_loop().time()
            peer.say(quiet(60))
            await asyncio.sleep(60)
        passed, times = 0.0, []
        for frame, at in zip(line.frames, line.at, strict=True):
            passed += frame.pcm.size / RATE
            times.append((passed, at - begun))
        assert passed == pytest.approx(60)
        assert [s for s, at in times if at < 0.001][-1] == pytest.approx(8.0, abs=0.2)
        for seconds, at in times:
            assert at == pytest.approx(max(0.0, (seconds - 8) / 4), abs=0.05)

    play(main())


def test_audio_in_real_time_never_waits() -> None:
    async def main() -> None:
        line = Line()
        async with line.open() as peer:
            sent = []
            for _ in range(600):
                sent.append(asyncio.get_running_loop().time())
                peer.say(quiet(0.1))
                await asyncio.sleep(0.1)
        assert line.at == pytest.approx(sent, abs=0.001)

    play(main())


def test_what_is_asked_comes_after_the_audio_before_it() -> None:
    async def main() -> None:
        line = Line()
        async with line.open() as peer:
            peer.update(audio={"input": {"turn_detection": None}})
            await peer.expect("session.updated")
            line.got.clear()
            peer.say(quiet(20))
            peer.tell("input_audio_buffer.commit")
            peer.tell("conversation.item.create", item=HELLO)
            peer.update(instructions="Speak up.")
            peer.say(quiet(1))
            await asyncio.sleep(30)
        kinds = [type(one) for one in line.got if type(one) in (Frame, TurnCommitted, ItemCreated, Configure)]
        first = kinds.index(TurnCommitted)
        assert first >= 200
        assert set(kinds[:first]) == {Frame}
        assert kinds[first : first + 3] == [TurnCommitted, ItemCreated, Configure]
        assert set(kinds[first + 3 :]) == {Frame}

    play(main())


def test_what_follows_audio_to_recognise_waits_for_its_words() -> None:
    async def main() -> None:
        line = Line(recognise_s=5)
        async with line.open() as peer:
            part = {"type": "input_audio", "audio": ""}
            peer.say(quiet(0.5))
            spoken = {"type": "message", "role": "user", "content": [{**part, "audio": "AAAA" * 8000}]}
            peer.tell("conversation.item.create", item=spoken)
            peer.tell("conversation.item.create", item=HELLO)
            await asyncio.sleep(10)
        texts = [one.item.text for one in line.got if isinstance(one, ItemCreated)]
        assert texts == ["0.5 s", "Hello."]

    play(main())


def test_hanging_up_does_not_wait_for_words() -> None:
    async def main() -> None:
        line = Line(recognise_s=500)
        loop = asyncio.get_running_loop()
        async with line.open() as peer:
            part = {"type": "input_audio", "audio": "AAAA" * 8000}
            peer.tell("conversation.item.create", item={"type": "message", "role": "user", "content": [part]})
            await peer.expect("conversation.item.done")
            begun = loop.time()
        assert loop.time() - begun < 1
        assert not any(isinstance(one, ItemCreated) for one in line.got)

    play(main())


def test_hanging_up_does_not_wait_for_audio_to_be_heard() -> None:
    async def main() -> None:
        line = Line()
        loop = asyncio.get_running_loop()
        async with line.open() as peer:
            peer.say(quiet(300))
            await asyncio.sleep(1)
            begun = loop.time()
        assert loop.time() - begun < 1
        assert len(line.frames) < 200

    play(main())


def test_too_much_audio_is_refused() -> None:
    async def main() -> None:
        line = Line()
        async with line.open() as peer:
            for _ in range(5):
                peer.say(quiet(300))
            error = await peer.expect("error")
            assert error["error"]["code"] == "rate_limit_exceeded"
            heard = sum(frame.pcm.size for frame in line.frames)
            assert heard < 20 * RATE

    play(main())


def test_a_client_that_sends_more_than_can_be_done_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MOST_WAITING", 1 << 20)

    async def main() -> None:
        line = Line()
        async with line.open() as peer:
            peer.update(audio={"input": {"turn_detection": None}})
            peer.say(quiet(40))
            for n in range(200):
                item = {**HELLO, "id": f"n{n}", "content": [{"type": "input_text", "text": "x" * (1 << 15)}]}
                peer.tell("conversation.item.create", item=item)
                peer.tell("conversation.item.delete", item_id=f"n{n}")
            await asyncio.sleep(5)
            assert peer.count < 100, "messages are left where they are"
            await asyncio.sleep(60)
            assert peer.count == 402, "until there is room again"
        assert peer.kinds.count("conversation.item.deleted") == 200

    play(main())


# what is sent


def texts(transport: Realtime, *names: str, to: int | None = None) -> None:
    transport.perform([Send(json.dumps({"type": name}), to) for name in names])


def test_messages_keep_their_order_and_reach_those_they_are_for() -> None:
    async def main() -> None:
        line, other = Line(), Peer()
        async with line.open() as peer:
            beside = asyncio.create_task(line.transport.serve(other))
            await other.expect("session.created")
            peer.stall()
            texts(line.transport, *(str(n) for n in range(100)))
            texts(line.transport, "for 0", to=0)
            texts(line.transport, "for 1", to=1)
            await asyncio.sleep(1)
            peer.read_on()
            await peer.expect("for 0")
            await other.expect("for 1")
            assert peer.kinds == ["session.created", *(str(n) for n in range(100)), "for 0"]
            assert other.kinds == ["session.created", *(str(n) for n in range(100)), "for 1"]
        await beside
        assert other.closed == (1000, "")

    play(main())


def test_a_goodbye_comes_after_what_was_said_before_and_nothing_after_it() -> None:
    async def main() -> None:
        line = Line()
        async with line.open() as peer:
            texts(line.transport, "a", "b")
            line.transport.perform([Shut(4000, "enough", 0)])
            texts(line.transport, "c")
            await asyncio.sleep(1)
        assert peer.kinds == ["session.created", "a", "b"]
        assert peer.closed == (4000, "enough")

    play(main())


def test_a_client_that_does_not_read_is_given_up_and_costs_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MOST_UNSENT", 10_000)

    async def main() -> None:
        line, listener = Line(), Peer()
        async with line.open() as peer:
            beside = asyncio.create_task(line.transport.serve(listener))
            await listener.expect("session.created")
            listener.stall()
            outbox = line.transport._outboxes[1]
            for n in range(2000):
                texts(line.transport, str(n).rjust(85, "-"))
                assert sum(map(len, outbox._texts)) <= 10_000
                await asyncio.sleep(0)
            assert len(outbox._texts) == 0
            listener.read_on()
            await beside
            assert listener.closed == (1013, "the client does not read")
            assert len(peer.events) == 2001, "others are not affected"
        assert peer.closed is None

    play(main())


def test_the_callers_line_ends_when_it_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MOST_UNSENT", 10_000)

    async def main() -> None:
        line = Line()
        async with line.open() as peer:
            peer.stall()
            texts(line.transport, *("x" * 90 for _ in range(200)))
            peer.read_on()
            await asyncio.sleep(1)
            assert peer.closed == (1013, "the client does not read")
            assert line.got[-1] == "over"

    play(main())


# the end


@pytest.mark.parametrize("close", [False, True])
def test_a_listener_that_comes_too_late_is_told_so(close: bool) -> None:
    async def main() -> None:
        line, late = Line(), Peer()
        async with line.open():
            pass
        if close:
            await line.transport.close()
        await line.transport.serve(late)
        assert late.events == []
        assert late.closed == (1000, "")

    play(main())


def test_a_listener_that_leaves_does_not_end_the_call() -> None:
    async def main() -> None:
        line, other = Line(), Peer()
        async with line.open() as peer:
            beside = asyncio.create_task(line.transport.serve(other))
            await other.expect("session.created")
            other.hang_up()
            await beside
            peer.update()
            await peer.expect("session.updated")
            assert "over" not in line.got

    play(main())


def test_a_client_that_hangs_up_without_reading_is_waited_for_a_second() -> None:
    async def main() -> None:
        line = Line()
        loop = asyncio.get_running_loop()

        class Stuck(Peer):
            def hang_up(self) -> None:
                self._to_server.put_nowait(None)

        line.peer = Stuck()
        async with line.open() as peer:
            peer.stall()
            texts(line.transport, "a", "b")
            await asyncio.sleep(1)
            begun = loop.time()
        assert loop.time() - begun == pytest.approx(1.0, abs=0.1)

    play(main())


def test_closing_says_goodbye_to_everybody_and_may_be_done_twice() -> None:
    async def main() -> None:
        line, other = Line(), Peer()
        serving = [asyncio.create_task(line.transport.serve(one)) for one in (line.peer, other)]
        await other.expect("session.created")
        await line.transport.close()
        await line.transport.close()
        await asyncio.gather(*serving)
        assert line.peer.closed == other.closed == (1000, "")
        await line.hear()
        assert line.got == ["over"]

    play(main())
