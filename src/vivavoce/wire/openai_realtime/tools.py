"""Tools and the choice between them, as clients write them."""

from __future__ import annotations

import json
from dataclasses import dataclass
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
class McpServer:
    label: str
    url: str
    authorization: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    allowed: tuple[str, ...] | None = None
    """Names of its tools; None for all."""
    approve: tuple[str, ...] | None = ()
    """Names of tools that need approval; None for all."""
    free: tuple[str, ...] = ()
    """Names of tools that need none, whatever `approve` says."""

    def needs_approval(self, tool: str) -> bool:
        return tool not in self.free and (self.approve is None or tool in self.approve)


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
    """None, names of tools, or an object with them."""
    names = filter_.get("tool_names") if isinstance(filter_, dict) else filter_
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise Refusal("invalid_value", "Expected a list of names of tools, or an object with 'tool_names'.", param)


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
    allowed = tool.get("allowed_tools")
    approval = tool.get("require_approval") or "always"
    approve: tuple[str, ...] | None
    free: tuple[str, ...] = ()
    if approval == "never":
        approve = ()
    elif isinstance(approval, str):
        approve = None
    else:
        free = _names(approval.get("never")) or ()
        approve = _names(approval["always"]) if "always" in approval else None
    return McpServer(
        tool["server_label"],
        tool["server_url"],
        tool.get("authorization") or "",
        tuple((str(k), str(v)) for k, v in (tool.get("headers") or {}).items()),
        _names(allowed),
        approve,
        free,
    )


def _names(filter_: Any) -> tuple[str, ...] | None:
    """The tool names of a list or a filter object; None when it names none."""
    names = filter_.get("tool_names") if isinstance(filter_, dict) else filter_
    return tuple(str(name) for name in names) if isinstance(names, list) else None


def shown(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tools as the session echoes them: without secrets."""
    return [{key: value for key, value in tool.items() if key not in _SECRET} for tool in tools]


def chosen(choice: str | dict[str, Any]) -> str:
    """The choice as engines understand it: `auto`, `none`, `required`, or the name of a tool."""
    if isinstance(choice, str):
        return choice
    return str(choice.get("name") or "required")
