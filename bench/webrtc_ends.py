"""The other processes of `bench.webrtc`: a caller behind a bad network, and a server of many calls.

Both speak JSON, a line each, over standard input and output.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

RATE = 48_000
FRAME = 960
FRAME_S = 0.02
BEEP_EVERY = 20
"""Frames; a beep is one of them."""
LINES = {
    "clean": {},
    "2 % loss": {"loss": 0.02},
    "5 % loss": {"loss": 0.05},
    "20 % loss": {"loss": 0.2},
    "1 in 10 out of order": {"swap": 0.1},
    "100 ms jitter": {"jitter": 0.1},
}


def beep(number: int) -> bytes:
    """A voiced sound, 48 kHz, that fades in and out; silence in most frames."""
    if number % BEEP_EVERY:
        return bytes(FRAME * 2)
    at = np.arange(FRAME)
    wave = sum(np.sin(2 * np.pi * 180 * harmonic * at / RATE) / harmonic for harmonic in range(1, 8))
    return (6_000 * wave * np.minimum(1, np.minimum(at, FRAME - at) / 100)).astype("<i2").tobytes()


class Relay:
    """Stands between a caller and a peer, and spoils what the caller sends once the call has begun."""

    def __init__(self, loss: float = 0.0, swap: float = 0.0, jitter: float = 0.0) -> None:
        self._chance = random.Random(7)
        self._loss, self._swap, self._jitter = loss, swap, jitter
        self._sockets: list[asyncio.DatagramTransport] = []
        self._ways: dict[Any, asyncio.Future[asyncio.DatagramTransport]] = {}
        self._released = 0.0

    async def stand_before(self, answer: str) -> str:
        """The answer, with this relay in place of the peer's addresses."""
        loop = asyncio.get_running_loop()
        lines = answer.splitlines()
        own = next(line.split() for line in lines if line.startswith("a=candidate:") and " 127.0.0.1 " in line)
        far = ("127.0.0.1", int(own[5]))
        near, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(lambda data, source: self._outward(near, far, data, source)),
            local_addr=("127.0.0.1", 0),
        )
        self._sockets.append(near)
        own[5] = str(near.get_extra_info("sockname")[1])
        kept = []
        for line in lines:
            if not line.startswith(("a=candidate:", "a=end-of-candidates")):
                kept.append(line)
            if line.startswith("a=mid:"):
                kept.append(" ".join(own))
        return "\r\n".join(kept) + "\r\n"

    def _outward(self, near: asyncio.DatagramTransport, far: Any, data: bytes, source: Any) -> None:
        loop = asyncio.get_running_loop()
        if source not in self._ways:
            back = loop.create_datagram_endpoint(
                lambda: _Datagrams(lambda answer, _: near.sendto(answer, source)), remote_addr=far
            )
            self._ways[source] = loop.create_task(self._open(back))
        way = self._ways[source]
        send = lambda: way.add_done_callback(lambda done: done.result().sendto(data))  # noqa: E731
        if data[0] & 0xC0 != 0x80:
            send()
        else:
            self._spoil(send)

    async def _open(self, back: Any) -> asyncio.DatagramTransport:
        transport, _ = await back
        self._sockets.append(transport)
        return transport

    def _spoil(self, send: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        if self._chance.random() < self._loss:
            return
        if self._jitter:
            self._released = max(self._released, loop.time() + self._chance.uniform(0.0, self._jitter))
            loop.call_at(self._released, send)
        elif self._chance.random() < self._swap:
            loop.call_later(1.5 * FRAME_S, send)
        else:
            send()

    def close(self) -> None:
        for transport in self._sockets:
            transport.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, came: Callable[[bytes, Any], None]) -> None:
        self.datagram_received = came  # type: ignore[method-assign]


