"""Whole duets with the embedded minds and voices, on a virtual clock, and everything that a user may get wrong."""

from __future__ import annotations

import json
import signal
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vivavoce.app.cli import main
from vivavoce.app.duet import command
from vivavoce.app.duet.costs import Costs
from vivavoce.app.duet.listener import Listener
from vivavoce.app.duet.stage import Line
from vivavoce.app.recording import RECORDINGS, load
from vivavoce.runtime.clock import run

pytestmark = pytest.mark.offline

TOPIC = """Should cities ban cars from their centres? Streets without cars are quieter, and children can play in them.
But shops fear for their customers, and old people for their way to the doctor."""


@pytest.fixture(autouse=True)
def _script(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIVAVOCE_LLM", "VIVAVOCE_STT", "VIVAVOCE_TTS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def topic(tmp_path: Path) -> Path:
    path = tmp_path / "topic.txt"
    path.write_text(TOPIC)
    return path


def duet(capsys: pytest.CaptureFixture[str], *options: object) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    assert main(["duet", "--json", *map(str, options)]) == 0
    *turns, last = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    return turns, last["summary"]


def test_they_take_turns_without_a_pause_and_stay_with_the_topic(
    capsys: pytest.CaptureFixture[str], topic: Path
) -> None:
    turns, summary = duet(capsys, "--topic", topic, "--turns", 8)
    assert [turn["speaker"] for turn in turns] == ["Olive", "Magnus"] * 4
    assert turns[0]["gap_ms"] is None
    assert all(turn["gap_ms"] <= 20 for turn in turns[1:])
    assert {"turn", "speaker", "agent_text", "gap_ms", "hops", "cost"} <= set(turns[0])
    worth = {"cars", "streets", "cities", "centres", "children", "shops", "quieter", "customers", "people", "play"}
    assert all(worth & set(turn["agent_text"].lower().replace(".", "").replace(",", "").split()) for turn in turns)
    assert len({turn["agent_text"] for turn in turns}) == 8
    assert (summary["turns"], summary["ended"], summary["reports"]) == (8, "done", [])


def test_a_gap_that_was_asked_for_is_on_the_samples(capsys: pytest.CaptureFixture[str], topic: Path) -> None:
    turns, _ = duet(capsys, "--topic", topic, "--turns", 4, "--gap", 300)
    assert all(abs(turn["gap_ms"] - 300) <= 30 for turn in turns[1:])
    turns, _ = duet(capsys, "--topic", topic, "--turns", 6, "--gap", "natural")
    assert len({turn["gap_ms"] for turn in turns[1:]}) > 2


def test_sound_and_words_are_kept(capsys: pytest.CaptureFixture[str], topic: Path, tmp_path: Path) -> None:
    out, words, captions = tmp_path / "a.wav", tmp_path / "a.md", tmp_path / "a.vtt"
    turns, summary = duet(capsys, "--topic", topic, "--turns", 3, "--out", out, "--transcript", words)
    with wave.open(str(out)) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (2, 24_000)
        assert abs(sound.getnframes() / 24 - summary["duration_ms"]) < 1_500
    text = words.read_text()
    assert text.startswith("> Should cities ban cars")
    assert all(f"**{turn['speaker']}**" in text and turn["agent_text"] in text for turn in turns)
    duet(capsys, "--topic", topic, "--turns", 3, "--transcript", captions)
    assert captions.read_text().startswith("WEBVTT\n\n1\n00:00:0")
    assert captions.read_text().count("-->") == 3


def test_personas_from_files_may_be_anybody(capsys: pytest.CaptureFixture[str], topic: Path, tmp_path: Path) -> None:
    persona = tmp_path / "zoe.toml"
    persona.write_text('name = "Zoe"\ninstructions = "You are Zoe."\nvoice = "grace"\nspeed = 1.1\n')
    turns, _ = duet(capsys, "--topic", topic, "--a", persona, "--turns", 2)
    assert [turn["speaker"] for turn in turns] == ["Zoe", "Magnus"]


@pytest.mark.parametrize(
    ("persona", "why"),
    [
        ("name = 3", "zoe.toml: Expected `str`, got `int` - at `$.name`; fields are name, instructions, voice"),
        ("name = 'Zoe'\ncolour = 'red'\ninstructions = 'x'", "contains unknown field `colour`"),
        ("name = ", "cannot be read as TOML"),
        ("name = 'Magnus'\ninstructions = 'x'", "both personas are called Magnus; fix: give one of them another name"),
        ("name = 'Zoe'\ninstructions = 'x'\nvoice = 'bruno'", "unknown voice 'bruno'; fix: choose one of emma"),
        ("name = 'Zoe'\ninstructions = 'x'\ntts = 'nobody:x'", "'nobody:x' names no engine for tts"),
    ],
)
def test_personas_that_cannot_speak(
    capsys: pytest.CaptureFixture[str], topic: Path, tmp_path: Path, persona: str, why: str
) -> None:
    path = tmp_path / "zoe.toml"
    path.write_text(persona)
    assert main(["duet", "--topic", str(topic), "--a", str(path), "--turns", "2"]) == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--turns", "0"], "--turns must be 1 or more, not 0"),
        (["--gap", "long"], "--gap is a number of ms, or natural; not 'long'"),
        (["--a", "pessimist"], "pessimist: no such persona; fix: name a TOML file, or one of optimist, skeptic"),
    ],
)
def test_options_that_make_no_sense(
    capsys: pytest.CaptureFixture[str], topic: Path, options: list[str], why: str
) -> None:
    assert main(["duet", "--topic", str(topic), *options]) == 2
    assert why in capsys.readouterr().err


