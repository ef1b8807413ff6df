"""Tools on MCP servers, reached over HTTP: their list, and calls of them."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ..wire.openai_realtime.tools import McpServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcp import Client
    from mcp.types import CallToolResult

OnListed = Callable[[str, "list[dict[str, Any]] | None", str], None]
"""Gets the label, the tools (`name`, `description`, `input_schema`, `read_only`) or None, and what went wrong."""
LIST_S = 15.0
MAX_TOOLS = 512


class McpServers:
    """The servers of one session. Each call makes a connection of its own: it runs on the loop of the tools."""

    def __init__(self, on_listed: OnListed) -> None:
        self._on_listed = on_listed
        self._servers: dict[str, McpServer] = {}
        self._listing: dict[asyncio.Task[None], str] = {}
        """With the label of the server that is asked."""
        self._closed = False

    def connect(self, server: McpServer) -> None:
        """Ask a server for its tools; `on_listed` hears of them, unless another takes its label before."""
        if self._closed:
            return
        for task, label in self._listing.items():
            if label == server.label:
                task.cancel()
        self._servers[server.label] = server
        task = asyncio.get_running_loop().create_task(self._list(server), name=f"tools of {server.label}")
        self._listing[task] = server.label
        task.add_done_callback(self._listing.pop)

    async def close(self) -> None:
        """Stop asking, for good."""
        self._closed = True
        for task in list(self._listing):
            task.cancel()
        await asyncio.gather(*self._listing, return_exceptions=True)

    async def _list(self, server: McpServer) -> None:
        try:
            async with asyncio.timeout(LIST_S), connected(server) as client:
                tools = await all_tools(client)
        except TimeoutError:
            self._on_listed(server.label, None, f"no answer within {LIST_S:.0f} s")
        except Exception as error:
            self._on_listed(server.label, None, reason(error))
        else:
            self._on_listed(server.label, tools, "")

    def function(self, label: str, name: str) -> Callable[..., Coroutine[Any, Any, str]]:
        """Calls a tool with its arguments by name; gives its text, raises what went wrong."""
        server = self._servers[label]

        async def call(**arguments: Any) -> str:
            try:
                async with connected(server) as client:
                    result = await client.call_tool(name, arguments)
            except Exception as error:
                raise RuntimeError(reason(error)) from error
            return text_of(result)

        call.__name__ = name
        return call


@asynccontextmanager
async def connected(server: McpServer) -> AsyncIterator[Client]:
    if importlib.util.find_spec("mcp") is None:
        raise RuntimeError("this server lacks the package for MCP; fix: pip install 'vivavoce[mcp]'")
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    headers = dict(server.headers)
    if server.authorization:
        headers["Authorization"] = f"Bearer {server.authorization.removeprefix('Bearer ')}"
    async with create_mcp_http_client(headers=headers) as http:
        transport = streamable_http_client(server.url, http_client=http)
        async with Client(transport, raise_exceptions=True) as client:
            yield client


async def all_tools(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while len(found) < MAX_TOOLS:
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools:
            plain = {"name": tool.name, "description": tool.description or "", "input_schema": tool.input_schema}
            found.append({**plain, "read_only": bool(tool.annotations and tool.annotations.read_only_hint)})
        cursor = page.next_cursor
        if cursor is None:
            break
    return found[:MAX_TOOLS]


def text_of(result: CallToolResult) -> str:
    """The text of a result. Raises RuntimeError with it when the tool failed."""
    texts = [str(getattr(part, "text", f"({part.type})")) for part in result.content]
    text = "\n".join(texts)
    if result.is_error:
        raise RuntimeError(text or "the tool failed")
    return text


def reason(error: BaseException) -> str:
    """The first cause in a group of errors, short."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}".removesuffix(": ")[:200]
