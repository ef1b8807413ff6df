"""A small MCP server over standard input and output, run as a program of its own.

`python mcp_stdio.py NAME [--slow SECONDS] [--fail WORDS]`
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from mcp.server import MCPServer
from mcp.types import ToolAnnotations

parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.add_argument("--slow", type=float, default=0.0)
parser.add_argument("--fail", default="")
given = parser.parse_args()
time.sleep(given.slow)
if given.fail:
    sys.exit(given.fail)
server = MCPServer(given.name, log_level="WARNING")
calls = 0


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"{given.name}: snow in {city}."


@server.tool()
def count() -> str:
    """Calls of this process so far, and its number."""
    global calls
    calls += 1
    return f"{calls} {os.getpid()}"


@server.tool()
def show(variable: str) -> str:
    """A variable of the environment."""
    return os.environ.get(variable, "nothing")


@server.tool()
def die() -> str:
    """End at once."""
    print("no memory left", file=sys.stderr, flush=True)
    os._exit(3)


server.run("stdio")
