"""OpenAI's own Node clients, unmodified and over TLS, as judges of `vivavoce serve`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vivavoce.app.recording import RECORDINGS
from vivavoce.audio.wav import load_mono

pytest.importorskip("pocketsphinx")
pytest.importorskip("uvicorn")

HERE = Path(__file__).parent / "node"
SPOKEN = {
    "conf-leaderhasleft": "the leader has left the conference",
    "tt-allbusy": "all representatives of the household are currently assisting other telemarketers",
    "tt-somethingwrong": "something is terribly wrong",
}
RATE = 24_000
START_S = 60
SCRIPT_S = 40
"""Each script ends itself after 20 s, once node has loaded it."""

pytestmark = [pytest.mark.offline, pytest.mark.slow]


def _missing() -> str:
    """Why the clients cannot run here, or an empty string."""
    if shutil.which("node") is None:
        return "Node.js is not installed"
    if not (HERE / "node_modules").is_dir():
        return "the Node clients are not installed; fix: npm ci --prefix tests/clients/node"
    return ""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """One server process; what the scripts get to know of it, as their environment."""
    if why := _missing():
        if os.environ.get("VIVAVOCE_REQUIRE_NODE"):
            pytest.fail(why)
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("node")
    for name in SPOKEN:
        pcm = load_mono((RECORDINGS / f"{name}.wav").read_bytes(), RATE)
        (folder / f"{name}.pcm").write_bytes(pcm.astype("<i2").tobytes())
    command = [sys.executable, "-m", "vivavoce", "serve", "--port", "0", "--tls-self-signed"]
    command += [f"--expect={words}" for words in SPOKEN.values()]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VIVAVOCE_", "OPENAI_", "NODE_"))}
    told = folder / "stderr.txt"
    with told.open("wb") as stderr:
        process = subprocess.Popen(command, stderr=stderr, env={**kept, "VIVAVOCE_LLM": "offline:script"})
    try:
        url, certificate = _ready(process, told)
        yield kept | {
            "VIVAVOCE_URL": url,
            "VIVAVOCE_RECORDINGS": str(folder),
            "NODE_EXTRA_CA_CERTS": certificate,
        }
        assert process.poll() is None, f"the server ended by itself: {told.read_text()}"
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert "Traceback" not in told.read_text(), told.read_text()


def _ready(process: subprocess.Popen[bytes], told: Path) -> tuple[str, str]:
    """The base URL and the certificate of a server that accepts connections."""
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        said = told.read_text()
        url = re.search(r"server at (https://\S+/v1)", said)
        certificate = re.search(r"^TLS certificate (.+), SHA-256", said, re.MULTILINE)
        if url and certificate:
            return url[1], certificate[1]
        time.sleep(0.05)
    pytest.fail(f"no server: {told.read_text()}")


def _judge(server: dict[str, str], *command: str) -> dict[str, object]:
    """Run a script; what it saw."""
    ran = subprocess.run(
        ["node", *command], cwd=HERE, env=server, capture_output=True, text=True, timeout=SCRIPT_S, check=False
    )
    try:
        seen = json.loads(ran.stdout)
    except ValueError:
        pytest.fail(f"{command} told nothing: {ran.stdout}{ran.stderr}")
    assert seen["ok"], f"{command}: {seen['error']}\nlast events:\n" + "\n".join(seen["last"])
    assert ran.returncode == 0, ran.stderr
    return seen


@pytest.mark.parametrize("client", ["ws", "websocket"])
@pytest.mark.parametrize("scenario", ["text", "audio", "push_to_talk", "tool", "interruption"])
def test_openai(server: dict[str, str], scenario: str, client: str) -> None:
    assert _judge(server, f"openai_{scenario}.mjs", client)["code"] == 1000


@pytest.mark.parametrize("scenario", ["text", "audio", "tool", "interruption", "control", "handoff"])
def test_agents(server: dict[str, str], scenario: str) -> None:
    _judge(server, f"agents_{scenario}.mjs")
