"""`vivavoce bridge` as users run it: agents and servers in every pair, the files, Ctrl-C, and what may go wrong."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.clients.process import Served, serving
from websockets.sync.server import ServerConnection, serve

from vivavoce.app.cli import main
from vivavoce.audio.wav import read_wav

pytestmark = pytest.mark.offline

KEY = "sk-of-the-bridge-0123"
LUNA = """
from vivavoce import Agent

agent = Agent("You are the desk of a restaurant.", name="luna", voice="amy", greeting="Luna, good evening.")
"""
CALLER = """
from vivavoce import Agent

agent = Agent("You want a table.", name="luna", voice="jack", greeting="Hello there.")
"""
SILENT = """
from vivavoce import Agent

# A machine busy with other tests recognises late.
agent = Agent("You never begin.", name="silent", policy={"endpoint.words_timeout_ms": 8_000})
"""
HASTY = """
from vivavoce import Agent

agent = Agent("You have no time.", name="hasty", greeting="No time.")


@agent.on("reply_done")
def gone(event, call):
    call.hang_up()
"""

STOPPED = """
import os
import signal

from vivavoce import Agent

agent = Agent("Your user has heard enough.", name="stopped", greeting="That will do.")


@agent.on("reply_done")
def stop(event):
    os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIVAVOCE_STT", "VIVAVOCE_TTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VIVAVOCE_LLM", "offline:script")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def app(tmp_path: Path) -> Callable[[str], str]:
    """Writes an agent file."""

    def write(text: str) -> str:
        path = tmp_path / f"app{len(list(tmp_path.glob('*.py')))}.py"
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    path = tmp_path_factory.mktemp("served") / "silent.py"
    path.write_text(SILENT)
    with serving(str(path), keys=(KEY,)) as found:
        yield found


