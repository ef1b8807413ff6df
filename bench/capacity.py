"""How many calls a process carries, how late it is with them, and what becomes of those that are too many.

`python -m bench.capacity [CALLS ...]` adds callers step by step, all of them taken. `python -m bench.capacity arrive`
has one come every 0.2 s until 15 s after the first refusal. The server has one core, its callers the others; engines
take no time, everything else is real. A frame is late when the loop did not look at it in time.
`python -m bench.capacity serve` is the server alone: it prints its address, and what it counted for each line that it
reads. The figures are in docs/capacity.md.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from typing import Any

import numpy as np

LEVELS = (10, 20, 30, 35, 40, 45, 50, 55, 60)
SECONDS = 4.0


async def serve(measured: bool) -> None:
    """Count until terminated. `measured`: callers may be refused."""
    import time

    from vivavoce.app import embedded, http
    from vivavoce.app.http import run
    from vivavoce.app.http.admission import Admission
    from vivavoce.app.http.connections import Connections
    from vivavoce.app.http.pulse import Pulse
    from vivavoce.app.instant import InstantLlm, InstantStt, InstantTts
    from vivavoce.app.realtime import RealtimeCalls, Settings
    from vivavoce.runtime.engines import Engines

    late: list[float] = []

    class Kept(Admission):
        def push(self, now_s: float, late_ms: float, calls: int) -> None:
            late.append(late_ms)
            super().push(now_s, late_ms, calls)

    # These callers answer no pings.
    run.PING_S = 3600.0
    admission, loop = Kept(), asyncio.get_running_loop()
    engines = Engines(embedded.detectors(), InstantLlm(), InstantTts(), InstantStt())
    calls = RealtimeCalls(engines, Settings("instant", "", ("tone",)))
    connections = Connections(1_000, busy_s=lambda n: admission.wait_s(loop.time(), n) if measured else 0.0)
    app = http.make_app(calls.handle, calls, http.Keys(), check_session=calls.check, connections=connections)
    pulse = Pulse(admission, lambda: len(connections))
    pulse.begin()
    before = [time.process_time(), time.monotonic()]

    def told() -> None:
        if not sys.stdin.readline():
            os._exit(0)
        now = [time.process_time(), time.monotonic()]
        found: dict[str, Any] = {"calls": len(connections), "cpu": (now[0] - before[0]) / (now[1] - before[1])}
        found |= {f"p{p}": float(np.percentile(late or [0.0], p)) for p in (50, 95, 99)}
        found |= {
            "beyond": sum(one >= 20 for one in late) / max(1, len(late)),
            "busy": admission.wait_s(loop.time(), len(connections)) > 0,
        }
        print(json.dumps(found), flush=True)
        late.clear()
        before[:] = now

    loop.add_reader(sys.stdin, told)
    await http.serve(app, host="127.0.0.1", port=0, on_ready=lambda url: print(url, flush=True))


HEAD = "| calls | CPU | late p50 | p95 | p99 | beyond a frame | new calls |\n|--:|--:|--:|--:|--:|--:|---|"


def row(found: dict[str, Any]) -> str:
    times = " | ".join(f"{found[name]:.0f} ms" for name in ("p50", "p95", "p99"))
    said = "refused" if found["busy"] else "taken"
    return f"| {found['calls']} | {found['cpu']:.0%} | {times} | {found['beyond']:.1%} | {said} |"


class Bench:
    """A server, and processes full of callers."""

    def __init__(self) -> None:
        self._started: list[asyncio.subprocess.Process] = []

    async def _start(self, *command: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        found = await asyncio.create_subprocess_exec(sys.executable, "-m", *command, stdin=pipe, stdout=pipe)
        self._started.append(found)
        return found

    async def begin(self, *what: str) -> None:
        self._server = await self._start("bench.capacity", "serve", *what)
        self._url = (await line_of(self._server)).strip()

    async def call(self, calls: int, *how: str) -> asyncio.subprocess.Process:
        return await self._start("vivavoce.app.capacity", self._url, str(calls), *how)

    async def count(self, seconds: float) -> dict[str, Any]:
        for wait_s in (0.0, seconds):
            await asyncio.sleep(wait_s)
            assert self._server.stdin is not None
            self._server.stdin.write(b"\n")
            found = json.loads(await line_of(self._server))
        assert isinstance(found, dict)
        return found

    async def end(self) -> None:
        for process in self._started:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode()


async def steps(levels: list[int]) -> None:
    """A row for each level."""
    bench, here = Bench(), 0
    print(HEAD)
    try:
        await bench.begin()
        for level in levels:
            more, wanted = await bench.call(level - here), f"{level - here} "
            while not (await line_of(more)).startswith(wanted):
                pass
            here = level
            await asyncio.sleep(1.0)
            print(row(await bench.count(SECONDS)), flush=True)
    finally:
        await bench.end()


async def arrive(every_s: float = 0.2, after_s: int = 15) -> None:
    """Whoever is in keeps his sound, and whoever comes too late is refused."""
    bench, refused = Bench(), 0
    try:
        await bench.begin("measured")
        callers = await bench.call(500, str(every_s))
        while not refused:
            calls, refused = map(int, (await line_of(callers)).split())
        print(f"the first refusal came with {calls} calls\n{HEAD}")
        for _ in range(after_s // 5):
            print(row(await bench.count(5.0)), flush=True)
    finally:
        await bench.end()


def main(argv: list[str]) -> None:
    from vivavoce.app.serve import run_loop

    cores = sorted(os.sched_getaffinity(0))
    if argv[:1] == ["serve"]:
        os.sched_setaffinity(0, {cores[0]})
        run_loop(serve("measured" in argv))
        return
    os.sched_setaffinity(0, set(cores[1:]) or set(cores))
    asyncio.run(arrive() if argv[:1] == ["arrive"] else steps([int(one) for one in argv] or list(LEVELS)))


if __name__ == "__main__":
    main(sys.argv[1:])
