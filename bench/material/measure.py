"""What a session's ears make of a sound: the same code, the same windows."""

from __future__ import annotations

from functools import cache

from vivavoce.audio.frame import Frame
from vivavoce.core.events import Event, UserSound
from vivavoce.providers.offline.vad import SileroVads
from vivavoce.runtime.hear import Ears
from vivavoce.sim.clips import QUIET_UNIT

from .conditions import Line


@cache
def _vads() -> SileroVads:
    return SileroVads()


def measure(line: Line) -> tuple[bytes, bytes]:
    """`p` and `quiet` of a `Clip`. The audio comes in frames of 20 ms. Raises `ProviderError` without the extra
    `offline`, and `RuntimeError` when the detector fails."""
    heard: list[UserSound] = []

    def post(event: Event) -> None:
        if not isinstance(event, UserSound):
            raise RuntimeError(f"the ears failed: {event}")
        heard.append(event)

    ears = Ears(_vads(), None, post, lambda pcm: None)
    step = line.rate // 50
    for start in range(0, line.pcm.size, step):
        ears.hear(Frame(start, line.pcm[start : start + step], line.rate))
    p = bytes(round(255 * event.p) for event in heard)
    quiet = bytes(min(event.quiet // QUIET_UNIT, 128) for event in heard)
    return p, quiet
