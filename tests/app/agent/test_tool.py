"""Plain functions as tools: what the model sees of them, what arguments they get, and what is refused."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from vivavoce import Agent, Call
from vivavoce.app.agent.tool import function_tool
from vivavoce.core.errors import BadInput


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Address(BaseModel):
    street: str
    number: int


def order(
    what: str,
    count: int = 1,
    size: Size = Size.SMALL,
    where: Address | None = None,
    how: Literal["car", "bike"] = "bike",
    note: Annotated[str, Field(max_length=20)] = "",
) -> Any:
    """Order something.

    It is brought to the door.

    Args:
        what: the thing,
            as it is written on the card.
        count: how many of them.

    Returns:
        Anything.
    """
    return {"what": what, "count": count, "size": size, "where": where, "how": how, "note": note}


def run(tool: Any, call: Call | None = None, **arguments: Any) -> Any:
    found = tool.bound(call or Call(Agent("x"))).function(**arguments)
    return asyncio.run(found) if asyncio.iscoroutine(found) else found


def test_the_signature_is_the_schema_and_the_docstring_the_description() -> None:
    tool = function_tool(order).tool
    assert (tool.name, tool.description) == ("order", "Order something. It is brought to the door.")
    shown = tool.parameters["properties"]
    assert isinstance(shown, dict)
    assert shown["what"] == {"type": "string", "description": "the thing, as it is written on the card."}
    assert shown["count"] == {"type": "integer", "default": 1, "description": "how many of them."}
    assert shown["how"]["enum"] == ["car", "bike"]
    assert tool.parameters["required"] == ["what"]
    assert tool.parameters["additionalProperties"] is False


def test_arguments_reach_the_function_as_its_types_say() -> None:
    got = run(function_tool(order), what="tea", count="2", size="large", where={"street": "Elm", "number": 7})
    assert got == {
        "what": "tea", "count": 2, "size": Size.LARGE, "where": Address(street="Elm", number=7),
        "how": "bike", "note": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({}, "what: Field required"),
        ({"what": "tea", "count": "two"}, "count: Input should be a valid integer"),
        ({"what": "tea", "cost": 3}, "cost: Extra inputs are not permitted"),
        ({"what": "tea", "where": {"street": "Elm"}}, r"where\.number: Field required"),
    ],
)
def test_wrong_arguments_are_told_to_the_model_by_name(arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=f"wrong arguments: .*{why}"):
        run(function_tool(order), **arguments)


def test_a_parameter_of_type_call_gets_the_call_and_is_hidden() -> None:
    def where(city: str, call: Call) -> str:
        "Where is it?"
        return f"{city} {call.state['x']}"

    tool, call = function_tool(where), Call(Agent("x"))
    call.state["x"] = 1
    assert list(tool.tool.parameters["properties"]) == ["city"]  # type: ignore[call-overload]
    assert run(tool, call, city="Rome") == "Rome 1"


def test_asynchronous_functions_stay_so() -> None:
    async def wait(seconds: float) -> str:
        "Wait."
        await asyncio.sleep(0)
        return f"{seconds}"

    bound = function_tool(wait).bound(Call(Agent("x")))
    assert asyncio.iscoroutinefunction(bound.function)
    assert run(function_tool(wait), seconds=1) == "1.0"


def test_options_reach_the_core() -> None:
    tool = function_tool(order, read_only=True, timeout=2.5, on_interrupt="abandon", filler="One moment.", name="get")
    assert tool.tool.name == tool.spec.name == "get"
    spec = tool.spec
    assert (spec.read_only, spec.timeout_ms, spec.on_interrupt, spec.filler) == (True, 2_500, "abandon", "One moment.")


def nameless(*things: str) -> str:
    "Things."
    return ""


def typeless(thing) -> str:  # type: ignore[no-untyped-def]
    "A thing."
    return ""


def silent(thing: str) -> str:
    return ""


def odd(thing: asyncio.Queue) -> str:  # type: ignore[type-arg]
    "A thing."
    return ""


def missing(thing: Nowhere) -> str:  # type: ignore[name-defined] # noqa: F821
    "A thing."
    return ""


@pytest.mark.parametrize(
    ("function", "options", "why"),
    [
        (nameless, {}, "tool nameless: argument 'things' has no name that a model could give"),
        (typeless, {}, "tool typeless: argument 'thing' has no type; fix: write thing: str"),
        (silent, {}, "tool silent has no description; fix: give the function a docstring"),
        (odd, {}, "tool odd: an argument has a type that a model cannot give"),
        (missing, {}, "tool missing: its type hints cannot be read"),
        (order, {"timeout": 0}, "tool order: timeout is in seconds"),
        (order, {"on_interrupt": "stop"}, "tool order: on_interrupt is finish, abandon, block; not 'stop'"),
        (order, {"name": "two words"}, "'two words' is no name for a tool"),
        (lambda: 1, {}, "'<lambda>' is no name for a tool"),
    ],
)
def test_what_no_model_could_call_is_refused_when_it_is_written(function: Any, options: Any, why: str) -> None:
    with pytest.raises(BadInput) as error:
        function_tool(function, **options)
    assert str(error.value).startswith(why)
