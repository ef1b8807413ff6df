"""A caller on aiortc who says what people said, and whose line can be spoiled."""

from __future__ import annotations

import asyncio
import fractions
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCIceServer, RTCIceTransportPolicy, RTCPeerConnection
from tests.clients.speech import recording, words
from tests.transports.webrtc.far_end import FRAME, LABEL, RATE, AiortcFarEnd, FarEnd
from tests.webrtc import http

WAIT_S, PATIENCE_S = 30.0, 25.0
SESSION = {
    "type": "realtime",
    "audio": {
        "input": {
            "transcription": {"model": "whisper-1"},
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 400, "create_response": True},
        }
    },
}
"""A session that tells what it heard, and answers."""


class Microphone(MediaStreamTrack):
    """Silence, and what is said."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[np.ndarray[Any, Any]] = deque()
        self._count = 0
        self._start: float | None = None

    def say(self, name: str) -> None:
        pcm = np.frombuffer(recording(name, RATE), np.int16)
        padded = np.concatenate([pcm, np.zeros(-pcm.size % FRAME, np.int16)])
        self._waiting.extend(padded.reshape(-1, FRAME))

    async def recv(self) -> av.AudioFrame:
        loop = asyncio.get_running_loop()
        if self._start is None:
            self._start = loop.time()
        await asyncio.sleep(max(0.0, self._start + self._count * FRAME / RATE - loop.time()))
        pcm = self._waiting.popleft() if self._waiting else np.zeros(FRAME, np.int16)
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._count * FRAME, fractions.Fraction(1, RATE)
        self._count += 1
        return frame


class Caller(AiortcFarEnd):
    """One call. Events stay unread until an `expect` takes them."""

    def __init__(self, url: str, channel: bool = True, turn: RTCIceServer | None = None) -> None:
        """`url`: of the API. `turn`: the only way that may be taken."""
        FarEnd.__init__(self)
        self.url = url
        self._relayed = turn is not None
        self.clock = RATE
        self.answer = ""
        self.call_id = ""
        self.microphone = Microphone()
        policy = RTCIceTransportPolicy.ALL if turn is None else RTCIceTransportPolicy.RELAY
        self.connection = RTCPeerConnection(RTCConfiguration([turn] if turn else [], policy))
        self.connection.addTrack(self.microphone)
        self.channel = None
        if channel:
            self.channel = self.connection.createDataChannel(LABEL)
            self.channel.on("open", self.opened.set)
            self.channel.on("message", self.got)
            self.channel.on("close", self.closed.set)
        self.connection.on("track", self._on_track)
        self.events: list[dict[str, Any]] = []
        """All that came."""

    def got(self, message: Any) -> None:
        assert isinstance(message, str)
        event = json.loads(message)
        self.events.append(event)
        self.messages.append(event)
        self.message.set()

    async def offer(self) -> str:
        """With candidates where they are needed: a TURN server lets nobody through who was not announced."""
        bare = await super().offer()
        return self.connection.localDescription.sdp if self._relayed else bare

    async def dial(
        self, session: dict[str, Any] | None = SESSION, edit: Callable[[str], str] = lambda answer: answer
    ) -> None:
        """Place the call, and wait until it stands."""
        reply = await http.offer(self.url, await self.offer(), session)
        self.call_id, self.answer = reply.call_id, reply.text
        await self.take(edit(self.answer))
        if self.channel is not None:
            async with asyncio.timeout(WAIT_S):
                await self.opened.wait()
            await self.expect("session.created")

    def tell(self, kind: str, **fields: Any) -> None:
        self.send(json.dumps({"type": kind, **fields}))

    async def expect(self, kind: str) -> dict[str, Any]:
        """The first unread event of a type; an error fails unless it is expected."""
        assert await self.until(kind, WAIT_S), f"no {kind}, after {[event['type'] for event in self.events[-12:]]}"
        found = next(event for event in self.messages if event["type"] == kind)
        self.messages.remove(found)
        assert isinstance(found, dict)
        return found

    async def until(self, kind: str, within_s: float) -> bool:
        """Wait for an event and leave it unread."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    for event in self.messages:
                        if event["type"] == kind:
                            return True
                        assert event["type"] != "error", event
                    self.message.clear()
                    await self.message.wait()
        return False

    async def spoken_turn(self, name: str) -> list[str]:
        """Say something and hear the answer; the words that the server understood."""
        await self.say(name)
        return await self.hear()

    async def say(self, name: str) -> None:
        """Until it is answered."""
        self.heard.clear()
        for _ in range(3):
            self.microphone.say(name)
            # People say it again when nothing happens: a line may have lost it, or a recogniser with too much to do.
            if await self.until("response.created", within_s=PATIENCE_S):
                return
        raise AssertionError(f"no answer to {name}, after {[event['type'] for event in self.events[-12:]]}")

    async def hear(self) -> list[str]:
        """The answer, and what it answers."""
        await self.expect("output_audio_buffer.started")
        assert await self.until_sound(within=WAIT_S) is not None, "nothing was heard of the answer"
        # A word that comes late cancels the answer for a better one.
        while (await self.expect("response.done"))["response"]["status"] != "completed":
            pass
        kind = "conversation.item.input_audio_transcription.completed"
        return [word for event in self.events if event["type"] == kind for word in words(event["transcript"])]

    @property
    def ice(self) -> Any:
        """The connection of aioice."""
        return self.connection.getTransceivers()[0].receiver.transport.transport._connection

    @property
    def candidates(self) -> list[list[str]]:
        """In the answer: foundation, component, transport, priority, address, port, "typ", type, ..."""
        lines = self.answer.splitlines()
        return [line.split(":", 1)[1].split() for line in lines if line.startswith("a=candidate:")]


@asynccontextmanager
async def callers(url: str, count: int, **given: Any) -> AsyncIterator[Sequence[Caller]]:
    """Some callers, who hang up at the end; then the server has forgotten them."""
    found = [Caller(url, **given) for _ in range(count)]
    try:
        yield found
    finally:
        await asyncio.gather(*(caller.close() for caller in found))
    await http.until_calls(url, 0, 10)


@asynccontextmanager
async def calling(url: str, session: dict[str, Any] | None = SESSION, **given: Any) -> AsyncIterator[Caller]:
    """A call that stands."""
    async with callers(url, 1, **given) as (caller,):
        await caller.dial(session)
        yield caller
