"""A TURN server of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER, SECRET = "user", "secret"
START_S = 20.0


@contextmanager
def turn_server() -> Iterator[int]:
    """Its port; skips where there is no such program, unless VIVAVOCE_REQUIRE_TURN is set."""
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