def test_a_topic_that_is_missing_or_empty(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["duet", "--topic", str(tmp_path / "none.txt")]) == 2
    assert "fix: give a text file" in capsys.readouterr().err
    (tmp_path / "empty.txt").write_text(" \n")
    assert main(["duet", "--topic", str(tmp_path / "empty.txt")]) == 2
    assert "is empty; fix: write what they are to talk about" in capsys.readouterr().err


def test_the_same_voice_twice_is_warned_of(capsys: pytest.CaptureFixture[str], topic: Path, tmp_path: Path) -> None:
    persona = tmp_path / "zoe.toml"
    persona.write_text('name = "Zoe"\ninstructions = "You are Zoe."\nvoice = "george"\n')
    assert main(["duet", "--topic", str(topic), "--a", str(persona), "--turns", "2"]) == 0
    assert "will be hard to tell apart" in capsys.readouterr().err


def test_a_person_cuts_in_is_answered_and_they_go_on(
    capsys: pytest.CaptureFixture[str], topic: Path, tmp_path: Path
) -> None:
    cut = RECORDINGS / "tt-somethingwrong.wav"
    words = tmp_path / "a.md"
    given = ["--topic", topic, "--turns", 6, "--in", f"{cut}@9", "--expect", "something is terribly wrong"]
    turns, summary = duet(capsys, *given, "--transcript", words)
    said = next(n for n, turn in enumerate(turns) if turn["speaker"] == "listener")
    assert 0 < said < len(turns) - 2
    before, after = turns[said - 1], turns[said + 1]
    assert before["interrupted"] or turns[said - 2]["interrupted"]
    assert after["speaker"] in ("Olive", "Magnus")
    assert summary["ended"] == "done"
    assert "~~" in words.read_text()


def test_a_cut_that_makes_no_sense(capsys: pytest.CaptureFixture[str], topic: Path) -> None:
    assert main(["duet", "--topic", str(topic), "--in", "question.wav"]) == 2
    assert "--in is a recording and when it cuts in, as question.wav@7.5" in capsys.readouterr().err


def test_ctrl_c_ends_it_and_what_was_heard_is_kept(
    capsys: pytest.CaptureFixture[str], topic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = command.printer

    def leaving(as_json: bool, costs: Costs) -> Callable[[int, Line], None]:
        show = shown(as_json, costs)

        def line(number: int, said: Line) -> None:
            show(number, said)
            if number == 2:
                signal.raise_signal(signal.SIGINT)

        return line

    monkeypatch.setattr(command, "printer", leaving)
    out, words = tmp_path / "a.wav", tmp_path / "a.md"
    turns, summary = duet(capsys, "--topic", topic, "--turns", 9, "--out", out, "--transcript", words)
    assert 2 <= len(turns) <= 3
    assert summary["ended"] == "cancelled"
    assert words.read_text().count("**") >= 4
    with wave.open(str(out)) as sound:
        assert sound.getnframes() > 24_000


def test_by_microphone_and_loudspeaker_a_person_may_cut_in(
    capsys: pytest.CaptureFixture[str], topic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = load(RECORDINGS / "tt-somethingwrong.wav").pcm
    monkeypatch.setattr("vivavoce.transports.mic.open_microphone", lambda: Listener([(9.0, cut)]))
    # A microphone is of this world, and time is not.
    monkeypatch.setattr(command, "run_loop", lambda main, realtime: run(main, realtime=not realtime))
    turns, _ = duet(capsys, "--topic", topic, "--turns", 4, "--speakers", "--expect", "something is terribly wrong")
    assert [turn["speaker"] for turn in turns].count("listener") == 1
    assert any(turn["interrupted"] for turn in turns)
