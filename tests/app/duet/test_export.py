"""What is kept of a duet."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np

from vivavoce.app.duet.export import captions, clock, markdown, write_wav
from vivavoce.app.duet.stage import Line

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


def test_each_voice_is_on_its_own_side(tmp_path: Path) -> None:
    pcm = np.arange(1, 36_001, dtype=np.int64).clip(0, 30_000).astype(np.int16)
    lines = [replace(line, voice=[(line.start, pcm[line.start : line.end])]) for line in LINES]
    write_wav(tmp_path / "a.wav", pcm, lines, ("Ada", "Bob"), mixed=False)
    with wave.open(str(tmp_path / "a.wav")) as sound:
        both = np.frombuffer(sound.readframes(36_000), np.int16).reshape(-1, 2)
    assert both[:24_000, 0].all()
    assert not both[24_000:, 0].any()
    assert not both[:24_000, 1].any()
    assert both[24_000:, 1].all()
    write_wav(tmp_path / "b.wav", pcm, lines, ("Ada", "Bob"), mixed=True)
    with wave.open(str(tmp_path / "b.wav")) as sound:
        assert (sound.getnchannels(), sound.getnframes()) == (1, 36_000)


def test_where_they_overlap_each_side_has_its_own_voice_only(tmp_path: Path) -> None:
    ones, twos = np.full(200, 1000, np.int16), np.full(200, 2000, np.int16)
    lines = [Line("Ada", voice=[(0, ones)]), Line("Bob", voice=[(150, twos[:100]), (300, twos[:100])])]
    write_wav(tmp_path / "a.wav", np.zeros(400, np.int16), lines, ("Ada", "Bob"), mixed=False)
    with wave.open(str(tmp_path / "a.wav")) as sound:
        both = np.frombuffer(sound.readframes(400), np.int16).reshape(-1, 2)
    assert both[:, 0].tolist() == [1000] * 200 + [0] * 200
    assert both[:, 1].tolist() == [0] * 150 + [2000] * 100 + [0] * 50 + [2000] * 100
