"""The user speaks while the reply is under way, over WebSocket."""

from __future__ import annotations

import asyncio
from typing import Any

from ..client import Client
from ..lab import Lab, begin, case, check, finish, hearing, retrieve, same, stop
from ..reading import Event, dig
from .turns import SERVER, turn


async def _speak_into(lab: Lab, **detection: Any) -> tuple[Client, str, Event]:
    """A long reply that has begun to sound; returns its id and its first audio."""
    client = await lab.session(audio=hearing({**SERVER, **detection}))
    lab.speech()
    response = await begin(client, lab.target.long_prompt)
    first = await client.expect("response.output_audio.delta", timeout=2 * client.timeout)
    return client, response, first


@case("4.3 C")
async def interrupts(lab: Lab) -> str:
    """A reply still being made is cancelled by speech, closed, and can be truncated."""
    client, response, first = await _speak_into(lab, create_response=False)
    async with client.microphone(lab.speech()):
        await client.expect("input_audio_buffer.speech_started")
        over = response in {dig(e, "response", "id") for e in client.peek("response.done")}
        found = await finish(client, response)
        if not over:
            same(dig(found.body, "status"), "cancelled", "response.status")
            same(dig(found.body, "status_details", "reason"), "turn_detected", "response.status_details.reason")
            same(found.items[-1]["status"], "incomplete", "item.status")
        heard = max(0, min(500, len(found.audio) // 48 - 1))
        await client.send("conversation.item.truncate", item_id=first["item_id"], content_index=0, audio_end_ms=heard)
        same((await client.expect("conversation.item.truncated"))["item_id"], first["item_id"], "item_id")
        await client.expect("input_audio_buffer.speech_stopped", timeout=2 * client.timeout)
        await client.expect("input_audio_buffer.committed")
    return "generation was over already, truncated only" if over else "cancelled and truncated"


@case("4.3 C")
async def next_turn_is_answered(lab: Lab) -> None:
    """The words that interrupted get a response of their own."""
    client, response, _ = await _speak_into(lab)
    async with client.microphone(lab.speech()):
        await finish(client, response)
        await turn(client)
        created = await client.expect("response.created", timeout=2 * client.timeout)
        check(created["response"]["id"] != response, "no new response")
        same(dig((await finish(client, created["response"]["id"])).body, "status"), "completed", "response.status")


@case("2.1")
async def interrupt_response_off(lab: Lab) -> str:
    """Speech is noticed, the reply goes on; cancelling and truncating are left to the client."""
    client, response, first = await _speak_into(lab, create_response=False, interrupt_response=False)
    async with client.microphone(lab.speech()):
        await client.expect("input_audio_buffer.speech_started")
        over = bool(client.peek("response.done"))
        await asyncio.sleep(0.5)
        ended = [e for e in client.peek("response.done") if dig(e, "response", "status") != "completed"]
        same(ended, [], "responses ended by speech")
        await turn_rest(client)
    found = await stop(client, response)
    check(dig(found.body, "status_details", "reason") != "turn_detected", "speech cancelled the response")
    same(client.peek("conversation.item.truncated"), [], "truncations that nobody asked for")
    kept = dig(await retrieve(client, first["item_id"]), "content", 0, "transcript")
    if dig(found.body, "status") == "completed":
        same(kept, dig(found.items, -1, "content", 0, "transcript"), "the transcript after the speech")
    return "generation was over already, nothing was taken back" if over else "the reply went on"


async def turn_rest(client: Client) -> None:
    """Wait for the end of a turn whose start was seen."""
    await client.expect("input_audio_buffer.speech_stopped", timeout=2 * client.timeout)
    await client.expect("input_audio_buffer.committed")


@case("4.3 C")
async def vad_off_does_not_interrupt(lab: Lab) -> None:
    """Push-to-talk: audio alone stops nothing."""
    client = await lab.session(audio=hearing(None))
    response = await begin(client, lab.target.long_prompt)
    await client.expect("response.output_audio.delta", timeout=2 * client.timeout)
    await client.append(lab.speech())
    await asyncio.sleep(0.5)
    kinds = {"cancelled"} & {dig(e, "response", "status") for e in client.peek("response.done")}
    same(kinds, set(), "cancelled responses")
    await stop(client, response)
