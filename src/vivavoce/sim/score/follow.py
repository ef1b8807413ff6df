"""Follows one simulated call and writes down the dialogue that its scores see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...core.commands import Command, Flush, Hold, Report, Tell
from ...core.events import Event, Played, ReplyAudio, UserSound
from ...core.notices import ReplyClosed, TurnReport, UserTurned
from ...core.policy import Yielding
from ...core.units import in_ms
from ..people import Utterance
from .dialogue import Dialogue, Sound, Voice
from .score import Score

if TYPE_CHECKING:
    from ..world import World

GAP_MS = 100
"""Played frames further apart belong to two stretches of voice."""
CUT_MS = 300
"""A stretch that ends within this time of a pause or a stop ended because of it."""


@dataclass(slots=True)
class Tally:
    """Told of every step of a call."""

    world: World
    score: Score = field(default_factory=lambda: Score(calls=1))
    said: list[Utterance] = field(default_factory=list)
    stops: list[int] = field(default_factory=list)
    """When a reply that had begun to sound was paused or stopped."""
    audible: list[tuple[int, int]] = field(default_factory=list)
    """(begin, end) of the agent's audible stretches."""
    ends: list[int] = field(default_factory=list)
    _leads: dict[int, int] = field(default_factory=dict)
    """Silent samples at the beginning of each reply."""

    def utterance(self, said: Utterance) -> None:
        self.said.append(said)

    def step(self, event: Event, commands: list[Command]) -> None:
        score, now = self.score, self.world.now
        score.events += 1
        match event:
            case UserSound():
                score.audio_ms += 32
            case ReplyAudio() if event.part == 0:
                self._leads.setdefault(event.reply, event.lead)
            case Played() if event.samples > self._leads.get(event.reply, 0):
                self._heard(now)
            case _:
                pass
        for command in commands:
            match command:
                case Report():
                    score.reports += 1
                case Flush(reply=reply) | Hold(reply=reply):
                    track = self.world.playout.tracks.get(reply)
                    if track is not None and track.played:
                        self.stops.append(now)
                case Tell(notice=UserTurned()):
                    self.ends.append(now)
                case _:
                    pass

    def _heard(self, now: int) -> None:
        if self.audible and now - self.audible[-1][1] <= GAP_MS:
            self.audible[-1] = (self.audible[-1][0], now)
        else:
            self.audible.append((now, now))

    def closed(self, notice: ReplyClosed, truth_samples: int) -> None:
        if notice.exact and self.world.word_times:
            truth = self.world.tts.heard_truth(notice.reply, min(notice.samples, truth_samples))
            self.score.memory.exact += 1
            self.score.memory.errors += distance(notice.heard.split(), truth.split())

    def report(self, report: TurnReport) -> None:
        if report.turn and report.gap_ms is not None:
            self.score.services.exchange(report)
        if report.why and report.why[0] == "EARLY_WORDS":
            self.score.early.used += 1

    def dialogue(self) -> Dialogue:
        """What was said and heard so far."""
        policy = self.world.policy.barge_in
        sounds = (Sound(u.truth, tuple((in_ms(a), in_ms(b)) for a, b in u.spans), u.text) for u in self.said)
        return Dialogue(
            tuple(sorted(sounds, key=lambda s: s.start)),
            tuple(self._voice(a, b) for a, b in self.audible),
            tuple(self.ends),
            policy.yielding is Yielding.AT_ONCE,
        )

    def _voice(self, begin: int, end: int) -> Voice:
        return Voice(begin, end, any(begin <= at <= end + GAP_MS and end - at <= CUT_MS for at in self.stops))

    def finish(self) -> Score:
        """Add what only the whole call can tell."""
        self.score.early.started = len(self.world.checks.speculative)
        self.score.early.wasted(self.world)
        self.score.judge(self.dialogue())
        return self.score


def distance(a: list[str], b: list[str]) -> int:
    """Word edit distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]
