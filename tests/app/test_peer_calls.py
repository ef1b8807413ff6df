"""Calls over WebRTC from the offer to the end, with a peer in memory and engines that take no time."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from tests.app.phone import Line
from tests.transports.peer import Peer, tidy

from vivavoce.app.http.errors import BadSession
from vivavoce.app.http.socket import Opening
from vivavoce.app.instant import ANSWER
from vivavoce.runtime.clock import run
from vivavoce.transports.webrtc.peer import BadOffer

WORDS = ANSWER.split()
WORD_MS = 300
VAD = {"audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 300}}}}


def calling(test: Callable[..., Awaitable[None]]) -> Callable[[], None]:
    """Run a test on a virtual clock."""

    async def tidily() -> None:
        async with tidy():
            await test()

    def test_() -> None:
        run(tidily(), realtime=False)

    test_.__name__ = test.__name__
    return test_


@asynccontextmanager
async def talking(
    session: dict[str, Any] | None = None, opened: bool = True, alone: bool = True
) -> AsyncIterator[Line]:
    """A call under way; at its end all that the client saw was in shape, and in order, if it steers `alone`."""
    line = Line()
    call = await line.dial(session or VAD)
    running = asyncio.create_task(call.run())
    if opened:
        line.phone.open()
        await line.phone.events.expect("session.created")
    try:
        yield line
    finally:
        line.phone.vanish()
        await running
    assert line.phone.closed
    assert not alone or line.phone.events.violations == []


@calling
async def test_speech_is_answered_and_played() -> None:
    async with talking() as line:
        events = line.phone.events
        line.phone.say(1_000)
        await events.expect("input_audio_buffer.speech_started")
        await events.expect("input_audio_buffer.committed")
        await events.expect("response.created")
        started = await events.expect("output_audio_buffer.started")
        done = await events.expect("response.done")
        stopped = await events.expect("output_audio_buffer.stopped")
        assert started["response_id"] == stopped["response_id"] == done["response"]["id"]
        assert done["response"]["status"] == "completed"
        assert "response.output_audio.delta" not in events.kinds
        assert "response.output_audio_transcript.delta" in events.kinds
        # It was made at once, and played in its own time.
        length = line.phone.voiced[-1] - line.phone.voiced[0]
        assert length == pytest.approx(len(WORDS) * WORD_MS / 1000, abs=0.05)
        assert done["response"]["usage"]["output_token_details"]["audio_tokens"] > 0


@calling
async def test_keys_are_told_and_the_agent_talks_on() -> None:
    # By hand, as the detector of these calls takes all that is loud for speech.
    async with talking({"audio": {"input": {"turn_detection": None}}}) as line:
        events = line.phone.events
        events.ask("Hello.")
        await events.expect("output_audio_buffer.started")
        began = time.time()
        line.phone.press("1#")
        for digit in "1#":
            told = await events.expect("input_audio_buffer.dtmf_event_received")
            assert told["event"] == digit
            assert began - 60 < told["received_at"] < began + 60
        assert (await events.expect("response.done"))["response"]["status"] == "completed"
        await events.expect("output_audio_buffer.stopped")
        # What the caller says next has no tones in it.
        line.phone.press("0" * 5)
        await asyncio.sleep(1.5)
        events.tell("input_audio_buffer.commit")
        item = (await events.expect("input_audio_buffer.committed"))["item_id"]
        events.tell("conversation.item.retrieve", item_id=item)
        part = (await events.expect("conversation.item.retrieved"))["item"]["content"][0]
        heard = np.frombuffer(base64.b64decode(part["audio"]), np.int16)
        assert heard.size > 24_000
        assert np.mean(np.abs(heard) > 500) < 0.35


@calling
async def test_an_interruption_cuts_what_was_not_heard() -> None:
    async with talking() as line:
        events = line.phone.events
        line.phone.say(1_000)
        first = await events.expect("response.created")
        await events.expect("output_audio_buffer.started")
        await asyncio.sleep(2.5)
        line.phone.say(1_000)
        await events.expect("input_audio_buffer.speech_started")
        cleared = await events.expect("output_audio_buffer.cleared")
        truncated = await events.expect("conversation.item.truncated")
        assert cleared["response_id"] == first["response"]["id"]
        heard_ms = truncated["audio_end_ms"]
        assert 2_400 < heard_ms < 3_000
        # Until it began to listen again, that is what sounded.
        await events.expect("response.created")
        events.tell("conversation.item.retrieve", item_id=truncated["item_id"])
        item = (await events.expect("conversation.item.retrieved"))["item"]
        assert item["content"][0]["transcript"].split() == WORDS[: heard_ms // WORD_MS]


@calling
async def test_an_interruption_while_the_answer_is_made_cancels_it() -> None:
    async with talking() as line:
        events = line.phone.events
        # Longer than what is made ahead of time.
        line.phone.say(1_000)
        await events.expect("output_audio_buffer.started")
        await asyncio.sleep(1)
        line.phone.say(1_000)
        done = await events.expect("response.done")
        assert done["response"]["status"] == "cancelled"
        assert done["response"]["status_details"]["reason"] == "turn_detected"
        await events.expect("output_audio_buffer.cleared")
        await events.expect("conversation.item.truncated")


@calling
async def test_a_client_stops_the_agent() -> None:
    async with talking() as line:
        events = line.phone.events
        events.ask("Hello.")
        await events.expect("output_audio_buffer.started")
        await asyncio.sleep(1)
        events.tell("response.cancel")
        events.tell("output_audio_buffer.clear")
        assert (await events.expect("response.done"))["response"]["status"] == "cancelled"
        await events.expect("output_audio_buffer.cleared")
        truncated = await events.expect("conversation.item.truncated")
        assert 900 < truncated["audio_end_ms"] < 1_200
        silent_at = line.phone.voiced[-1]
        await asyncio.sleep(1)
        assert line.phone.voiced[-1] == silent_at
        # With nothing to clear nothing is cleared.
        events.tell("output_audio_buffer.clear")
        events.ask("And now?")
        await events.expect("output_audio_buffer.started")
        assert events.kinds.count("output_audio_buffer.cleared") == 1


@calling
async def test_push_to_talk() -> None:
    async with talking({"audio": {"input": {"turn_detection": None, "transcription": {"model": "x"}}}}) as line:
        events = line.phone.events
        events.tell("input_audio_buffer.clear")
        await events.expect("input_audio_buffer.cleared")
        line.phone.say(1_000)
        await asyncio.sleep(1.2)
        events.tell("input_audio_buffer.commit")
        events.tell("response.create")
        item = (await events.expect("conversation.item.done"))["item"]
        told = await events.expect("conversation.item.input_audio_transcription.completed")
        assert told["item_id"] == item["id"]
        assert told["transcript"] == "this is turn 1 now"
        await events.expect("output_audio_buffer.stopped")
        events.tell("conversation.item.retrieve", item_id=item["id"])
        audio = (await events.expect("conversation.item.retrieved"))["item"]["content"][0]["audio"]
        assert len(audio) * 3 / 4 / 48 == pytest.approx(1_200, abs=60)


@calling
async def test_audio_belongs_on_the_track() -> None:
    async with talking() as line:
        line.phone.events.say(bytes(4_800))
        error = (await line.phone.events.expect("error"))["error"]
        assert error["code"] == "invalid_event_for_transport"


@calling
async def test_a_call_without_the_channel() -> None:
    async with talking(opened=False) as line:
        line.phone.say(1_000)
        await asyncio.sleep(3)
        assert line.phone.voiced


@calling
async def test_watchers_are_told_what_happens() -> None:
    async with talking() as line:
        watching = line.phone.watching
        started = await watching.expect("call.started")
        assert started["call_id"].startswith("rtc_")
        assert started["voices"] == ["tone"]
        line.phone.say(1_000)
        assert (await watching.expect("user.words", lambda e: e["final"]))["text"] == "this is turn 1 now"
        words = await watching.expect("reply.words")
        assert words["words"][0] == {"text": WORDS[0], "start_ms": 0, "end_ms": WORD_MS}
        await watching.expect("reply.playing")
        closed = await watching.expect("reply.closed")
        assert closed["ending"] == "done"
        report = await watching.expect("report")
        assert report["gap_ms"] >= 300
        assert line.phone.events.kinds.count("call.started") == 0


@calling
async def test_a_second_connection_steers_a_call() -> None:
    async with talking(alone=False) as line:
        side = Peer()
        call_id = next(name for name in line.calls._running if name.startswith("rtc_"))
        running = line.calls._running[call_id]
        serving = asyncio.create_task(running.serve(side, caller=False))
        await side.expect("session.created")
        side.ask("Hello.")
        await line.phone.events.expect("output_audio_buffer.started")
        await side.expect("output_audio_buffer.started")
        side.hang_up()
        await serving
        line.phone.events.ask("Still there?")
        await line.phone.events.expect("response.done")
        assert await line.calls.has(call_id)


@calling
async def test_hanging_up_by_request() -> None:
    async with talking() as line:
        call_id = next(name for name in line.calls._running if name.startswith("rtc_"))
        assert not await line.calls.hang_up("rtc_other")
        assert not await line.calls.hang_up(call_id, "another key")
        assert not await line.calls.has(call_id, "another key")
        assert await line.calls.hang_up(call_id)
        assert not await line.calls.has(call_id)
        assert not await line.calls.hang_up(call_id)
        await asyncio.sleep(1)
        assert line.phone.closed
        assert not line.calls._running


@calling
async def test_a_call_is_joined_before_its_peer_comes() -> None:
    line, side = Line(), Peer()
    call = await line.dial(VAD)
    running = asyncio.create_task(call.run())
    await asyncio.sleep(0)
    serving = asyncio.create_task(line.calls.handle(Opening("", "realtime", call.id, {}, "", ""), side))
    await side.expect("session.created")
    side.tell("session.update", session={"type": "realtime", "instructions": "Be brief."})
    await side.expect("session.updated")
    line.phone.open()
    assert (await line.phone.events.expect("session.created"))["session"]["instructions"] == "Be brief."
    line.phone.say(1_000)
    await side.expect("response.done")
    line.phone.vanish()
    await asyncio.gather(running, serving)
    assert line.phone.events.violations == []


@calling
async def test_closing_the_channel_ends_the_call() -> None:
    async with talking() as line:
        line.phone.events.hang_up()
        await asyncio.sleep(1)
        assert line.phone.closed


@calling
async def test_a_peer_that_never_comes() -> None:
    line = Line()
    call = await line.dial()
    line.phone.frames = nothing  # type: ignore[method-assign]
    running = asyncio.create_task(call.run())
    await asyncio.sleep(30)
    line.phone.vanish()
    line.phone._gone.set()
    call._transport.hang_up()
    await running
    assert line.phone.closed
    assert line.log == [f"{call.id} never came"]


async def nothing() -> AsyncIterator[Any]:
    await asyncio.Event().wait()
    yield


@calling
async def test_bad_offers_and_sessions_leave_nothing() -> None:
    line = Line()
    with pytest.raises(BadOffer, match="no audio"):
        await line.dial(offer="v=0 m=video")
    assert line.phone.closed
    with pytest.raises(BadSession) as refused:
        await line.dial({"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 7}}}})
    assert refused.value.param == "session.audio.input.turn_detection.threshold"
    assert not line.calls._running
