"""What the engine adds to a real call: recorded human speech in real time through the embedded engines.

- own overhead: the part of each gap that neither the required silence nor a service explains;
- interruption: a recording cuts into an answer. From the audio itself: onset of the caller's voice (RMS > -50 dBFS),
  first frame in which the agent's voice is lowered, last audible sample of the agent; from the call's events: when the
  core decided.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace

from vivavoce.app import embedded
from vivavoce.app.agent.names import EngineNames
from vivavoce.app.agent.served import Cast, ServedAgent, session_of
from vivavoce.app.engines import open_engines
from vivavoce.app.recording import RECORDINGS, load
from vivavoce.app.show import middle
from vivavoce.audio.pcm import Pcm, rms_dbfs
from vivavoce.core.commands import Command, Duck, Flush, Tell
from vivavoce.core.events import Event
from vivavoce.core.notices import TurnReport
from vivavoce.core.units import in_ms
from vivavoce.providers.base import Ask, Llm, LlmOutput, TextDelta
from vivavoce.runtime.clock import run
from vivavoce.runtime.observe import Observer
from vivavoce.transports.wav import Recordings

Row = tuple[str, str, str]
TURNS = (
    "hello-world", "tt-weasels", "conf-onlyperson", "tt-somethingwrong", "conf-leaderhasleft", "auth-thankyou",
    "privacy-prompt", "queue-youarenext",
)  # fmt: skip
AUDIBLE_DBFS = -50.0


@dataclass
class Ears(Observer):
    """What an independent listener on the line would note, in session ms."""

    reports: list[TurnReport] = field(default_factory=list)
    onsets: list[int] = field(default_factory=list)
    ducks: list[int] = field(default_factory=list)
    decisions: list[int] = field(default_factory=list)
    audible: list[int] = field(default_factory=list)
    """Frames of the agent that can be heard: when each ended."""
    caller: list[tuple[int, bool]] = field(default_factory=list)

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, Duck):
                self.ducks.append(now)
            elif isinstance(command, Flush) and command.samples:
                self.decisions.append(now)
            elif isinstance(command, Tell) and isinstance(command.notice, TurnReport):
                self.reports.append(command.notice)

    def heard(self, now: int, pcm: Pcm) -> None:
        loud = rms_dbfs(pcm) > AUDIBLE_DBFS
        quiet_before = not any(loud for _, loud in self.caller[-25:])
        if loud and quiet_before:
            self.onsets.append(now - in_ms(len(pcm)))
        self.caller.append((now, loud))

    def played(self, position: int, pcm: Pcm) -> None:
        if rms_dbfs(pcm) > AUDIBLE_DBFS:
            self.audible.append(position // 24 + len(pcm) // 24)


class LongWinded:
    """A model that always gives the same long answer."""

    model = "offline:long-winded"

    async def stream(self, ask: Ask) -> AsyncIterator[LlmOutput]:
        for _ in range(8):
            yield TextDelta(
                "The keeper of the lighthouse climbed all of the stairs again, and lit the lamp for the ships. "
            )

    async def close(self) -> None:
        """Nothing is open."""


async def _call(recordings: Recordings, llm: Llm) -> Ears:
    ears = Ears()
    async with open_engines(EngineNames(), (llm,)) as engines:
        cast = Cast({"viva": ServedAgent(embedded.agent(greeting=""), engines)}, "viva")
        await session_of(cast, recordings, [ears], embedded.expected(embedded.script())).run()
    return ears


def measure(quick: bool) -> Iterator[Row]:
    """Rows of (what, figure, bound)."""
    names = TURNS[:3] if quick else TURNS * 3
    ears = run(_call(Recordings([load(RECORDINGS / f"{n}.wav") for n in names]), embedded.script()))
    spent = sorted(r.overhead_ms for r in ears.reports if r.overhead_ms is not None)
    gaps = sorted(r.gap_ms for r in ears.reports if r.gap_ms is not None)
    n = len(spent)
    yield f"own overhead, real time, median of {n} answers", f"{middle(spent)} ms", "-"
    yield f"own overhead, real time, p95 of {n} answers", f"{spent[max(0, -(-n * 95 // 100) - 1)]} ms", "20 ms"
    yield f"gap, real time, median of {n} answers", f"{middle(gaps)} ms", "-"
    yield from _interruptions(quick)


def _interruptions(quick: bool) -> Iterator[Row]:
    ducks, stops, tails = [], [], []
    for name in (
        ("conf-onlyperson", "privacy-prompt") if quick else ("conf-onlyperson", "privacy-prompt", "ss-noservice")
    ):
        pair = [load(RECORDINGS / f"{n}.wav") for n in ("hello-world", name)]
        caller = Recordings([pair[0], replace(pair[1], cut_in_ms=1_500), pair[0]])
        ears = run(_call(caller, LongWinded()))
        if len(ears.onsets) < 2 or not ears.decisions:
            continue
        onset = ears.onsets[1]
        ducks += [t - onset for t in ears.ducks if t >= onset][:1]
        decided = next(t for t in ears.decisions if t >= onset)
        silent = max(t for t in ears.audible if t <= decided + 200)
        stops.append(silent - onset)
        tails.append(silent - decided)
    yield f"interruption, onset to lowered voice, worst of {len(ducks)}", f"{max(ducks)} ms", "100 ms"
    yield f"interruption, onset to silence, worst of {len(stops)}", f"{max(stops)} ms", "200 ms + evidence"
    yield f"interruption, decision to silence, worst of {len(tails)}", f"{max(tails)} ms", "-"
