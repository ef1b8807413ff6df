"""Function calls."""

from __future__ import annotations

import json
from typing import Any

from ..client import Client, Skip
from ..lab import WEATHER, Lab, Reply, ask, begin, case, check, create, finish, reply, same
from ..reading import dig


async def called(lab: Lab, prompt: str, **session: Any) -> tuple[Client, Reply]:
    """A response with a call, or the case is skipped."""
    client = await lab.session(tools=[WEATHER], **session)
    found = await finish(client, await begin(client, prompt))
    same(dig(found.body, "status"), "completed", "response.status")
    if not found.calls:
        raise Skip("the model called no tool; give another --tool-prompt")
    return client, found


async def answer(client: Client, found: Reply) -> None:
    """Give every call of a response its output."""
    for call in found.calls:
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": '{"sky": "clear"}'}
        await create(client, output)


@case("4.3 E")
async def one_call(lab: Lab) -> str:
    """A call has a name, an id and arguments in JSON, and is completed."""
    _, found = await called(lab, lab.target.tool_prompt)
    call = found.calls[0]
    same([call["name"], call["status"]], ["get_weather", "completed"], "name and status")
    check(isinstance(json.loads(call["arguments"]), dict), f"the arguments are no object: {call['arguments']}")
    return call["arguments"]


@case("4.3 E")
async def no_follow_up_by_itself(lab: Lab) -> None:
    """The output of a call makes no response; response.create does."""
    client, found = await called(lab, lab.target.tool_prompt)
    await answer(client, found)
    same([e["type"] for e in await client.quiet(1.0) if e["type"] == "response.created"], [], "responses")
    after = await finish(client, await ask(client))
    same(dig(after.body, "status"), "completed", "response.status")
    check(after.items, "the follow-up is empty")


@case("4.3 E")
async def several_calls(lab: Lab) -> str:
    """Several calls of one response have ids and places of their own."""
    client, found = await called(lab, lab.target.tools_prompt)
    if len(found.calls) < 2:
        raise Skip("the model made one call; give another --tools-prompt")
    same(len({call["call_id"] for call in found.calls}), len(found.calls), "number of call ids")
    await answer(client, found)
    same(dig((await finish(client, await ask(client))).body, "status"), "completed", "response.status")
    return f"{len(found.calls)} calls"


@case("4.3 E")
async def in_text_mode(lab: Lab) -> None:
    """Calls and follow-up without audio."""
    client, found = await called(lab, lab.target.tool_prompt, output_modalities=["text"])
    await answer(client, found)
    await finish(client, await ask(client))


@case("2.1")
async def tool_choice_none(lab: Lab) -> None:
    """With tool_choice none there is no call."""
    client = await lab.session(tools=[WEATHER], tool_choice="none")
    same((await reply(client, lab.target.tool_prompt)).calls, [], "calls")


@case("2.1")
async def tool_choice_by_name(lab: Lab) -> None:
    """A tool asked for by its name."""
    choice = {"type": "function", "name": "get_weather"}
    _, found = await called(lab, lab.target.tool_prompt, tool_choice=choice)
    same(found.calls[0]["name"], "get_weather", "name")


@case("3")
async def tools_for_one_response(lab: Lab) -> None:
    """Tools given with response.create are that response's own."""
    client = await lab.connect()
    found = await finish(client, await begin(client, lab.target.tool_prompt, tools=[WEATHER]))
    if not found.calls:
        raise Skip("the model called no tool; give another --tool-prompt")
    await answer(client, found)
    after = await finish(client, await begin(client, lab.target.tool_prompt))
    same(after.calls, [], "calls of a response without tools")
