"""Truncation: what the user did not hear was not said."""

from __future__ import annotations

import base64

from ..lab import Lab, alive, case, check, create, message, refused, reply, retrieve, same
from ..reading import dig, text, words

INVALID = "item_truncate_invalid_item_id"


@case("3")
async def transcript_follows_the_mark(lab: Lab) -> str:
    """Truncated at ever earlier marks, the item keeps ever shorter beginnings of its words and of its audio."""
    client = await lab.connect()
    heard = await reply(client, lab.target.prompt)
    item_id, total = heard.items[-1]["id"], len(heard.audio) // 48
    check(total > 0, "no audio came")
    said, left = "".join(words(heard.items[-1])), []
    for mark in (total * 3 // 4, total // 2, total // 4, 0):
        await client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=mark)
        done = await client.expect("conversation.item.truncated")
        same([done["item_id"], done["audio_end_ms"]], [item_id, mark], "item_id and audio_end_ms")
        item = await retrieve(client, item_id)
        kept = "".join(words(item)).rstrip()
        check(said.startswith(kept), f"at {mark} ms the words are {kept!r}, no beginning of {said!r}")
        check(not left or len(kept) <= left[-1], f"at {mark} ms there are more words than at a later mark")
        size = len(base64.b64decode(text(dig(item, "content", 0, "audio")))) // 48
        check(size <= mark + 20, f"at {mark} ms the item still has {size} ms of audio")
        left.append(len(kept))
    check(left[-1] == 0 or len(said) > left[-1], "at 0 ms all words are left")
    return f"{len(said)} characters, then {', '.join(map(str, left))}"


@case("3")
async def unheard_words_stay_away(lab: Lab) -> None:
    """After a truncation the conversation goes on."""
    client = await lab.connect()
    heard = await reply(client, lab.target.prompt)
    await client.send("conversation.item.truncate", item_id=heard.items[-1]["id"], content_index=0, audio_end_ms=300)
    await client.expect("conversation.item.truncated")
    await reply(client, lab.target.prompt)


@case("3")
async def unknown_item(lab: Lab) -> None:
    """Only items that exist can be truncated."""
    client = await lab.connect()
    fields = {"item_id": "nowhere", "content_index": 0, "audio_end_ms": 0}
    await refused(client, "conversation.item.truncate", INVALID, **fields)
    await alive(client)


@case("3")
async def past_the_end(lab: Lab) -> None:
    """A mark after the end of the audio is refused, and so are impossible marks and parts."""
    client = await lab.connect()
    heard = await reply(client, lab.target.prompt)
    item_id, total = heard.items[-1]["id"], len(heard.audio) // 48
    for index, mark in ((0, total + 10_000), (0, -1), (1, 100), (-1, 100)):
        fields = {"item_id": item_id, "content_index": index, "audio_end_ms": mark}
        await refused(client, "conversation.item.truncate", **fields)
    same(words(await retrieve(client, item_id)), words(heard.items[-1]), "the words")


@case("3")
async def not_of_the_assistant(lab: Lab) -> None:
    """Messages of the user, and text, cannot be truncated."""
    client = await lab.session(output_modalities=["text"])
    item = await create(client, message("Hello."))
    written = await reply(client, lab.target.prompt)
    for item_id in (item["id"], written.items[-1]["id"]):
        fields = {"item_id": item_id, "content_index": 0, "audio_end_ms": 0}
        await refused(client, "conversation.item.truncate", "unsupported_content_type", **fields)


@case("3")
async def missing_fields(lab: Lab) -> None:
    """All three fields are required."""
    client = await lab.connect()
    whole = {"item_id": "nowhere", "content_index": 0, "audio_end_ms": 0}
    for key in whole:
        await refused(client, "conversation.item.truncate", **{k: v for k, v in whole.items() if k != key})
