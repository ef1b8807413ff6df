"""The Realtime server over a loopback socket, with engines that take no time.

- overhead: from the end of speech plus the configured silence to the first audio delta at the client, who sends 20 ms
  frames in real time;
- CPU of parsing and answering one 20 ms append, without sockets;
- CPU of one 20 ms append, in the server's process: socket, parsing, resampling and the ears, with a detector and a
  recogniser that cost next to nothing; and of the floor, a server that only reads the message: the same sockets, JSON
  and base64.

`python -m bench.realtime` is the server alone, `python -m bench.realtime floor` the floor: both print their address.
"""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = tuple[str, str, str]
RATE = 24_000
FRAME_MS = 20
SILENCE_MS = 300
TURNS = 40
CALLERS = 16
APPENDS = 20_000
SECONDS = 20


def sound(ms: int) -> bytes:
    """A loud tone, 16-bit at 24 kHz."""
    return (8_000 * np.sin(np.arange(RATE * ms // 1000) * 0.05)).astype("<i2").tobytes()


def _append(pcm: bytes) -> str:
    return json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()})


def _session(**detection: Any) -> str:
    found = {"type": "server_vad", "silence_duration_ms": SILENCE_MS, **detection} if detection else None
    return json.dumps(
        {"type": "session.update", "session": {"type": "realtime", "audio": {"input": {"turn_detection": found}}}}
    )


class _Line:
    """A client that sends its audio in real time and notes when the first audio of each answer comes."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._start = time.perf_counter()
        self._frames = 0
        self.first = asyncio.Event()
        self.first_at = 0.0
        self.done = asyncio.Event()

    async def listen(self) -> None:
        async for message in self._socket:
            kind = json.loads(message)["type"]
            if kind == "response.output_audio.delta" and not self.first.is_set():
                self.first_at = time.perf_counter()
                self.first.set()
            elif kind == "response.done":
                self.done.set()

    async def say(self, pcm: bytes) -> float:
        """Send audio in time; when its last sample was spoken."""
        size = RATE * FRAME_MS // 1000 * 2
        for at in range(0, len(pcm), size):
            self._frames += 1
            due = self._start + self._frames * FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await self._socket.send(_append(pcm[at : at + size]))
        return self._start + self._frames * FRAME_MS / 1000


async def _overheads(url: str, turns: int) -> list[float]:
    """In ms, one for each turn."""
    from websockets.asyncio.client import connect

    found = []
    silence = bytes(RATE * 2 * FRAME_MS // 1000)
    async with connect(url, max_size=None) as socket:
        await socket.send(_session(interrupt_response=True))
        line = _Line(socket)
        listening = asyncio.create_task(line.listen())
        await line.say(silence * 10)
        for n in range(turns):
            line.first.clear()
            line.done.clear()
            # Ends of speech fall everywhere in the detector's windows.
            ended = await line.say(sound(400 + 20 * (n % 9)))
            while not line.first.is_set():
                await line.say(silence)
            found.append((line.first_at - ended) * 1000 - SILENCE_MS)
            await asyncio.wait_for(line.done.wait(), 10)
            await line.say(silence * 25)
        listening.cancel()
    return found


async def _cpu(url: str, process: Any, seconds: int) -> float:
    """CPU of the server for one append, in microseconds, from many callers who speak and fall silent by turns."""
    from websockets.asyncio.client import connect

    async def call(n: int) -> None:
        async with connect(url, max_size=None) as socket:
            await socket.send(_session())
            line = _Line(socket)
            # Not all at the same moment.
            await asyncio.sleep(n * FRAME_MS / 1000 / CALLERS)
            for _ in range(seconds):
                await line.say(sound(500) + bytes(RATE))

    calls = [asyncio.create_task(call(n)) for n in range(CALLERS)]
    await asyncio.sleep(1)
    before = process.cpu_times()
    start = time.perf_counter()
    await asyncio.sleep(seconds - 2)
    appends = CALLERS * (time.perf_counter() - start) * 1000 / FRAME_MS
    after = process.cpu_times()
    await asyncio.gather(*calls)
    return float(after.user + after.system - before.user - before.system) / appends * 1e6


def _machine() -> float:
    """CPU of parsing one append and saying what is to be done about it, in microseconds."""
    from vivavoce.wire.openai_realtime import config
    from vivavoce.wire.openai_realtime.server import Server

    machine = Server("a", config.first("m", "realtime", "", {}), 0)
    machine.attach()
    message = _append(sound(FRAME_MS))
    start = time.process_time()
    for _ in range(APPENDS):
        machine.receive(0.0, message)
    return (time.process_time() - start) / APPENDS * 1e6


@contextmanager
def server(*what: str) -> Iterator[tuple[str, int]]:
    """The server in a process of its own: its address and process id."""
    command = [sys.executable, "-m", "bench.realtime", *what]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        yield running.stdout.readline().strip().replace("http", "ws") + "/v1/realtime?model=m", running.pid
    finally:
        running.terminate()
        running.wait()


def measure(quick: bool) -> Iterator[Row]:
    """Rows of the table."""
    import psutil

    yield "realtime machine alone: parsing and answering one 20 ms append", f"{_machine():.0f} us", "100 us"
    seconds = SECONDS // 4 if quick else SECONDS
    with server("floor") as (url, pid):
        floor = asyncio.run(_cpu(url, psutil.Process(pid), seconds))
    yield "a server that only reads: CPU of one 20 ms append", f"{floor:.0f} us", ""
    with server() as (url, pid):
        cpu = asyncio.run(_cpu(url, psutil.Process(pid), seconds))
        yield (
            "realtime server: CPU of one 20 ms append, ears included",
            f"{cpu:.0f} us, {cpu / floor:.1f} times that",
            "",
        )
        overheads = sorted(asyncio.run(_overheads(url, TURNS // 8 if quick else TURNS)))
    p95 = overheads[min(len(overheads) - 1, round(len(overheads) * 0.95))]
    middle = overheads[len(overheads) // 2]
    yield f"realtime server: overhead, median of {len(overheads)} turns", f"{middle:.1f} ms", ""
    yield "realtime server: overhead, p95", f"{p95:.1f} ms", "25 ms"


async def _read(socket: Any) -> None:
    """The floor: what any server of this protocol has to do."""
    while (message := await socket.receive()) is not None:
        base64.b64decode(json.loads(message).get("audio", ""))


def main() -> None:
    """Serve until terminated."""
    from vivavoce.app import http
    from vivavoce.app.realtime import RealtimeCalls, Settings
    from vivavoce.app.serve import run_loop

    from .instant import engines

    calls = RealtimeCalls(engines(), Settings("instant", "", ("tone",)))

    async def floor(opening: Any, socket: Any) -> None:
        await _read(socket)

    handle = floor if "floor" in sys.argv else calls.handle
    app = http.make_app(handle, calls, http.Keys(), check_session=calls.check)
    run_loop(http.serve(app, host="127.0.0.1", port=0, on_ready=lambda url: print(url, flush=True)))


if __name__ == "__main__":
    main()
