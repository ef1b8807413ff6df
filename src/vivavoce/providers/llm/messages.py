"""Our history as a request of pydantic-ai: always valid, whatever was interrupted or deleted.

Services insist that each tool call is followed at once by its result, and most of them that roles take turns and
that the last word is not the model's. The history of a conversation promises none of that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from ...core.commands import Call, Item, Message, Result
from ..base import Ask, Tool

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelRequestPart, ModelResponsePart, UserContent
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.settings import ModelSettings
    from pydantic_ai.tools import ToolDefinition

PENDING = "The tool is still running; its result is not known yet."
"""Stands for the result of a call that has none."""
SILENCE = "(The caller says nothing.)"
"""Stands for the caller's turn when the model is to speak unasked."""
ORPHAN = "A tool that is no longer in this history answered: {}"


def to_messages(ask: Ask) -> list[ModelMessage]:
    """The request for an `Ask`: ends with a request that carries the instructions, and alternates."""
    from pydantic_ai.messages import ModelRequest, ModelResponse, UserPromptPart

    messages: list[ModelMessage] = []
    for block in _blocks(ask.items):
        if not _is_ours(block[0]):
            _add_request(messages, _request_parts(block))
            continue
        messages.append(ModelResponse(parts=_response_parts(block)))
        if results := _results(block, ask.items):
            _add_request(messages, results)
    if not messages or isinstance(messages[-1], ModelResponse):
        _add_request(messages, [UserPromptPart(content=SILENCE)])
    if isinstance(messages[-1], ModelRequest) and ask.instructions.strip():
        messages[-1].instructions = ask.instructions
    return messages


def _is_ours(item: Item) -> bool:
    """Is it from the model's side?"""
    return isinstance(item, Call) or (isinstance(item, Message) and item.role == "agent")


def _blocks(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Runs of items of one side: all the agent said and called, then all that came to it.

    A result ends the run of its call and is left out, as it is added where its call goes; so is a call that is there
    twice.
    """
    calls = {i.call for i in items if isinstance(i, Call)}
    seen: set[str] = set()
    block: list[Item] = []
    for item in items:
        if isinstance(item, Message) and not item.text.strip() and not item.images:
            continue
        if isinstance(item, Call) and item.call in seen:
            continue
        if isinstance(item, Result) and item.call in calls:
            if any(isinstance(i, Call) and i.call == item.call for i in block):
                yield block
                block = []
            continue
        if block and _is_ours(item) != _is_ours(block[0]):
            yield block
            block = []
        block.append(item)
        if isinstance(item, Call):
            seen.add(item.call)
    if block:
        yield block


def _add_request(messages: list[ModelMessage], parts: list[ModelRequestPart]) -> None:
    """Appends to the last request, or begins one."""
    from pydantic_ai.messages import ModelRequest

    last = messages[-1] if messages else None
    if isinstance(last, ModelRequest):
        messages[-1] = ModelRequest(parts=[*last.parts, *parts])
    else:
        messages.append(ModelRequest(parts=parts))


def _request_parts(block: Sequence[Item]) -> list[ModelRequestPart]:
    """The caller's and the system's words; neighbouring words of the caller are one prompt."""
    from pydantic_ai.messages import SystemPromptPart, UserPromptPart

    parts: list[ModelRequestPart] = []
    for item in block:
        last = parts[-1] if parts else None
        if isinstance(item, Result):
            parts.append(SystemPromptPart(content=ORPHAN.format(item.output)))
        elif isinstance(item, Message) and item.role == "system":
            parts.append(SystemPromptPart(content=item.text))
        elif isinstance(item, Message) and isinstance(last, UserPromptPart):
            parts[-1] = UserPromptPart(content=_joined([*_contents(last.content), *_seen(item)]))
        elif isinstance(item, Message):
            parts.append(UserPromptPart(content=_joined(_seen(item))))
    return parts


def _seen(message: Message) -> list[UserContent]:
    """Its images, then its words."""
    from pydantic_ai.messages import BinaryContent, ImageUrl

    images = [
        BinaryContent.from_data_uri(url) if url.startswith("data:") else ImageUrl(url=url) for url in message.images
    ]
    return [*images, message.text] if message.text.strip() else [*images]


def _contents(content: str | Sequence[UserContent]) -> list[UserContent]:
    return [content] if isinstance(content, str) else list(content)


def _joined(contents: list[UserContent]) -> str | list[UserContent]:
    """Neighbouring words become one text; words alone are plain."""
    joined: list[UserContent] = []
    for content in contents:
        if isinstance(content, str) and joined and isinstance(joined[-1], str):
            joined[-1] = f"{joined[-1]}\n{content}"
        else:
            joined.append(content)
    return joined[0] if len(joined) == 1 and isinstance(joined[0], str) else joined


def _response_parts(block: Sequence[Item]) -> list[ModelResponsePart]:
    """What the agent said, as heard, then what it called."""
    from pydantic_ai.messages import TextPart, ToolCallPart

    said = "\n".join(i.text for i in block if isinstance(i, Message))
    parts: list[ModelResponsePart] = [TextPart(content=said)] if said else []
    for item in block:
        if isinstance(item, Call):
            parts.append(ToolCallPart(tool_name=item.name, args=_as_object(item.arguments), tool_call_id=item.call))
    return parts


def _results(block: Sequence[Item], items: Sequence[Item]) -> list[ModelRequestPart]:
    """One result per call of the block, from wherever in the history it stands."""
    from pydantic_ai.messages import ToolReturnPart

    outputs = {i.call: i.output for i in items if isinstance(i, Result)}
    names = {i.call: i.name for i in block if isinstance(i, Call)}
    return [
        ToolReturnPart(tool_name=name, content=outputs.get(call, PENDING), tool_call_id=call)
        for call, name in names.items()
    ]


def _as_object(arguments: str) -> str:
    """The arguments as the JSON object they must be: models now and then write none."""
    try:
        value = json.loads(arguments or "{}")
    except ValueError:
        value = arguments
    return json.dumps(value if isinstance(value, dict) else {"input": value}, ensure_ascii=False)


def to_settings(ask: Ask, settings: ModelSettings) -> ModelSettings:
    """The settings with what this request asks for."""
    mine: dict[str, object] = {}
    if ask.max_tokens is not None:
        mine["max_tokens"] = ask.max_tokens
    if ask.tools and ask.tool_choice != "auto":
        mine["tool_choice"] = ask.tool_choice if ask.tool_choice in ("required", "none") else [ask.tool_choice]
    return cast("ModelSettings", {**settings, **mine})


def to_parameters(tools: Sequence[Tool]) -> ModelRequestParameters:
    from pydantic_ai.models import ModelRequestParameters

    return ModelRequestParameters(function_tools=[_definition(t) for t in tools])


def _definition(tool: Tool) -> ToolDefinition:
    from pydantic_ai.tools import ToolDefinition

    schema = tool.parameters or {"type": "object", "properties": {}}
    return ToolDefinition(name=tool.name, description=tool.description, parameters_json_schema=dict(schema))
