"""The page about agents names all that there is of them."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path

import pytest

from vivavoce import Agent, Call
from vivavoce.app.agent import simulate
from vivavoce.app.agent.builtins import BUILTIN
from vivavoce.app.agent.hooks import HOOKS
from vivavoce.app.agent.tool import ON_INTERRUPT, function_tool
from vivavoce.core.notices import TurnReport

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
ROWS = {found[1]: found[0] for found in re.finditer(r"^\| `(\w+)` \| (.*?) \| ?(.*?) ?\|$", PAGE, re.MULTILINE)}


@pytest.mark.parametrize("event", HOOKS)
def test_every_event_is_in_the_table_with_its_meaning_and_its_fields(event: str) -> None:
    hook = HOOKS[event]
    fields = ", ".join(f"`{field.name}`" for field in dataclasses.fields(hook.kind))
    same = "as `heard`" if hook.ending else "the fields of [`--json`]" if hook.kind is TurnReport else fields
    assert ROWS[event].startswith(f"| `{event}` | {hook.meaning} | {same}".rstrip())


def parameters(function: object, *, without: tuple[str, ...] = ()) -> list[str]:
    found = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    return [p.name for p in found if p.name not in ("self", *without)]


@pytest.mark.parametrize(
    "names",
    [
        parameters(Agent.__init__),
        parameters(function_tool, without=("function",)),
        parameters(simulate.simulate, without=("agent", "turns")),
        [name for name in (*vars(Call), "agent", "state") if not name.startswith("_")],
        [field.name for field in dataclasses.fields(simulate.Turn)],
        [field.name for field in dataclasses.fields(simulate.ToolUse)],
        [field.name for field in dataclasses.fields(simulate.Simulated) if not field.name.startswith("_")],
        [*BUILTIN, *ON_INTERRUPT],
    ],
    ids=["agent", "tool", "simulate", "call", "turn", "tool use", "simulated", "words"],
)
def test_every_name_is_named(names: list[str]) -> None:
    code = " ".join(re.findall(r"`([^`\n]+)`", PAGE))
    assert [name for name in names if not re.search(rf"\b{name}\b", code)] == []
