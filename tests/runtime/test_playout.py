from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest
from tests.runtime.fakes import tone

from vivavoce.audio.pcm import Pcm
from vivavoce.core.events import Event, Played
from vivavoce.runtime.clock import Clock, WarpLoop, run
from vivavoce.runtime.playout import Playout


class Listener:
    reports_playback = False

    def __init__(self) -> None:
        self.times: list[float] = []
        self.pcm: list[Pcm] = []
        self.broken_from = 1 << 40

    def play(self, pcm: Pcm) -> None:
        if len(self.pcm) >= self.broken_from:
            raise ConnectionResetError("gone")
        self.times.append(asyncio.get_running_loop().time())
        self.pcm.append(pcm)


class Phone(Listener):
    reports_playback = True

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[int, int, bool]] = []

    def sent(self, reply: int, samples: int, final: bool) -> None:
        self.told.append((reply, samples, final))


class Bench:
    """A playout running for a while, with something done at given times (ms)."""

    def __init__(self, listener: Listener | None = None) -> None:
        self.listener = listener or Listener()
        self.events: list[Event] = []
        self.frames: list[int] = []
        self.broken: list[Exception] = []
        self.playout = Playout(
            self.listener,  # type: ignore[arg-type]
            self.events.append,
            lambda position, pcm: self.frames.append(position),
            self.broken.append,
        )
        self.begun = 0.0

    def run(self, ms: int, *steps: tuple[int, Callable[[], object]]) -> Bench:
        async def main() -> None:
            loop = asyncio.get_running_loop()
            self.begun = loop.time()
            task = asyncio.create_task(self.playout.run(Clock()))
            for at, step in steps:
                loop.call_at(self.begun + at / 1000, self._take, step)
            await asyncio.sleep(self.begun + ms / 1000 - loop.time())
            task.cancel()

        run(main(), realtime=False)
        return self

    def _take(self, step: Callable[[], object]) -> None:
        step()
        self.playout.begin()

    @property
    def times_ms(self) -> list[float]:
        return [(t - self.begun) * 1000 for t in self.listener.times]


def stall(ms: int) -> Callable[[], object]:
    """Something keeps the loop busy for so long."""

    def block() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, WarpLoop)
        loop.warp(ms / 1000)

    return block


def speaking(bench: Bench, ms: int, at: int = 0, reply: int = 1) -> tuple[int, Callable[[], object]]:
    """A step that has a reply of `ms` sound from `at` ms on."""

    def speak() -> None:
        bench.playout.write(reply, tone(ms, 24_000))
        bench.playout.end(reply)
        bench.playout.release(reply)

    return at, speak


def test_nothing_is_sent_where_nothing_sounds() -> None:
    bench = Bench().run(1_000)
    assert (bench.listener.pcm, bench.frames, bench.events) == ([], [], [])


def test_the_first_frame_of_a_reply_waits_for_no_clock() -> None:
    bench = Bench()
    bench.run(1_000, speaking(bench, 100, at=133))
    assert bench.times_ms == pytest.approx([133, 153, 173, 193, 213])
    assert bench.frames == [133 * 24 + 480 * n for n in range(5)]


def test_a_flush_of_what_never_sounded_delays_nothing() -> None:
    bench = Bench()
    bench.run(1_000, (131, lambda: bench.playout.flush(9, 0)), speaking(bench, 100, at=133))
    assert bench.times_ms == pytest.approx([133, 153, 173, 193, 213])


def test_frames_never_overlap_however_soon_the_next_reply_follows() -> None:
    bench = Bench()
    bench.run(1_000, speaking(bench, 100), speaking(bench, 100, at=91, reply=2))
    assert bench.times_ms == pytest.approx([n * 20 for n in range(10)])


def test_a_frame_every_20_ms_for_a_minute_without_drift() -> None:
    bench = Bench()
    bench.run(61_000, speaking(bench, 60_000))
    assert bench.times_ms == pytest.approx([n * 20 for n in range(3_000)], abs=1e-3)
    assert (bench.playout.late_frames, bench.playout.skipped_frames) == (0, 0)


def test_after_a_stall_the_missed_frames_follow_at_once_and_the_grid_stays() -> None:
    bench = Bench()
    bench.run(1_001, speaking(bench, 2_000), (105, stall(150)))
    times = bench.times_ms
    assert len(times) == 51
    assert times[:6] == pytest.approx([0, 20, 40, 60, 80, 100])
    assert times[6:13] == pytest.approx([255] * 7)
    assert times[13:] == pytest.approx([260 + n * 20 for n in range(38)])
    # Those due at 120 to 220 came when the next one was due; the one due at 240 was merely 15 ms late.
    assert bench.playout.late_frames == 6


def test_a_little_lateness_is_not_counted_and_not_handed_on() -> None:
    bench = Bench()
    bench.run(501, speaking(bench, 2_000), (105, stall(30)))
    assert bench.playout.late_frames == 0
    assert bench.times_ms[6:8] == pytest.approx([135, 140])


def test_after_a_long_stall_only_a_second_is_made_up_for() -> None:
    bench = Bench()
    bench.run(
        9_001,
        speaking(bench, 2_000),
        (105, stall(5_000)),
    )
    assert bench.playout.skipped_frames == 255 - 5 - 50
    assert bench.frames[5] == 5 * 480
    assert bench.frames[6] == (6 + 200) * 480
    played = [e for e in bench.events if isinstance(e, Played)]
    assert played[-1].samples == 48_000
    assert [e.samples for e in played] == [480 * (n + 1) for n in range(100)]


