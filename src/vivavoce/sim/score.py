"""What a simulated call was like for the caller: counts and times from the truth, added up over many calls.

Definitions: a gap is the first audible sample of an answer minus the true end of the caller's turn. A real
interruption counts as yielded when the agent falls silent within 2.0 s of its onset; a backchannel or tic as
survived when the agent does not stop within 1.0 s. A cut hold is a pause inside a turn in which the turn was
committed. Heard-text error is the word edit distance between the history and the words played.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core.commands import Command, Flush, Hold, Report, Resume, Tell
from ..core.events import Event, Played, UserSound
from ..core.notices import ReplyClosed, TurnReport, UserTurned
from ..core.policy import Yielding
from ..core.units import in_ms
from .people import Truth, Utterance

if TYPE_CHECKING:
    from .world import World

YIELD_MS = 2_000
SURVIVE_MS = 1_000


@dataclass(slots=True)
class Counts:
    """Plain numbers and lists that add up."""

    calls: int = 0
    events: int = 0
    audio_ms: int = 0
    turns: int = 0
    answered: int = 0
    gaps: list[int] = field(default_factory=list)
    overheads: list[int] = field(default_factory=list)
    interruptions: int = 0
    yielded: int = 0
    stops: list[int] = field(default_factory=list)
    backchannels: int = 0
    backchannels_survived: int = 0
    tics: int = 0
    tics_survived: int = 0
    holds: int = 0
    cut_holds: int = 0
    heard_errors: int = 0
    exact: int = 0
    dead_air_ms: int = 0
    """Silence of the agent caused by sound that meant nothing."""
    early_started: int = 0
    early_used: int = 0
    reports: int = 0

    def add(self, other: Counts) -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def metrics(self) -> dict[str, Any]:
        """Percentiles and rates; None where there was no occasion."""
        return {
            "calls": self.calls,
            "events": self.events,
            "audio_minutes": round(self.audio_ms / 60_000, 2),
            "turns": self.turns,
            "R_R": _rate(self.answered, self.turns),
            **{f"gap_p{q}_ms": _percentile(self.gaps, q) for q in (50, 90, 95, 99)},
            "gap_mean_ms": round(sum(self.gaps) / len(self.gaps)) if self.gaps else None,
            "overhead_p95_ms": _percentile(self.overheads, 95),
            "interruptions": self.interruptions,
            "R_Y": _rate(self.yielded, self.interruptions),
            "L_Y_ms": round(sum(self.stops) / len(self.stops)) if self.stops else None,
            "stop_p95_ms": _percentile(self.stops, 95),
            "S_BC": _rate(self.backchannels_survived, self.backchannels),
            "S_VT": _rate(self.tics_survived, self.tics),
            "holds": self.holds,
            "false_cutoffs": _rate(self.cut_holds, self.holds),
            "heard_text_errors": self.heard_errors,
            "heard_exact": self.exact,
            "dead_air_ms": self.dead_air_ms,
            "speculation_hit": _rate(self.early_used, self.early_started),
            "reports": self.reports,
        }


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _percentile(values: list[int], q: int) -> int | None:
    """The smallest value that at least q % of all values do not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * q // 100) - 1)]


@dataclass(slots=True)
class Tally:
    """Follows one call."""

    world: World
    counts: Counts = field(default_factory=lambda: Counts(calls=1))
    _said: list[Utterance] = field(default_factory=list)
    _stopped_at: list[int] = field(default_factory=list)
    """When replies in progress were flushed."""
    _audible: list[list[int]] = field(default_factory=list)
    """[begin, end] of the agent's audible stretches."""
    _commits: list[int] = field(default_factory=list)
    _held_since: int | None = None

    def utterance(self, said: Utterance) -> None:
        self._said.append(said)

    def step(self, event: Event, commands: list[Command]) -> None:
        counts, now = self.counts, self.world.now
        counts.events += 1
        if isinstance(event, UserSound):
            counts.audio_ms += 32
        elif isinstance(event, Played):
            self._heard(now)
        for command in commands:
            match command:
                case Report():
                    counts.reports += 1
                case Flush(reply=reply):
                    self._held_since = None
                    track = self.world.playout.tracks.get(reply)
                    if track is not None and track.played:
                        self._stopped_at.append(now)
                case Hold(reply=reply):
                    track = self.world.playout.tracks.get(reply)
                    self._held_since = now if track is not None and track.played else None
                case Resume():
                    if self._held_since is not None:
                        counts.dead_air_ms += now - self._held_since
                    self._held_since = None
                case Tell(notice=UserTurned(end=end)):
                    self._commits.append(end)
                    counts.turns += 1
                case _:
                    pass

    def _heard(self, now: int) -> None:
        if self._audible and now - self._audible[-1][1] <= 100:
            self._audible[-1][1] = now
        else:
            self._audible.append([now, now])

    def closed(self, notice: ReplyClosed, truth_samples: int) -> None:
        if notice.exact and self.world.word_times:
            self.counts.exact += 1
            truth = self.world.tts.heard_truth(notice.reply, min(notice.samples, truth_samples))
            self.counts.heard_errors += distance(notice.heard.split(), truth.split())

    def report(self, report: TurnReport) -> None:
        if report.turn and report.gap_ms is not None:
            self.counts.answered += 1
            self.counts.gaps.append(report.gap_ms)
            if report.overhead_ms is not None:
                self.counts.overheads.append(report.overhead_ms)
        if report.why and report.why[0] == "EARLY_WORDS":
            self.counts.early_used += 1

    def finish(self) -> Counts:
        """Add what only the whole call can tell."""
        counts, checks = self.counts, self.world.checks
        counts.early_started = len(checks.speculative)
        for said in self._said:
            self._score(said)
        return counts

    def _may_be_interrupted(self) -> bool:
        """An agent told never to yield is not scored for yielding."""
        return self.world.policy.barge_in.yielding is Yielding.AT_ONCE

    def _score(self, said: Utterance) -> None:
        counts, onset = self.counts, in_ms(said.start)
        stop = next((t for t in self._stopped_at if onset <= t), None)
        if said.truth is Truth.INTERRUPTION and said.over_agent and self._may_be_interrupted():
            counts.interruptions += 1
            silent = next((b for a, b in self._audible if a <= onset + 100 and b >= onset - 100), onset)
            if silent - onset <= YIELD_MS:
                counts.yielded += 1
            if stop is not None and stop - onset <= YIELD_MS:
                counts.stops.append(stop - onset)
        elif said.truth is Truth.BACKCHANNEL and said.over_agent:
            counts.backchannels += 1
            counts.backchannels_survived += stop is None or stop - onset > SURVIVE_MS
        elif said.truth is Truth.TIC and said.over_agent:
            counts.tics += 1
            counts.tics_survived += stop is None or stop - onset > SURVIVE_MS
        elif said.truth is Truth.TURN:
            holds = said.holds()
            counts.holds += len(holds)
            counts.cut_holds += sum(any(a - 1600 <= end < b for end in self._commits) for a, b in holds)


def distance(a: list[str], b: list[str]) -> int:
    """Word edit distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]
