"""`vivavoce score` as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vivavoce.app.cli import main
from vivavoce.audio.wav import write_wav
from vivavoce.sim import trial

NAMED = (
    "R_Y", "L_Y", "R_R", "L_R", "I_A", "S_BC", "S_VT", "S_ND", "gap_p50_ms", "gap_p95_ms", "cut_at_300", "cut_at_600",
    "lat_at_5", "heard_text_errors", "dead_air_ms",
)  # fmt: skip


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "READ", 6)


def test_simulated_dialogues_are_scored_and_kept_to_be_scored_again(tmp_path: Path, capsys) -> None:
    kept, page = tmp_path / "kept", tmp_path / "page.html"
    given = ["score", "--simulated", "2", "--first-seed", "7", "--jobs", "1", "--json"]
    assert main([*given, "--keep", str(kept), "--page", str(page)]) == 0
    metrics = json.loads(capsys.readouterr().out)["metrics"]
    assert set(NAMED) <= set(metrics)
    assert (metrics["calls"], metrics["heard_text_errors"]) == (2, 0)
    assert "<svg" in page.read_text()
    assert main(["score", str(kept), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)["metrics"]
    curve = ("cut_at_300", "cut_at_600", "lat_at_5", "lat_at_10")
    same = [name for name in metrics if name not in curve]
    assert {name: again[name] for name in same} == {name: metrics[name] for name in same}


def test_two_policies_side_by_side(capsys) -> None:
    given = ["score", "--simulated", "1", "--jobs", "1", "--against", "endpoint.silence_ms=1500"]
    assert main([*given, "--json"]) == 0
    both = json.loads(capsys.readouterr().out)
    assert both["against"]["policy"] == "browser endpoint.silence_ms=1500"
    assert both["against"]["metrics"]["endpoint_p95_ms"] > both["metrics"]["endpoint_p95_ms"]
    assert main(given) == 0
    assert "yielded to (R_Y)" in capsys.readouterr().out


def test_a_recording_of_which_only_the_sound_is_known(tmp_path: Path, capsys) -> None:
    rate = 8_000
    caller, agent = np.zeros(rate * 4, np.int16), np.zeros(rate * 4, np.int16)
    agent[int(1.4 * rate) : 3 * rate] = (
        np.sin(np.arange(int(1.6 * rate) + 1)[: 3 * rate - int(1.4 * rate)]) * 9_000
    ).astype(np.int16)
    (tmp_path / "call.wav").write_bytes(write_wav([caller, agent], rate))
    (tmp_path / "call.json").write_text('{"sounds": [{"kind": "turn", "spans": [[0, 500], [700, 1000]]}]}')
    assert main(["score", str(tmp_path), "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)["metrics"]
    assert (metrics["gap_p50_ms"], metrics["holds"], metrics["false_cutoffs"]) == (400, 1, 0.0)
    assert metrics["lat_at_5"] is None


def wrong(tmp_path: Path) -> dict[str, tuple[list[str], str]]:
    mono = tmp_path / "mono"
    mono.mkdir()
    (mono / "call.wav").write_bytes(write_wav(np.zeros(800, np.int16), 8_000))
    (mono / "call.json").write_text('{"sounds": []}')
    return {
        "nothing to score": (["score"], "--simulated N"),
        "both": (["score", str(tmp_path), "--simulated", "2"], "--simulated N"),
        "no folder": (["score", str(tmp_path / "none")], "no such folder"),
        "no truth": (["score", str(tmp_path / "empty")], "no such folder"),
        "nothing in it": (["score", str(Path(__file__).parent)], "no recording with a truth"),
        "one channel": (["score", str(mono)], "two channels"),
        "a policy for a recording": (["score", str(mono), "--policy", "endpoint.min_ms=1"], "keeps the policy"),
        "none simulated": (["score", "--simulated", "0"], "1 or more"),
        "unknown key": (["score", "--simulated", "1", "--against", "endpoint.silense_ms=1"], "did you mean"),
        "page nowhere": (["score", str(mono), "--page", str(tmp_path / "no" / "p.html")], "two channels"),
    }


@pytest.mark.parametrize(
    "case",
    [
        "nothing to score",
        "both",
        "no folder",
        "no truth",
        "nothing in it",
        "one channel",
        "a policy for a recording",
        "none simulated",
        "unknown key",
        "page nowhere",
    ],
)
def test_mistakes_are_one_clear_line(case: str, tmp_path: Path, capsys) -> None:
    argv, told = wrong(tmp_path)[case]
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1
