"""A duet that is over, as files: sound with each voice on its own side, a transcript, captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...audio.mix import lay_out, stereo
from ...audio.pcm import Pcm
from ...audio.wav import wav_header
from ...core.units import OUT_RATE
from .stage import Line


def write_wav(path: Path, pcm: Pcm, lines: Sequence[Line], speakers: tuple[str, str], mixed: bool) -> None:
    """16 bit at 24 kHz: the first speaker left and the second right, or both in one."""
    if mixed:
        path.write_bytes(wav_header(OUT_RATE, 1, pcm.size) + pcm.tobytes())
        return
    sides = [[piece for line in lines if line.speaker == who for piece in line.voice] for who in speakers]
    both = stereo(*(lay_out(side, pcm.size) for side in sides))
    path.write_bytes(wav_header(OUT_RATE, 2, pcm.size) + both.tobytes())


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
