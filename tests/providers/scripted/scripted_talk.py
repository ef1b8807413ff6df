"""Talks with the responder the way a session does: the history of each answer is what was heard before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from vivavoce.core.commands import Call, Item, Message, Result
from vivavoce.providers.base import Ask, Tool, ToolCall
from vivavoce.providers.scripted import respond

NOW = datetime(2026, 11, 21, 15, 25)


class Talk:
    """One conversation; `say` gives the full answer, of which only `heard` words reach the history."""

    def __init__(
        self,
        tools: tuple[Tool, ...] = (),
        instructions: str = "",
        seed: int = 0,
        results: Mapping[str, str] | None = None,
    ) -> None:
        self.tools = tools
        self.instructions = instructions
        self.seed = seed
        self.results = results or {}
        self.items: list[Item] = []
        self.calls: list[ToolCall] = []

    def say(self, text: str, heard: int | None = None) -> str:
        self.items.append(Message(f"item{len(self.items)}", "user", text))
        answer = self._answer()
        for call in answer.calls:
            self.calls.append(call)
            self.items.append(Call(f"item{len(self.items)}", call.call, call.name, call.arguments))
            self.items.append(Result(f"item{len(self.items)}", call.call, self.results.get(call.name, "ok")))
            answer = self._answer()
            assert not answer.calls
        words = answer.text if heard is None else " ".join(answer.text.split()[:heard])
        self.items.append(Message(f"item{len(self.items)}", "agent", words, interrupted=heard is not None))
        return answer.text

    def _answer(self):
        return respond(Ask(self.instructions, tuple(self.items), self.tools), NOW, seed=self.seed)


def tool(name: str, description: str, required: tuple[str, ...] = (), **properties: dict[str, object]) -> Tool:
    schema: dict[str, object] = {"type": "object", "properties": properties, "required": list(required)}
    return Tool(name, description, schema)


WEATHER = tool("get_weather", "Get the current weather for a city", ("city",), city={"type": "string"})
TIMER = tool("setTimer", "Start a countdown timer", ("minutes",), minutes={"type": "integer"}, label={"type": "string"})
LIGHT = tool(
    "switch_light",
    "Turn the light in a room on or off",
    ("room", "on"),
    room={"type": "string", "enum": ["kitchen", "living room", "bedroom"]},
    on={"type": "boolean"},
)
ORDER = tool("lookup_order", "Look up the status of an order by its number", ("order_id",), order_id={"type": "string"})
TOOLS = (WEATHER, TIMER, LIGHT, ORDER)
