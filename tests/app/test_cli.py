"""The command line from outside: what a user types, sees, and gets wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vivavoce.app.cli import COMMANDS, main, parser
from vivavoce.app.recording import RECORDINGS
from vivavoce.audio.wav import read_wav, write_wav

HELLO = str(RECORDINGS / "hello-world.wav")
THANKS = str(RECORDINGS / "auth-thankyou.wav")


@pytest.fixture(autouse=True)
def _script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_LLM", "offline:script")


def rows(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def wav(path: Path, pcm: np.ndarray, rate: int = 16_000) -> str:
    path.write_bytes(write_wav(pcm.astype(np.int16), rate))
    return str(path)


def test_every_command_has_help() -> None:
    text = parser().format_help()
    for name, about in COMMANDS.items():
        assert name in text
        assert about.split(":")[0] in text


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["--version"])
    assert done.value.code == 0
    assert capsys.readouterr().out.startswith("vivavoce 0.")


def test_an_unknown_option_shows_how_that_command_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["simulate", "--frobnicate"])
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.startswith("usage: vivavoce simulate")
    assert said.endswith("vivavoce simulate: error: unrecognized arguments: --frobnicate\n")


def test_import_is_light() -> None:
    code = (
        "import sys, vivavoce, vivavoce.core.conversation\n"
        "heavy = {'numpy', 'onnxruntime', 'asyncio', 'pydantic', 'rich', 'msgspec'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# talk


def test_typed_turns_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["talk", "--text", "hello", "--text", "what is seven times eight", "--json"]) == 0
    *turns, last = rows(capsys.readouterr().out)
    assert [t["user_text"] for t in turns] == ["", "hello", "what is seven times eight"]
    answer = turns[2]
    assert "56" in answer["agent_text"] or "fifty" in answer["agent_text"].lower()
    assert answer["heard_text"] == answer["agent_text"]
    assert answer["interrupted"] is False
    assert sum(answer["hops"].values()) == answer["gap_ms"]
    assert set(answer) >= {"turn", "overhead_ms", "usage", "cost", "why"}
    assert last["summary"]["turns"] == 2
    assert last["summary"]["cost"] == 0


def test_a_tool_is_called_by_what_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["talk", "--text", "roll a die with twenty sides", "--json"]) == 0
    turn = rows(capsys.readouterr().out)[1]
    assert "die shows" in turn["agent_text"]
    assert turn["why"].count("TOOL_RESULT") == 1


def test_a_spoken_call_on_human_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, rec = tmp_path / "call.wav", tmp_path / "rec"
    command = ["talk", "--in", HELLO, "--in", THANKS, "--out", str(out), "--stereo", "--record", str(rec), "--json"]
    assert main(command) == 0
    *turns, last = rows(capsys.readouterr().out)
    spoken = [t for t in turns if t["turn"]]
    assert len(spoken) == 2
    assert "thank you" in spoken[1]["user_text"]
    for turn in spoken:
        assert turn["agent_text"]
        assert turn["heard_text"] == turn["agent_text"]
        assert 240 <= turn["gap_ms"] <= 2_500
        assert sum(turn["hops"].values()) == turn["gap_ms"]
    assert last["summary"]["underruns"] == 0
    audio, rate = read_wav(out.read_bytes())
    assert rate == 24_000
    assert audio.shape[1] == 2
    assert all(np.abs(audio[:, side]).max() > 1_000 for side in (0, 1))
    assert main(["replay", str(rec)]) == 0
    assert capsys.readouterr().out.startswith("identical: ")
    assert main(["replay", str(rec), "--policy", "endpoint.finished_ms=1500"]) == 0
    assert capsys.readouterr().out.startswith("different from line ")
    assert main(["explain", str(rec)]) == 0
    told = capsys.readouterr().out
    assert "UserTurned" in told
    assert "the turn is over" in told
    assert "gap " in told


def test_an_answer_that_is_cut_into_is_heard_in_part(capsys: pytest.CaptureFixture[str]) -> None:
    somebody = str(RECORDINGS / "conf-onlyperson.wav")
    command = ["talk", "--in", HELLO, "--in", somebody, "--cut-in", "0.4", "--json"]
    command += ["--greeting", "", "--policy", "barge_in.stop_after_ms=500", "--speed", "0.6"]
    assert main(command) == 0
    turns = rows(capsys.readouterr().out)[:-1]
    cut = turns[0]
    assert cut["interrupted"] is True
    assert cut["agent_text"].startswith(cut["heard_text"])
    assert len(cut["heard_text"]) < len(cut["agent_text"])
    assert "only person" in turns[1]["user_text"]


def test_the_agents_side_alone_is_mono(tmp_path: Path) -> None:
    out = tmp_path / "agent.wav"
    assert main(["talk", "--text", "hello", "--out", str(out), "--json"]) == 0
    audio, rate = read_wav(out.read_bytes())
    assert (audio.shape[1], rate) == (1, 24_000)


# what users get wrong


def noise() -> np.ndarray:
    return np.random.default_rng(1).integers(-6_000, 6_000, 48_000)


BAD = {
    "missing": (lambda p: str(p / "no.wav"), "no such file"),
    "folder": (lambda p: str(p), "fix"),
    "broken": (lambda p: (p / "x.wav").write_bytes(b"hello" * 20) and str(p / "x.wav"), "no WAV"),
    "nothing": (lambda p: (p / "x.wav").write_bytes(b"") or str(p / "x.wav"), "empty"),
    "no samples": (lambda p: wav(p / "x.wav", np.zeros(0)), "no samples"),
    "silence": (lambda p: wav(p / "x.wav", np.zeros(32_000)), "only silence"),
    "absurd rate": (lambda p: wav(p / "x.wav", np.ones(32_000), rate=12), "12 samples per second"),
    "noise": (lambda p: wav(p / "x.wav", noise()), "nobody speaks"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_recordings_are_refused_in_one_line(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, expected = BAD[case]
    out, rec = tmp_path / "out.wav", tmp_path / "rec"
    assert main(["talk", "--in", make(tmp_path), "--out", str(out), "--record", str(rec)]) == 2
    said = capsys.readouterr().err
    assert expected in said
    assert said.count("\n") == 1
    assert not out.exists()
    assert not rec.exists()


WRONG = {
    "unknown key": (["talk", "--text", "x", "--policy", "endpoint.silense_ms=1"], "did you mean 'endpoint.silence_ms'"),
    "no value": (["talk", "--text", "x", "--policy", "endpoint.silence_ms"], "KEY=VALUE"),
    "bad value": (["simulate", "--policy", "endpoint.silence_ms=soon"], "needs a whole number"),
    "voice": (["talk", "--text", "x", "--voice", "nobody"], "choose one of"),
    "speed": (["talk", "--text", "x", "--speed", "9"], "0.5 to 2"),
    "both": (["talk", "--text", "x", "--in", HELLO], "choose one"),
    "cut in": (["talk", "--in", HELLO, "--cut-in", "-1"], "0 to 60"),
    "no seeds": (["simulate", "--seeds", "0"], "1 or more"),
    "no recording": (["replay", "/nonexistent/rec"], "no such recording"),
    "out in a missing folder": (["talk", "--text", "x", "--out", "/nonexistent/a.wav"], "cannot write"),
}


@pytest.mark.parametrize("case", WRONG)
def test_mistakes_are_answered_in_one_line(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, expected = WRONG[case]
    assert main(command) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("vivavoce: ")
    assert expected in said


@pytest.mark.parametrize("keep", [0, 40, 2_000])
def test_a_damaged_capture_is_refused(keep: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["talk", "--text", "hello", "--record", str(tmp_path / "rec"), "--json"]) == 0
    capsys.readouterr()
    file = tmp_path / "rec" / "capture.jsonl"
    file.write_bytes(file.read_bytes()[:keep])
    for command in ("replay", "explain"):
        assert main([command, str(tmp_path / "rec")]) == 2
        assert capsys.readouterr().err.count("\n") == 1


# simulate


def test_simulate_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--seeds", "4", "--first-seed", "9", "--caller", "polite", "--json"]) == 0
    shape = json.loads(capsys.readouterr().out)
    assert (shape["seeds"], shape["violations"], shape["failures"]) == (4, 0, [])
    assert shape["metrics"]["calls"] == 4


def test_simulate_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--seeds", "3"]) == 0
    assert "every invariant held" in capsys.readouterr().out


def test_a_failing_seed_is_shown_with_its_timeline(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from vivavoce.sim import checks

    def broken(self: checks.Checks) -> None:
        raise checks.Violation("one audible reply", "two voices")

    monkeypatch.setattr(checks.Checks, "_one_voice", broken)
    assert main(["simulate", "--seeds", "1", "--first-seed", "6"]) == 1
    told = capsys.readouterr().out
    assert "seed 6" in told
    assert "!! one audible reply: two voices" in told
    assert "event -> commands (why)" in told


def test_one_call_as_a_timeline(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--seeds", "1", "--timeline"]) == 0
    assert "event -> commands (why)" in capsys.readouterr().out
