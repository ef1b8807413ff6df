"""What is kept of a duet."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np

from vivavoce.app.duet.export import Sound, captions, clock, markdown
from vivavoce.app.duet.stage import Line
from vivavoce.core.commands import Tell, Why
from vivavoce.core.events import DuetBegun
from vivavoce.core.notices import Origin, ReplyOpened

LINES = [
    Line("Ada", "Early is good.", "Early is good.", 0, 24_000),
    Line("Bob", "Late is better, my friend.", "Late is", 24_000, 36_000, 0, interrupted=True),
    Line("listener", "stop", "stop"),
]


def test_times() -> None:
    assert clock(24_000 * 3_725 + 12) == "01:02:05.000"
    assert clock(36) == "00:00:00.002"


def test_a_transcript_says_what_was_heard_and_strikes_out_the_rest() -> None:
    assert markdown("Rise early?\nOr late?", LINES) == (
        "> Rise early?\n> Or late?\n\n**Ada** (00:00:00.000): Early is good.\n\n"
        "**Bob** (00:00:01.000): Late is ~~better, my friend.~~\n\n**listener**: stop\n"
    )


def test_captions_are_of_what_sounded() -> None:
    assert captions(LINES) == (
        "WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.000\n<v Ada>Early is good.\n\n"
        "2\n00:00:01.000 --> 00:00:01.500\n<v Bob>Late is\n"
    )


def sound(*pieces: tuple[str, int, int, int]) -> Sound:
    """Pieces: who, from which sample on, how many, how loud."""
    found = Sound()
    opened = tuple(Tell(ReplyOpened(n, Origin.DUET, "", "", True, who), Why.DUET) for n, (who, *_) in enumerate(pieces))
    found.handled(0, DuetBegun("Ada", "Bob"), opened)
    for number, (_, at, samples, level) in enumerate(pieces):
        found.spoken(number, at, np.full(samples, level, np.int16))
    return found


def written(found: Sound, path: Path, mixed: bool = False) -> np.ndarray[Any, np.dtype[np.int16]]:
    found.write(path, mixed)
    with wave.open(str(path)) as file:
        assert file.getframerate() == 24_000
        return np.frombuffer(file.readframes(1 << 20), np.int16).reshape(-1, file.getnchannels())


def test_each_voice_is_on_its_own_side_also_where_they_overlap(tmp_path: Path) -> None:
    both = written(sound(("Ada", 0, 200, 1000), ("Bob", 150, 100, 2000), ("Bob", 300, 100, 2000)), tmp_path / "a.wav")
    assert both[:, 0].tolist() == [1000] * 200 + [0] * 200
    assert both[:, 1].tolist() == [0] * 150 + [2000] * 100 + [0] * 50 + [2000] * 100


def test_mixed_they_are_one(tmp_path: Path) -> None:
    one = written(sound(("Ada", 0, 200, 1000), ("Bob", 150, 100, 2000)), tmp_path / "a.wav", mixed=True)
    assert one[:, 0].tolist() == [1000] * 150 + [3000] * 50 + [2000] * 50


def test_who_cuts_in_is_heard_on_both_sides(tmp_path: Path) -> None:
    found = sound(("Ada", 0, 24_000, 1000))
    found.heard(0, np.zeros(8_000, np.int16))
    found.heard(500, np.full(8_000, 5000, np.int16))
    both = written(found, tmp_path / "a.wav")
    assert not both[:10_000, 1].any()
    assert np.allclose(both[14_000:22_000, 1], 5000, atol=50)
    assert np.allclose(both[14_000:22_000, 0], 6000, atol=50)


def test_a_persona_that_takes_a_seat_is_on_its_side(tmp_path: Path) -> None:
    found = sound(("Ada", 0, 100, 1000))
    opened = Tell(ReplyOpened(9, Origin.DUET, "", "", True, "Cleo"), Why.DUET)
    found.handled(0, DuetBegun("Ada", "Cleo"), (opened,))
    found.spoken(9, 100, np.full(50, 2000, np.int16))
    assert written(found, tmp_path / "a.wav")[100:, 1].tolist() == [2000] * 50
