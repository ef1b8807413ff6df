"""Steering a duet while it runs: by cues of the command, whose lines a moderator may also type."""

from __future__ import annotations

from pathlib import Path

import pytest

from vivavoce.app.cli import main
from vivavoce.app.duet.director import LONGEST_LINE, checked
from vivavoce.core.errors import BadInput

from .test_command import _script, duet, topic

__all__ = ["_script", "topic"]
pytestmark = pytest.mark.offline


def test_a_moderator_is_taken_up_by_the_next_answer(capsys: pytest.CaptureFixture[str], topic: Path) -> None:
    turns, summary = duet(capsys, "--topic", topic, "--turns", 5, "--cue", "9 What about wild horses?")
    about = ["horses" in turn["agent_text"] or "wild" in turn["agent_text"] for turn in turns]
    assert about == [False, False, True, True, True]
    assert [turn["interrupted"] for turn in turns] == [False] * 5
    # What had been prepared without it was for nothing.
    assert summary["cost"]["wasted"]["amounts"]
    assert summary["turns"] == 5


def test_another_topic(capsys: pytest.CaptureFixture[str], topic: Path, tmp_path: Path) -> None:
    (tmp_path / "soup.txt").write_text("Is soup a meal? Soup is mostly water.")
    turns, _ = duet(capsys, "--topic", topic, "--turns", 4, "--cue", f"9 /topic {tmp_path / 'soup.txt'}")
    assert [any(word in turn["agent_text"].lower() for word in ("soup", "water")) for turn in turns][-2:] == [True] * 2


def test_another_persona_takes_a_seat(capsys: pytest.CaptureFixture[str], topic: Path, tmp_path: Path) -> None:
    persona = tmp_path / "zoe.toml"
    persona.write_text('name = "Zoe"\ninstructions = "You are Zoe."\nvoice = "grace"\n')
    turns, _ = duet(capsys, "--topic", topic, "--turns", 6, "--cue", f"9 /b {persona}", "--out", tmp_path / "a.wav")
    assert [turn["speaker"] for turn in turns] == ["Olive", "Magnus", "Olive", "Zoe", "Olive", "Zoe"]
    assert all(turn["gap_ms"] <= 20 for turn in turns[1:])


def test_an_end(capsys: pytest.CaptureFixture[str], topic: Path) -> None:
    turns, summary = duet(capsys, "--topic", topic, "--turns", 9, "--cue", "9 /end")
    assert summary["ended"] == "moderator"
    assert len(turns) < 4


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("/a nobody", "nobody: no such persona"),
        ("/a skeptic", "both personas are called Magnus"),
        ("/topic none.txt", "none.txt cannot be read"),
        ("/stop", "there is no /stop; fix: write /a PERSONA"),
    ],
)
def test_what_cannot_be_is_said_and_they_go_on(
    capsys: pytest.CaptureFixture[str], topic: Path, line: str, why: str
) -> None:
    assert main(["duet", "--topic", str(topic), "--turns", "3", "--cue", f"1 {line}"]) == 0
    shown = capsys.readouterr()
    assert why in shown.err
    assert "3 answers" in shown.out


@pytest.mark.parametrize("cue", ["now", "x Speak up.", "-3 Speak up.", "5 "])
def test_a_cue_that_makes_no_sense(capsys: pytest.CaptureFixture[str], topic: Path, cue: str) -> None:
    assert main(["duet", "--topic", str(topic), f"--cue={cue}"]) == 2
    assert "--cue is when a moderator says something, and what" in capsys.readouterr().err


def test_lines_are_not_empty_and_not_endless() -> None:
    with pytest.raises(BadInput, match="the line is empty; fix: write something"):
        checked(" \n", "the line", 10)
    with pytest.raises(BadInput, match=f"has {LONGEST_LINE + 1} characters; fix: write at most {LONGEST_LINE}"):
        checked("x" * (LONGEST_LINE + 1), "the line", LONGEST_LINE)
