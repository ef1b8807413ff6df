"""Tools and the choice between them, as clients write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .refusal import Refusal, missing

_SECRET = ("authorization", "headers")
"""What the session shows to nobody."""


@dataclass(frozen=True, slots=True)
class FunctionTool:
    name: str
    description: str
    parameters: str
    """JSON schema."""


@dataclass(frozen=True, slots=True)
class ToolFilter:
    """Some tools of an MCP server."""

    names: tuple[str, ...] | None = None
    """None for any."""
    read_only: bool | None = None
    """Those that change nothing, by their own account, or those that may; None for both."""

    def takes(self, tool: Mapping[str, Any]) -> bool:
        """`tool`: with `name` and `read_only`."""
        named = self.names is None or tool["name"] in self.names
        return named and self.read_only in (None, bool(tool.get("read_only")))


_ALL = ToolFilter()


@dataclass(frozen=True, slots=True)
class McpServer:
    label: str
    url: str
    authorization: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    allowed: ToolFilter = _ALL
    approve: ToolFilter | None = None
    """Tools that need approval; None for none."""
    free: ToolFilter | None = None
    """Tools that need none, whatever `approve` says."""

    def needs_approval(self, tool: Mapping[str, Any]) -> bool:
        """`tool`: with `name` and `read_only`."""
        free = self.free is not None and self.free.takes(tool)
        return not free and self.approve is not None and self.approve.takes(tool)


def check_tools(tools: list[dict[str, Any]], choice: str | dict[str, Any], root: str) -> None:
    """Raises `Refusal`."""
    if len(tools) > 128:
        raise Refusal("invalid_value", f"Too many tools: {len(tools)}, at most 128.", f"{root}.tools")
    names: set[str] = set()
    labels: set[str] = set()
    for n, tool in enumerate(tools):
        param = f"{root}.tools[{n}]"
        match tool.get("type"):
            case "function":
                _check_function(tool, param, names)
            case "mcp":
                _check_mcp(tool, param, labels)
            case None:
                raise missing(f"{param}.type")
            case other:
                raise Refusal(
                    "invalid_value",
                    f"Invalid value: {str(other)[:100]!r}. Supported: 'function', 'mcp'.",
                    f"{param}.type",
                )
    _check_choice(choice, names, labels, f"{root}.tool_choice")


def _text(tool: dict[str, Any], key: str, param: str) -> str:
    value = tool.get(key)
    if value is None:
        raise missing(f"{param}.{key}")
    if not isinstance(value, str) or not value or len(value) > 4096:
        raise Refusal("invalid_value", f"Invalid value for '{param}.{key}': expected a short text.", f"{param}.{key}")
    return value


def _check_function(tool: dict[str, Any], param: str, names: set[str]) -> None:
    name = _text(tool, "name", param)
    if name in names:
        raise Refusal("invalid_value", f"There are two tools named {name!r}.", f"{param}.name")
    names.add(name)
    if not isinstance(tool.get("description") or "", str):
        raise Refusal("invalid_value", "A description is a text.", f"{param}.description")
    if not isinstance(tool.get("parameters") or {}, dict):
        raise Refusal("invalid_value", "Parameters are a JSON schema object.", f"{param}.parameters")


def _check_mcp(tool: dict[str, Any], param: str, labels: set[str]) -> None:
    label = _text(tool, "server_label", param)
    if label in labels:
        raise Refusal("invalid_value", f"There are two MCP servers labelled {label!r}.", f"{param}.server_label")
    labels.add(label)
    sources = [key for key in ("server_url", "connector_id", "tunnel_id") if tool.get(key)]
    if len(sources) > 1:
        raise Refusal("invalid_value", f"Give one of {', '.join(sources)}, not several.", param)
    if sources and sources[0] != "server_url":
        message = f"This server reaches MCP servers by 'server_url' only, not by '{sources[0]}'."
        raise Refusal("invalid_value", message, f"{param}.{sources[0]}")
    if not sources:
        raise missing(f"{param}.server_url")
    if not _text(tool, "server_url", param).startswith(("http://", "https://")):
        raise Refusal("invalid_value", "A server_url begins with https:// or http://.", f"{param}.server_url")
    headers = tool.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise Refusal("invalid_value", "Headers are an object of texts.", f"{param}.headers")
    if not isinstance(tool.get("authorization") or "", str):
        raise Refusal("invalid_value", "An authorization is a text.", f"{param}.authorization")
    _check_filter(tool.get("allowed_tools"), f"{param}.allowed_tools")
    approval = tool.get("require_approval") or "always"
    if not (approval in ("always", "never") or isinstance(approval, dict)):
        raise Refusal(
            "invalid_value", "require_approval is 'always', 'never' or a filter.", f"{param}.require_approval"
        )

    if isinstance(approval, dict):
        for key, filter_ in approval.items():
            _check_filter(filter_, f"{param}.require_approval.{key}")


def _check_filter(filter_: Any, param: str) -> None:
    """None, names of tools, or an object with them and `read_only`."""
    names = filter_.get("tool_names") if isinstance(filter_, dict) else filter_
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        message = "Expected a list of names of tools, or an object with 'tool_names' and 'read_only'."
        raise Refusal("invalid_value", message, param)
    if isinstance(filter_, dict) and not isinstance(filter_.get("read_only"), bool | None):
        raise Refusal("invalid_value", "Expected true or false.", f"{param}.read_only")


def _check_choice(choice: str | dict[str, Any], names: set[str], labels: set[str], param: str) -> None:
    if isinstance(choice, str):
        if choice not in ("auto", "none", "required"):
            message = (
                f"Invalid value: {choice[:100]!r}. Supported: 'auto', 'none', 'required', a function or an MCP tool."
            )
            raise Refusal("invalid_value", message, param)
        return
    if choice.get("type") == "function":
        name = choice.get("name")
        if not isinstance(name, str) or name not in names:
            raise Refusal(
                "invalid_value", f"There is no function {str(name)[:100]!r} among the tools.", f"{param}.name"
            )
    elif choice.get("type") == "mcp":
        label = choice.get("server_label")
        if not isinstance(label, str) or label not in labels:
            message = f"There is no MCP server {str(label)[:100]!r} among the tools."
            raise Refusal("invalid_value", message, f"{param}.server_label")
    else:
        raise Refusal("invalid_value", "A tool choice has the type 'function' or 'mcp'.", f"{param}.type")


def functions(tools: list[dict[str, Any]]) -> tuple[FunctionTool, ...]:
    """The functions among checked tools."""
    return tuple(
        FunctionTool(
            tool["name"],
            tool.get("description") or "",
            json.dumps(tool.get("parameters") or {"type": "object", "properties": {}}),
        )
        for tool in tools
        if tool["type"] == "function"
    )


def mcp_servers(tools: list[dict[str, Any]]) -> tuple[McpServer, ...]:
    """The MCP servers among checked tools."""
    return tuple(_mcp_server(tool) for tool in tools if tool["type"] == "mcp")


def _mcp_server(tool: dict[str, Any]) -> McpServer:
    approval = tool.get("require_approval") or "always"
    free: ToolFilter | None = None
    if isinstance(approval, str):
        approve = None if approval == "never" else _ALL
    else:
        approve, never = _filter(approval.get("always")), _filter(approval.get("never"))
        free = None if never == _ALL else never
    return McpServer(
        tool["server_label"],
        tool["server_url"],
        tool.get("authorization") or "",
        tuple((str(k), str(v)) for k, v in (tool.get("headers") or {}).items()),
        _filter(tool.get("allowed_tools")),
        approve,
        free,
    )


def _filter(given: Any) -> ToolFilter:
    """A checked list of names or filter object; all tools when it says nothing."""
    if not isinstance(given, dict):
        given = {"tool_names": given}
    names = given.get("tool_names")
    return ToolFilter(None if names is None else tuple(names), given.get("read_only"))


def for_response(own: list[dict[str, Any]], session: list[dict[str, Any]], choice: Any) -> list[dict[str, Any]]:
    """The tools of one response, checked. Its MCP servers are some of the session's, perhaps with fewer tools.

    Raises `Refusal`.
    """
    servers = {tool["server_label"]: tool for tool in session if tool["type"] == "mcp"}
    found = []
    for n, tool in enumerate(own):
        label = tool.get("server_label")
        if tool.get("type") == "mcp" and isinstance(label, str):
            if label not in servers:
                message = f"The session has no MCP server labelled {label[:100]!r}: give it to the session first."
                raise Refusal("invalid_value", message, f"response.tools[{n}]")
            tool = servers[label] | {key: value for key, value in tool.items() if value is not None}
        found.append(tool)
    check_tools(found, choice, "response")
    for n, tool in enumerate(found):
        if tool["type"] == "mcp" and _all_of(tool) != _all_of(servers[tool["server_label"]]):
            message = "An MCP server is in a response as it is in the session; only 'allowed_tools' may differ."
            raise Refusal("invalid_value", message, f"response.tools[{n}]")
    return found


def _all_of(tool: dict[str, Any]) -> McpServer:
    """The server, whichever of its tools are allowed."""
    return replace(_mcp_server(tool), allowed=_ALL)


def shown(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tools as the session echoes them: without secrets."""
    return [{key: value for key, value in tool.items() if key not in _SECRET} for tool in tools]


def chosen(choice: str | dict[str, Any]) -> str:
    """The choice as engines understand it: `auto`, `none`, `required`, or the name of a tool."""
    if isinstance(choice, str):
        return choice
    return str(choice.get("name") or "required")