def test_what_is_played_is_told_frame_by_frame_and_silence_is_not() -> None:
    bench = Bench()
    bench.run(
        400,
        (5, lambda: bench.playout.write(7, tone(50, 24_000))),
        (6, lambda: bench.playout.end(7)),
        (30, lambda: bench.playout.release(7)),
    )
    assert bench.events == [Played(7, 480), Played(7, 960), Played(7, 1_200)]
    assert len(bench.listener.pcm) == 3
    assert bench.playout.underruns == 0


def test_a_flush_is_answered_by_a_final_position() -> None:
    bench = Bench()
    bench.run(
        400,
        (5, lambda: bench.playout.write(7, tone(1_000, 24_000))),
        (6, lambda: bench.playout.release(7)),
        (110, lambda: bench.playout.flush(7, 0)),
        (130, lambda: bench.playout.flush(9, 0)),
    )
    played = [e for e in bench.events if isinstance(e, Played)]
    assert played[-2:] == [Played(7, 6 * 480 + 120, True), Played(9, 0, True)]


def test_hold_duck_resume_and_running_dry() -> None:
    bench = Bench()
    bench.run(
        2_000,
        (5, lambda: bench.playout.write(7, tone(400, 24_000))),
        (6, lambda: bench.playout.release(7)),
        (105, lambda: bench.playout.duck(7, -12.0)),
        (205, lambda: bench.playout.hold(7)),
        (505, lambda: bench.playout.resume(7)),
    )
    pcm = np.zeros(2_000 * 24)
    for position, frame in zip(bench.frames, bench.listener.pcm, strict=True):
        pcm[position : position + 480] = frame
    loud, ducked, held, again = (
        np.abs(pcm[a * 24 : b * 24]).max() for a, b in ((40, 95), (150, 200), (240, 500), (540, 690))
    )
    assert 0.2 < ducked / loud < 0.3
    assert held == 0
    assert again == pytest.approx(loud, rel=0.01)
    assert bench.playout.underruns == 0
    assert [e.samples for e in bench.events if isinstance(e, Played)][-1] == 9_600


def test_a_transport_that_reports_is_asked_and_not_answered_for() -> None:
    bench = Bench(Phone())
    bench.run(
        400,
        (5, lambda: bench.playout.write(7, tone(1_000, 24_000))),
        (6, lambda: bench.playout.release(7)),
        (50, lambda: bench.playout.flush(7, 0)),
    )
    phone = bench.listener
    assert isinstance(phone, Phone)
    assert phone.told == [(7, 480, False), (7, 960, False), (7, 1_440, False), (7, 1_560, True)]
    assert bench.events == []


def test_a_transport_that_raises_is_told_of_once_and_the_clock_goes_on() -> None:
    listener = Listener()
    listener.broken_from = 3
    bench = Bench(listener)
    bench.run(1_001, speaking(bench, 2_000))
    assert [type(e) for e in bench.broken] == [ConnectionResetError]
    assert len(bench.frames) == 51


def test_a_full_buffer_takes_a_prefix() -> None:
    bench = Bench()
    taken: list[int] = []
    bench.run(100, (1, lambda: taken.extend(bench.playout.write(7, tone(40_000, 24_000)) for _ in range(4))))
    assert taken == [960_000, 960_000, 960_000, 0]


def test_makers_wait_for_room_but_not_for_ever() -> None:
    async def main() -> list[int]:
        playout = Playout(Listener(), [].append, lambda position, pcm: None, [].append)  # type: ignore[arg-type]
        clock = Clock()
        waited = []
        for seconds in (9, 2):
            playout.write(1, tone(seconds * 1_000, 24_000))
            before = clock.now()
            await playout.room(1)
            waited.append(clock.now() - before)
        playout.release(1)
        task = asyncio.create_task(playout.run(clock))
        before = clock.now()
        for _ in range(3):
            await playout.room(1)
        waited.append(clock.now() - before)
        task.cancel()
        return waited

    nothing, most, rest = run(main(), realtime=False)
    assert (nothing, most) == (0, 1_000)
    assert 980 <= rest <= 1_040


def test_the_first_frame_does_not_wait_for_the_loop_and_beginning_twice_is_once() -> None:
    async def main() -> None:
        listener = Listener()
        playout = Playout(listener, [].append, lambda position, pcm: playout.begin(), [].append)  # type: ignore[arg-type]
        task = asyncio.create_task(playout.run(Clock()))
        await asyncio.sleep(0.1)
        playout.write(1, tone(60, 24_000))
        playout.end(1)
        playout.release(1)
        assert listener.pcm == []
        playout.begin()
        assert len(listener.pcm) == 1
        playout.begin()
        await asyncio.sleep(0.2)
        assert len(listener.pcm) == 3
        task.cancel()

    run(main(), realtime=False)


def test_a_playout_that_is_cancelled_as_a_frame_is_due_sends_nothing_more() -> None:
    async def main() -> None:
        loop, faults = asyncio.get_running_loop(), []
        loop.set_exception_handler(lambda loop, context: faults.append(context))
        listener = Listener()
        playout = Playout(listener, [].append, lambda position, pcm: None, [].append)  # type: ignore[arg-type]
        playout.write(1, tone(60, 24_000))
        playout.end(1)
        task = asyncio.create_task(playout.run(Clock()))
        playout.release(1)
        begun = loop.time()
        loop.call_at(begun + 0.04, task.cancel)
        await asyncio.sleep(0.2)
        assert (len(listener.pcm), faults) == (2, [])

    run(main(), realtime=False)


def test_a_bug_of_who_watches_the_frames_ends_the_playout() -> None:
    async def main() -> None:
        playout = Playout(Listener(), [].append, lambda position, pcm: [][0], [].append)  # type: ignore[arg-type]
        playout.write(1, tone(60, 24_000))
        playout.release(1)
        with pytest.raises(IndexError):
            await playout.run(Clock())

    run(main(), realtime=False)
