"""Turns of speech, in real time."""

from __future__ import annotations

from ..client import Client
from ..lab import Lab, ask, case, check, create, finish, hearing, message, same
from ..reading import Event, dig, text

SERVER = {"type": "server_vad", "silence_duration_ms": 500}
SEMANTIC = {"type": "semantic_vad", "eagerness": "high"}


async def turn(client: Client) -> Event:
    """Wait for one whole turn of speech; returns its item."""
    started = await client.expect("input_audio_buffer.speech_started")
    stopped = await client.expect("input_audio_buffer.speech_stopped", timeout=2 * client.timeout)
    committed = await client.expect("input_audio_buffer.committed")
    item_id = started["item_id"]
    same([stopped["item_id"], committed["item_id"]], [item_id, item_id], "item ids of the turn")
    await client.expect("conversation.item.added", where=lambda e: dig(e, "item", "id") == item_id)
    done = await client.expect("conversation.item.done", where=lambda e: dig(e, "item", "id") == item_id)
    return dig(done, "item")


async def _spoken(lab: Lab, detection: Event) -> str:
    client = await lab.session(audio=hearing(detection))
    speech = lab.speech()
    async with client.microphone(speech):
        item = await turn(client)
        same(dig(item, "role"), "user", "item.role")
        same(dig(item, "content", 0, "type"), "input_audio", "content.0.type")
        created = await client.expect("response.created")
        found = await finish(client, created["response"]["id"])
    same(dig(found.body, "status"), "completed", "response.status")
    check(found.audio, "no audio came")
    return f"{len(speech) / 48000:.1f} s said, {len(found.audio) / 48000:.1f} s heard"


@case("4.3 B")
async def server_vad(lab: Lab) -> str:
    """Speech makes a turn, the turn makes a response."""
    return await _spoken(lab, SERVER)


@case("4.3 B")
async def semantic_vad(lab: Lab) -> str:
    """The same with semantic_vad."""
    return await _spoken(lab, SEMANTIC)


@case("4")
async def times(lab: Lab) -> str:
    """audio_start_ms and audio_end_ms are on the clock of the audio sent."""
    client = await lab.session(audio=hearing({**SERVER, "create_response": False}))
    speech, lead = lab.speech(), bytes(48000)
    async with client.microphone(lead + speech):
        start = (await client.expect("input_audio_buffer.speech_started"))["audio_start_ms"]
        end = (await client.expect("input_audio_buffer.speech_stopped", timeout=2 * client.timeout))["audio_end_ms"]
    length = len(speech) // 48
    check(300 <= start <= 1000 + length, f"audio_start_ms is {start}, the speech begins after 1000")
    check(start < end <= 1000 + length + 3000, f"audio_end_ms is {end}, the speech ends at about {1000 + length}")
    return f"{start} to {end} ms; the recording lies at 1000 to {1000 + length} ms"


@case("4.3 B")
async def faster_than_real_time(lab: Lab) -> None:
    """Audio that arrives in one burst is the same turn."""
    client = await lab.session(audio=hearing({**SERVER, "create_response": False}))
    await client.append(lab.speech() + bytes(2 * 48000), chunk=9600)
    await turn(client)


@case("4")
async def transcription(lab: Lab) -> str:
    """With transcription on, the item of a turn gets its words."""
    detection = {**SERVER, "create_response": False}
    client = await lab.session(audio=hearing(detection, transcription={"model": "whisper-1", "language": "en"}))
    async with client.microphone(lab.speech()):
        item = await turn(client)
        kinds = [f"conversation.item.input_audio_transcription.{x}" for x in ("completed", "failed")]
        heard = await client.expect(*kinds, timeout=2 * client.timeout)
    same(heard["type"], kinds[0], "type")
    same(heard["item_id"], item["id"], "item_id")
    return repr(text(heard.get("transcript")))[:60]


@case("4.3 F")
async def push_to_talk(lab: Lab) -> None:
    """Without turn detection nothing happens until commit and response.create."""
    client = await lab.session(audio=hearing(None))
    await client.append(lab.speech() + bytes(48000))
    same([e["type"] for e in await client.quiet(1.5)], [], "events before the commit")
    await client.send("input_audio_buffer.commit")
    await client.expect("input_audio_buffer.committed")
    await client.expect("conversation.item.added")
    await client.expect("conversation.item.done")
    same([e["type"] for e in await client.quiet(1.0)], [], "events after the commit")
    found = await finish(client, await ask(client))
    same(dig(found.body, "status"), "completed", "response.status")


@case("2.1")
async def create_response_off(lab: Lab) -> None:
    """The turn is committed, the response is left to the client."""
    client = await lab.session(audio=hearing({**SERVER, "create_response": False}))
    async with client.microphone(lab.speech()):
        await turn(client)
        same([e["type"] for e in await client.quiet(1.5) if e["type"].startswith("response.")], [], "response events")
        found = await finish(client, await ask(client))
    same(dig(found.body, "status"), "completed", "response.status")


@case("3")
async def silence_is_no_turn(lab: Lab) -> None:
    """Silence starts nothing."""
    client = await lab.session(audio=hearing(SERVER))
    await client.append(bytes(3 * 48000))
    same([e["type"] for e in await client.quiet(2.0)], [], "events")


@case("3")
async def clear_forgets_speech(lab: Lab) -> None:
    """Clearing the buffer amid speech forgets what was said."""
    client = await lab.session(audio=hearing({**SERVER, "create_response": False}))
    async with client.microphone(lab.speech()):
        await client.expect("input_audio_buffer.speech_started")
    await client.send("input_audio_buffer.clear")
    await client.expect("input_audio_buffer.cleared")
    await client.append(bytes(2 * 48000))
    found = [e["type"] for e in await client.quiet(1.5)]
    same([kind for kind in found if kind == "input_audio_buffer.committed"], [], "commits")


@case("4.3 H")
async def idle_timeout(lab: Lab) -> str:
    """Nobody speaks: after the reply and the timeout the server begins a turn of its own."""
    client = await lab.session(audio=hearing({**SERVER, "idle_timeout_ms": 5000}))
    await create(client, message(lab.target.prompt))
    async with client.microphone(b""):
        first = await finish(client, await ask(client))
        patience = 5 + len(first.audio) / 48000 + client.timeout
        due = await client.expect("input_audio_buffer.timeout_triggered", timeout=patience)
        check(due["audio_end_ms"] >= due["audio_start_ms"], f"audio_end_ms {due['audio_end_ms']} is before the start")
        same((await client.expect("input_audio_buffer.committed"))["item_id"], due["item_id"], "item_id")
        await client.expect("conversation.item.done", where=lambda e: dig(e, "item", "id") == due["item_id"])
        await finish(client, (await client.expect("response.created"))["response"]["id"])
    return f"{due['audio_start_ms']} to {due['audio_end_ms']} ms"
