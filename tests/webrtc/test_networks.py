"""Calls through a TURN server, and within a range of ports."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.clients.process import Served

pytest.importorskip("aiortc")

from aiortc import RTCIceServer
from tests.webrtc.caller import Caller, callers, calling

pytestmark = [pytest.mark.offline, pytest.mark.slow]

USER, SECRET = "user", "secret"
START_S = 20.0


@pytest.fixture
def turn_port() -> Iterator[int]:
    """A TURN server on this machine; skips where there is none, unless VIVAVOCE_REQUIRE_TURN is set."""
    program = shutil.which("turnserver")
    if program is None and os.environ.get("VIVAVOCE_REQUIRE_TURN"):
        pytest.fail("there is no turnserver")
    if program is None:
        pytest.skip("there is no turnserver")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        command = [
            program, "-n", "--no-cli", "--no-tls", "--no-dtls", "--no-multicast-peers", "--allow-loopback-peers",
            "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}",
            "--lt-cred-mech", f"--user={USER}:{SECRET}", "--realm=vivavoce", "--relay-threads=1",
            f"--pidfile={folder}/pid", f"--userdb={folder}/db", "--log-file=stdout", "--simple-log",
        ]  # fmt: skip
        with Path(folder, "log").open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            end = time.monotonic() + START_S
            while not listens(port):
                assert process.poll() is None, Path(folder, "log").read_text()
                assert time.monotonic() < end, Path(folder, "log").read_text()
                time.sleep(0.05)
            yield port
        finally:
            process.kill()
            process.wait()


def listens(port: int) -> bool:
    """On TCP, which it opens after UDP."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


async def greeted(caller: Caller) -> None:
    """The agent is heard."""
    caller.tell("response.create", response={"instructions": "Greet the caller."})
    assert (await caller.expect("response.done"))["response"]["status"] == "completed"
    assert await caller.until_sound(within=20) is not None


async def test_a_call_through_a_turn_server(serve: Callable[..., Served], turn_port: int) -> None:
    served = serve("--ice-server", f"turn:{USER}:{SECRET}@127.0.0.1:{turn_port}")
    turn = RTCIceServer(f"turn:127.0.0.1:{turn_port}", USER, SECRET)
    async with callers(served.url, 1, turn=turn) as (caller,):
        # The caller may take no other way, and knows of no other way to the server.
        await caller.dial(edit=only_relayed)
        assert any(candidate[7] == "relay" for candidate in caller.candidates), caller.answer
        await greeted(caller)
        (pair,) = caller.ice._nominated.values()
        assert pair.local_candidate.type == "relay"


def only_relayed(answer: str) -> str:
    lines = answer.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("a=candidate") or " typ relay" in line)


async def test_a_range_of_ports(serve: Callable[..., Served]) -> None:
    served = serve("--udp-ports", "40000-40020")
    async with calling(served.url) as caller:
        udp = [candidate for candidate in caller.candidates if candidate[2].lower() == "udp"]
        assert udp, caller.answer
        assert all(40_000 <= int(candidate[5]) <= 40_020 for candidate in udp), caller.answer
        # What is not UDP is no port of ours: we only call, at the discard port.
        assert all(candidate[5] == "9" for candidate in caller.candidates if candidate not in udp), caller.answer
        await greeted(caller)
