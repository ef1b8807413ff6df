"""What a call costs beyond what nothing can do without: the same calls through a minimal loop and through the session.

All calls share one process, one event loop and one core (the last this process may use), in real time. Every 7 s each
caller says a recording of 1.6 s over a quiet room (-75 dBFS) and is answered with 4 s of voice; the callers' turns are
spread over those 7 s. The line is linear PCM: bytes of 20 ms at 16 kHz in, bytes of 20 ms at 24 kHz out.

- floor: one task per call wakes up for each frame, decodes it, gives each window of 32 ms to the same Silero network
  (one window at a time), and encodes the answer's frame that is due.
- session: `Session` as a server runs it, early answers and all. Recogniser, language model and synthesiser are
  scripted: they give what they have at once, and their cost counts as the session's.
- CPU per call-minute: processor time of the process, all threads, over the minutes of all calls.
- ratio: session over floor.
- memory: what the resident size grew by from 1 call to the most, over the calls between them.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import psutil

from vivavoce.app import embedded
from vivavoce.app.recording import RECORDINGS, load
from vivavoce.audio.frame import Frame, Framer
from vivavoce.audio.pcm import Pcm
from vivavoce.audio.resample import resample
from vivavoce.core.conversation import Conversation
from vivavoce.core.events import UserWords
from vivavoce.core.units import IN_RATE, OUT_RATE
from vivavoce.providers.base import Ask, LlmOutput, Post, Speech, TextDelta, Vads
from vivavoce.runtime.clock import run
from vivavoce.runtime.engines import AgentConfig, Engines
from vivavoce.runtime.session import Session

Row = tuple[str, str, str]
CALLS = (1, 30, 100)
FRAME_S = 0.02
CYCLE = 350
"""Frames from one turn of the caller to the next."""
SPOKEN = 80
ANSWERED = 100
"""The frame of the cycle with which the answer of the minimal loop begins."""
ANSWER = 200
WARM_UP_S = 2.0
GOLDEN = 1000 * (5**0.5 - 1) / 2
TOKENS = tuple(f"{word} " for word in "It is all set now, and you will get a message in a few minutes.".split())


def _sounds() -> tuple[list[bytes], list[Pcm]]:
    """A cycle of the caller as 20 ms of bytes each, and the answer as frames at 24 kHz."""
    pcm = load(RECORDINGS / "tt-weasels.wav").pcm
    room = np.random.default_rng(7).normal(0, 6, CYCLE * IN_RATE // 50)
    room[: SPOKEN * IN_RATE // 50] += pcm[: SPOKEN * IN_RATE // 50]
    voice = np.resize(resample(pcm, IN_RATE, OUT_RATE), ANSWER * OUT_RATE // 50)
    caller = room.clip(-32768, 32767).astype("<i2").reshape(CYCLE, -1)
    return [frame.tobytes() for frame in caller], list(voice.reshape(ANSWER, -1))


CALLER, VOICE = _sounds()


async def _frames(phase: float) -> AsyncIterator[tuple[int, bytes]]:
    """Numbered frames of one caller, each when its last sample has been spoken. `phase` (0 to 1) is how far into its
    cycle the caller begins; no two callers' frames come at the same instant."""
    loop = asyncio.get_running_loop()
    number = int(phase * CYCLE)
    begun = loop.time() + (phase * GOLDEN % 1 - number) * FRAME_S
    while True:
        number += 1
        await asyncio.sleep(begun + number * FRAME_S - loop.time())
        yield number % CYCLE, CALLER[number % CYCLE]


class Line:
    """The caller of the session."""

    reports_playback = False

    def __init__(self, phase: float) -> None:
        self._phase = phase
        self.last = b""

    async def frames(self) -> AsyncIterator[Frame]:
        position = 0
        async for _, data in _frames(self._phase):
            pcm = np.frombuffer(data, "<i2")
            yield Frame(position, pcm, IN_RATE)
            position += pcm.size

    def play(self, pcm: Pcm) -> None:
        self.last = pcm.tobytes()

    async def close(self) -> None: ...


