"""What the core costs: CPU of a simulated call-minute, of an idle audio event, and of importing the package."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from vivavoce.core.conversation import Conversation
from vivavoce.core.events import CallStarted, UserSound
from vivavoce.sim.fakes import PRICES
from vivavoce.sim.world import World

Row = tuple[str, str, str]


def measure(quick: bool) -> Iterator[Row]:
    """Rows of (what, figure, bound)."""
    yield _call_minute(20 if quick else 200)
    yield _idle(20_000 if quick else 200_000)
    yield _import(3 if quick else 9)


def _call_minute(calls: int) -> Row:
    """The events of simulated calls, handled again by fresh conversations: the core alone, without caller or fakes."""
    spent, minutes = 0.0, 0.0
    for seed in range(calls):
        world = World(seed, keep_log=True).run()
        again = Conversation(world.policy, PRICES)
        events = [(step.now, step.event) for step in world.log]
        began = time.process_time()
        for now, event in events:
            again.handle(now, event)
        spent += time.process_time() - began
        minutes += events[-1][0] / 60_000
    return (
        f"core, CPU of one simulated call-minute (mean over {calls} calls)",
        f"{spent / minutes * 1e3:.1f} ms",
        "50 ms",
    )


def _idle(events: int) -> Row:
    conversation = Conversation()
    conversation.handle(0, CallStarted())
    sounds = [(n * 32, UserSound(n * 512, 512, 0.02, 512)) for n in range(events)]
    began = time.process_time()
    for now, sound in sounds:
        conversation.handle(now, sound)
    each = (time.process_time() - began) / events
    return f"core, one idle audio event (mean over {events})", f"{each * 1e6:.2f} us", "5 us"


def _import(runs: int) -> Row:
    """`import vivavoce` in a fresh process, less the start of the interpreter."""
    times = []
    for _ in range(runs):
        bare = _timed("pass")
        times.append(_timed("import vivavoce") - bare)
    return f"import vivavoce (median of {runs})", f"{statistics.median(times) * 1e3:.0f} ms", "300 ms"


def _timed(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began
