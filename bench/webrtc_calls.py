"""Whole calls over WebRTC on a server that has one core: Silero, sessions, protocol and pacing are the real ones.

Recogniser, model and synthesiser take no time. Each caller says a recorded sentence, is answered for some 14 s, and
says it again. A frame is late when the next one was due already as it was sent; the callers have the other cores.

`python -m bench.webrtc_calls` is the server alone: it prints its address, and what it counted for each line it reads.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from .webrtc_ends import FRAME, FRAME_S, RATE, Caller

Row = tuple[str, str, str]
LEVELS = (1, 10, 20, 25, 30, 35, 40)
SECONDS = 20
SENTENCE = "conf-onlyperson"
EVERY_S = 18
TRIES = 3
"""Of each number of calls; the one with the fewest late frames counts, as the machine has other work too."""


class _Speaker(Caller):
    """Says the sentence every `EVERY_S`, beginning anywhere."""

    async def say(self, sentence: bytes, first: float) -> None:
        start, frames = time.monotonic(), len(sentence) // (2 * FRAME)
        every, number = round(EVERY_S / FRAME_S), 0
        while True:
            await asyncio.sleep(max(0.0, start + number * FRAME_S - time.monotonic()))
            at = (number - round(first / FRAME_S)) % every
            piece = sentence[at * FRAME * 2 : (at + 1) * FRAME * 2] if at < frames else bytes(FRAME * 2)
            self._track._generator.writeAudio(piece, RATE, 1, FRAME)
            number += 1


def _sentence() -> bytes:
    from vivavoce.app.recording import RECORDINGS
    from vivavoce.audio.wav import load_mono

    return load_mono((RECORDINGS / f"{SENTENCE}.wav").read_bytes(), RATE).astype("<i2").tobytes()


async def _call(url: str, caller: _Speaker) -> None:
    """Place a call as plainly as possible."""
    offer = (await caller.offer()).encode()
    host, port = url.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/realtime/calls HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/sdp\r\n"
    writer.write(f"{head}Content-Length: {len(offer)}\r\nConnection: close\r\n\r\n".encode() + offer)
    top, _, answer = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    assert " 201 " in top, top
    await caller.take(answer)


async def _levels(levels: tuple[int, ...], seconds: float) -> list[tuple[int, dict[str, float]]]:
    cores = sorted(os.sched_getaffinity(0))
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.webrtc_calls", str(cores[0]),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert server.stdin is not None
    assert server.stdout is not None
    os.sched_setaffinity(0, set(cores[1:]) or set(cores))
    url, sentence = (await server.stdout.readline()).decode().strip(), _sentence()
    callers: list[_Speaker] = []
    tasks: list[asyncio.Task[None]] = []
    found = []
    try:
        for level in levels:
            while len(callers) < level:
                callers.append(_Speaker())
                await _call(url, callers[-1])
                tasks.append(asyncio.create_task(callers[-1].say(sentence, len(callers) * 1.7 % EVERY_S)))
            await asyncio.sleep(5)
            runs = []
            for _ in range(TRIES):
                server.stdin.write(f"{seconds}\n".encode())
                runs.append(json.loads(await server.stdout.readline()))
                if not runs[-1]["late"]:
                    break
            found.append((level, min(runs, key=lambda run: run["late"])))
            if found[-1][1]["late"] > 0.01 * found[-1][1]["sent"]:
                break
    finally:
        for task in tasks:
            task.cancel()
        for caller in callers:
            caller.close()
        server.kill()
        await server.wait()
        os.sched_setaffinity(0, set(cores))
    return found


def measure(quick: bool) -> Iterator[Row]:
    """Rows of the table."""
    for level, one in asyncio.run(_levels(LEVELS[:3] if quick else LEVELS, SECONDS / 4 if quick else SECONDS)):
        yield (
            f"WebRTC server on one core, {level} whole calls: CPU of one; late frames; heard frames/s; loop late p99",
            f"{one['cpu'] / level * 100:.1f} %; {one['late']:.0f} of {one['sent']:.0f}; {one['heard'] / level:.1f}; "
            f"{one['lag'] * 1000:.0f} ms",
            "20 calls, none late" if level == 20 else "",
        )


class _Counted:
    """Every playout of the process, and how late its loop is."""

    def __init__(self) -> None:
        self.playouts: list[Any] = []
        self.sent = self.heard = 0
        self.lags: list[float] = []

    async def watch(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            self.lags.append(time.monotonic() - before - 0.01)

    def now(self) -> dict[str, float]:
        late = sum(playout.late_frames for playout in self.playouts)
        return {"late": late, "sent": self.sent, "heard": self.heard, "cpu": time.process_time()}


def _counting() -> _Counted:
    """Count what all sessions of this process send and hear."""
    from vivavoce.runtime.playout import Playout
    from vivavoce.transports.webrtc.call import WebRtc

    counted = _Counted()
    make, play, frames = Playout.__init__, WebRtc.play, WebRtc.frames

    def made(self: Any, *more: Any) -> None:
        make(self, *more)
        counted.playouts.append(self)

    def played(self: Any, pcm: Any) -> None:
        counted.sent += 1
        play(self, pcm)

    async def heard(self: Any) -> Any:
        async for frame in frames(self):
            counted.heard += 1
            yield frame

    Playout.__init__, WebRtc.play, WebRtc.frames = made, played, heard  # type: ignore[method-assign]
    return counted


async def _answer(counted: _Counted) -> None:
    """Measure for as long as each line says."""
    watching = asyncio.create_task(counted.watch())
    while line := await asyncio.to_thread(sys.stdin.readline):
        counted.lags.clear()
        before, start = counted.now(), time.monotonic()
        await asyncio.sleep(float(line))
        after, passed = counted.now(), time.monotonic() - start
        found = {name: after[name] - before[name] for name in before}
        lag = float(np.percentile(counted.lags, 99))
        found |= {"cpu": found["cpu"] / passed, "heard": found["heard"] / passed, "lag": lag}
        print(json.dumps(found), flush=True)
    watching.cancel()


def main(core: int) -> None:
    """Serve until terminated."""
    os.sched_setaffinity(0, {core})
    from vivavoce.app import embedded, http
    from vivavoce.app.instant import InstantLlm, InstantStt, InstantTts
    from vivavoce.app.realtime import RealtimeCalls, Settings
    from vivavoce.app.serve import run_loop
    from vivavoce.runtime.engines import Engines
    from vivavoce.transports.webrtc.choose import make_peer
    from vivavoce.transports.webrtc.peer import Network

    counted, make = _counting(), make_peer()
    engines = Engines(embedded.detectors(), InstantLlm(), InstantTts(), InstantStt())
    calls = RealtimeCalls(engines, Settings("instant", "", ("tone",), peer=lambda: make(Network())))
    app = http.make_app(calls.handle, calls, http.Keys(), check_session=calls.check, peer_calls=calls)

    def ready(url: str) -> None:
        print(url, flush=True)
        asyncio.get_running_loop().create_task(_answer(counted)).add_done_callback(lambda _: os._exit(0))

    run_loop(http.serve(app, host="127.0.0.1", port=0, on_ready=ready))


if __name__ == "__main__":
    main(int(sys.argv[1]))
