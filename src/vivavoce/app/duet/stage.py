"""Watches a duet: where each answer sounds, the silence between them measured on the samples, and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...audio.levels import lead_silence, trail_silence
from ...audio.pcm import Pcm
from ...core.commands import Command, Tell
from ...core.events import Event
from ...core.notices import Origin, ReplyClosed, ReplyOpened, TurnReport, UserTurned
from ...core.units import IN_RATE, OUT_RATE
from ...runtime.observe import Observer


@dataclass(slots=True)
class Line:
    """One answer, or what a person said."""

    speaker: str
    text: str = ""
    heard: str = ""
    start: int = 0
    """Sample (24 kHz) of the call at which it begins to sound."""
    end: int = 0
    gap_ms: int | None = None
    """From the last audible sample before it to its first; negative where they overlap. None for the first one, and
    after a person."""
    hops: tuple[tuple[str, int], ...] = ()
    cost: float | None = 0.0
    interrupted: bool = False
    voice: list[tuple[int, Pcm]] = field(default_factory=list)
    """Its own sound without that of others, in pieces: sample of the call, and what sounds from there on. Kept until
    the next one has been heard."""

    def first_audible(self) -> int:
        """Sample of the call; `end` where all of it is silent."""
        for at, pcm in self.voice:
            if (silent := lead_silence(pcm, OUT_RATE)) < pcm.size:
                return at + silent
        return self.end

    def last_audible(self) -> int:
        """The sample after it; `start` where all of it is silent."""
        for at, pcm in reversed(self.voice):
            if (silent := trail_silence(pcm, OUT_RATE)) < pcm.size:
                return at + pcm.size - silent
        return self.start


class Stage(Observer):
    def __init__(self, on_line: Callable[[int, Line], None] = lambda number, line: None) -> None:
        """`on_line` gets each line with its number, from 1 on, as soon as it is over."""
        self.lines: list[Line] = []
        self._on_line = on_line
        self._open: dict[int, Line] = {}

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, Tell):
                self._take(command.notice)

    def _take(self, notice: object) -> None:
        match notice:
            case ReplyOpened(reply, speaker=speaker):
                self._open[reply] = Line(speaker)
            case UserTurned(_, _, text, start, end) if text:
                self._say(Line("listener", text, text, start * OUT_RATE // IN_RATE, end * OUT_RATE // IN_RATE))
            case ReplyClosed(reply, _, text, heard) if reply in self._open:
                line = self._open[reply]
                line.text, line.heard, line.interrupted = text, heard, heard != text
            case TurnReport(reply=reply) if reply in self._open:
                line = self._open.pop(reply)
                line.hops, line.cost = notice.hops, notice.cost
                if line.heard or notice.origin is not Origin.DUET:
                    line.gap_ms = self._gap(line)
                    self._say(line)
            case _:
                return

    def speaker(self, reply: int) -> str:
        """Who speaks in a reply that is not over; empty for one that is, or was never opened."""
        line = self._open.get(reply)
        return "" if line is None else line.speaker

    def _say(self, line: Line) -> None:
        if self.lines:
            self.lines[-1].voice.clear()
        self.lines.append(line)
        self._on_line(len(self.lines), line)

    def spoken(self, reply: int, position: int, pcm: Pcm) -> None:
        line = self._open.get(reply)
        if line is not None:
            if not line.voice:
                line.start = position
            line.voice.append((position, pcm.copy()))
            line.end = position + pcm.size

    def _gap(self, line: Line) -> int | None:
        before = self.lines[-1] if self.lines else None
        if before is None or before.speaker == "listener" or before.interrupted:
            return None
        samples = line.first_audible() - before.last_audible()
        return round(samples * 1000 / OUT_RATE)
