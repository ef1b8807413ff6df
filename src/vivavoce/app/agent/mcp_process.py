"""One run of an MCP server as a process: from its start to its end, spoken to over pipes."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from ..mcp import reason


class Running:
    """A process and the connection to it. Needs a running loop; all of it belongs to that loop."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.over = asyncio.Event()
        """It ended, or is to end."""
        self._given = StdioServerParameters(command=command[0], args=list(command[1:]), env=dict(env))
        self._why = "it ended"
        self._ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        # A connection must be closed by the task that opened it.
        self._task = asyncio.create_task(self._live(), name=f"MCP server {command[0]}")

    async def client(self) -> Client:
        """When it has started. Raises RuntimeError with the reason why it did not."""
        return await asyncio.shield(self._ready)

    async def why(self) -> str:
        """When it is over: its last words, or what else is known of its end."""
        await asyncio.wait([self._task])
        return f"the MCP server died: {self._why}"

    async def close(self) -> None:
        """End the process; one that has not even answered yet is not asked to."""
        self.over.set()
        if not self._ready.done():
            self._task.cancel()
        await asyncio.wait([self._task])

    async def _live(self) -> None:
        words = _LastWords()
        try:
            async with Client(self._connected(words)) as client:
                self._ready.set_result(client)
                await self.over.wait()
        except Exception as error:
            self._why = reason(error)
        finally:
            self.over.set()
            self._why = await asyncio.to_thread(words.end) or self._why
            if not self._ready.done():
                self._ready.set_exception(RuntimeError(self._why))
                # Nobody may be waiting any more.
                self._ready.exception()

    @asynccontextmanager
    async def _connected(self, words: _LastWords) -> AsyncIterator[Any]:
        async with stdio_client(self._given, words.file) as (read, write):
            yield _Watched(read, self.over), write


class _Watched:
    """What a server writes; its end sets `over`."""

    def __init__(self, read: Any, over: asyncio.Event) -> None:
        self._read = read
        self._over = over

    def __getattr__(self, name: str) -> Any:
        return getattr(self._read, name)

    async def __aenter__(self) -> _Watched:
        await self._read.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        self._over.set()
        await self._read.__aexit__(*error)

    def __aiter__(self) -> Any:
        return self._read.__aiter__()


class _LastWords:
    """The last line that a process wrote to its standard error: mostly why it died."""

    def __init__(self) -> None:
        read, write = os.pipe()
        self.file = os.fdopen(write, "w")
        self._lines: deque[str] = deque(maxlen=1)
        self._thread = threading.Thread(target=self._read, args=(read,), name="vivavoce-mcp-stderr", daemon=True)
        self._thread.start()

    def end(self) -> str:
        """To be called when the process is gone; blocks a moment."""
        self.file.close()
        # A grandchild may live on and hold the pipe open.
        self._thread.join(0.5)
        return self._lines[0] if self._lines else ""

    def _read(self, descriptor: int) -> None:
        with os.fdopen(descriptor, errors="replace") as lines:
            read = iter(lambda: lines.readline(4096), "")
            self._lines.extend(line.strip()[:200] for line in read if line.strip())
