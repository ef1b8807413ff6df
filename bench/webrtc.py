"""Calls over WebRTC, with each library that is installed; what the figures mean is in docs/webrtc-backends.md.

- latency: from the beep's frame being given to the caller's library (libwebrtc, in a process of its own) to our
  `frames()` giving the frame in which it is heard; missed beeps; the longest time without a frame;
- setup: from the offer to the first frame of the caller;
- churn: what many calls, one after the other, leave behind;
- CPU of a call that hears all the time and speaks half of it, and how many of them one core carries.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .webrtc_ends import BEEP_EVERY, FRAME_S, LINES, Caller

Row = tuple[str, str, str]
BEEPS = 25
RUNS = 4
"""Of each line; the one counts in which the machine itself stood still the least."""
LOUD = 500.0
"""Root mean square of a frame in which a beep is heard, at the least."""
SETUPS = 12
CHURN = 300
LEVELS = (5, 10, 15, 20, 25, 30, 40)
LATE_S = 0.04
"""A server whose frames are so late (99th percentile) has too many calls."""
SECONDS = 6


async def _child(*arguments: str) -> Any:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.webrtc_ends", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
    )  # fmt: skip


async def _ask(child: Any, question: Any) -> Any:
    child.stdin.write(json.dumps(question).encode() + b"\n")
    return json.loads(await child.stdout.readline())


class Latency(NamedTuple):
    """What became of the beeps of a call."""

    heard: list[float]
    """Latencies, sorted."""
    missed: int
    gap: float
    """The longest time between two frames."""
    made_up: int
    """Frames."""
    stood: float
    """How long this process could not run, in sum."""


async def _standstills(found: list[float]) -> None:
    while True:
        before = time.monotonic()
        await asyncio.sleep(0.005)
        late = time.monotonic() - before - 0.005
        if late > 0.005:
            found.append(late)


async def _latency(make: Any, network: Any, line: str) -> Latency:
    child = await _child("call", line, str((BEEPS + 5) * BEEP_EVERY))
    peer = make(network)
    heard: list[tuple[float, float]] = []

    async def listen() -> None:
        async for frame in peer.frames():
            heard.append((time.monotonic(), float(np.sqrt(np.mean(np.square(frame.pcm.astype(np.float64)))))))

    stood: list[float] = []
    standing = asyncio.ensure_future(_standstills(stood))
    listening = asyncio.ensure_future(listen())
    offer = json.loads(await child.stdout.readline())
    sent = await _ask(child, await peer.answer(offer, lambda channel: None))
    await peer.close()
    await listening
    standing.cancel()
    await child.wait()
    found, missed = [], 0
    for at in sent[-BEEPS:]:
        first = next((when for when, level in heard if at < when < at + BEEP_EVERY * FRAME_S and level > LOUD), None)
        if first is None:
            missed += 1
        else:
            found.append(first - at)
    # The first five are for getting used to the line.
    talk = [when for when, _ in heard if sent[-BEEPS] < when < sent[-1]]
    gap = max(b - a for a, b in pairwise(talk))
    return Latency(sorted(found), missed, gap, peer.traffic.concealed, sum(stood))


async def _setup(make: Any, network: Any) -> tuple[float, float]:
    """Seconds until the answer, and until the first frame."""
    caller, peer = Caller(), make(network)
    offer = await caller.offer()
    start = time.monotonic()
    answer = await peer.answer(offer, lambda channel: None)
    answered = time.monotonic() - start
    await caller.take(answer)
    speaking = asyncio.ensure_future(caller.speak(100))
    await anext(aiter(peer.frames()))
    first = time.monotonic() - start
    speaking.cancel()
    await peer.close()
    caller.close()
    return answered, first


def _held() -> tuple[float, int, int]:
    """Memory in MB, open files, threads."""
    import psutil

    process = psutil.Process()
    return process.memory_info().rss / 1e6, process.num_fds(), process.num_threads()


async def _churn(make: Any, network: Any, times: int) -> tuple[float, float, int, int]:
    """Seconds for a call that is answered and closed; memory, files and threads left behind by all."""
    caller = Caller()
    offer = await caller.offer()

    async def some(number: int) -> None:
        for _ in range(number):
            peer = make(network)
            await peer.answer(offer, lambda channel: None)
            await peer.close()

    await some(max(5, times // 10))
    gc.collect()
    before, start = _held(), time.monotonic()
    await some(times)
    passed = (time.monotonic() - start) / times
    gc.collect()
    await asyncio.sleep(0.3)
    after = _held()
    caller.close()
    return passed, after[0] - before[0], after[1] - before[1], after[2] - before[2]


async def _capacity(backend: str, levels: tuple[int, ...], seconds: float) -> list[tuple[int, float, float, float]]:
    """(calls, CPU of the server as a part of one core, frames per call and second, lateness) for each level, until
    frames are late."""
    cores = sorted(os.sched_getaffinity(0))
    found = []
    server = await _child("serve", backend, str(cores[0]))
    os.sched_setaffinity(0, set(cores[1:]) or set(cores))
    callers: list[Caller] = []
    speaking = []
    try:
        for level in levels:
            while len(callers) < level:
                callers.append(Caller())
                await callers[-1].take(await _ask(server, await callers[-1].offer()))
                speaking.append(asyncio.ensure_future(callers[-1].speak(100_000)))
            await asyncio.sleep(2.0)
            got = await _ask(server, seconds)
            for _ in range(RUNS - 1):
                if got["late"] > LATE_S:
                    # Perhaps it was the machine.
                    got = min(got, await _ask(server, seconds), key=lambda one: one["late"])
            found.append((level, got["cpu"], got["frames"] / level, got["late"]))
            if got["late"] > LATE_S or got["frames"] / level < 48:
                break
    finally:
        server.stdin.close()
        for task in speaking:
            task.cancel()
        for caller in callers:
            caller.close()
        await server.wait()
        os.sched_setaffinity(0, set(cores))
    return found


def measure(quick: bool) -> Iterator[Row]:
    """Rows of the table."""
    from vivavoce.core.errors import BadInput
    from vivavoce.transports.webrtc.choose import BACKENDS, make_peer
    from vivavoce.transports.webrtc.peer import Network

    part = 5 if quick else 1
    for backend in BACKENDS:
        try:
            make = make_peer(backend)
        except BadInput as error:
            yield f"webrtc {backend}", str(error), ""
            continue
        for line in LINES:
            runs = [asyncio.run(_latency(make, Network(), line)) for _ in range(max(1, RUNS // part))]
            best = min(runs, key=lambda run: run.stood)
            middle, p95 = (best.heard[int(len(best.heard) * place)] * 1000 for place in (0.5, 0.95))
            yield (
                f"webrtc {backend}, {line}: latency p50 / p95; missed beeps; longest gap; frames made up",
                f"{middle:.0f} / {p95:.0f} ms; {sum(run.missed for run in runs)} of {len(runs) * BEEPS}; "
                f"{best.gap * 1000:.0f} ms; {best.made_up}",
                "",
            )
        setups = asyncio.run(_setups(make, Network(), SETUPS // part))
        answered, first = (sorted(one)[len(one) // 2] * 1000 for one in zip(*setups, strict=True))
        yield f"webrtc {backend}: answer / first frame after the offer", f"{answered:.0f} / {first:.0f} ms", ""
        passed, memory, files, threads = asyncio.run(_churn(make, Network(), CHURN // part))
        yield (
            f"webrtc {backend}: a call answered and closed; left by {CHURN // part}",
            f"{passed * 1000:.1f} ms; {memory:+.1f} MB, {files:+d} files, {threads:+d} threads",
            "",
        )
        for calls, cpu, frames, late in asyncio.run(_capacity(backend, LEVELS[: 7 // part + 1], SECONDS / part)):
            yield (
                f"webrtc {backend}, {calls} calls on one core: CPU of a call; frames/s; lateness p99",
                f"{cpu / calls * 100:.2f} %; {frames:.1f}; {late * 1000:.0f} ms",
                "",
            )


async def _setups(make: Any, network: Any, times: int) -> list[tuple[float, float]]:
    await _setup(make, network)
    return [await _setup(make, network) for _ in range(times)]
