"""Tools on a real MCP server, asked for by openai's client."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from tests.clients.mcp_server import mcp_tools
from tests.clients.process import Served
from tests.clients.talk import Reply, Talk, connected

pytestmark = [pytest.mark.offline, pytest.mark.slow]

WEATHER = "What is the weather in Paris?"


async def listed(talk: Talk, *tools: Any) -> Any:
    """Give the session these tools; the list that the server then has."""
    session = await talk.update(tools=list(tools), output_modalities=["text"])
    assert [tool.server_label for tool in session.tools] == ["town"]
    added = await talk.expect("conversation.item.added", where=lambda e: e.item.type == "mcp_list_tools")
    await talk.expect("mcp_list_tools.in_progress", where=lambda e: e.item_id == added.item.id)
    await talk.expect("mcp_list_tools.completed", where=lambda e: e.item_id == added.item.id)
    done = await talk.expect("conversation.item.done", where=lambda e: e.item.id == added.item.id)
    return done.item


def of_type(reply: Reply, kind: str) -> Any:
    return next(item for item in reply.done.output if item.type == kind)


async def test_a_call_without_approval(served: Served) -> None:
    async with mcp_tools() as tools, connected(served.url) as talk:
        found = await listed(talk, tools.declared(authorization="secret"))
        assert [tool.name for tool in found.tools] == ["get_weather", "book_table"]
        assert found.tools[0].input_schema["required"] == ["city"]
        assert not any("secret" in event.to_json() for event in talk.seen)
        asked = await talk.ask(WEATHER)
        call = of_type(asked, "mcp_call")
        assert (call.server_label, call.name, call.arguments) == ("town", "get_weather", '{"city": "Paris"}')
        assert "Rain in Paris" in call.output
        assert call.error is None
        assert tools.calls == ["weather Paris"]
        assert [talk.count(f"response.mcp_call.{state}") for state in ("in_progress", "completed", "failed")] == [
            1,
            1,
            0,
        ]
        assert "Rain in Paris" in (await talk.respond()).text


async def test_a_call_that_fails(served: Served) -> None:
    async with mcp_tools() as tools, connected(served.url) as talk:
        await listed(talk, tools.declared())
        call = of_type(await talk.ask("Book a table in the restaurant Luna."), "mcp_call")
        assert call.output is None
        assert call.error.type == "tool_execution_error"
        assert "closed" in call.error.message
        assert talk.count("response.mcp_call.failed") == 1
        assert "closed" in (await talk.respond()).text


@pytest.mark.parametrize("approval", ["always", {"always": {"tool_names": ["get_weather"]}}])
@pytest.mark.parametrize("approve", [True, False])
async def test_a_call_that_needs_approval(served: Served, approve: bool, approval: object) -> None:
    async with mcp_tools() as tools, connected(served.url) as talk:
        await listed(talk, tools.declared(approval))
        asked = await talk.ask(WEATHER)
        assert asked.done.status == "completed"
        request = of_type(asked, "mcp_approval_request")
        assert (request.server_label, request.name, request.arguments) == ("town", "get_weather", '{"city": "Paris"}')
        await asyncio.sleep(0.1)
        assert tools.calls == []
        answer = {"type": "mcp_approval_response", "approval_request_id": request.id, "approve": approve}
        await talk.create({"id": "decision", **answer})
        if approve:
            done = await talk.expect("conversation.item.done", where=lambda e: e.item.type == "mcp_call")
            assert done.item.approval_request_id == request.id
            assert "Rain in Paris" in done.item.output
            # A call that was approved runs at once, outside of any response.
            name = done.item.id
            talk.excused = (f"item {name} comes from no", f"item '{name}' is no mcp_call of a response")
        told = await talk.respond()
        assert ("Rain in Paris" in told.text) == approve
        assert tools.calls == ["weather Paris"] * approve
        await talk.api.conversation.item.create(item=answer, event_id="again")
        await talk.error("again", "invalid_value")


async def test_only_the_allowed_tools(served: Served) -> None:
    async with mcp_tools() as tools, connected(served.url) as talk:
        found = await listed(talk, tools.declared(allowed_tools=["book_table"]))
        assert [tool.name for tool in found.tools] == ["book_table"]
        assert (await talk.ask(WEATHER)).message
        assert tools.calls == []


async def test_a_server_that_cannot_be_reached(served: Served) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/mcp"
    async with connected(served.url) as talk:
        await talk.update(tools=[{"type": "mcp", "server_label": "town", "server_url": url}])
        failed = await talk.expect("mcp_list_tools.failed")
        done = await talk.expect("conversation.item.done", where=lambda e: e.item.id == failed.item_id)
        assert done.item.tools == []
        error = (await talk.expect("error")).error
        assert error.event_id is None
        assert "town" in error.message
        assert (await talk.ask("Hello.")).done.status == "completed"
