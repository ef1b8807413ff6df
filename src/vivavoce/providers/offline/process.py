"""One child process of a `Worker`: spawn, frames in and out, the last lines of its stderr, and a sure end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from ..base import ProviderError
from .framing import Deframer, FrameError

_STDERR_BYTES = 2048


class Process(asyncio.SubprocessProtocol):
    """`on_frame(self, frame)` for each frame; `on_gone(self, why)` once, when it exits or cuts a pipe unasked."""

    def __init__(self, on_frame: Callable[[Process, bytes], None], on_gone: Callable[[Process, str], None]) -> None:
        self._on_frame = on_frame
        self._on_gone = on_gone
        self._transport: asyncio.SubprocessTransport | None = None
        self._stdin: asyncio.WriteTransport | None = None
        self._deframer = Deframer()
        self._stderr = bytearray()
        self._gone = False
        self._reaped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._exited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.hello: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the worker is ready for requests; fails with `ProviderError` if it ends before that."""

    @property
    def pid(self) -> int | None:
        return self._transport.get_pid() if self._transport else None

    async def spawn(self, *command: str, env: dict[str, str]) -> None:
        """Start it, in a session of its own so that Ctrl-C and hang-ups of a terminal stay the engine's business.

        Raises `OSError`. Cancelling this still leaves an object that `kill` cleans up.
        """
        pipe = asyncio.subprocess.PIPE
        await asyncio.get_running_loop().subprocess_exec(
            lambda: self, *command, stdin=pipe, stdout=pipe, stderr=pipe, env=env, start_new_session=True
        )

    def write(self, frames: bytes) -> None:
        """Queue frames; what a dead process does not take is reported by `on_gone`."""
        if self._stdin and not self._gone:
            self._stdin.write(frames)

    def greet(self) -> None:
        """The worker said hello."""
        if not self.hello.done():
            self.hello.set_result(None)

    def explain(self, detail: str) -> str:
        """`detail`, with the last thing it wrote to stderr."""
        last = bytes(self._stderr).decode(errors="replace").strip()
        return f"{detail}; its last words: {last[-500:]}" if last else detail

    async def kill(self) -> None:
        """End it at once and wait until it is reaped and its pipes are closed."""
        self._gone = True
        if self.hello.done() and not self.hello.cancelled():
            self.hello.exception()
        if self._transport:
            with suppress(ProcessLookupError):
                self._transport.kill()
            # Closing asks for the exit status too, and would take it from the loop.
            await self._reaped
            self._transport.close()
            await self._exited

    # What asyncio calls:

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._stdin = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self._stderr += data
            del self._stderr[:-_STDERR_BYTES]
            return
        try:
            frames = self._deframer.push(data)
        except FrameError as error:
            self.lose(f"sent {error}")
            return
        for frame in frames:
            if self._gone:
                return
            self._on_frame(self, frame)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 0 or fd == 1:
            # Its exit status, which says more, usually follows at once.
            asyncio.get_running_loop().call_later(0.2, self.lose, "closed its end of the pipe")

    def process_exited(self) -> None:
        assert self._transport
        if not self._reaped.done():
            self._reaped.set_result(None)
        code = self._transport.get_returncode()
        self.lose(f"was killed by signal {-code}" if code and code < 0 else f"exited with status {code}")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport:
            self._transport.close()
        if not self._exited.done():
            self._exited.set_result(None)

    def lose(self, why: str) -> None:
        """It is of no use any more; say so, once."""
        if self._gone:
            return
        if not self.hello.done():
            self.hello.set_exception(ProviderError("died", self.explain(why)))
        self._gone = True
        self._on_gone(self, why)
