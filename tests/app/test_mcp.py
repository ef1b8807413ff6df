"""Lists and calls of a real MCP server, and of some that are none."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.clients.mcp_server import Tools, mcp_tools
from tests.transports.peer import tidy

from vivavoce.app import mcp
from vivavoce.app.mcp import McpServers
from vivavoce.wire.openai_realtime.tools import McpServer

Listed = tuple[str, list[dict[str, Any]] | None, str]


class Asked:
    """The servers of a session, and what came of them."""

    def __init__(self) -> None:
        self.servers = McpServers(self._listed)
        self.listed: list[Listed] = []
        self._news = asyncio.Event()

    def _listed(self, label: str, tools: list[dict[str, Any]] | None, error: str) -> None:
        self.listed.append((label, tools, error))
        self._news.set()

    async def list(self, url: str, label: str = "town", **more: Any) -> Listed:
        self._news.clear()
        self.servers.connect(McpServer(label, url, **more))
        await self._news.wait()
        return self.listed[-1]


def play(main: Callable[[Asked], Awaitable[None]]) -> None:
    async def watched() -> None:
        async with tidy():
            asked = Asked()
            await asyncio.wait_for(main(asked), 20)
            await asked.servers.close()

    asyncio.run(watched())


def play_with_server(main: Callable[[Asked, Tools], Awaitable[None]]) -> None:
    async def both(asked: Asked) -> None:
        async with mcp_tools() as tools:
            await main(asked, tools)

    play(both)


@contextmanager
def mute() -> Iterator[str]:
    """The URL of a server that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"


