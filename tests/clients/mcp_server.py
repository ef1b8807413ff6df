"""A real MCP server inside the test, over streamable HTTP on a free port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations


@dataclass(slots=True)
class Tools:
    """The server and what was asked of it."""

    url: str = ""
    calls: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    """Of each request."""

    def declared(self, approval: object = "never", **more: object) -> dict[str, object]:
        """The server as a tool of a session."""
        return {
            "type": "mcp",
            "server_label": "town",
            "server_url": self.url,
            "require_approval": approval,
            **more,
        }


def _server(tools: Tools) -> MCPServer:
    server = MCPServer("town", log_level="WARNING")

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def get_weather(city: str) -> str:
        """The weather in a city."""
        tools.calls.append(f"weather {city}")
        return f"Rain in {city}."

    @server.tool()
    def book_table(restaurant: str) -> str:
        """Book a table in a restaurant."""
        tools.calls.append(f"table {restaurant}")
        raise ToolError("The restaurant is closed.")

    return server


@asynccontextmanager
async def mcp_tools() -> AsyncIterator[Tools]:
    """Two tools, get_weather(city) and book_table(restaurant), which always fails."""
    tools = Tools()
    serve_mcp = _server(tools).streamable_http_app()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            tools.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await serve_mcp(scope, receive, send)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        tools.url = f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        config = uvicorn.Config(app, log_level="warning", log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        # The signals are pytest's.
        serving = asyncio.create_task(server._serve(sockets=[listener]))
        try:
            yield tools
        finally:
            server.should_exit = True
            await serving
