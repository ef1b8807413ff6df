"""`vivavoce config` as a user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vivavoce.app.cli import main
from vivavoce.app.config.table import SETTINGS


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIVAVOCE_LLM", raising=False)
    monkeypatch.setenv("VIVAVOCE_SERVER_PORT", "9000")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-test-which-is-secret")
    text = "[agent]\nvoice = 'jack'\n[server]\nice_servers = ['turn:ada:secret@t:2']\n[policy.endpoint]\nmax_ms = 9\n"
    (tmp_path / "vivavoce.toml").write_text(text)


def test_the_table_says_where_each_setting_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config"]) == 0
    told = capsys.readouterr().out
    rows = {line.split()[0]: line.split()[1:] for line in told.splitlines() if line}
    assert rows["server.port"] == ["9000", "VIVAVOCE_SERVER_PORT"]
    assert rows["agent.voice"] == ["jack", "vivavoce.toml"]
    assert rows["policy.endpoint.max_ms"] == ["9", "vivavoce.toml"]
    assert rows["server.max_connections"] == ["100", "default"]
    assert rows["server.ice_servers"] == ["turn:***@t:2", "vivavoce.toml"]
    assert "policy.endpoint.min_ms" not in rows
    assert "secret" not in told


def test_as_json_with_every_policy_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--json", "--all"]) == 0
    told = capsys.readouterr().out
    facts = json.loads(told)
    assert facts["file"] == "vivavoce.toml"
    assert list(facts["settings"]) == [setting.key for setting in SETTINGS]
    port = facts["settings"]["server.port"]
    assert port == {"value": 9000, "from": "VIVAVOCE_SERVER_PORT", "variable": "VIVAVOCE_SERVER_PORT"}
    assert facts["settings"]["policy.endpoint.min_ms"]["value"] == 200
    assert "secret" not in told


def test_without_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "vivavoce.toml").unlink()
    assert main(["config"]) == 0
    assert "There is no file vivavoce.toml here." in capsys.readouterr().out
