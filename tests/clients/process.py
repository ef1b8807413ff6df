"""The real server as a process of its own, which must end cleanly and leave nobody behind."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

START_S, END_S = 30.0, 15.0
_READY = re.compile(r"Realtime server at (?P<url>\S+/v1) ")
_OPEN = re.compile(r"API key is needed|no API key is configured")
_CERT = re.compile(r"TLS certificate (?P<path>.+), SHA-256 ")


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs."""

    url: str
    """Base URL, with /v1."""
    cert: Path | None
    lines: list[str]
    """What it told people so far."""
    pid: int

    @property
    def ws(self) -> str:
        """Where WebSockets are opened."""
        return f"{self.url.replace('http', 'ws', 1)}/realtime"


@contextmanager
def serving(*options: str, keys: tuple[str, ...] = ()) -> Iterator[Served]:
    """`vivavoce serve` with options, on a free port; ended by SIGINT, and then nothing of it may be left."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("VIVAVOCE_", "OPENAI_"))}
    env |= {"VIVAVOCE_LLM": "offline:script"} | ({"VIVAVOCE_API_KEYS": ",".join(keys)} if keys else {})
    # A busy machine must not decide what a test finds.
    own = ["--port", "0", "--admit", "always", "--no-self-test"]
    command = [sys.executable, "-m", "vivavoce", "serve", *own, *options]
    with tempfile.TemporaryDirectory() as folder:
        # Away from the source tree, as users run it.
        process = subprocess.Popen(command, env=env, cwd=folder, stderr=subprocess.PIPE, text=True)
        told = _Told(process)
        try:
            yield told.ready("--tls-self-signed" in options)
        finally:
            workers = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            process.send_signal(signal.SIGINT)
            try:
                code = process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
            told.join()
        log = "\n".join(told.lines)
        assert code == 0, f"the server ended with {code}:\n{log}"
        assert "Traceback" not in log, log
        _, left = psutil.wait_procs(workers, 3)
        assert left == [], "worker processes outlived the server"


class _Told:
    """Reads what the server tells people, to its end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.lines: list[str] = []
        self._news: queue.Queue[str | None] = queue.Queue()
        self._process = process
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.lines.append(line.rstrip("\n"))
            self._news.put(self.lines[-1])
        self._process.stderr.close()
        self._news.put(None)

    def ready(self, tls: bool) -> Served:
        """Wait for the lines that say where it is."""
        url, last = "", _CERT if tls else _OPEN
        while (line := self._news.get(timeout=START_S)) is not None:
            if found := _READY.search(line):
                url = found["url"]
            if end := last.search(line):
                return Served(url, Path(end["path"]) if tls else None, self.lines, self._process.pid)
        raise AssertionError("the server did not start:\n" + "\n".join(self.lines))

    def join(self) -> None:
        self._thread.join(3)
