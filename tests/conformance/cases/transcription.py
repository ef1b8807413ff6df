"""Transcription sessions: words in, nothing out."""

from __future__ import annotations

from typing import Any

from ..client import Client
from ..lab import Lab, case, refused, same
from ..reading import Event, dig, text
from .turns import turn

MODEL = {"model": "gpt-4o-mini-transcribe", "language": "en"}


async def _open(lab: Lab, detection: Event | None) -> Client:
    client = await lab.connect(created=False, intent="transcription")
    shown = dig(await client.expect("session.created"), "session")
    same(dig(shown, "type"), "transcription", "session.type")
    audio: dict[str, Any] = {"input": {"transcription": MODEL, "turn_detection": detection}}
    await client.send("session.update", session={"type": "transcription", "audio": audio})
    after = dig(await client.expect("session.updated"), "session")
    same(dig(after, "audio", "input", "transcription", "model"), MODEL["model"], "transcription.model")
    return client


async def _words(client: Client, item_id: str) -> str:
    kinds = [f"conversation.item.input_audio_transcription.{x}" for x in ("completed", "failed")]
    heard = await client.expect(*kinds, where=lambda e: e["item_id"] == item_id, timeout=3 * client.timeout)
    same(heard["type"], kinds[0], "type")
    same(sum(n for kind, n in client.order.counts.items() if kind.startswith("response.")), 0, "response events")
    return repr(text(heard.get("transcript")))[:60]


@case("1.6")
async def by_hand(lab: Lab) -> str:
    """Append, commit, words."""
    client = await _open(lab, None)
    await client.append(lab.speech())
    await client.send("input_audio_buffer.commit")
    return await _words(client, (await client.expect("input_audio_buffer.committed"))["item_id"])


@case("1.6")
async def by_vad(lab: Lab) -> str:
    """Speech, turn, words; and no response."""
    client = await _open(lab, {"type": "server_vad"})
    async with client.microphone(lab.speech()):
        return await _words(client, (await turn(client))["id"])


@case("1.6")
async def has_no_responses(lab: Lab) -> None:
    """A response cannot be asked for."""
    await refused(await _open(lab, None), "response.create")


@case("1.6")
async def of_telephone_audio(lab: Lab) -> None:
    """G.711 is accepted as in other sessions."""
    client = await _open(lab, None)
    audio = {"input": {"format": {"type": "audio/pcmu"}}}
    await client.send("session.update", session={"type": "transcription", "audio": audio})
    after = dig(await client.expect("session.updated"), "session")
    same(dig(after, "audio", "input", "format"), {"type": "audio/pcmu"}, "session.audio.input.format")
    same(dig(after, "audio", "input", "transcription", "model"), MODEL["model"], "transcription.model")
