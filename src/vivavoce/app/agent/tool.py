"""A plain typed function as a tool: its signature is the schema, its docstring the description."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...core.errors import BadInput
from ...core.events import ToolSpec
from ...providers.base import Tool
from ...runtime.tools import ToolCode
from .call import Call

ON_INTERRUPT = ("finish", "abandon", "block")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_ARGS = re.compile(r"^\s*(?:Args|Arguments|Parameters):\s*$", re.MULTILINE)
_ARG = re.compile(r"^\s+\*{0,2}(?P<name>\w+)\s*(?:\([^)]*\))?:\s*(?P<text>.+)$")


@dataclass(frozen=True, slots=True)
class FunctionTool:
    """A function that a model may call. Made by `function_tool`."""

    tool: Tool
    spec: ToolSpec
    function: Callable[..., Any]
    model: Any
    """The pydantic model of its arguments."""
    call_parameter: str = ""
    """The parameter that gets the `Call`; the model knows nothing of it."""

    def bound(self, call: Call) -> ToolCode:
        """The tool in one call: its arguments are checked before the function sees them."""

        parameter = self.call_parameter

        def given(arguments: Mapping[str, Any]) -> dict[str, Any]:
            return _checked(self.model, arguments) | ({parameter: call} if parameter else {})

        async def wait(**arguments: Any) -> Any:
            return await self.function(**given(arguments))

        def run(**arguments: Any) -> Any:
            return self.function(**given(arguments))

        made: Callable[..., Any] = wait if inspect.iscoroutinefunction(self.function) else run
        made.__name__ = self.tool.name
        return ToolCode(self.tool, self.spec, made)


def function_tool(
    function: Callable[..., Any],
    *,
    name: str = "",
    description: str = "",
    read_only: bool = False,
    timeout: float = 30.0,
    on_interrupt: str = "finish",
    filler: str = "",
) -> FunctionTool:
    """See `Agent.tool`. Raises BadInput for a function of which no schema can be made, naming the argument."""
    name = name or getattr(function, "__name__", "")
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name!r} is no name for a tool; fix: give it one of letters, digits and _, as name='look_up'")
    if on_interrupt not in ON_INTERRUPT:
        raise BadInput(f"tool {name}: on_interrupt is {', '.join(ON_INTERRUPT)}; not {on_interrupt!r}")
    if not 0 < timeout <= 3600:
        raise BadInput(f"tool {name}: timeout is in seconds, more than 0 and at most 3600; not {timeout!r}")
    text, notes = _documentation(inspect.getdoc(function) or "")
    description = description or text
    if not description:
        raise BadInput(f"tool {name} has no description; fix: give the function a docstring that tells the model of it")
    model, call_parameter = _arguments(function, name, notes)
    schema = model.model_json_schema()
    schema.pop("title", None)
    for shown in schema.get("properties", {}).values():
        shown.pop("title", None)
    schema.setdefault("properties", {})
    spec = ToolSpec(name, read_only, round(timeout * 1000), on_interrupt, answered=True, filler=filler)
    return FunctionTool(Tool(name, description, schema), spec, function, model, call_parameter)


def _checked(model: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Raises ValueError with what is wrong, in words for the model that wrote the arguments."""
    from pydantic import ValidationError

    try:
        found = model.model_validate(dict(arguments))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors())
        raise ValueError(f"wrong arguments: {faults}") from None
    return {name: getattr(found, name) for name in model.model_fields}


def _documentation(text: str) -> tuple[str, dict[str, str]]:
    """What the tool does, and what is said of its arguments in a section `Args:`."""
    head, *rest = _ARGS.split(text, maxsplit=1)
    notes: dict[str, str] = {}
    last = ""
    for line in rest[0].splitlines() if rest else ():
        if found := _ARG.match(line):
            last = found["name"]
            notes[last] = found["text"].strip()
        elif line.strip() and last and line.startswith((" ", "\t")):
            notes[last] += f" {line.strip()}"
        elif line.strip():
            break
    return " ".join(head.split()), notes


def _arguments(function: Callable[..., Any], name: str, notes: Mapping[str, str]) -> tuple[Any, str]:
    """The model of the arguments, and the parameter that gets the call. Raises BadInput."""
    import pydantic

    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except Exception as error:
        raise BadInput(f"tool {name}: its type hints cannot be read: {error}") from None
    fields: dict[str, Any] = {}
    call_parameter = ""
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise BadInput(f"tool {name}: argument {parameter.name!r} has no name that a model could give; name it")
        if parameter.name not in hints:
            raise BadInput(f"tool {name}: argument {parameter.name!r} has no type; fix: write {parameter.name}: str")
        if hints[parameter.name] is Call:
            call_parameter = parameter.name
            continue
        default = ... if parameter.default is parameter.empty else parameter.default
        note = notes.get(parameter.name)
        fields[parameter.name] = (hints[parameter.name], pydantic.Field(default, description=note) if note else default)
    try:
        config = pydantic.ConfigDict(extra="forbid", arbitrary_types_allowed=False)
        model = pydantic.create_model(f"{name}_arguments", __config__=config, **fields)
        model.model_json_schema()
    except Exception as error:
        first = str(error).splitlines()[0]
        raise BadInput(f"tool {name}: an argument has a type that a model cannot give: {first}") from None
    return model, call_parameter
