"""Follows a call, event by event and command by command, and writes down the dialogue that its scores see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ...core.commands import Command, Flush, Generate, Hold, Report, Tell
from ...core.events import Event, Played, ReplyAudio, UserSound
from ...core.meter import Meter
from ...core.notices import Notice, ReplyClosed, ReplyOpened, TurnReport, UserTurned
from .dialogue import Dialogue, Sound, Voice
from .score import Score

GAP_MS = 100
"""Played frames further apart belong to two stretches of voice."""
CUT_MS = 300
"""A stretch that ends within this time of a pause or a stop ended because of it."""


@dataclass(slots=True)
class Follow:
    """Told of every step of a call."""

    score: Score = field(default_factory=lambda: Score(calls=1))
    stops: list[int] = field(default_factory=list)
    """When a reply that had begun to sound was paused or stopped."""
    audible: list[tuple[int, int]] = field(default_factory=list)
    """(begin, end) of the agent's audible stretches."""
    ends: list[int] = field(default_factory=list)
    """When a turn was decided to be over."""
    _leads: dict[int, int] = field(default_factory=dict)
    """Silent samples at the beginning of each reply."""
    _reached: dict[int, int] = field(default_factory=dict)
    """How much of each reply was heard, of those that began to sound."""
    _early: set[int] = field(default_factory=set)
    _opened: set[int] = field(default_factory=set)

    def step(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        self.score.events += 1
        match event:
            case UserSound():
                self.score.audio_ms += event.samples // 16
            case ReplyAudio() if event.part == 0:
                self._leads.setdefault(event.reply, event.lead)
            case Played() if event.samples > self._reached.get(event.reply, self._leads.get(event.reply, 0)):
                self._reached[event.reply] = event.samples
                self._heard(now)
            case _:
                pass
        for command in commands:
            match command:
                case Report():
                    self.score.reports += 1
                case Flush(reply=reply) | Hold(reply=reply) if reply in self._reached:
                    self.stops.append(now)
                case Generate(reply=reply, speculative=True):
                    self._early.add(reply)
                case Tell(notice=notice):
                    self._told(now, notice)
                case _:
                    pass

    def _told(self, now: int, notice: Notice) -> None:
        match notice:
            case UserTurned():
                self.ends.append(now)
            case ReplyOpened():
                self._opened.add(notice.reply)
            case TurnReport():
                if notice.turn and notice.gap_ms is not None:
                    self.score.services.exchange(notice)
                self.score.early.used += notice.why[:1] == ("EARLY_WORDS",)
            case _:
                pass

    def _heard(self, now: int) -> None:
        if self.audible and now - self.audible[-1][1] <= GAP_MS:
            self.audible[-1] = (self.audible[-1][0], now)
        else:
            self.audible.append((now, now))

    def closed(self, notice: ReplyClosed, truth: str) -> None:
        """A reply with exact word times is over; `truth`: the words of it that were played."""
        self.score.memory.exact += 1
        self.score.memory.errors += distance(notice.heard.split(), truth.split())

    def dialogue(self, sounds: Iterable[Sound], yields: bool = True) -> Dialogue:
        """What was said and heard so far, with what the caller's sounds truly were."""
        ordered = tuple(sorted(sounds, key=lambda sound: sound.start))
        return Dialogue(ordered, tuple(self._voice(a, b) for a, b in self.audible), tuple(self.ends), yields)

    def _voice(self, begin: int, end: int) -> Voice:
        return Voice(begin, end, any(begin <= at <= end + GAP_MS and end - at <= CUT_MS for at in self.stops))

    def finish(self, meter: Meter, dialogue: Dialogue) -> Score:
        """Add what only the whole call can tell."""
        self.score.early.started = len(self._early)
        for reply in self._early - self._opened:
            self.score.early.wasted(meter.take(reply))
        self.score.judge(dialogue)
        return self.score


def distance(a: list[str], b: list[str]) -> int:
    """Word edit distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]
