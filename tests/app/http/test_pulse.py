from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from vivavoce.app.http.admission import Admission
from vivavoce.app.http.pulse import FRAME_S, Pulse, lateness
from vivavoce.runtime.clock import run


@pytest.mark.parametrize(
    ("late_ms", "frames"),
    [(0, [0]), (-0.5, [-0.5]), (5, [5]), (19, [19]), (30, [30, 10]), (65, [65, 45, 25, 5])],
)
def test_frames_that_fall_due_during_a_stall_are_late_too(late_ms: float, frames: list[float]) -> None:
    assert [round(late_s * 1000, 6) for late_s in lateness(late_ms / 1000)] == frames


class Watched(Admission):
    def __init__(self) -> None:
        super().__init__()
        self.pushed: list[float] = []
        self.forgotten = 0

    def push(self, now_s: float, late_ms: float, calls: int) -> None:
        self.pushed.append(round(late_ms))

    def forget(self) -> None:
        self.forgotten += 1


def test_each_frame_counts_once_also_after_a_stall() -> None:
    """On a loop whose time passes only as we say."""

    async def main() -> None:
        loop, seen = asyncio.get_running_loop(), Watched()
        pulse = Pulse(seen, lambda: 1)
        pulse.begin()
        begun = loop.time()
        await asyncio.sleep(10 * FRAME_S + 0.001)
        assert seen.pushed == [0] * 10
        # Nothing runs for 65 ms, from 1 ms after a frame was due.
        loop.warp(0.065)  # type: ignore[attr-defined]
        await asyncio.sleep(0.1)
        assert seen.pushed[10:13] == [46, 26, 6]
        pulse.end()
        assert len(seen.pushed) == int((loop.time() - begun) / FRAME_S)
        await asyncio.sleep(1)
        assert len(seen.pushed) == int((loop.time() - begun - 1) / FRAME_S + 1e-6)

    run(main(), realtime=False)


def test_without_calls_nothing_is_measured() -> None:
    async def main() -> None:
        seen, held = Watched(), SimpleNamespace(calls=0)
        pulse = Pulse(seen, lambda: held.calls)
        pulse.begin()
        await asyncio.sleep(2)
        assert seen.pushed == []
        assert seen.forgotten
        held.calls = 3
        await asyncio.sleep(1)
        assert len(seen.pushed) > 35
        pulse.end()

    run(main(), realtime=False)
