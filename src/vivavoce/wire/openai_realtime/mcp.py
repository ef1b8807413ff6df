"""MCP servers: their tools as items, their calls, and who must approve them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...core.events import ToolApproved, ToolSpec
from ...core.notices import ToolSettled, ToolStarted
from .config import Session
from .effects import Configure, Connect, McpTool
from .items import Entry, Wire
from .refusal import Refusal
from .response import CallItem, Response
from .state import State
from .tools import McpServer, functions, mcp_servers


@dataclass(slots=True)
class _Server:
    server: McpServer
    item: str
    """Its `mcp_list_tools`."""
    tools: tuple[dict[str, Any], ...] = ()
    """As it gave them, as far as they are allowed."""
    asked: bool = True
    """It has not answered."""
    told: bool = False
    """Clients know of its item."""
    failure: str | None = None
    """Why there is no list; empty when nobody wants one any more."""


@dataclass(slots=True)
class _Running:
    """A call under way. `response` is None once it was approved on its own, `item` until it is told."""

    entry: Entry
    response: Response | None
    item: CallItem | None
    previous: str | None = None


class Mcp:
    def __init__(self, state: State) -> None:
        self._state = state
        state.specs = self.specs
        self.own: tuple[ToolSpec, ...] = ()
        """Tools of the agent that is served: no client hears of them, and what they give is answered by itself."""
        self._servers: dict[str, _Server] = {}
        self._running: dict[str, _Running] = {}
        self._attached = False
        """There is or was a client."""
        self._requests: dict[str, tuple[ToolStarted, McpTool]] = {}
        """Approval requests nobody has answered."""

    # the servers

    def attached(self) -> None:
        """A client is there: if it is the first, it is told of the servers that were asked before."""
        self._attached = True
        for known in self._servers.values():
            if not known.told:
                self._tell(known)

    def forget(self, session: Session) -> None:
        """The session is about to change to this: servers that it does not name are gone."""
        wanted = {server.label: server for server in mcp_servers(session.tools)}
        for label in [label for label, known in self._servers.items() if wanted.get(label) != known.server]:
            self._answered(self._servers.pop(label), None, "")

    def declared(self) -> None:
        """The session's tools may have changed: ask new servers for theirs."""
        for server in mcp_servers(self._state.session.tools):
            if server.label not in self._servers:
                known = self._servers[server.label] = _Server(server, self._state.new_id("mcpl"))
                if self._attached:
                    self._tell(known)
                self._state.add(Connect(server))

    def listed(self, label: str, tools: list[dict[str, Any]] | None, error: str) -> None:
        """A server answered, or could not be reached."""
        known = self._servers.get(label)
        if known is None or not known.asked:
            return
        self._answered(known, tools, error or "no list")
        if tools is not None:
            self._state.add(Configure(self._state.session, mcp=self.tools()))
            self._state.declare()

    def _answered(self, known: _Server, tools: list[dict[str, Any]] | None, error: str) -> None:
        """Its list is there, or will never be; once."""
        if not known.asked:
            return
        known.asked = False
        if tools is None:
            known.failure = error
        else:
            known.tools = tuple(tool for tool in tools if known.server.allowed.takes(tool))
        if known.told:
            self._tell_answer(known)

    def _tell(self, known: _Server) -> None:
        state, known.told = self._state, True
        entry = Entry(known.item, _list_item(known.item, known.server.label, ()), known=False, open=True)
        previous = state.join(entry)
        state.tell({"type": "conversation.item.added", "previous_item_id": previous, "item": entry.item})
        state.tell({"type": "mcp_list_tools.in_progress", "item_id": entry.id})
        if not known.asked:
            self._tell_answer(known)

    def _tell_answer(self, known: _Server) -> None:
        """Close its item, unless that was deleted."""
        state, label, entry = self._state, known.server.label, self._state.items.get(known.item)
        if entry is not None:
            entry.item, entry.open = _list_item(known.item, label, known.tools), False
            result = "completed" if known.failure is None else "failed"
            state.tell({"type": f"mcp_list_tools.{result}", "item_id": known.item})
            previous = state.items.before(entry.id)
            state.tell({"type": "conversation.item.done", "previous_item_id": previous, "item": entry.item})
        if known.failure:
            message = f"MCP server '{label}': {known.failure}"
            state.error(Refusal("mcp_list_tools_failed", message, "session.tools", kind="server_error"), None, None)

    def tools(self) -> tuple[McpTool, ...]:
        """All tools of the session's servers. The name of one for the model differs from its own only where that is
        taken."""
        taken, found = {function.name for function in functions(self._state.session.tools)}, []
        for label, known in self._servers.items():
            for tool in known.tools:
                found.append(_tool(known.server, tool, _free(label, str(tool["name"]), taken)))
                taken.add(found[-1].name)
        return tuple(found)

    def tools_of(self, tools: list[dict[str, Any]]) -> tuple[McpTool, ...]:
        """Those among the tools of one response. They have the names that they have in the session, except where the
        response's functions take these."""
        allowed = {server.label: server.allowed for server in mcp_servers(tools)}
        own = {function.name for function in functions(tools)}
        taken, found = own | {tool.name for tool in self.tools()}, []
        for tool in self.tools():
            given = {"name": tool.own_name, "read_only": tool.read_only}
            if tool.label in allowed and allowed[tool.label].takes(given):
                found.append(replace(tool, name=_free(tool.label, tool.name, taken)) if tool.name in own else tool)
                taken.add(found[-1].name)
        return tuple(found)

    def specs(self) -> tuple[ToolSpec, ...]:
        """What the conversation must know of all tools, of the session and of responses that have their own. Where two
        share a name the last counts."""
        state = self._state
        own = [response for response in [*state.line, *state.asides] if response.tools is not None]
        remote = [*self.tools(), *(tool for response in own for tool in response.tools or ())]
        local = [state.session.tools, *(response.config.tools for response in own)]
        return (
            *(ToolSpec(tool.name, approval=tool.approval) for tool in remote),
            *(ToolSpec(function.name, runs="caller") for tools in local for function in functions(tools)),
            *self.own,
        )

    # calls

    def called(self, response: Response, notice: ToolStarted) -> bool:
        """The model calls a tool; if it is one of a server, it runs already unless it needs approval."""
        tools = self.tools() if response.tools is None else response.tools
        tool = next((tool for tool in tools if tool.name == notice.name), None)
        if tool is None:
            return False
        if notice.approval:
            ident = self._state.new_id("mcpr")
            self._requests[ident] = notice, tool
            row = {"id": ident, "object": "realtime.item", "type": "mcp_approval_request", "server_label": tool.label}
            entry = Entry(ident, {**row, "name": tool.own_name, "arguments": notice.arguments}, known=False)
            response.do(lambda: response.add_done(entry))
        else:
            running = _Running(Entry(notice.item, _call_item(notice, tool, None)), response, None)
            self._running[notice.call] = running
            response.do(lambda: self._open(running, response))
        return True

    def _open(self, running: _Running, response: Response) -> None:
        running.item = response.call(running.entry, "mcp_call")
        response.mcp(running.item, "in_progress")

    def settled(self, notice: ToolSettled) -> None:
        """A call has its result."""
        running = self._running.pop(notice.call, None)
        if running is None:
            return
        if running.response is None:
            self._close(running, notice)
        else:
            running.response.do(lambda: self._close(running, notice))

    def _close(self, running: _Running, notice: ToolSettled) -> None:
        entry = running.entry
        if notice.ok:
            entry.item = {**entry.item, "output": notice.output}
        else:
            entry.item = {**entry.item, "error": {"type": "tool_execution_error", "message": notice.output}}
        state, response, opened = self._state, running.response, running.item
        result = "completed" if notice.ok else "failed"
        if response is None or opened is None:
            entry.open = False
            state.tell({"type": f"response.mcp_call.{result}", "item_id": entry.id, "output_index": 0})
            event = {"type": "conversation.item.done", "previous_item_id": running.previous, "item": entry.item}
            state.tell(event)
        elif not response.closed:
            response.mcp(opened, result)
            response.close_call(opened)
            state.settle(response)

    # approval

    def check_approval(self, item: Wire) -> None:
        """Raises `Refusal`."""
        if item["approval_request_id"] not in self._requests:
            message = f"There is no open approval request '{item['approval_request_id'][:64]}'."
            raise Refusal("invalid_value", message, "item.approval_request_id")

    def decided(self, item: Wire) -> None:
        """Somebody answered an approval request: the call runs now, as an item of its own, or never."""
        state, request = self._state, item["approval_request_id"]
        notice, tool = self._requests.pop(request)
        if item["approve"]:
            entry = Entry(notice.item, _call_item(notice, tool, request), open=True)
            previous = state.join(entry)
            self._running[notice.call] = _Running(entry, None, None, previous)
            state.tell({"type": "conversation.item.added", "previous_item_id": previous, "item": entry.item})
            state.tell({"type": "response.mcp_call.in_progress", "item_id": entry.id, "output_index": 0})
        state.act(ToolApproved(notice.call, item["approve"], item.get("reason") or ""))


