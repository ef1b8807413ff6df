"""Responses: what comes of them, and what one response may change for itself."""

from __future__ import annotations

from ..audio import smoothness
from ..lab import Lab, ask, begin, case, check, create, finish, message, refused, reply, same, stop
from ..reading import dig, words


@case("4.3 A")
async def text_to_audio(lab: Lab) -> str:
    """Text in, audio and its transcript out, all of it in order."""
    client = await lab.connect()
    found = await reply(client, lab.target.prompt)
    same([dig(part, "type") for part in found.items[0]["content"]], ["output_audio"], "content types")
    check(found.audio, "no audio came")
    check("".join(words(found.items[0])).strip(), "the transcript is empty")
    alike = smoothness(found.audio)
    check(alike > 0.3, f"the audio is no PCM16 in little-endian order (neighbours are alike to {alike:.2f})")
    return f"{len(found.audio) / 48000:.1f} s of audio"


@case("4.3 A")
async def text_modality(lab: Lab) -> None:
    """A text session has no audio and no transcript events."""
    client = await lab.session(output_modalities=["text"])
    found = await reply(client, lab.target.prompt)
    same([dig(part, "type") for part in found.items[0]["content"]], ["output_text"], "content types")
    same([e["type"] for e in found.events if "audio" in e["type"]], [], "audio events")


@case("3")
async def modality_for_one_response(lab: Lab) -> None:
    """An override holds for its own response only."""
    client = await lab.connect()
    first = await reply(client, lab.target.prompt, output_modalities=["text"])
    same(dig(first.body, "output_modalities"), ["text"], "response.output_modalities")
    second = await reply(client, lab.target.prompt)
    same(dig(second.body, "output_modalities"), ["audio"], "response.output_modalities")


@case("3")
async def several_turns(lab: Lab) -> None:
    """One response after another, each after the items before it."""
    client = await lab.session(output_modalities=["text"])
    for _ in range(3):
        await reply(client, lab.target.prompt)
    same(len(client.order.conversation.order), 6, "number of items")


@case("4.1")
async def usage(lab: Lab) -> None:
    """Usage adds up."""
    client = await lab.session(output_modalities=["text"])
    used = (await reply(client, lab.target.prompt)).body["usage"]
    same(used["total_tokens"], used["input_tokens"] + used["output_tokens"], "usage.total_tokens")
    check(used["output_tokens"] > 0, "usage.output_tokens is 0")


@case("7.5")
async def metadata(lab: Lab) -> None:
    """Metadata comes back in response.created and response.done."""
    client = await lab.session(output_modalities=["text"])
    given = {"client_event_id": "x-1", "topic": "lighthouses"}
    await create(client, message(lab.target.prompt))
    await client.send("response.create", response={"metadata": given})
    created = dig(await client.expect("response.created"), "response")
    same(dig(created, "metadata"), given, "metadata of response.created")
    same(dig((await finish(client, created["id"])).body, "metadata"), given, "metadata of response.done")


@case("3")
async def instructions(lab: Lab) -> None:
    """Instructions for one response are accepted."""
    client = await lab.session(output_modalities=["text"])
    await reply(client, lab.target.prompt, instructions="Answer with one word.", tool_choice="none")


@case("3")
async def empty_input(lab: Lab) -> None:
    """An empty input is an empty context, not a mistake."""
    client = await lab.session(output_modalities=["text"])
    found = await finish(client, await ask(client, input=[], instructions="Say hello."))
    same(dig(found.body, "status"), "completed", "response.status")


@case("3")
async def input_of_its_own(lab: Lab) -> None:
    """Items in the input are the context; they do not enter the conversation."""
    client = await lab.session(output_modalities=["text"])
    await finish(client, await ask(client, input=[message(lab.target.prompt)]))
    same(len(client.order.conversation.order), 1, "number of items")


@case("3")
async def item_reference(lab: Lab) -> None:
    """The input may refer to items of the conversation, and to no others."""
    client = await lab.session(output_modalities=["text"])
    item = await create(client, message(lab.target.prompt))
    found = await finish(client, await ask(client, input=[{"type": "item_reference", "id": item["id"]}]))
    same(dig(found.body, "status"), "completed", "response.status")
    await refused(client, "response.create", response={"input": [{"type": "item_reference", "id": "nowhere"}]})


@case("4.3 G")
async def out_of_band(lab: Lab) -> None:
    """conversation none: the conversation does not learn of it."""
    client = await lab.session()
    await create(client, message(lab.target.prompt))
    before = list(client.order.conversation.order)
    response = await ask(client, conversation="none", output_modalities=["text"], metadata={"topic": "aside"})
    found = await finish(client, response)
    same(dig(found.body, "conversation_id"), None, "response.conversation_id")
    same(dig(found.body, "status"), "completed", "response.status")
    same(client.order.conversation.order, before, "items")


@case("4.3 G")
async def out_of_band_beside_an_active_one(lab: Lab) -> None:
    """Several run at the same time as the response of the conversation."""
    client = await lab.session()
    main = await begin(client, lab.target.long_prompt)
    for topic in ("one", "two"):
        aside = {"conversation": "none", "output_modalities": ["text"], "input": [message(lab.target.prompt)]}
        await client.send("response.create", response={**aside, "metadata": {"topic": topic}})
    ids = [(await client.expect("response.created"))["response"]["id"] for _ in range(2)]
    for response in ids:
        same(dig((await finish(client, response)).body, "status"), "completed", "response.status")
    await stop(client, main, response_id=main)


@case("3")
async def voice_and_format_for_one_response(lab: Lab) -> None:
    """A response shows the voice and format it was asked for."""
    client = await lab.connect()
    await create(client, message(lab.target.prompt))
    output = {"voice": "cedar", "format": {"type": "audio/pcmu"}}
    await client.send("response.create", response={"audio": {"output": output}})
    shown = dig(await client.expect("response.created"), "response", "audio", "output")
    same([dig(shown, "voice"), dig(shown, "format", "type")], ["cedar", "audio/pcmu"], "response.audio.output")


@case("3")
async def max_output_tokens(lab: Lab) -> str:
    """A tight limit ends a response as incomplete, with everything closed."""
    client = await lab.session(output_modalities=["text"])
    found = await finish(client, await begin(client, lab.target.long_prompt, max_output_tokens=3))
    status, reason = dig(found.body, "status"), dig(found.body, "status_details", "reason")
    check((status, reason) in (("incomplete", "max_output_tokens"), ("completed", None)), f"{status}, {reason}")
    return f"{status}, {dig(found.body, 'usage', 'output_tokens')} tokens"


BAD = [
    {"foo": 1},
    {"conversation": "maybe"},
    {"output_modalities": ["smell"]},
    {"output_modalities": ["audio", "text"]},
    {"max_output_tokens": -1},
    {"metadata": {f"key{n}": "x" for n in range(17)}},
    {"metadata": {"k" * 65: "x"}},
    {"metadata": {"key": "x" * 513}},
    {"input": [{"type": "poem"}]},
    {"tools": [{"type": "function"}]},
    {"audio": {"output": {"format": {"type": "audio/mp3"}}}},
]


@case("3")
async def bad_parameters(lab: Lab) -> None:
    """Impossible parameters are refused and no response begins."""
    client = await lab.session(output_modalities=["text"])
    await create(client, message(lab.target.prompt))
    for response in BAD:
        await refused(client, "response.create", response=response)
    same(client.order.counts["response.created"], 0, "responses created")
    same(dig((await finish(client, await ask(client))).body, "status"), "completed", "response.status")
