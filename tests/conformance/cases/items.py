"""Items of the conversation: create, retrieve, delete, order."""

from __future__ import annotations

from typing import Any

from ..lab import Lab, alive, case, check, create, message, refused, retrieve, same
from ..reading import dig, words

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@case("3.1")
async def text_of_every_role(lab: Lab) -> None:
    """System, user and assistant messages come back as they were given."""
    client = await lab.connect()
    for role in ("system", "user", "assistant"):
        item = await create(client, message(f"I am the {role}.", role))
        same(dig(item, "role"), role, "item.role")
        same(words(item), [f"I am the {role}."], "item.content")
        same(dig(item, "status"), "completed", "item.status")


@case("3.1")
async def several_parts(lab: Lab) -> None:
    """A user message may have several parts."""
    client = await lab.connect()
    parts = [{"type": "input_text", "text": word} for word in ("one", "two", "three")]
    item = await create(client, {"type": "message", "role": "user", "content": parts})
    same(words(item), ["one", "two", "three"], "item.content")


@case("7.5")
async def ids_of_the_client(lab: Lab) -> None:
    """The client may choose ids, whatever they look like."""
    client = await lab.connect()
    for item_id in ("a", "item_000000000000000000001", "0123456789abcdef0123456789abcdef", "my own id/é"):
        same(dig(await create(client, message("Hello.", id=item_id)), "id"), item_id, "item.id")


@case("3.1")
async def ids_of_the_server(lab: Lab) -> None:
    """Otherwise the server chooses, differently each time."""
    client = await lab.connect()
    ids = [dig(await create(client, message("Hello.")), "id") for _ in range(3)]
    same(len(set(ids)), 3, "number of ids")


@case("3")
async def places(lab: Lab) -> None:
    """An item goes to the end, after another, or to the root."""
    client = await lab.connect()
    for item_id, place in (("one", {}), ("two", {}), ("mid", {"previous_item_id": "one"})):
        await create(client, message("x", id=item_id), **place)
    await create(client, message("x", id="top"), previous_item_id="root")
    await create(client, message("x", id="end"))
    same(client.order.conversation.order, ["top", "one", "mid", "two", "end"], "order of items")


@case("3")
async def unknown_place(lab: Lab) -> None:
    """An item after one that does not exist is refused and leaves nothing behind."""
    client = await lab.connect()
    await refused(client, "conversation.item.create", item=message("x", id="lost"), previous_item_id="nowhere")
    await refused(client, "conversation.item.retrieve", "item_retrieve_invalid_item_id", item_id="lost")


@case("3")
async def duplicate_id(lab: Lab) -> None:
    """An id is used once."""
    client = await lab.connect()
    await create(client, message("first", id="one"))
    await refused(client, "conversation.item.create", "item_create_duplicate_item_id", item=message("second", id="one"))
    same(words(await retrieve(client, "one")), ["first"], "item.content")


@case("3")
async def retrieving(lab: Lab) -> None:
    """An item can be read again; one that never was cannot."""
    client = await lab.connect()
    item = await create(client, message("Hello."))
    same(words(await retrieve(client, item["id"])), ["Hello."], "item.content")
    await refused(client, "conversation.item.retrieve", "item_retrieve_invalid_item_id", item_id="nowhere")


@case("3")
async def deleting(lab: Lab) -> None:
    """A deleted item is gone, and what follows it is in place."""
    client = await lab.connect()
    for item_id in ("one", "two", "three"):
        await create(client, message("x", id=item_id))
    for item_id in ("two", "three"):
        await client.send("conversation.item.delete", item_id=item_id)
        same((await client.expect("conversation.item.deleted"))["item_id"], item_id, "item_id")
    await refused(client, "conversation.item.retrieve", "item_retrieve_invalid_item_id", item_id="two")
    await refused(client, "conversation.item.delete", item_id="two")
    await create(client, message("x", id="four"))
    same(client.order.conversation.order, ["one", "four"], "order of items")


@case("7.3")
async def history_is_rewritten(lab: Lab) -> None:
    """Delete and create of the same id in one breath, as agents-js updates its history."""
    client = await lab.connect()
    await create(client, message("old", id="one"))
    await client.send("conversation.item.delete", item_id="one")
    await client.send("conversation.item.create", item=message("new", id="one"), previous_item_id="root")
    await client.expect("conversation.item.deleted")
    await client.expect("conversation.item.done")
    same(words(await retrieve(client, "one")), ["new"], "item.content")


@case("3.1")
async def call_and_its_output(lab: Lab) -> None:
    """A function call and its result can be put into the history."""
    client = await lab.connect()
    call: dict[str, Any] = {"type": "function_call", "name": "get_weather", "call_id": "call_1", "arguments": "{}"}
    made = await create(client, call)
    same([dig(made, key) for key in ("name", "call_id", "arguments")], ["get_weather", "call_1", "{}"], "the call")
    given = await create(client, {"type": "function_call_output", "call_id": "call_1", "output": "Rain."})
    same([dig(given, key) for key in ("call_id", "output")], ["call_1", "Rain."], "the output")


@case("4.3 J")
async def image(lab: Lab) -> None:
    """A picture as data URI beside text is accepted and shown."""
    client = await lab.connect()
    picture = {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}"}
    parts = [picture, {"type": "input_text", "text": "What is this?"}]
    item = await create(client, {"type": "message", "role": "user", "content": parts})
    same(dig(item, "content", 0, "type"), "input_image", "content.0.type")


@case("3.1")
async def audio_of_the_user(lab: Lab) -> None:
    """A user message of audio is accepted; its transcript key is there."""
    client = await lab.connect()
    part = {"type": "input_audio", "audio": "AAAA" * 1600}
    item = await create(client, {"type": "message", "role": "user", "content": [part]})
    check("transcript" in dig(item, "content", 0), "content.0.transcript is missing")


@case("3")
async def pipelined(lab: Lab) -> None:
    """Many items at once arrive in order."""
    client = await lab.connect()
    ids = [f"item-{n}" for n in range(50)]
    for item_id in ids:
        await client.send("conversation.item.create", item=message("x", id=item_id))
    await client.expect("conversation.item.done", where=lambda e: dig(e, "item", "id") == ids[-1])
    same(client.order.conversation.order, ids, "order of items")


BAD: list[Any] = [
    {"type": "message", "role": "user"},
    {"type": "message", "content": [{"type": "input_text", "text": "x"}]},
    {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "x"}]},
    {"type": "message", "role": "user", "content": [{"type": "output_text", "text": "x"}]},
    {"type": "message", "role": "user", "content": [{"type": "input_text"}]},
    {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": 7}]},
    {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "?"}]},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text"}]},
    {"type": "message", "role": "assistant", "content": [{"type": "input_text", "text": "x"}]},
    {"type": "message", "role": "system", "content": [{"type": "input_image", "image_url": "x"}]},
    {"type": "function_call", "call_id": "call_1"},
    {"type": "function_call_output", "call_id": "call_1"},
    {"type": "function_call_output", "output": "x"},
    {"type": "poem"},
    {"role": "user"},
    {},
]


@case("3.1")
async def bad_items(lab: Lab) -> None:
    """Items that cannot be are refused, one error each."""
    client = await lab.connect()
    for item in BAD:
        await refused(client, "conversation.item.create", item=item)
    await refused(client, "conversation.item.create", "missing_required_parameter")
    await alive(client)
    same(client.order.conversation.order, [], "items")
