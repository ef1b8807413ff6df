"""MCP servers: their tools as items, their calls, and who must approve them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...core.events import ToolApproved, ToolsDeclared, ToolSpec
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
        self._servers: dict[str, _Server] = {}
        self._running: dict[str, _Running] = {}
        self._requests: dict[str, tuple[ToolStarted, McpTool]] = {}
        """Approval requests nobody has answered."""

    # the servers

    def forget(self, session: Session) -> None:
        """The session is about to change to this: servers that it does not name are gone."""
        wanted = {server.label: server for server in mcp_servers(session.tools)}
        for label in [label for label, known in self._servers.items() if wanted.get(label) != known.server]:
            self._listed(self._servers.pop(label), None)

    def declared(self) -> None:
        """The session's tools may have changed: ask new servers for theirs."""
        for server in mcp_servers(self._state.session.tools):
            if server.label not in self._servers:
                self._connect(server)

    def _connect(self, server: McpServer) -> None:
        state, ident = self._state, self._state.new_id("mcpl")
        self._servers[server.label] = _Server(server, ident)
        entry = Entry(ident, _list_item(ident, server.label, []), known=False)
        previous = state.items.add(entry)
        state.tell({"type": "conversation.item.added", "previous_item_id": previous, "item": entry.item})
        state.tell({"type": "mcp_list_tools.in_progress", "item_id": ident})
        state.add(Connect(server))

    def listed(self, label: str, tools: list[dict[str, Any]] | None, error: str) -> None:
        """A server answered, or could not be reached."""
        state, known = self._state, self._servers.get(label)
        if known is None or not known.asked:
            return
        self._listed(known, tools)
        if tools is None:
            message = f"MCP server '{label}': {error}"
            refusal = Refusal("mcp_list_tools_failed", message, "session.tools", kind="server_error")
            state.error(refusal, None, None)
            return
        state.add(Configure(state.session, mcp=self.tools()))
        specs = [ToolSpec(tool.name, runs="caller") for tool in functions(state.session.tools)]
        state.act(ToolsDeclared((*specs, *self.specs())))

    def _listed(self, known: _Server, tools: list[dict[str, Any]] | None) -> None:
        """Close its item, once."""
        state, label, entry = self._state, known.server.label, self._state.items.get(known.item)
        if not known.asked:
            return
        known.asked = False
        if tools is not None:
            allowed = known.server.allowed
            kept = [tool for tool in tools if allowed is None or tool["name"] in allowed]
            known.tools = tuple(kept)
            if entry is not None:
                entry.item = _list_item(known.item, label, kept)
        if entry is not None:
            result = "failed" if tools is None else "completed"
            state.tell({"type": f"mcp_list_tools.{result}", "item_id": known.item})
            previous = state.items.before(entry.id)
            state.tell({"type": "conversation.item.done", "previous_item_id": previous, "item": entry.item})

    def tools(self) -> tuple[McpTool, ...]:
        """All tools of all servers. The name of one for the model differs from its own only where that is taken."""
        taken, found = {function.name for function in functions(self._state.session.tools)}, []
        for label, known in self._servers.items():
            for tool in known.tools:
                name = str(tool["name"])
                shown = f"{label}_{name}" if name in taken else name
                taken.add(shown)
                about = str(tool.get("description") or "")
                found.append(McpTool(shown, label, name, about, tool.get("input_schema") or {}))
        return tuple(found)

    def specs(self) -> tuple[ToolSpec, ...]:
        """What the conversation must know of them."""
        servers = {label: known.server for label, known in self._servers.items()}
        return tuple(
            ToolSpec(tool.name, approval=servers[tool.label].needs_approval(tool.own_name)) for tool in self.tools()
        )

    # calls

    def called(self, response: Response, notice: ToolStarted) -> bool:
        """The model calls a tool; if it is one of a server, it runs already unless it needs approval."""
        tool = next((tool for tool in self.tools() if tool.name == notice.name), None)
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
            entry = Entry(notice.item, _call_item(notice, tool, request))
            previous = state.items.add(entry)
            self._running[notice.call] = _Running(entry, None, None, previous)
            state.tell({"type": "conversation.item.added", "previous_item_id": previous, "item": entry.item})
            state.tell({"type": "response.mcp_call.in_progress", "item_id": entry.id, "output_index": 0})
        state.act(ToolApproved(notice.call, item["approve"], item.get("reason") or ""))


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


def _list_item(ident: str, label: str, tools: list[dict[str, Any]]) -> Wire:
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
