"""Tools as clients write them."""

from __future__ import annotations

from typing import Any

import pytest

from vivavoce.wire.openai_realtime.refusal import Refusal
from vivavoce.wire.openai_realtime.tools import check_tools, chosen, for_response, functions, mcp_servers, shown

Wire = dict[str, Any]
LOOK: Wire = {"type": "function", "name": "look"}
SHOP: Wire = {"type": "mcp", "server_label": "shop", "server_url": "https://shop.test/mcp"}


@pytest.mark.parametrize(
    ("tools", "choice", "param"),
    [
        ([{}], "auto", "root.tools[0].type"),
        ([{"type": "web_search"}], "auto", "root.tools[0].type"),
        ([LOOK, {"type": "function"}], "auto", "root.tools[1].name"),
        ([{**LOOK, "name": ""}], "auto", "root.tools[0].name"),
        ([{**LOOK, "name": 7}], "auto", "root.tools[0].name"),
        ([LOOK, LOOK], "auto", "root.tools[1].name"),
        ([{**LOOK, "description": 7}], "auto", "root.tools[0].description"),
        ([{**LOOK, "parameters": "none"}], "auto", "root.tools[0].parameters"),
        ([{"type": "function", "name": f"t{n}"} for n in range(129)], "auto", "root.tools"),
        ([{"type": "mcp"}], "auto", "root.tools[0].server_label"),
        ([{"type": "mcp", "server_label": "shop"}], "auto", "root.tools[0].server_url"),
        ([{"type": "mcp", "server_label": "shop", "connector_id": "x"}], "auto", "root.tools[0].connector_id"),
        ([{**SHOP, "connector_id": "x"}], "auto", "root.tools[0]"),
        ([{**SHOP, "server_url": "file:///etc/passwd"}], "auto", "root.tools[0].server_url"),
        ([SHOP, SHOP], "auto", "root.tools[1].server_label"),
        ([{**SHOP, "require_approval": "maybe"}], "auto", "root.tools[0].require_approval"),
        ([{**SHOP, "require_approval": {"always": 7}}], "auto", "root.tools[0].require_approval.always"),
        ([{**SHOP, "headers": ["a"]}], "auto", "root.tools[0].headers"),
        ([{**SHOP, "headers": {"a": 7}}], "auto", "root.tools[0].headers"),
        ([{**SHOP, "authorization": 7}], "auto", "root.tools[0].authorization"),
        ([{**SHOP, "allowed_tools": [7]}], "auto", "root.tools[0].allowed_tools"),
        ([{**SHOP, "allowed_tools": "buy"}], "auto", "root.tools[0].allowed_tools"),
        ([{**SHOP, "allowed_tools": {"read_only": "yes"}}], "auto", "root.tools[0].allowed_tools.read_only"),
        (
            [{**SHOP, "require_approval": {"never": {"read_only": 1}}}],
            "auto",
            "root.tools[0].require_approval.never.read_only",
        ),
        ([], "perhaps", "root.tool_choice"),
        ([], {"type": "function", "name": "look"}, "root.tool_choice.name"),
        ([LOOK], {"type": "function", "name": ["look"]}, "root.tool_choice.name"),
        ([LOOK], {"type": "mcp", "server_label": "shop"}, "root.tool_choice.server_label"),
        ([SHOP], {"type": "mcp", "server_label": {}}, "root.tool_choice.server_label"),
        ([LOOK], {"type": "look"}, "root.tool_choice.type"),
    ],
)
def test_what_is_refused(tools: list[Wire], choice: str | Wire, param: str) -> None:
    with pytest.raises(Refusal) as refusal:
        check_tools(tools, choice, "root")
    assert refusal.value.param == param


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ({"type": "function", "name": "look"}, "look"),
        ({"type": "mcp", "server_label": "shop", "name": "buy"}, "buy"),
        ({"type": "mcp", "server_label": "shop"}, "required"),
    ],
)
def test_a_choice_as_engines_understand_it(choice: str | Wire, name: str) -> None:
    check_tools([LOOK, SHOP], choice, "root")
    assert chosen(choice) == name


def test_a_function_without_parameters_takes_none() -> None:
    (tool,) = functions([LOOK, SHOP])
    assert (tool.name, tool.description, tool.parameters) == ("look", "", '{"type": "object", "properties": {}}')


