"""The input audio buffer without turn detection: append, commit, clear, formats."""

from __future__ import annotations

import base64

from ..audio import silence, to_alaw, to_ulaw, tone
from ..client import Client, encoded
from ..lab import Lab, alive, case, check, hearing, refused, retrieve, same, update
from ..reading import Event, dig, text

EMPTY = "input_audio_buffer_commit_empty"


async def manual(lab: Lab, layout: Event | None = None) -> Client:
    """A session that commits by hand."""
    return await lab.session(audio=hearing(None, **({"format": layout} if layout else {})))


async def commit(client: Client) -> Event:
    """Commit and wait for the item."""
    await client.send("input_audio_buffer.commit")
    item_id = (await client.expect("input_audio_buffer.committed"))["item_id"]
    await client.expect("conversation.item.added", where=lambda e: dig(e, "item", "id") == item_id)
    done = await client.expect("conversation.item.done", where=lambda e: dig(e, "item", "id") == item_id)
    return dig(done, "item")


@case("3")
async def append_is_silent(lab: Lab) -> None:
    """Appending is not acknowledged."""
    client = await manual(lab)
    await client.append(tone(500))
    await alive(client)
    same([e["type"] for e in await client.quiet(0.3)], [], "events after appending")


@case("4.3 F")
async def commit_makes_an_item(lab: Lab) -> None:
    """A commit makes a user item, and no response."""
    client = await manual(lab)
    await client.append(tone(500))
    item = await commit(client)
    same(dig(item, "role"), "user", "item.role")
    same(dig(item, "content", 0, "type"), "input_audio", "content.0.type")
    same([e["type"] for e in await client.quiet(0.5)], [], "events after the commit")


@case("3")
async def committed_audio_can_be_retrieved(lab: Lab) -> str:
    """The item holds the audio that was appended."""
    client = await manual(lab)
    await client.append(tone(500))
    item = await retrieve(client, (await commit(client))["id"])
    size = len(base64.b64decode(text(dig(item, "content", 0, "audio"))))
    check(abs(size - 24000) <= 4800, f"the item has {size} bytes of audio, 24000 were appended")
    return f"{size} of 24000 bytes"


@case("3")
async def commit_of_nothing(lab: Lab) -> None:
    """An empty buffer cannot be committed, nor less than 100 ms."""
    client = await manual(lab)
    await refused(client, "input_audio_buffer.commit", EMPTY)
    await client.append(silence(60))
    await refused(client, "input_audio_buffer.commit", EMPTY)
    await client.append(silence(60))
    await commit(client)


@case("3")
async def clear(lab: Lab) -> None:
    """A cleared buffer is empty; clearing an empty one is no mistake."""
    client = await manual(lab)
    await client.append(tone(500))
    for _ in range(2):
        await client.send("input_audio_buffer.clear")
        await client.expect("input_audio_buffer.cleared")
    await refused(client, "input_audio_buffer.commit", EMPTY)


@case("3")
async def commit_empties(lab: Lab) -> None:
    """After a commit the buffer is empty, and can be filled again."""
    client = await manual(lab)
    await client.append(tone(300))
    first = await commit(client)
    await refused(client, "input_audio_buffer.commit", EMPTY)
    await client.append(tone(300))
    second = await commit(client)
    check(first["id"] != second["id"], "two commits made the same item")


@case("5")
async def odd_chunks(lab: Lab) -> str:
    """Half a sample is refused, or waits for its other half; what is whole is heard either way."""
    client = await manual(lab)
    odd = await client.send("input_audio_buffer.append", audio=encoded(tone(40)[:-1]))
    await client.send("session.update", session={"type": "realtime"})
    answer = await client.expect("session.updated", "error")
    taken = answer["type"] == "session.updated"
    if taken:
        await client.send("input_audio_buffer.append", audio=encoded(tone(40)[-1:]))
    else:
        same(dig(answer, "error", "event_id"), odd, "error.event_id")
        await client.expect("session.updated")
    await client.append(tone(200))
    await commit(client)
    return "taken" if taken else "refused"


@case("5")
async def tiny_chunks(lab: Lab) -> None:
    """Chunks of single samples are as good as any."""
    client = await manual(lab)
    await client.append(tone(110), chunk=2)
    await commit(client)


@case("5")
async def large_chunk(lab: Lab) -> None:
    """A minute in one event."""
    client = await manual(lab)
    await client.append(tone(2000) * 30, chunk=10**8)
    await commit(client)


@case("3")
async def bad_base64(lab: Lab) -> None:
    """What is no base64 is refused and leaves the buffer as it was."""
    client = await manual(lab)
    for audio in ("@@@@", "AAA", "AA=A", "späße"):
        await refused(client, "input_audio_buffer.append", audio=audio)
    await refused(client, "input_audio_buffer.append")
    await refused(client, "input_audio_buffer.commit", EMPTY)


async def _telephone(lab: Lab, layout: str, sound: bytes) -> None:
    client = await manual(lab, {"type": layout})
    await client.append(sound[:640], chunk=160)
    await refused(client, "input_audio_buffer.commit", EMPTY)
    await client.append(sound[640:], chunk=160)
    await commit(client)
    shown = dig(await update(client), "audio", "input", "format")
    same(shown, {"type": layout}, "session.audio.input.format")


@case("5")
async def mulaw_in(lab: Lab) -> None:
    """G.711 µ-law is 8000 bytes a second: 80 ms are too few, 500 ms enough."""
    await _telephone(lab, "audio/pcmu", to_ulaw(tone(500, rate=8000)))


@case("5")
async def alaw_in(lab: Lab) -> None:
    """The same in A-law."""
    await _telephone(lab, "audio/pcma", to_alaw(tone(500, rate=8000)))