def rows(text: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    *turns, last = (json.loads(line) for line in text.splitlines())
    return turns, last["summary"]


# agent and agent


def test_two_agents_call_each_other_in_less_time_than_it_takes(
    app: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, words = tmp_path / "call.wav", tmp_path / "call.md"
    given = ["--seconds", "12", "--out", str(out), "--transcript", str(words), "--json"]
    assert main(["bridge", app(CALLER), app(LUNA), *given]) == 0
    turns, summary = rows(capsys.readouterr().out)
    assert (turns[0]["side"], turns[0]["text"], turns[0]["turn"]) == ("right", "Luna, good evening.", 1)
    assert turns[0]["at_ms"] < 500
    assert {turn["side"] for turn in turns} == {"left", "right"}
    assert [turn["turn"] for turn in turns] == list(range(1, len(turns) + 1))
    assert (summary["turns"], summary["ended"], summary["reports"]) == (len(turns), "time", [])
    assert summary["duration_ms"] in (11_980, 12_000)
    sound, rate = read_wav(out.read_bytes())
    assert rate == 24_000
    assert sound.shape == (24 * summary["duration_ms"], 2)
    for turn in turns:
        side = sound[:, ("left", "right").index(turn["side"])]
        begin = 24 * turn["at_ms"]
        assert np.abs(side[begin : begin + 12_000]).max() > 500, turn
    text = words.read_text()
    assert text.startswith("> left: ")
    assert all(f"**{turn['side']}** (" in text and turn["text"] in text for turn in turns)


def test_the_first_words_may_be_given(app: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bridge", app(SILENT), app(LUNA), "--begin", "Is there a table?", "--seconds", "8"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[1:] == ["left", *"Is there a table?".split()]
    assert lines[1].split()[1] == "right"
    assert "good evening" not in lines[1]
    assert lines[-1].endswith("turns in 8.0 s; ended by: time")


@pytest.mark.parametrize("side", ["left", "right"])
def test_who_hangs_up_is_named(side: str, app: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    sides = [app(HASTY), app(SILENT)] if side == "left" else [app(SILENT), app(HASTY)]
    assert main(["bridge", *sides, "--json"]) == 0
    turns, summary = rows(capsys.readouterr().out)
    assert [(turn["side"], turn["text"], turn["interrupted"]) for turn in turns] == [(side, "No time.", False)]
    assert summary["ended"] == side
    assert summary["duration_ms"] < 3_000


def test_ctrl_c_hangs_up_and_the_files_are_written(
    app: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, words = tmp_path / "call.wav", tmp_path / "call.md"
    given = ["--seconds", "86400", "--out", str(out), "--transcript", str(words), "--json"]
    assert main(["bridge", app(SILENT), app(STOPPED), *given]) == 0
    turns, summary = rows(capsys.readouterr().out)
    assert summary["ended"] == "stopped"
    assert [turn["text"] for turn in turns][:1] == ["That will do."]
    assert read_wav(out.read_bytes())[0].shape[0] == 24 * summary["duration_ms"]
    assert "**right**" in words.read_text()


# servers


@pytest.mark.slow
def test_an_agent_calls_a_server(
    served: Served, app: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "call.wav"
    begun = time.monotonic()
    given = ["--begin", "Hello, is there a table for two?", "--seconds", "8", "--out", str(out), "--json"]
    assert main(["bridge", app(SILENT), f"{served.ws}?model=silent", *given]) == 0
    assert time.monotonic() - begun > 8
    turns, summary = rows(capsys.readouterr().out)
    assert {turn["side"] for turn in turns} == {"left", "right"}
    assert (summary["ended"], summary["reports"]) == ("time", [])
    sound, _ = read_wav(out.read_bytes())
    assert all(np.abs(sound[:, side]).max() > 1_000 for side in (0, 1))


@pytest.mark.slow
def test_two_servers_call_each_other(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--begin", "Hello.", "--seconds", "8", "--json"]
    assert main(["bridge", served.ws, f"{served.ws}?model=silent", *given]) == 0
    turns, summary = rows(capsys.readouterr().out)
    assert [turn["side"] for turn in turns][:2] == ["left", "right"]
    assert (summary["ended"], summary["reports"]) == ("time", [])


def test_a_key_that_is_refused(
    served: Served, app: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-0123456789")
    assert main(["bridge", app(LUNA), served.ws]) == 2
    error = capsys.readouterr().err
    assert "vivavoce: right: it did not accept the key; check OPENAI_API_KEY (HTTP 401)" in error
    assert "sk-wrong" not in error


@contextmanager
def foreign(talk: Callable[[ServerConnection], None]) -> Iterator[str]:
    """Somebody else's server, on a thread."""
    with serve(talk, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/v1/realtime"
        finally:
            server.shutdown()
            thread.join()


def test_a_server_that_dies_in_the_middle_ends_the_call_and_the_files_are_written(
    app: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def talk(connection: ServerConnection) -> None:
        connection.send(json.dumps({"type": "session.created", "session": {}}))
        connection.send(json.dumps({"type": "error", "error": {"code": "tired", "message": "I am tired."}}))
        time.sleep(2.5)
        connection.close(1011, "dead")

    out, words = tmp_path / "call.wav", tmp_path / "call.md"
    with foreign(talk) as address:
        given = ["--out", str(out), "--transcript", str(words)]
        assert main(["bridge", app(LUNA), address, *given]) == 1
    shown = capsys.readouterr()
    assert "vivavoce: right: tired: I am tired." in shown.err
    assert "vivavoce: right: died: it closed the connection (1011: dead)" in shown.err
    assert "ended by: failed" in shown.out
    assert read_wav(out.read_bytes())[0].any()
    assert "**left** (" in words.read_text()


# what is wrong from the beginning


def test_nobody_is_there(app: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "call.wav"
    assert main(["bridge", "ws://127.0.0.1:9/v1/realtime", app(LUNA), "--out", str(out)]) == 2
    assert "ws://127.0.0.1:9/v1/realtime cannot be reached; check the address" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--seconds", "0"], "--seconds must be from 1 to 86400, not 0"),
        (["--out", "nowhere/call.wav"], "cannot write nowhere/call.wav; fix: name a file in a folder that exists"),
        (["--transcript", "nowhere/call.md"], "cannot write nowhere/call.md; fix: name a file in a folder"),
    ],
)
def test_options_that_make_no_sense(
    options: list[str], why: str, app: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bridge", app(LUNA), app(LUNA), *options]) == 2
    assert why in capsys.readouterr().err


def test_sides_that_cannot_be(app: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    for left, right, why in [
        ("nobody.py", app(LUNA), "nobody.py: no such file; fix: give a Python file that makes an Agent"),
        ("http://127.0.0.1:8080/v1", app(LUNA), "http://127.0.0.1:8080/v1 is no address of a server; fix: write it as"),
        (app(SILENT), app(SILENT), "neither agent has a greeting; fix: say who begins with --begin TEXT"),
    ]:
        assert main(["bridge", left, right]) == 2
        assert why in capsys.readouterr().err