class Listener:
    """Knows what was said when it is asked."""

    model = "offline:scripted"

    def __init__(self, post: Post | None = None) -> None:
        self._post = post
        self._segment = 0
        self._upto = 0

    async def open(self, post: Post, expect: Sequence[str] = ()) -> Listener:
        return Listener(post)

    def feed(self, start: int, pcm: Pcm) -> None: ...

    def finish(self, upto: int) -> None:
        assert self._post is not None
        self._post(UserWords(self._segment, "what time is it now", True, self._upto, upto))
        self._segment, self._upto = self._segment + 1, upto

    async def close(self) -> None: ...


class Thinker:
    model = "offline:scripted"

    async def stream(self, ask: Ask) -> AsyncIterator[LlmOutput]:
        for token in TOKENS:
            yield TextDelta(token)

    async def close(self) -> None: ...


class Voice:
    """Says the whole answer in 4 s, and its parts in their shares of that, 100 ms at a time."""

    model = "offline:scripted"
    rate = OUT_RATE
    voices = ("scripted",)

    async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Speech]:
        frames = ANSWER * len(text) // len("".join(TOKENS))
        for at in range(0, frames, 5):
            yield Speech(np.concatenate(VOICE[at : min(at + 5, frames)]))

    async def close(self) -> None: ...


async def _minimal(vads: Vads, phase: float) -> None:
    vad, framer = vads.open(), Framer(512, IN_RATE)
    sent = b""
    async for number, data in _frames(phase):
        for window in framer.push(np.frombuffer(data, "<i2")):
            vad(window.pcm)
        if ANSWERED <= number < ANSWERED + ANSWER:
            sent = VOICE[number - ANSWERED].tobytes()
    assert sent


async def _whole(vads: Vads, phase: float) -> None:
    engines = Engines(vads, Thinker(), Voice(), Listener())
    await Session(Conversation(), engines, AgentConfig("Be brief.", "scripted"), Line(phase)).run()


Call = Callable[[Vads, float], Awaitable[None]]


async def _cost(call: Call, calls: int, seconds: float) -> tuple[float, int]:
    """CPU seconds per call-minute, and the resident bytes at the end."""
    vads = embedded.detectors()
    loop = asyncio.get_running_loop()
    tasks = [asyncio.ensure_future(call(vads, n / calls)) for n in range(calls)]
    await asyncio.sleep(WARM_UP_S)
    gc.collect()
    spent, begun = time.process_time(), loop.time()
    await asyncio.sleep(seconds)
    spent, took = time.process_time() - spent, loop.time() - begun
    resident = psutil.Process().memory_info().rss
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(outcome, asyncio.CancelledError):
            raise RuntimeError(f"a call ended by itself: {outcome!r}")
    return spent / (took / 60 * calls), resident


@contextmanager
def _one_core() -> Iterator[None]:
    """Where the system can: only the last core, for as long as it takes."""
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def measure(quick: bool) -> Iterator[Row]:
    """Rows of (what, figure, bound)."""
    with _one_core():
        sizes = []
        for calls in CALLS:
            seconds = 7.0 if quick else 28.0
            floor, _ = run(_cost(_minimal, calls, seconds))
            whole, resident = run(_cost(_whole, calls, seconds))
            sizes.append(resident)
            yield f"floor: CPU per call-minute, {calls} calls, minimal loop", f"{floor:.3f} s", "-"
            yield f"floor: CPU per call-minute, {calls} calls, session", f"{whole:.3f} s", "0.25 s"
            yield f"floor: ratio, {calls} calls", f"{whole / floor:.2f}", "-"
        grown = (sizes[-1] - sizes[0]) / (CALLS[-1] - CALLS[0])
        yield f"floor: memory of a further call, up to {CALLS[-1]} calls", f"{grown / 1e6:.2f} MB", "2 MB"
