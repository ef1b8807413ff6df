"""A duet that is over, as files: sound with each voice on its own side, a transcript, captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...audio.mix import add, lay_out, stereo
from ...audio.pcm import Pcm
from ...audio.resample import Resampler
from ...audio.wav import wav_header
from ...core.commands import Command, Tell
from ...core.events import DuetBegun, Event
from ...core.notices import ReplyOpened
from ...core.units import IN_RATE, OUT_RATE
from ...runtime.observe import Observer
from .stage import Line


class Sound(Observer):
    """Keeps what sounds: each voice by itself, and whoever cuts in."""

    def __init__(self) -> None:
        self._seats: dict[str, int] = {}
        self._sides: dict[int, int] = {}
        """Reply -> seat."""
        self._voices: tuple[list[tuple[int, Pcm]], list[tuple[int, Pcm]]] = ([], [])
        self._up = Resampler(IN_RATE, OUT_RATE)
        self._person: list[tuple[int, Pcm]] = []
        self._heard = 0

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        if isinstance(event, DuetBegun):
            self._seats |= {event.first: 0, event.second: 1}
        for command in commands:
            if isinstance(command, Tell) and isinstance(command.notice, ReplyOpened):
                self._sides[command.notice.reply] = self._seats.get(command.notice.speaker, 0)

    def spoken(self, reply: int, position: int, pcm: Pcm) -> None:
        self._voices[self._sides.get(reply, 0)].append((position, pcm.copy()))

    def heard(self, now: int, pcm: Pcm) -> None:
        # Silence is told by its place alone.
        louder = self._up.push(pcm)
        if louder.any():
            self._person.append((self._heard, louder))
        self._heard += louder.size

    def write(self, path: Path, mixed: bool) -> None:
        """16 bit at 24 kHz: the first seat left, the second right, a person on both sides; or all of them in one."""
        person = lay_out(self._person)
        sides = [add(lay_out(voice), person) for voice in self._voices]
        samples = max(side.size for side in sides)
        if mixed:
            whole = add(*(lay_out(voice) for voice in self._voices), person)
            path.write_bytes(wav_header(OUT_RATE, 1, samples) + whole.tobytes())
        else:
            path.write_bytes(wav_header(OUT_RATE, 2, samples) + stereo(*sides).tobytes())


def clock(samples: int, mark: str = ".") -> str:
    """`00:01:02.345`."""
    ms = round(samples * 1000 / OUT_RATE)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{mark}{ms % 1000:03}"


def markdown(topic: str, lines: Sequence[Line]) -> str:
    """The transcript, with times; what was cut off is struck through."""
    rows = [f"> {line}" for line in topic.strip().splitlines()]
    for line in lines:
        rest = line.text[len(line.heard) :].strip() if line.interrupted else ""
        cut = f" ~~{rest}~~" if rest else ""
        when = f" ({clock(line.start)})" if line.end else ""
        rows += ["", f"**{line.speaker}**{when}: {line.heard}{cut}"]
    return "\n".join(rows) + "\n"


def captions(lines: Sequence[Line]) -> str:
    """WebVTT: a caption for each answer that was heard."""
    rows = ["WEBVTT"]
    for number, line in enumerate((line for line in lines if line.end and line.heard), 1):
        rows += ["", str(number), f"{clock(line.start)} --> {clock(line.end)}", f"<v {line.speaker}>{line.heard}"]
    return "\n".join(rows) + "\n"
