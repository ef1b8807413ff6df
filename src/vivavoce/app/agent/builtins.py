"""Tools that every agent may have: to hang up, to pass the caller on, and to hand over to another agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...core.errors import BadInput
from .call import Call
from .tool import FunctionTool, function_tool

if TYPE_CHECKING:
    from .agent import Agent


def hang_up(call: Call) -> str:
    """End the call. Say goodbye first, in the same answer."""
    call.hang_up()
    return "The call ends."


def transfer(to: str, call: Call) -> str:
    """Pass the caller on to a person or a department. Say so first, in the same answer.

    Args:
        to: a telephone number, a SIP address, or the name of a department that you were told.
    """
    call.transfer(to)
    return f"The caller is passed on to {to}."


BUILTIN: dict[str, Callable[..., str]] = {"hang_up": hang_up, "transfer": transfer}


def named(name: str) -> FunctionTool:
    """Raises BadInput."""
    if name not in BUILTIN:
        raise BadInput(f"there is no builtin tool {name!r}; fix: choose one of {', '.join(BUILTIN)}")
    return function_tool(BUILTIN[name])


def handoff(agent: Agent) -> FunctionTool:
    """The tool by which a model hands the caller to another agent."""

    def hand_off(call: Call) -> str:
        call.hand_off(agent)
        return f"The caller is with {agent.name} now."

    about = " ".join(agent.instructions.split())
    short = about if len(about) <= 300 else f"{about[:297]}..."
    name = f"hand_off_to_{agent.name.replace('-', '_').replace('.', '_')}"
    return function_tool(hand_off, name=name, description=f"Hand the caller to {agent.name}: {short}", read_only=False)