def nobody() -> str:
    """A URL at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}/mcp"


def test_a_server_tells_its_tools_and_runs_them() -> None:
    async def main(asked: Asked, tools: Tools) -> None:
        label, found, error = await asked.list(tools.url)
        assert (label, error) == ("town", "")
        assert found is not None
        assert [tool["name"] for tool in found] == ["get_weather", "book_table"]
        assert [tool["read_only"] for tool in found] == [True, False]
        assert found[0]["description"] == "The weather in a city."
        assert found[0]["input_schema"]["properties"]["city"]["type"] == "string"
        call = asked.servers.function("town", "get_weather")
        assert call.__name__ == "get_weather"
        assert "Rain in Paris." in await call(city="Paris")
        assert "Rain in Rome." in await call(city="Rome")
        assert tools.calls == ["weather Paris", "weather Rome"]

    play_with_server(main)


def test_calls_run_on_another_loop_than_lists() -> None:
    async def main(asked: Asked, tools: Tools) -> None:
        await asked.list(tools.url)
        call = asked.servers.function("town", "get_weather")
        assert "Rain in Oslo." in await asyncio.to_thread(asyncio.run, call(city="Oslo"))

    play_with_server(main)


@pytest.mark.parametrize("given", ["secret", "Bearer secret"])
def test_every_request_carries_the_credentials(given: str) -> None:
    async def main(asked: Asked, tools: Tools) -> None:
        await asked.list(tools.url, authorization=given, headers=(("x-shop", "7"),))
        await asked.servers.function("town", "get_weather")(city="Paris")
        assert len(tools.headers) >= 2
        assert {request["authorization"] for request in tools.headers} == {"Bearer secret"}
        assert {request["x-shop"] for request in tools.headers} == {"7"}

    play_with_server(main)


def test_a_tool_that_fails_says_why() -> None:
    async def main(asked: Asked, tools: Tools) -> None:
        await asked.list(tools.url)
        with pytest.raises(RuntimeError, match="The restaurant is closed"):
            await asked.servers.function("town", "book_table")(restaurant="Luna")
        with pytest.raises(RuntimeError, match="city"):
            await asked.servers.function("town", "get_weather")(place="Paris")
        with pytest.raises(RuntimeError, match="no_such_tool"):
            await asked.servers.function("town", "no_such_tool")()

    play_with_server(main)


def test_a_server_that_is_gone_fails_the_call() -> None:
    async def main(asked: Asked) -> None:
        async with mcp_tools() as tools:
            await asked.list(tools.url)
        with pytest.raises(RuntimeError, match="ConnectError"):
            await asked.servers.function("town", "get_weather")(city="Paris")

    play(main)


@pytest.mark.parametrize("path", ["", "/elsewhere"])
def test_a_server_that_cannot_be_reached_is_an_answer_too(path: str) -> None:
    async def main(asked: Asked, tools: Tools) -> None:
        label, found, error = await asked.list(tools.url + path if path else nobody())
        assert (label, found) == ("town", None)
        assert 0 < len(error) <= 200
        assert "ExceptionGroup" not in error
        assert ("Not Found" if path else "ConnectError") in error

    play_with_server(main)


@pytest.mark.parametrize("url", ["http://", "no url at all", "http://256.256.256.256/", "ftp://127.0.0.1/x"])
def test_an_address_that_is_none_is_an_answer_too(url: str) -> None:
    async def main(asked: Asked) -> None:
        _, found, error = await asked.list(url)
        assert found is None
        assert error

    play(main)


def test_a_reason_is_one_short_line() -> None:
    assert mcp.reason(ValueError("no")) == "ValueError: no"
    assert mcp.reason(BrokenPipeError()) == "BrokenPipeError"
    assert mcp.reason(ExceptionGroup("two", [ExceptionGroup("one", [OSError("far")])])) == "OSError: far"
    assert len(mcp.reason(ValueError("x" * 1000))) == 200


def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp, "LIST_S", 0.2)

    async def main(asked: Asked) -> None:
        with mute() as url:
            assert await asked.list(url) == ("town", None, "no answer within 0 s")

    play(main)


def test_a_slow_server_keeps_nobody_waiting() -> None:
    async def main(asked: Asked, tools: Tools) -> None:
        with mute() as url:
            asked.servers.connect(McpServer("slow", url))
            label, found, _ = await asked.list(tools.url)
            assert label == "town"
            assert found
            await asked.servers.close()
        assert len(asked.listed) == 1

    play_with_server(main)


def test_only_the_last_server_of_a_name_is_heard_of() -> None:
    async def main(asked: Asked, tools: Tools) -> None:
        with mute() as url:
            asked.servers.connect(McpServer("town", url))
            asked.servers.connect(McpServer("town", nobody()))
            _, found, _ = await asked.list(tools.url)
        assert found
        assert len(asked.listed) == 1
        assert "Rain" in await asked.servers.function("town", "get_weather")(city="Paris")

    play_with_server(main)


@pytest.mark.parametrize("beginning", [True, False])
def test_after_closing_nobody_is_asked_and_nothing_is_told(beginning: bool) -> None:
    async def main(asked: Asked) -> None:
        with mute() as url:
            asked.servers.connect(McpServer("town", url))
            for _ in range(0 if beginning else 20):
                await asyncio.sleep(0)
            await asked.servers.close()
            asked.servers.connect(McpServer("late", url))
            await asked.servers.close()
        assert asked.listed == []

    play(main)


def test_pages_of_tools_are_put_together_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    from mcp.types import ListToolsResult
    from mcp.types import Tool as Described

    class Endless:
        cursors: list[str | None] = []  # noqa: RUF012

        async def list_tools(self, cursor: str | None = None) -> ListToolsResult:
            self.cursors.append(cursor)
            at = int(cursor or 0)
            tools = [Described(name=f"t{n}", input_schema={"type": "object"}) for n in range(at, at + 3)]
            return ListToolsResult(tools=tools, next_cursor=None if at + 3 > 9 else str(at + 3))

    monkeypatch.setattr(mcp, "MAX_TOOLS", 7)
    client = Endless()
    found = asyncio.run(mcp.all_tools(client))  # type: ignore[arg-type]
    assert [tool["name"] for tool in found] == [f"t{n}" for n in range(7)]
    assert client.cursors == [None, "3", "6"]


def test_without_the_package_the_list_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(asked: Asked) -> None:
        monkeypatch.setitem(sys.modules, "mcp", None)
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        _, found, error = await asked.list("http://127.0.0.1/")
        assert found is None
        assert "pip install 'vivavoce[mcp]'" in error

    play(main)
