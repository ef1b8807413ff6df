"""The agent's own voice in the caller's microphone: does the agent interrupt itself, and does a person still get in?

A room on a virtual clock, with the embedded engines: what is played comes back later and softer, with a room's
reverberation, over the hiss of a microphone. The agent tells stories.

- false: how often it ducked, held or stopped without anybody else speaking;
- real: a recording of a person cuts in over the echo; how long until the agent was silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from vivavoce.app import embedded
from vivavoce.app.agent.names import EngineNames
from vivavoce.app.agent.served import Cast, ServedAgent, session_of
from vivavoce.app.engines import open_engines
from vivavoce.app.recording import RECORDINGS
from vivavoce.app.show import middle
from vivavoce.audio.frame import Frame
from vivavoce.audio.pcm import Pcm, clip
from vivavoce.audio.resample import Resampler
from vivavoce.audio.wav import load_mono
from vivavoce.core.commands import Command, Duck, Flush, Hold, Resume, Tell
from vivavoce.core.events import Event, TextTurn
from vivavoce.core.notices import ReplyAudible, ReplyClosed
from vivavoce.providers.base import Ask, LlmOutput, Post, TextDelta
from vivavoce.runtime.clock import run
from vivavoce.runtime.observe import Observer

Row = tuple[str, str, str]
RATE, FRAME = 16_000, 320
LEVELS_DB = (-6, -12, -20)
DELAYS_MS = (50, 150, 300)
STORY = (
    "In a small town on a hill there was a clock that was always seven minutes late. The baker opened seven minutes "
    "late, the school began seven minutes late, and nobody minded. One day a stranger came and repaired it. The next "
    "morning everybody was in a hurry, and the bread was burnt. So at night the children climbed up the tower again. "
)
REVERB_S = 0.2


class Room:
    """Loudspeaker and microphone in one room, and a person who says something once."""

    reports_playback = False
    open_air = True

    def __init__(self, level_db: float, delay_ms: int, stories: int, voice: Pcm | None, cut_in_ms: int) -> None:
        rng = np.random.default_rng(7)
        t = np.arange(int(REVERB_S * RATE)) / RATE
        tail = rng.normal(size=t.size) * 10 ** (-3 * t / REVERB_S)
        tail *= 0.6 / np.sqrt(np.sum(tail * tail))
        tail[0] += 1
        self._impulse = tail * 10 ** (level_db / 20)
        self._delay = RATE * delay_ms // 1000
        self._stories, self._voice, self._cut_in_ms = stories, voice, cut_in_ms
        self._hiss = rng.normal(size=RATE * 10) * 8
        self._air = np.zeros(RATE * 2)
        """What will arrive at the microphone from now on."""
        self._queued = 0
        """Samples that the loudspeaker has before it."""
        self._resampler = Resampler(24_000, RATE)
        self._post: Post | None = None
        self._closed = asyncio.Event()
        self.audible = asyncio.Event()
        self.over = asyncio.Event()
        self.spoke_ms: int | None = None

    def attach(self, post: Post) -> None:
        self._post = post

    def play(self, pcm: Pcm) -> None:
        played = self._resampler.push(pcm)
        self._queued = max(self._queued, 2 * FRAME)
        start = self._delay + self._queued
        sound = np.convolve(played, self._impulse)[: self._air.size - start]
        self._air[start : start + sound.size] += sound
        self._queued += played.size

    async def frames(self) -> AsyncIterator[Frame]:
        loop = asyncio.get_running_loop()
        telling = loop.create_task(self._tell())
        start, position, said = loop.time(), 0, 0
        heard_since: float | None = None
        try:
            while not self._closed.is_set():
                await asyncio.sleep(max(0.0, start + (position + FRAME) / RATE - loop.time()))
                frame = self._air[:FRAME] + self._hiss[np.arange(position, position + FRAME) % self._hiss.size]
                self._queued = max(0, self._queued - FRAME)
                self._air = np.concatenate((self._air[FRAME:], np.zeros(FRAME)))
                if self.audible.is_set() and heard_since is None:
                    heard_since = loop.time()
                speaks = heard_since is not None and (loop.time() - heard_since) * 1000 >= self._cut_in_ms
                if self._voice is not None and speaks and said < self._voice.size:
                    self.spoke_ms = self.spoke_ms or round((loop.time() - start) * 1000)
                    piece = self._voice[said : said + FRAME].astype(np.float64)
                    frame[: piece.size] += piece
                    said += FRAME
                yield Frame(position, clip(frame), RATE)
                position += FRAME
        finally:
            telling.cancel()

    async def _tell(self) -> None:
        assert self._post is not None
        await asyncio.sleep(1)
        for _ in range(self._stories):
            self.over.clear()
            self._post(TextTurn("tell me a story"))
            await self.over.wait()
            await asyncio.sleep(1.5)
        self._closed.set()

    async def close(self) -> None:
        self._closed.set()


class Storyteller:
    model = "offline:storyteller"

    async def stream(self, ask: Ask) -> AsyncIterator[LlmOutput]:
        for word in STORY.split(" "):
            yield TextDelta(word + " ")

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Ears(Observer):
    room: Room
    ducks: int = 0
    holds: int = 0
    held_ms: int = 0
    held_since: int | None = None
    stops: int = 0
    stopped_ms: int | None = None
    """When its voice was last heard."""
    minutes: float = 0.0
    whys: list[str] = field(default_factory=list)
    last_loud_ms: int = 0

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        self.minutes = now / 60_000
        for command in commands:
            if isinstance(command, Duck | Hold) or (isinstance(command, Flush) and command.samples):
                self.whys.append(f"{now} {type(command).__name__} {command.why.value}")
            if isinstance(command, Duck):
                self.ducks += 1
            elif isinstance(command, Hold):
                self.holds += 1
                self.held_since = now
            elif isinstance(command, Resume) and self.held_since is not None:
                self.held_ms += now - self.held_since
                self.held_since = None
            elif isinstance(command, Flush) and command.samples:
                self.stops += 1
                self.stopped_ms = self.stopped_ms or self.held_since or now
            elif isinstance(command, Tell) and isinstance(command.notice, ReplyAudible):
                self.room.audible.set()
            elif isinstance(command, Tell) and isinstance(command.notice, ReplyClosed):
                self.room.over.set()


async def _call(level_db: float, delay_ms: int, stories: int, voice: Pcm | None = None, cut_in_ms: int = 0) -> Ears:
    room = Room(level_db, delay_ms, stories, voice, cut_in_ms)
    ears = Ears(room)
    async with open_engines(EngineNames(), (Storyteller(),)) as engines:
        cast = Cast({"viva": ServedAgent(embedded.agent(greeting=""), engines)}, "viva")
        await session_of(cast, room, [ears], embedded.expected(embedded.script())).run()
    return ears


def measure(quick: bool) -> Iterator[Row]:
    """Rows of (what, figure, bound)."""
    delays = DELAYS_MS[1:2] if quick else DELAYS_MS
    voices = [load_mono((RECORDINGS / f"{name}.wav").read_bytes(), RATE) for name in ("conf-onlyperson", "tt-weasels")]
    for level in LEVELS_DB:
        found = [run(_call(level, delay, 1 if quick else 3), realtime=False) for delay in delays]
        minutes = sum(ears.minutes for ears in found)
        stops, holds, held, ducks = (
            sum(getattr(e, name) for e in found) for name in ("stops", "holds", "held_ms", "ducks")
        )
        figure = f"{stops} stops, {holds} pauses of {held / 1000:.1f} s in all, {ducks} ducks in {minutes:.1f} min"
        yield f"echo at {level} dB, {delays[0]} to {delays[-1]} ms late, nobody speaks", figure, "0 stops"
        times = []
        for delay in delays:
            for voice in voices[:1] if quick else voices:
                ears = run(_call(level, delay, 1, voice, 4_000), realtime=False)
                if ears.stopped_ms is not None and ears.room.spoke_ms is not None:
                    times.append(ears.stopped_ms - ears.room.spoke_ms)
        yield f"... a person cuts in: stopped after, median of {len(times)}", f"{middle(times)} ms", "-"


if __name__ == "__main__":
    for row in measure(False):
        print(" | ".join(row), flush=True)
