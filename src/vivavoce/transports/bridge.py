"""Two callers put through to each other: a line in memory with two ends, and a relay between any two transports.

Only the running loop's time is read, so that all of it is as exact on virtual time as in real time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import numpy as np

from ..audio.fifo import Fifo
from ..audio.frame import Frame, Framer
from ..audio.pcm import Pcm
from ..audio.resample import Resampler
from ..core.commands import Role
from ..core.events import ProviderFailed
from ..core.units import OUT_RATE, out_samples
from .base import Post, Transport

FRAME_MS = 20
FRAME = out_samples(FRAME_MS)
SLACK = FRAME
"""Samples by which everything is heard later than it is said. What is said less than that too late is heard without a
gap; so a pause shorter than this is taken for unevenness, every longer one is kept to the sample."""
LONGEST_S = 60
"""Speech that waits for somebody to hear it; more is dropped and reported."""
_PAUSE = 10
"""Silent frames after which a relay stops passing them on: what was late by then is late no more."""
_CLOSE_S = 1.0


class Beat:
    """Every 20 ms of the running loop's time. After a stall the missed beats come at once: the grid never drifts."""

    def __init__(self, start: float | None = None) -> None:
        """`start`: loop time of the beginning, now by default. The first beat is 20 ms after it."""
        self._loop = asyncio.get_running_loop()
        self.start = self._loop.time() if start is None else start
        self._count = 0

    @property
    def position(self) -> int:
        """Samples (24 kHz) since the beginning."""
        return round((self._loop.time() - self.start) * OUT_RATE)

    async def wait(self) -> None:
        """Until the next one."""
        self._count += 1
        await asyncio.sleep(max(0.0, self.start + self._count * FRAME_MS / 1000 - self._loop.time()))


class Lane:
    """What one side says, at its place on a common clock (24 kHz), for another side that takes 20 ms at a time."""

    def __init__(self) -> None:
        self._fifo = Fifo(LONGEST_S * OUT_RATE, FRAME)
        self._taken = 0
        """Samples taken so far, silence included."""
        self._end: int | None = None
        """Where the last thing said ends."""

    def put(self, at: int, pcm: Pcm) -> int:
        """Something said from sample `at` on. Returns how many samples were dropped, normally 0."""
        begin = self._taken + len(self._fifo)
        if self._end is None or at > self._end:
            begin = max(begin, at + SLACK)
        silence = np.zeros(begin - self._taken - len(self._fifo), dtype=np.int16)
        dropped = silence.size + pcm.size - self._fifo.write(silence) - self._fifo.write(pcm)
        self._end = self._taken + len(self._fifo)
        return dropped

    def take(self) -> Pcm:
        """The next 480 samples, silence where nothing was said."""
        pcm = np.zeros(FRAME, dtype=np.int16)
        self._fifo.read(pcm)
        self._taken += FRAME
        return pcm

    def __len__(self) -> int:
        """Samples that wait to be taken."""
        return len(self._fifo)


class Wire:
    """A line in memory: what one of its two `ends` plays is what the other one hears.

    Its time begins when both ends listen; what was said before is heard from then on.
    """

    def __init__(self, on_frame: Callable[[int, Pcm], None] = lambda side, pcm: None, rate: int = OUT_RATE) -> None:
        """`on_frame` gets the number of a side, 0 or 1, and the next 480 samples (24 kHz) that are heard of it, from
        the beginning on. `rate`: samples per second of what both hear, such as 8000 for a telephone."""
        self.ends = End(self, 0, rate), End(self, 1, rate)
        self.hung_up: int | None = None
        """Which side did so first."""
        self._said = Lane(), Lane()
        self._gone: set[int] = set()
        self._listening = 0
        self._beat: Beat | None = None
        self._begun = asyncio.Event()
        self._on_frame = on_frame

    @property
    def position(self) -> int:
        """The sample of the line at which what is said now is heard."""
        return SLACK + (0 if self._beat is None else self._beat.position)

    async def begun(self) -> None:
        """Wait until both listen, or somebody has hung up."""
        await self._begun.wait()

    async def close(self) -> None:
        """Hang up at both ends."""
        for end in self.ends:
            await end.close()

    # for its ends

    async def pick_up(self) -> Beat:
        """A side listens from now on; waits for the other one."""
        self._listening += 1
        if self._listening == len(self.ends):
            self._beat = Beat()
            self._begun.set()
        await self._begun.wait()
        return Beat(None if self._beat is None else self._beat.start)

    def say(self, side: int, pcm: Pcm) -> int:
        """Returns how many samples were dropped."""
        return self._said[side].put(self.position - SLACK, pcm)

    def hear(self, side: int) -> Pcm | None:
        """The next 480 samples (24 kHz) for a side; None when the line is gone: at once for who hung up, for the other
        one after the last word."""
        other = 1 - side
        if side in self._gone or (other in self._gone and not len(self._said[other])):
            return None
        pcm = self._said[other].take()
        self._on_frame(other, pcm)
        return pcm

    def hang_up(self, side: int) -> None:
        self.hung_up = side if self.hung_up is None else self.hung_up
        self._gone.add(side)
        self._begun.set()


class End:
    """One end of a `Wire`: a transport."""

    reports_playback = False

    def __init__(self, wire: Wire, side: int, rate: int) -> None:
        self._wire = wire
        self._side = side
        self._rate = rate
        self._post: Post | None = None

    def attach(self, post: Post) -> None:
        self._post = post

    def play(self, pcm: Pcm) -> None:
        if self._wire.say(self._side, pcm) and self._post is not None:
            detail = f"nobody hears it: more than {LONGEST_S} s wait"
            self._post(ProviderFailed(Role.TRANSPORT, "overflow", detail))

    async def frames(self) -> AsyncIterator[Frame]:
        """What the other end plays, 20 ms at a time, to its last sample if that end hangs up first."""
        beat = await self._wire.pick_up()
        resampler = Resampler(OUT_RATE, self._rate)
        framer = Framer(self._rate * FRAME_MS // 1000, self._rate)
        while True:
            await beat.wait()
            pcm = self._wire.hear(self._side)
            if pcm is None:
                return
            for frame in framer.push(resampler.push(pcm)):
                yield frame

    async def close(self) -> None:
        self._wire.hang_up(self._side)


async def relay(left: Transport, right: Transport) -> None:
    """Let two lines hear each other until one of them is gone, then close both. Raises what either of them raised.

    Neither may be one that takes audio ahead of time (`AheadTransport`): what is passed on is due now.
    """
    loop = asyncio.get_running_loop()
    ways = [loop.create_task(_pass_on(*pair), name="relay") for pair in ((left, right), (right, left))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await asyncio.gather(left.close(), right.close())
        _, late = await asyncio.wait(ways, timeout=_CLOSE_S)
        for way in late:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    failures = [error for way in ways if not way.cancelled() and (error := way.exception()) is not None]
    if failures:
        raise failures[0]


async def _pass_on(source: Transport, target: Transport) -> None:
    """What one line says is played to the other in frames of 20 ms; long silence is left out."""
    resampler, framer, silent = Resampler(OUT_RATE, OUT_RATE), Framer(FRAME, OUT_RATE), _PAUSE
    async for frame in source.frames():
        if frame.rate != resampler.src:
            resampler = Resampler(frame.rate, OUT_RATE)
        for piece in framer.push(resampler.push(frame.pcm)):
            silent = 0 if piece.pcm.any() else silent + 1
            if silent < _PAUSE:
                target.play(piece.pcm)
