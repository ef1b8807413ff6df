"""`vivavoce serve` as an operator meets it: what it takes, what it refuses, what it says, what it records."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import websockets
from bench.instant import engines
from tests.app.recorded import check_recording
from tests.clients.process import serving
from tests.clients.speech import recording, silence
from tests.clients.talk import connected

from vivavoce.app import embedded, http, realtime
from vivavoce.app.cli import main, parser
from vivavoce.app.http.tls import self_signed
from vivavoce.core.policy import PRESETS

pytestmark = pytest.mark.offline

KEY = "sk-of-the-test"


@pytest.fixture(autouse=True)
def _script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_LLM", "offline:script")
    monkeypatch.delenv("VIVAVOCE_API_KEYS", raising=False)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """What would be served, without engines and without a listener."""
    found = SimpleNamespace(tls=None)

    @asynccontextmanager
    async def open_engines(names: Any, llms: Any) -> AsyncIterator[Any]:
        found = engines()
        found.tts.voices = embedded.voices()
        yield found

    async def serve(app: Any, *, host: str, port: int, tls: Any, on_ready: Any) -> None:
        found.app, found.host, found.port, found.tls = app, host, port, tls
        found.open = app.state.door.keys.open
        found.cert = tls.cert.read_bytes() if tls else b""
        on_ready(f"{'https' if tls else 'http'}://{host}:{port or 4711}")

    class Calls(realtime.RealtimeCalls):
        def __init__(self, engines: Any, settings: realtime.Settings, log: Any) -> None:
            found.settings = settings
            super().__init__(engines, settings, log)

    monkeypatch.setattr("vivavoce.app.serve.open_engines", open_engines)
    monkeypatch.setattr(http, "serve", serve, raising=False)
    monkeypatch.setattr(realtime, "RealtimeCalls", Calls)
    return found


def refused(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """The one line that says why."""
    assert main(["serve", *options]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    lines = [line for line in told.err.splitlines() if not line.startswith("VIVAVOCE_LLM")]
    assert len(lines) == 1, lines
    assert lines[0].startswith("vivavoce: ")
    return lines[0]


# what it takes


def test_every_option_has_help() -> None:
    for action in parser()._subparsers._group_actions[0].choices["serve"]._actions:  # type: ignore[union-attr]
        assert action.help, action.dest


def test_without_options_it_serves_this_machine(served: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve"]) == 0
    assert (served.host, served.port, served.tls, served.open) == ("127.0.0.1", 8080, None, True)
    settings = served.settings
    assert settings.instructions == embedded.INSTRUCTIONS
    assert settings.voices[0] == embedded.VOICE
    assert settings.policy == PRESETS["browser"]
    assert settings.most_s == 24 * 3600
    assert settings.record is None
    told = capsys.readouterr().err
    assert "Realtime server at http://127.0.0.1:8080/v1" in told
    assert "no API key is configured" in told


def test_options_reach_the_conversations(served: SimpleNamespace, tmp_path: Path) -> None:
    given = ["--model", "viva-1", "--instructions", "Be brief.", "--voice", "jack", "--expect", "two rooms"]
    given += ["--preset", "phone", "--policy", "endpoint.silence_ms=900", "--max-session", "60"]
    assert main(["serve", *given, "--port", "0", "--record", str(tmp_path / "a" / "b")]) == 0
    settings = served.settings
    assert (settings.model, settings.instructions, settings.most_s) == ("viva-1", "Be brief.", 60)
    assert settings.voices[0] == "jack"
    assert sorted(settings.voices) == sorted(embedded.voices())
    assert settings.expect[0] == "two rooms"
    assert settings.policy.endpoint.silence_ms == 900
    assert settings.policy.barge_in == PRESETS["phone"].barge_in
    assert settings.record == tmp_path / "a" / "b"
    assert settings.record.is_dir()
    assert list(settings.record.iterdir()) == []


def test_keys_come_from_a_file_and_are_never_shown(
    served: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"# ours\n{KEY}\n")
    keys.chmod(0o644)
    assert main(["serve", "--keys", str(keys), "--host", "0.0.0.0"]) == 0
    assert asyncio.run(served.app.state.door.keys.find(KEY)) is not None
    told = capsys.readouterr().err
    assert f"chmod 600 {keys}" in told
    assert "An API key is needed." in told
    assert KEY not in told


def test_keys_come_from_the_environment(served: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_API_KEYS", KEY)
    assert main(["serve", "--host", "0.0.0.0"]) == 0
    assert not served.open


def test_a_certificate_of_ones_own(served: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with self_signed("localhost") as tls:
        assert main(["serve", "--tls-cert", str(tls.cert), "--tls-key", str(tls.key)]) == 0
        assert served.cert == tls.cert.read_bytes()
        assert f"TLS certificate {tls.cert}, SHA-256 {tls.fingerprint}" in capsys.readouterr().err


def test_a_certificate_for_this_run_is_gone_after_it(served: SimpleNamespace) -> None:
    assert main(["serve", "--tls-self-signed"]) == 0
    assert served.cert.startswith(b"-----BEGIN CERTIFICATE-----")
    assert not served.tls.cert.exists()


# what it refuses


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--host", "0.0.0.0"], "without API keys the server listens on this machine only"),
        (["--host", "::"], "without API keys the server listens on this machine only"),
        (["--host", ""], "without API keys the server listens on this machine only, not on all addresses"),
        (["--host", "no.such.host.invalid"], "cannot find the address of no.such.host.invalid"),
        (["--port", "70000"], "--port must be from 0 to 65535, not 70000"),
        (["--max-session", "0"], "must be at least 1"),
        (["--max-connections", "0"], "must be at least 1"),
        (["--voice", "nobody"], "unknown voice 'nobody'"),
        (["--policy", "loudness=3"], "unknown policy key 'loudness'"),
        (["--allow-origin", "example.org"], "'example.org' is no origin"),
        (["--tls-cert", "cert.pem"], "--tls-cert and --tls-key go together"),
        (["--tls-cert", "/no/cert", "--tls-key", "/no/key"], "the TLS certificate /no/cert cannot be read"),
        (["--tls-self-signed", "--tls-cert", "cert.pem"], "makes its own certificate"),
        (["--keys", "/no/keys"], "the key file /no/keys cannot be read"),
        (["--record", "/proc/calls"], "cannot record into /proc/calls"),
    ],
)
def test_mistakes_are_refused_in_one_line(options: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, *options, *([] if "--port" in options else ["--port", "0"]))
    assert why in said


def test_files_that_are_not_what_they_should_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.write_text("# nothing\n")
    assert f"cannot record into {file}: File exists" in refused(capsys, "--record", str(file))
    assert f"cannot record into {file}/x: Not a directory" in refused(capsys, "--record", f"{file}/x")
    assert f"the key file {file} names no key" in refused(capsys, "--keys", str(file))
    assert "no certificate and key in PEM" in refused(capsys, "--tls-cert", str(file), "--tls-key", str(file))
    with self_signed("localhost") as one, self_signed("localhost") as two:
        assert "does not belong" in refused(capsys, "--tls-cert", str(one.cert), "--tls-key", str(two.key))


def test_a_port_in_use_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert f"127.0.0.1:{port} is in use by another program" in refused(capsys, "--port", str(port))


@pytest.mark.parametrize("options", [["--port", "eighty"], ["--preset", "loud"], ["--max-session", "1.5"]])
def test_values_of_the_wrong_kind_show_the_usage(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["serve", *options])
    assert done.value.code == 2
    assert options[0] in capsys.readouterr().err


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals need the main thread")
def test_ctrl_c_before_it_serves_is_one_line_too(
    served: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(embedded, "choose_model", interrupted)
    assert main(["serve"]) == 130
    assert capsys.readouterr().err == "vivavoce: stopped\n"


# what it does


@pytest.mark.slow
def test_a_greeting_of_its_own_is_said_to_callers_and_not_to_those_who_want_transcripts() -> None:
    async def first(url: str) -> list[str]:
        """The first thing said, and the types of all before it; until nothing more comes."""
        seen: list[str] = []
        async with websockets.connect(url) as line:
            with suppress(TimeoutError):
                while "Good evening." not in seen:
                    event = json.loads(await asyncio.wait_for(line.recv(), 2))
                    seen.append(event.get("transcript", event["type"]))
        return seen

    with serving("--greeting", "Good evening.", "--voice", "jack") as served:
        assert "Good evening." in asyncio.run(first(f"{served.ws}?model=x"))
        assert asyncio.run(first(f"{served.ws}?intent=transcription")) == ["session.created"]


@pytest.mark.slow
def test_calls_are_recorded_whole_also_when_the_server_stops(tmp_path: Path) -> None:
    async def talk(url: str) -> None:
        async with connected(url, key=KEY, check=False) as one, one.microphone(recording("hello-world")):
            await one.turn()
            await one.expect("response.output_audio.delta")
        async with connected(url, key=KEY, check=False) as silent:
            await silent.append(silence(500))

    async def stay(url: str, there: threading.Event) -> tuple[int, int]:
        async with connected(url, key=KEY, check=False) as one:
            await one.say("Tell me a story.")
            await one.api.response.create()
            await one.expect("response.output_audio.delta")
            there.set()
            closed = await one.over()
            return closed.rcvd.code if closed.rcvd else 0, one.count("response.output_audio.delta")

    there, codes = threading.Event(), []
    with serving("--record", str(tmp_path / "calls"), keys=(KEY,)) as served:
        asyncio.run(talk(served.url))
        waiting = threading.Thread(target=lambda: codes.append(asyncio.run(stay(served.url, there))))
        waiting.start()
        assert there.wait(20)
    waiting.join()
    assert codes[0][0] == 1001
    ends = [check_recording(folder).end for folder in (tmp_path / "calls").iterdir()]
    assert len(ends) == 3
    for folder in (tmp_path / "calls").iterdir():
        assert main(["replay", str(folder)]) == 0
    assert sum("ends after" in line for line in served.lines) == 3
    assert any(end is not None and end.caller_samples > 16_000 for end in ends)
