"""Two agents talking, on a virtual clock: the silence between their answers, measured on the samples.

- instant: model and synthesis take no time;
- slow: the model takes a log-normal time for a whole answer, 1.5 s in the mean, whose speech lasts 6 s; beside it the
  same answers without overlap, where each is made when the one before has been heard;
- when the first voice is heard;
- how long 100 answers take to simulate.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from random import Random

from vivavoce.app.duet.listener import Listener
from vivavoce.app.duet.stage import Line, Stage
from vivavoce.app.instant import InstantTts
from vivavoce.core.commands import Message
from vivavoce.core.conversation import Conversation
from vivavoce.core.events import DuetBegun, ItemCreated
from vivavoce.core.policy import BROWSER, changed
from vivavoce.core.units import out_ms
from vivavoce.providers.base import Ask, LlmOutput, TextDelta
from vivavoce.runtime.clock import run
from vivavoce.runtime.engines import AgentConfig, Engines
from vivavoce.runtime.session import Session

from .instant import LoudVads

Row = tuple[str, str, str]
WORDS = "the keeper of the light climbed all the stairs again and lit the lamp for every ship at sea".split()
SPREAD = 0.5


class SlowLlm:
    """Twenty words, a little each time, over `mean_s` in the mean; 0 for at once."""

    model = "offline:slow"

    def __init__(self, mean_s: float, seed: int) -> None:
        self._mean_s = mean_s
        self._rng = Random(seed)

    async def stream(self, ask: Ask) -> AsyncIterator[LlmOutput]:
        whole = self._mean_s * self._rng.lognormvariate(-SPREAD * SPREAD / 2, SPREAD)
        for n in range(20):
            if whole:
                await asyncio.sleep(whole / 20)
            yield TextDelta(f"{WORDS[n % len(WORDS)]}{'. ' if n in (4, 11, 19) else ' '}")

    async def close(self) -> None:
        """Nothing to close."""


def _lines(turns: int, mean_s: float, overlap: bool) -> list[Line]:
    stage = Stage()
    engines = [Engines(LoudVads(), SlowLlm(mean_s, seed), InstantTts()) for seed in (1, 2)]
    speakers = {name: AgentConfig("", "tone", name=name, engines=one) for name, one in zip("ab", engines, strict=True)}
    policy = changed(BROWSER, {"duet.overlap": overlap})
    session = Session(Conversation(policy, {}), engines[0], speakers["a"], Listener(), [stage], speakers=speakers)

    async def main() -> None:
        def begin() -> None:
            session.post(ItemCreated(Message("topic", "user", "Lighthouses.")))
            session.post(DuetBegun("a", "b", turns))

        asyncio.get_running_loop().call_soon(begin)
        await session.run()

    run(main(), realtime=False)
    return stage.lines


def _gaps(turns: int, mean_s: float, overlap: bool) -> list[int]:
    return sorted(line.gap_ms for line in _lines(turns, mean_s, overlap) if line.gap_ms is not None)


def _shown(gaps: list[int]) -> str:
    p = {place: gaps[min(len(gaps) - 1, len(gaps) * place // 100)] for place in (50, 90, 99)}
    gapless = 100 * sum(gap <= 20 for gap in gaps) / len(gaps)
    return f"{gapless:.1f} % gapless; p50 / p90 / p99 / most {p[50]} / {p[90]} / {p[99]} / {gaps[-1]} ms"


def measure(quick: bool) -> Iterator[Row]:
    """Rows of the table."""
    turns = 40 if quick else 200
    yield (
        f"duet, instant engines, {turns} answers: silence between them",
        _shown(_gaps(turns, 0.0, True)),
        "all 0 +- 20 ms",
    )
    slow = _shown(_gaps(turns, 1.5, True))
    yield f"duet, model 1.5 s in the mean, answers of 6 s, {turns} answers", slow, "99 % gapless"
    yield "... the same without overlap", _shown(_gaps(turns, 1.5, False)), ""
    first = out_ms(_lines(1, 0.0, True)[0].first_audible())
    yield "duet, instant engines: first voice after the call began", f"{first} ms", "500 ms"
    began = time.monotonic()
    _gaps(100, 1.5, True)
    yield "duet, 100 answers with sound, time to simulate", f"{time.monotonic() - began:.1f} s", "2 s"
