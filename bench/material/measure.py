"""What a session's ears make of a sound: the same code, the same windows."""

from __future__ import annotations

import asyncio
from functools import cache

from vivavoce.audio.frame import Frame
from vivavoce.audio.pcm import Pcm
from vivavoce.core.events import Event, UserSound
from vivavoce.core.units import OUT_RATE
from vivavoce.providers.offline.vad import SileroVads
from vivavoce.runtime.echo import Echo
from vivavoce.runtime.hear import Ears
from vivavoce.sim.clips import QUIET_UNIT, Heard

from .conditions import Line

_FRAMES = 50
"""In a second, either way."""


@cache
def _vads() -> SileroVads:
    return SileroVads()


def measure(line: Line, played: Pcm | None = None) -> Heard:
    """The windows of a line. `played` (24 kHz) is the agent's voice from the line's first sample on, where it may come
    back. Audio comes in frames of 20 ms. Raises `RuntimeError` when the detector fails."""
    return asyncio.run(_measure(line, played))


async def _measure(line: Line, played: Pcm | None) -> Heard:
    heard: list[UserSound] = []
    meter, now = Echo(), 0

    def post(event: Event) -> None:
        if not isinstance(event, UserSound):
            raise RuntimeError(f"the ears failed: {event}")
        heard.append(event)

    def echo(window: Pcm) -> float:
        return meter.heard(now, window)

    ears = Ears(_vads(), None, post, lambda pcm: None, echo=None if played is None else echo)
    step, sent = line.rate // _FRAMES, OUT_RATE // _FRAMES
    for number in range(-(-line.pcm.size // step)):
        if played is not None:
            frame = played[number * sent : (number + 1) * sent]
            # Between replies nothing is sent.
            if frame.any():
                meter.played(number * sent, frame)
        now = (number + 1) * 1000 // _FRAMES
        ears.hear(Frame(number * step, line.pcm[number * step : (number + 1) * step], line.rate))
        ears.settle()
    return Heard(
        p=bytes(round(255 * event.p) for event in heard),
        quiet=bytes(min(event.quiet // QUIET_UNIT, 128) for event in heard),
        echo=bytes(round(255 * event.echo) for event in heard) if played is not None else b"",
    )
