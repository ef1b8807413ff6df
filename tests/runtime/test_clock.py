from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from vivavoce.core.errors import Misuse
from vivavoce.runtime.clock import Clock, WarpLoop, busy, run


def test_the_clock_counts_whole_milliseconds_of_the_loop() -> None:
    async def main() -> None:
        clock = Clock()
        loop = asyncio.get_running_loop()
        assert clock.now() == 0
        await asyncio.sleep(0.0309)
        assert clock.now() == 30
        await asyncio.sleep(3600)
        assert clock.now() == 3_600_030
        assert clock.at(3_600_030) == pytest.approx(loop.time(), abs=0.001)

    run(main(), realtime=False)


def test_a_timer_for_a_millisecond_finds_that_millisecond() -> None:
    async def main() -> None:
        clock = Clock()
        loop = asyncio.get_running_loop()
        for ms in range(1, 5_000, 7):
            await asyncio.sleep(max(0.0, clock.at(ms) - loop.time()))
            assert clock.now() == ms

    run(main(), realtime=False)


def test_hours_pass_in_no_time_and_in_order() -> None:
    seen: list[int] = []

    async def sleeper(s: int) -> None:
        await asyncio.sleep(s)
        seen.append(s)

    async def main() -> float:
        begun = asyncio.get_running_loop().time()
        await asyncio.gather(*(sleeper(s) for s in (9_000, 3, 700, 86_400 * 3)))
        return asyncio.get_running_loop().time() - begun

    real = time.monotonic()
    assert run(main(), realtime=False) == pytest.approx(86_400 * 3)
    assert time.monotonic() - real < 1.0
    assert seen == [3, 700, 9_000, 86_400 * 3]


def test_computing_takes_no_virtual_time() -> None:
    async def main() -> float:
        begun = asyncio.get_running_loop().time()
        time.sleep(0.02)  # noqa: ASYNC251
        await asyncio.sleep(0)
        return asyncio.get_running_loop().time() - begun

    assert run(main(), realtime=False) == 0.0


def test_while_work_is_outside_time_is_real() -> None:
    async def main() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        done = loop.create_future()
        busy(1)
        threading.Timer(0.05, lambda: loop.call_soon_threadsafe(done.set_result, None)).start()
        await asyncio.wait_for(done, 30)
        busy(-1)
        waited = loop.time() - begun
        await asyncio.sleep(100)
        return waited, loop.time() - begun - waited

    real = time.monotonic()
    waited, after = run(main(), realtime=False)
    assert 0.045 < waited <= time.monotonic() - real
    assert after == pytest.approx(100)


def test_timers_fire_on_time_while_work_is_outside() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        busy(1)
        begun = loop.time()
        await asyncio.sleep(0.03)
        waited = loop.time() - begun
        busy(-1)
        return waited

    real = time.monotonic()
    waited = run(main(), realtime=False)
    assert waited >= 0.03
    assert time.monotonic() - real >= 0.03


def test_more_ends_than_beginnings_are_a_bug() -> None:
    async def main() -> None:
        busy(2)
        busy(-2)
        busy(-1)

    with pytest.raises(Misuse, match="outside work"):
        run(main(), realtime=False)


def test_on_a_real_loop_work_outside_changes_nothing() -> None:
    async def main() -> float:
        busy(-5)
        begun = time.monotonic()
        await asyncio.sleep(0.01)
        return time.monotonic() - begun

    assert run(main(), realtime=True) >= 0.009


def test_threads_of_the_executor_are_work_outside_by_themselves() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.wait_for(asyncio.to_thread(time.sleep, 0.05), 10)
        return loop.time() - begun

    assert 0.045 < run(main(), realtime=False) < 5

    async def refused() -> float:
        loop = asyncio.get_running_loop()
        pool = ThreadPoolExecutor(1)
        pool.shutdown()
        with pytest.raises(RuntimeError):
            loop.run_in_executor(pool, time.sleep, 1)
        begun = time.monotonic()
        await asyncio.sleep(100)
        return time.monotonic() - begun

    assert run(refused(), realtime=False) < 5


def test_without_timers_it_waits_for_a_thread() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        done = loop.create_future()
        threading.Timer(0.03, lambda: loop.call_soon_threadsafe(done.set_result, None)).start()
        await done
        return loop.time() - begun

    assert run(main(), realtime=False) == 0.0


def test_a_child_process_talks_over_pipes_and_is_reaped() -> None:
    async def main() -> tuple[bytes, int | None, float]:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        busy(1)
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-S", "-c", "print(input()[::-1])", stdin=-1, stdout=-1
        )
        async with asyncio.timeout(30):
            out, _ = await child.communicate(b"noon is not\n")
        busy(-1)
        return out, child.returncode, loop.time() - begun

    out, code, took = run(main(), realtime=False)
    assert (out, code) == (b"ton si noon\n", 0)
    assert 0.005 < took < 30


def test_many_loops_leave_no_file_descriptors() -> None:
    async def main() -> None:
        await asyncio.sleep(1)

    run(main(), realtime=False)
    gc.collect()
    before = psutil.Process().num_fds()
    for _ in range(200):
        run(main(), realtime=False)
    gc.collect()
    assert psutil.Process().num_fds() == before


def test_ctrl_c_cancels_the_program() -> None:
    seen: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, WarpLoop)
        loop.call_later(0.01, signal.raise_signal, signal.SIGINT)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    # A program started in the background inherits that Ctrl-C is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(main(), realtime=False)
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == ["cancelled"]


def test_the_same_program_takes_the_same_steps_every_time() -> None:
    async def main() -> list[tuple[float, int]]:
        loop = asyncio.get_running_loop()
        seen: list[tuple[float, int]] = []

        async def worker(n: int) -> None:
            for k in range(20):
                await asyncio.sleep(((n * 7 + k * 3) % 5) / 100)
                seen.append((loop.time(), n))

        await asyncio.gather(*(worker(n) for n in range(5)))
        return seen

    assert run(main(), realtime=False) == run(main(), realtime=False)