@pytest.mark.parametrize(
    ("given", "asks"),
    [
        ({}, {"buy": True, "look": True}),
        ({"require_approval": "always"}, {"buy": True, "look": True}),
        ({"require_approval": "never"}, {"buy": False, "look": False}),
        ({"require_approval": {"always": {"tool_names": ["buy"]}}}, {"buy": True, "look": False}),
        ({"require_approval": {"never": {"tool_names": ["look"]}}}, {"buy": True, "look": False}),
        (
            {"require_approval": {"always": {"tool_names": ["buy", "look"]}, "never": ["look"]}},
            {"buy": True, "look": False},
        ),
        ({"require_approval": {"always": {"read_only": False}}}, {"buy": True, "look": False}),
        ({"require_approval": {"never": {"read_only": True}}}, {"buy": True, "look": False}),
        ({"require_approval": {"always": None, "never": {"read_only": True}}}, {"buy": True, "look": False}),
        ({"require_approval": {"never": {}}}, {"buy": True, "look": True}),
    ],
)
def test_which_tools_of_a_server_need_approval(given: Wire, asks: dict[str, bool]) -> None:
    check_tools([{**SHOP, **given}], "auto", "root")
    (server,) = mcp_servers([LOOK, {**SHOP, **given}])
    assert {tool: server.needs_approval({"name": tool, "read_only": tool == "look"}) for tool in asks} == asks


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        (None, {"buy", "look", "list"}),
        ({}, {"buy", "look", "list"}),
        ([], set()),
        (["buy"], {"buy"}),
        ({"tool_names": ["buy"]}, {"buy"}),
        ({"read_only": True}, {"look", "list"}),
        ({"read_only": False}, {"buy"}),
        ({"read_only": None, "tool_names": None}, {"buy", "look", "list"}),
        ({"read_only": True, "tool_names": ["buy", "look"]}, {"look"}),
    ],
)
def test_which_tools_of_a_server_are_allowed(given: object, allowed: set[str]) -> None:
    check_tools([{**SHOP, "allowed_tools": given}], "auto", "root")
    (server,) = mcp_servers([{**SHOP, "allowed_tools": given}])
    tools = [{"name": "buy"}, {"name": "look", "read_only": True}, {"name": "list", "read_only": True}]
    assert {tool["name"] for tool in tools if server.allowed.takes(tool)} == allowed


def test_the_servers_of_a_response_are_those_of_the_session_perhaps_with_fewer_tools() -> None:
    session = [LOOK, {**SHOP, "authorization": "secret", "require_approval": "never"}]
    short = {"type": "mcp", "server_label": "shop"}
    for own in (short, {**short, "authorization": None}, {**SHOP, "require_approval": "never"}):
        assert for_response([own], session, "auto") == session[1:]
    fewer = for_response([{**short, "allowed_tools": ["buy"]}, LOOK], session, {"type": "mcp", "server_label": "shop"})
    assert fewer == [{**session[1], "allowed_tools": ["buy"]}, LOOK]


@pytest.mark.parametrize(
    ("own", "param"),
    [
        ({"type": "mcp", "server_label": "other"}, "response.tools[1]"),
        ({**SHOP, "server_label": "other"}, "response.tools[1]"),
        ({**SHOP, "server_url": "https://else.test/mcp"}, "response.tools[1]"),
        ({**SHOP, "require_approval": "never"}, "response.tools[1]"),
        ({**SHOP, "allowed_tools": "buy"}, "response.tools[1].allowed_tools"),
        ({"type": "mcp"}, "response.tools[1].server_label"),
        ({"type": "function"}, "response.tools[1].name"),
    ],
)
def test_another_server_in_a_response_is_refused(own: Wire, param: str) -> None:
    with pytest.raises(Refusal) as refusal:
        for_response([LOOK, own], [SHOP], "auto")
    assert refusal.value.param == param


def test_nobody_is_shown_the_secrets_of_a_server() -> None:
    secret = {**SHOP, "authorization": "secret", "headers": {"X-Key": "secret"}}
    assert shown([LOOK, secret]) == [LOOK, SHOP]
    (server,) = mcp_servers([secret])
    assert (server.authorization, server.headers) == ("secret", (("X-Key", "secret"),))
