"""MCP servers in a session: their lists, their calls, approval, and servers that fail or go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vivavoce.core.commands import Result
from vivavoce.wire.openai_realtime import config
from vivavoce.wire.openai_realtime.effects import Configure, Connect
from vivavoce.wire.openai_realtime.server import Server, text_of

from .laws import at_rest
from .pair import Pair
from .world import Called, Faults

Wire = dict[str, Any]
SHOP: Wire = {"type": "mcp", "server_label": "shop", "server_url": "https://shop.test/mcp"}
FREE = {**SHOP, "require_approval": "never"}
TOOLS = [
    {"name": "buy", "description": "buys", "input_schema": {"type": "object"}, "read_only": False},
    {"name": "look", "read_only": True},
]


def update(pair: Pair, *tools: Wire) -> list[Wire]:
    return pair.send({"type": "session.update", "session": {"type": "realtime", "tools": list(tools)}})


def shopping(*answer: Any, tool: Wire = FREE, fails: bool = False) -> Pair:
    """A session with a shop, and a model that says `answer`."""
    pair = Pair(faults=Faults(lambda ask: answer, tool_fails=lambda: fails))
    pair.mcp = {"shop": TOOLS}
    update(pair, tool)
    pair.rest(200)
    return pair


def decide(pair: Pair, approve: bool) -> list[Wire]:
    (request,) = (e["item"] for e in pair.of("conversation.item.done") if e["item"]["type"] == "mcp_approval_request")
    item = {"type": "mcp_approval_response", "approval_request_id": request["id"], "approve": approve}
    return pair.send({"type": "conversation.item.create", "item": item})


def call_item(pair: Pair) -> Wire:
    return next(e["item"] for e in reversed(pair.of("conversation.item.done")) if e["item"]["type"] == "mcp_call")


def test_a_new_server_is_asked_for_its_tools_which_become_an_item() -> None:
    pair = Pair()
    pair.mcp = {"shop": TOOLS}
    assert [event["type"] for event in update(pair, SHOP)] == [
        "session.updated",
        "conversation.item.added",
        "mcp_list_tools.in_progress",
    ]
    assert pair.told[-2]["item"]["tools"] == []
    pair.rest(100)
    assert pair.types()[-2:] == ["mcp_list_tools.completed", "conversation.item.done"]
    assert [tool["name"] for tool in pair.told[-1]["item"]["tools"]] == ["buy", "look"]
    assert [tool.name for tool in pair.agents[-1].mcp] == ["buy", "look"]
    pair.check()


def test_only_the_tools_that_are_allowed_count() -> None:
    pair = shopping(tool={**SHOP, "allowed_tools": ["look"]})
    assert [tool.own_name for tool in pair.agents[-1].mcp] == ["look"]
    assert [tool["name"] for tool in pair.of("conversation.item.done")[-1]["item"]["tools"]] == ["look"]


def test_tools_may_be_allowed_and_approved_by_what_they_say_of_themselves() -> None:
    pair = shopping(tool={**SHOP, "allowed_tools": {"read_only": True}})
    assert [tool.own_name for tool in pair.agents[-1].mcp] == ["look"]
    pair = shopping(tool={**SHOP, "require_approval": {"never": {"read_only": True}}})
    assert {name: spec.approval for name, spec in pair.conversation.context.tools.specs.items()} == {
        "buy": True,
        "look": False,
    }


# -- from the beginning ------------------------------------------------------------------------------------------------


def test_the_servers_of_a_client_secret_are_asked_when_the_session_begins() -> None:
    pair = Pair({"tools": [FREE]}, Faults(lambda ask: (Called("buy"),)))
    pair.mcp = {"shop": TOOLS}
    assert pair.types() == ["session.created", "conversation.item.added", "mcp_list_tools.in_progress"]
    pair.rest(200)
    assert [tool.name for tool in pair.agents[-1].mcp] == ["buy", "look"]
    pair.send({"type": "response.create"})
    pair.rest()
    assert call_item(pair)["output"] == "42"
    pair.check()


@pytest.mark.parametrize("answer", [TOOLS, None])
def test_a_client_that_comes_after_its_servers_answered_is_told_of_them(answer: list[Wire] | None) -> None:
    server = Server("abc", config.first("fake", "realtime", "", {"tools": [FREE]}), 2_000_000_000, plays=True)
    assert sum(isinstance(effect, Connect) for effect in server.begin()) == 1
    assert text_of(server.listed("shop", answer, "nobody there")) == []
    told = [json.loads(text) for text in text_of(server.attach())]
    assert [event["type"] for event in told][:5] == [
        "session.created",
        "conversation.item.added",
        "mcp_list_tools.in_progress",
        "mcp_list_tools.failed" if answer is None else "mcp_list_tools.completed",
        "conversation.item.done",
    ]
    assert [event["type"] for event in told][5:] == (["error"] if answer is None else [])
    assert [event["type"] for event in map(json.loads, text_of(server.attach(1)))] == ["session.created"]


# -- of one response ---------------------------------------------------------------------------------------------------


def offered(pair: Pair, *own: Wire) -> list[str]:
    """The names of the MCP tools that the model has in a response with these tools."""
    (created,) = pair.send({"type": "response.create", "response": {"tools": list(own)}})
    assert created["type"] == "response.created", created
    pair.rest()
    pair.check()
    return [tool.name for tool in next(a for a in pair.agents if a.ref == created["response"]["id"]).mcp]


def test_a_response_with_tools_of_its_own_has_no_others() -> None:
    pair = shopping("Yes.")
    assert offered(pair) == []
    assert offered(pair, {"type": "function", "name": "wait"}) == []
    assert offered(pair, {"type": "mcp", "server_label": "shop"}) == ["buy", "look"]
    assert offered(pair, {"type": "mcp", "server_label": "shop", "allowed_tools": {"read_only": True}}) == ["look"]
    pair.send({"type": "response.create"})
    assert [tool.name for tool in pair.agents[-1].mcp] == ["buy", "look"]


def test_a_server_that_only_a_response_names_is_refused() -> None:
    pair = shopping("Yes.")
    (error,) = pair.send({"type": "response.create", "response": {"tools": [{**FREE, "server_label": "else"}]}})
    assert (error["error"]["code"], error["error"]["param"]) == ("invalid_value", "response.tools[0]")


def test_a_function_of_a_response_takes_the_name_of_a_tool_for_that_long() -> None:
    pair = shopping(Called("look"))
    mine: Wire = {"type": "function", "name": "look"}
    pair.send({"type": "response.create", "response": {"tools": [mine, {"type": "mcp", "server_label": "shop"}]}})
    assert [tool.name for tool in pair.agents[-1].mcp] == ["buy", "shop_look"]
    pair.rest()
    assert pair.of("response.done")[0]["response"]["output"][0]["type"] == "function_call"
    pair.send({"type": "response.create"})
    pair.rest()
    assert pair.of("response.done")[1]["response"]["output"][0]["type"] == "mcp_call"
    pair.check()


def test_a_tool_whose_name_is_taken_gets_another_one_for_the_model_only() -> None:
    pair = Pair(faults=Faults(lambda ask: (Called("shop_look"),)))
    pair.mcp = {"shop": TOOLS}
    update(pair, {"type": "function", "name": "look"}, FREE)
    pair.rest(200)
    assert [(tool.name, tool.own_name) for tool in pair.agents[-1].mcp] == [("buy", "buy"), ("shop_look", "look")]
    pair.send({"type": "response.create"})
    pair.rest()
    assert call_item(pair)["name"] == "look"
    pair.check()


def test_a_server_that_cannot_be_reached_is_told_and_fails_no_response() -> None:
    pair = Pair()
    update(pair, SHOP)
    pair.rest(200)
    assert pair.types()[-3:] == ["mcp_list_tools.failed", "conversation.item.done", "error"]
    assert pair.told[-1]["error"]["type"] == "server_error"
    pair.send({"type": "response.create"})
    pair.rest()
    assert pair.of("response.done")[0]["response"]["status"] == "completed"
    pair.check()


def test_a_server_that_goes_while_it_is_asked_closes_its_item_once() -> None:
    pair = Pair()
    pair.mcp = {"shop": TOOLS}
    update(pair, SHOP)
    update(pair)
    pair.rest(200)
    assert pair.types().count("mcp_list_tools.failed") == 1
    assert "mcp_list_tools.completed" not in pair.types()
    assert pair.agents[-1].mcp == ()
    pair.check()


def test_the_tools_of_a_server_go_with_it_for_the_model_and_the_conversation() -> None:
    pair = shopping(Called("buy"), tool=SHOP)
    update(pair)
    assert isinstance(pair.agents[-1], Configure)
    assert pair.agents[-1].mcp == ()
    assert "buy" not in pair.conversation.context.tools.specs


@pytest.mark.parametrize("fails", [False, True])
def test_a_call_runs_inside_its_response_and_ends_as_it_ends(fails: bool) -> None:
    pair = shopping("Wait. ", Called("buy", '{"n":1}'), fails=fails)
    pair.send({"type": "response.create"})
    pair.rest()
    result = "failed" if fails else "completed"
    kinds = [kind for kind in pair.types() if "mcp_call" in kind or kind == "response.done"]
    assert kinds == [
        "response.mcp_call_arguments.delta",
        "response.mcp_call_arguments.done",
        "response.mcp_call.in_progress",
        f"response.mcp_call.{result}",
        "response.done",
    ]
    item = call_item(pair)
    assert item["arguments"] == '{"n":1}'
    assert (item["output"], item["error"]) == (
        (None, {"type": "tool_execution_error", "message": "it broke"}) if fails else ("42", None)
    )
    pair.check()
    at_rest(pair)


def test_a_call_that_needs_approval_waits_for_it_and_then_runs_on_its_own() -> None:
    pair = shopping(Called("buy"), tool=SHOP)
    pair.send({"type": "response.create"})
    pair.rest()
    assert pair.of("response.done")[0]["response"]["output"][0]["type"] == "mcp_approval_request"
    assert not any("mcp_call" in kind for kind in pair.types())
    decide(pair, True)
    pair.rest()
    item = call_item(pair)
    assert (item["output"], item["approval_request_id"]) == (
        "42",
        pair.of("response.done")[0]["response"]["output"][0]["id"],
    )
    assert [kind for kind in pair.types() if "mcp_call." in kind] == [
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
    ]
    pair.check()
    at_rest(pair)


def test_a_call_that_is_not_approved_never_runs() -> None:
    pair = shopping(Called("buy"), tool=SHOP)
    pair.send({"type": "response.create"})
    pair.rest()
    decide(pair, False)
    pair.rest()
    assert not any("mcp_call" in kind for kind in pair.types())
    (result,) = (item.output for item in pair.conversation.history() if hasattr(item, "output"))
    assert result == "not allowed"
    pair.check()


def test_a_request_is_answered_once() -> None:
    pair = shopping(Called("buy"), tool=SHOP)
    pair.send({"type": "response.create"})
    pair.rest()
    decide(pair, False)
    (error,) = decide(pair, True)
    assert error["error"]["param"] == "item.approval_request_id"


def test_a_call_may_be_approved_after_its_server_went() -> None:
    pair = shopping(Called("buy"), tool=SHOP)
    pair.send({"type": "response.create"})
    pair.rest()
    update(pair)
    decide(pair, True)
    pair.rest()
    assert call_item(pair)["server_label"] == "shop"
    pair.check()


def test_an_answer_of_a_server_that_nobody_asked_changes_nothing() -> None:
    pair = shopping()
    assert pair.server.listed("shop", [], "") == []
    assert pair.server.listed("else", [{"name": "x"}], "") == []
    assert [tool.name for tool in pair.agents[-1].mcp] == ["buy", "look"]


def test_a_function_that_comes_later_takes_its_name_back() -> None:
    pair = shopping()
    assert [tool.name for tool in pair.agents[-1].mcp] == ["buy", "look"]
    update(pair, {"type": "function", "name": "look"}, FREE)
    assert [tool.name for tool in pair.agents[-1].mcp] == ["buy", "shop_look"]


def test_a_call_that_nobody_can_approve_any_more_is_refused() -> None:
    pair = shopping(Called("buy"), tool=SHOP)
    sound = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "AAAA" * 800}]}
    pair.send({"type": "response.create"})
    # What comes now reaches the conversation only once the words of this are known.
    pair.send({"type": "conversation.item.create", "item": sound})
    update(pair)
    pair.rest()
    assert [item.output for item in pair.conversation.history() if isinstance(item, Result)] == [
        "not allowed: its server is gone"
    ]
    pair.check()
    at_rest(pair)
