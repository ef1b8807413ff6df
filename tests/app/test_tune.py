"""`vivavoce tune` as people call it."""

from __future__ import annotations

import json

import pytest

from vivavoce.app.cli import main
from vivavoce.sim import trial


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "READ", 6)


def test_the_frontier_the_best_and_its_proof(capsys) -> None:
    assert main(["tune", "--tries", "3", "--cutoff-costs", "2", "--jobs", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["best"] in found["frontier"]
    assert set(found["test"]) == {"settings", "cut", "latency_ms"}
    assert found["test"]["settings"] == found["best"]["settings"]


def test_what_to_write_is_printed(capsys) -> None:
    assert main(["tune", "--tries", "2", "--cutoffs", "99", "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert "--policy endpoint.finished_ms=" in out
    assert "never saw" in out


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--cutoffs", "100"], "from 0 to 100"),
        (["--cutoff-costs", "-1"], "0 or more"),
        (["--tries", "0"], "1 or more"),
    ],
)
def test_mistakes_are_one_clear_line(argv: list[str], told: str, capsys) -> None:
    assert main(["tune", *argv]) == 2
    assert told in capsys.readouterr().err
