"""Tools as clients write them."""

from __future__ import annotations

from typing import Any

import pytest

from vivavoce.wire.openai_realtime.refusal import Refusal
from vivavoce.wire.openai_realtime.tools import check_tools, chosen, functions, mcp_servers, shown

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
    ],
)
def test_which_tools_of_a_server_need_approval(given: Wire, asks: dict[str, bool]) -> None:
    check_tools([{**SHOP, **given}], "auto", "root")
    (server,) = mcp_servers([LOOK, {**SHOP, **given}])
    assert {tool: server.needs_approval(tool) for tool in asks} == asks


@pytest.mark.parametrize(
    ("given", "allowed"), [(None, None), (["buy"], ("buy",)), ({"tool_names": ["buy"]}, ("buy",)), ({}, None), ([], ())]
)
def test_which_tools_of_a_server_are_allowed(given: object, allowed: tuple[str, ...] | None) -> None:
    (server,) = mcp_servers([{**SHOP, "allowed_tools": given}])
    assert server.allowed == allowed


def test_nobody_is_shown_the_secrets_of_a_server() -> None:
    secret = {**SHOP, "authorization": "secret", "headers": {"X-Key": "secret"}}
    assert shown([LOOK, secret]) == [LOOK, SHOP]
    (server,) = mcp_servers([secret])
    assert (server.authorization, server.headers) == ("secret", (("X-Key", "secret"),))