def _free(label: str, name: str, taken: set[str]) -> str:
    """A name for a tool of a server that no other tool has."""
    while name in taken:
        name = f"{label}_{name}"
    return name


def _tool(server: McpServer, tool: dict[str, Any], name: str) -> McpTool:
    about, schema = str(tool.get("description") or ""), tool.get("input_schema") or {}
    reads, asks = bool(tool.get("read_only")), server.needs_approval(tool)
    return McpTool(name, server.label, str(tool["name"]), about, schema, reads, asks)


def _call_item(notice: ToolStarted, tool: McpTool, request: str | None) -> Wire:
    return {
        "id": notice.item,
        "object": "realtime.item",
        "type": "mcp_call",
        "server_label": tool.label,
        "name": tool.own_name,
        "arguments": notice.arguments or "{}",
        "approval_request_id": request,
        "output": None,
        "error": None,
    }


def _list_item(ident: str, label: str, tools: Sequence[dict[str, Any]]) -> Wire:
    shown = [
        {
            "name": tool["name"],
            "description": tool.get("description") or "",
            "input_schema": tool.get("input_schema") or {},
            "annotations": None,
        }
        for tool in tools
    ]
    return {"id": ident, "object": "realtime.item", "type": "mcp_list_tools", "server_label": label, "tools": shown}
