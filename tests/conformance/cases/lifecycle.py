"""One response at a time: conflicts and cancellation."""

from __future__ import annotations

from ..client import Skip
from ..lab import Lab, Reply, ask, begin, case, check, create, finish, message, refused, reply, same, stop
from ..reading import dig


@case("3")
async def conflict(lab: Lab) -> None:
    """A second response is refused while one is active, and the first goes on."""
    client = await lab.connect()
    await create(client, message(lab.target.long_prompt))
    await client.send("response.create")
    second = await client.send("response.create")
    first = dig(await client.expect("response.created"), "response", "id")
    answer = await client.expect("error", "response.created")
    if answer["type"] == "response.created":
        raise Skip("the first response was over before the second was asked for")
    same(dig(answer, "error", "event_id"), second, "error.event_id")
    same(dig(answer, "error", "code"), "conversation_already_has_active_response", "error.code")
    check(first in answer["error"]["message"], f"the message does not name {first}: {answer['error']['message']!r}")
    await stop(client, first)


@case("3")
async def cancel_at_once(lab: Lab) -> str:
    """Cancelled before any output: nothing is left of it, or what there is is closed."""
    client = await lab.connect()
    await create(client, message(lab.target.long_prompt))
    await client.send("response.create")
    sent = await client.send("response.cancel")
    response = dig(await client.expect("response.created"), "response", "id")
    found = await finish(client, response, strict=False)
    if dig(found.body, "status") == "completed":
        await client.error(sent, "response_cancel_not_active")
    _cancelled(found)
    return f"{len(found.items)} items"


def _cancelled(found: Reply) -> None:
    if dig(found.body, "status") == "completed":
        raise Skip("the response was over before the cancel arrived; give another --long-prompt")
    same(dig(found.body, "status"), "cancelled", "response.status")
    same(dig(found.body, "status_details", "reason"), "client_cancelled", "response.status_details.reason")
    same([i["status"] for i in found.items if i["status"] not in ("incomplete", "completed")], [], "item statuses")


@case("3")
async def cancel_amid_output(lab: Lab) -> str:
    """Cancelled amid the audio: everything open is closed first, the item is incomplete."""
    client = await lab.connect()
    response = await begin(client, lab.target.long_prompt)
    await client.expect("response.output_audio.delta", timeout=2 * client.timeout)
    found = await stop(client, response)
    _cancelled(found)
    same(found.items[-1]["status"], "incomplete", "item.status")
    return f"{len(found.audio) / 48000:.1f} s of audio"


@case("3")
async def cancel_amid_text(lab: Lab) -> None:
    """The same for text."""
    client = await lab.session(output_modalities=["text"])
    response = await begin(client, lab.target.long_prompt)
    await client.expect("response.output_text.delta", timeout=2 * client.timeout)
    _cancelled(await stop(client, response, response_id=response))


@case("3")
async def cancel_of_nothing(lab: Lab) -> None:
    """Without an active response there is nothing to cancel."""
    client = await lab.connect()
    for fields in ({}, {"response_id": "resp_nowhere"}):
        await refused(client, "response.cancel", "response_cancel_not_active", **fields)


@case("3")
async def cancel_twice(lab: Lab) -> None:
    """The second cancel finds nothing, and the response ends once."""
    client = await lab.connect()
    response = await begin(client, lab.target.long_prompt)
    first = await client.send("response.cancel")
    second = await client.send("response.cancel")
    await client.error(second, "response_cancel_not_active")
    done = await client.expect("response.done", "error", where=lambda e: e["type"] == "response.done")
    if dig(done, "response", "status") == "completed":
        await client.error(first, "response_cancel_not_active")
    same(client.order.counts["response.done"], 1, f"response.done of {response}")


@case("4.3 G")
async def cancel_out_of_band(lab: Lab) -> None:
    """A response outside the conversation is cancelled by its id only."""
    client = await lab.connect()
    aside = await ask(client, conversation="none", input=[message(lab.target.long_prompt)])
    await refused(client, "response.cancel", "response_cancel_not_active")
    _cancelled(await stop(client, aside, response_id=aside))


@case("3")
async def again_after_cancel(lab: Lab) -> None:
    """After a cancelled response the next one works."""
    client = await lab.connect()
    response = await begin(client, lab.target.long_prompt)
    await stop(client, response)
    await reply(client, lab.target.prompt)


@case("3")
async def items_while_active(lab: Lab) -> None:
    """Items may be created while a response is being made."""
    client = await lab.connect()
    response = await begin(client, lab.target.long_prompt)
    await client.expect("response.output_item.added", timeout=2 * client.timeout)
    assistant = client.order.conversation.last
    await client.send("conversation.item.create", item=message("And one more thing.", id="more"))
    await client.expect("conversation.item.done", where=lambda e: dig(e, "item", "id") == "more")
    check(assistant != "more", "the item of the response came after")
    await stop(client, response)
