"""Steady memory: many calls in one process, one after the other, with the embedded engines on virtual time."""

from __future__ import annotations

from collections.abc import Iterator

import psutil

from vivavoce.app import embedded
from vivavoce.app.agent.names import EngineNames
from vivavoce.app.agent.served import Cast, ServedAgent, session_of
from vivavoce.app.engines import open_engines
from vivavoce.runtime.clock import run
from vivavoce.transports.typed import Typed

Row = tuple[str, str, str]
WARM_UP = 50


def measure(quick: bool) -> Iterator[Row]:
    """Rows of (what, figure, bound)."""
    calls = 100 if quick else 1000
    grown = run(_calls(calls), realtime=False)
    yield f"resident memory, growth over {calls} calls", f"{grown / 1e6:.1f} MB", "5 MB"


async def _calls(count: int) -> int:
    """Bytes by which the process has grown."""
    process = psutil.Process()
    before = 0
    llm = embedded.script()
    async with open_engines(EngineNames(), (llm,), ears=False) as engines:
        agents = {"viva": ServedAgent(embedded.agent(), engines)}
        for n in range(WARM_UP + count):
            if n == WARM_UP:
                before = process.memory_info().rss
            caller = Typed(["hello", "what time is it"])
            await session_of(Cast(agents, "viva"), caller).run()
    return process.memory_info().rss - before
