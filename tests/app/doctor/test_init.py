"""`vivavoce doctor` from outside, with the embedded engines and with a language model of a fake server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

pytest.importorskip("pydantic_ai")

from tests.providers.llm.fake_server import FakeServer, Reply, error, words

from vivavoce.app.cli import main
from vivavoce.core.marks import ORDER

pytestmark = pytest.mark.offline


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("VIVAVOCE_STT", "VIVAVOCE_TTS", "VIVAVOCE_TURN", "DEEPGRAM_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VIVAVOCE_LLM", "offline:script")


@pytest.mark.slow
def test_the_embedded_engines_are_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--policy", "endpoint.silence_ms=700"]) == 0
    out = capsys.readouterr()
    told = json.loads(out.out)
    assert told["possible"] is True
    assert "leader" in told["measured"]["stt"]["heard"]
    assert 200 <= told["measured"]["stt"]["final_ms"] < 3_000
    assert told["measured"]["tts"]["voice"] == "emma"
    assert told["gap_ms"] >= 700
    assert list(told["hops"]) == list(ORDER[1:])
    assert told["slowest"]


def test_quick_measures_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--quick"]) == 0
    told = capsys.readouterr().out
    assert "* ✓ offline:script" in told
    assert "Latency" not in told
    assert told.rstrip().endswith("A call is possible: vivavoce talk, or vivavoce serve.")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--stt", "deepgram"], "deepgram:nova-3 needs a key; set the environment variable DEEPGRAM_API_KEY"),
        (["--tts", "nobody:x"], "'nobody:x' names no engine for tts"),
        (["--llm", "openai:gpt-5-mini"], "openai:gpt-5-mini needs a key; set the environment variable OPENAI_API_KEY"),
    ],
)
def test_an_engine_that_cannot_be_used_is_no_call(
    options: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--quick", *options]) == 1
    told = capsys.readouterr().out
    assert f"First of all: {why}" in told
    assert "No call is possible yet." in told


def test_the_engines_of_the_file_are_examined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "vivavoce.toml").write_text("[engines]\nstt = 'cartesia'\n")
    assert main(["doctor", "--quick"]) == 1
    assert "* ✗ cartesia:ink-2" in capsys.readouterr().out


@pytest.mark.slow
async def test_a_language_model_of_a_server(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with FakeServer(*(Reply(words("It warns ships. ", "It does.")) for _ in range(2))) as server:
        monkeypatch.setenv("VIVAVOCE_LLM", f"{server.url}#fake")
        assert await asyncio.to_thread(main, ["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["measured"]["llm"]["words"] == 5
    assert [e["chosen"] for e in told["engines"] if e["name"].endswith("#fake")] == [True]


@pytest.mark.slow
async def test_a_key_that_is_rejected_is_one_line_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "sk-very-secret-0123456789"
    monkeypatch.setenv("VIVAVOCE_LLM_KEY", key)
    async with FakeServer(error(401, f"Incorrect API key provided: {key}")) as server:
        monkeypatch.setenv("VIVAVOCE_LLM", f"{server.url}#fake")
        assert await asyncio.to_thread(main, ["doctor"]) == 1
    out = capsys.readouterr()
    assert "the key was not accepted (401)" in out.out
    assert "(refused)" in out.out
    assert key not in out.out + out.err
    assert "Traceback" not in out.out + out.err


def test_settings_that_cannot_be_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--speed", "9"]) == 2
    assert capsys.readouterr().err == "vivavoce: --speed must be from 0.5 to 2, not 9\n"