class Caller:
    """A caller on libwebrtc, as a browser is."""

    def __init__(self) -> None:
        import webrtc

        with contextlib.suppress(webrtc.InvalidStateError):
            webrtc.allow_loopback()
        self._rtc = webrtc
        self._connection = webrtc.RTCPeerConnection()
        self._track = webrtc.MediaStreamTrackGenerator("audio")
        self._held = [self._connection.add_track(self._track, webrtc.MediaStream())]
        self._connection.on("track", self._held.append)
        self.beeps: list[float] = []
        """When each was sent."""

    async def offer(self) -> str:
        description = await self._connection.create_offer()
        await self._connection.set_local_description(description)
        return str(description.sdp)

    async def take(self, answer: str) -> None:
        await self._connection.set_remote_description(self._rtc.RTCSessionDescriptionInit("answer", answer))

    async def speak(self, frames: int) -> None:
        start = time.monotonic()
        for number in range(1, frames + 1):
            await asyncio.sleep(max(0.0, start + number * FRAME_S - time.monotonic()))
            if number % BEEP_EVERY == 0:
                self.beeps.append(time.monotonic())
            self._track._generator.writeAudio(beep(number), RATE, 1, FRAME)

    def close(self) -> None:
        self._connection.close()


async def call_once(line: str, frames: int) -> None:
    """One call over a line of `LINES`: the offer goes out, the answer comes in, and at the end the beeps go out."""
    caller, relay = Caller(), Relay(**LINES[line])
    print(json.dumps(await caller.offer()), flush=True)
    answer = json.loads(await asyncio.to_thread(sys.stdin.readline))
    await caller.take(await relay.stand_before(answer))
    await caller.speak(frames)
    await asyncio.sleep(0.5)
    print(json.dumps(caller.beeps), flush=True)
    caller.close()
    relay.close()


class Served:
    """One call of the server: hears everything, and speaks half of the time."""

    def __init__(self, make: Any, network: Any) -> None:
        self.peer = make(network)
        self.late: list[float] = []
        """How late each frame came, in seconds, against the earliest of them."""
        self.tasks = [asyncio.ensure_future(self._hear()), asyncio.ensure_future(self._speak())]

    async def _hear(self) -> None:
        async for frame in self.peer.frames():
            self.late.append(time.monotonic() - frame.end / frame.rate)

    async def _speak(self) -> None:
        sound = (8_000 * np.sin(np.arange(480) * 0.05)).astype(np.int16)
        start, number = time.monotonic() + random.random(), 0
        while True:
            await asyncio.sleep(max(0.0, start + number * FRAME_S - time.monotonic()))
            if number // 100 % 2:
                self.peer.play(sound)
            number += 1

    def lateness(self) -> list[float]:
        late, self.late = self.late, []
        least = min(late, default=0.0)
        return [one - least for one in late]


async def serve(backend: str, core: int) -> None:
    """Many calls in one process, on one core: an offer comes in, its answer goes out; a number of seconds comes in,
    what was measured meanwhile goes out."""
    from vivavoce.transports.webrtc.choose import make_peer
    from vivavoce.transports.webrtc.peer import Network

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    make, calls = make_peer(backend), []
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        if isinstance(asked, str):
            calls.append(Served(make, Network()))
            print(json.dumps(await calls[-1].peer.answer(asked, lambda channel: None)), flush=True)
            continue
        for call in calls:
            call.lateness()
        cpu, start = time.process_time(), time.monotonic()
        await asyncio.sleep(asked)
        spent, passed = time.process_time() - cpu, time.monotonic() - start
        late = sorted(one for call in calls for one in call.lateness())
        found = {
            "cpu": spent / passed,
            "frames": len(late) / passed,
            "late": late[int(len(late) * 0.99)] if late else 9.0,
        }
        print(json.dumps(found), flush=True)
    for call in calls:
        for task in call.tasks:
            task.cancel()
        await call.peer.close()


if __name__ == "__main__":
    if sys.argv[1] == "call":
        asyncio.run(call_once(sys.argv[2], int(sys.argv[3])))
    else:
        asyncio.run(serve(sys.argv[2], int(sys.argv[3])))
