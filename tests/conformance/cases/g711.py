"""Replies in the formats of the telephone."""

from __future__ import annotations

from collections.abc import Callable

from ..audio import from_alaw, from_ulaw, smoothness, to_ulaw
from ..lab import Lab, case, check, finish, hearing, reply, same
from ..reading import dig
from .turns import SERVER, turn


async def _telephone(lab: Lab, layout: str, decode: Callable[[bytes], bytes]) -> str:
    client = await lab.session(audio={"output": {"format": {"type": layout}}})
    found = await reply(client, lab.target.prompt)
    same(dig(found.body, "audio", "output", "format"), {"type": layout}, "response.audio.output.format")
    check(found.audio, "no audio came")
    alike = smoothness(decode(found.audio))
    check(alike > 0.3, f"decoded as {layout} the audio is noise (neighbours are alike to {alike:.2f})")
    return f"{len(found.audio) / 8000:.1f} s of audio"


@case("5")
async def mulaw_out(lab: Lab) -> str:
    """A reply in G.711 µ-law."""
    return await _telephone(lab, "audio/pcmu", from_ulaw)


@case("5")
async def alaw_out(lab: Lab) -> str:
    """A reply in G.711 A-law."""
    return await _telephone(lab, "audio/pcma", from_alaw)


@case("5")
async def a_telephone_call(lab: Lab) -> None:
    """µ-law both ways, with server_vad, in chunks of 20 ms."""
    layout = {"type": "audio/pcmu"}
    client = await lab.session(audio={**hearing(SERVER, format=layout), "output": {"format": layout}})
    async with client.microphone(to_ulaw(lab.speech(8000)), quiet=b"\xff" * 160, rate=8000):
        await turn(client)
        created = await client.expect("response.created")
        found = await finish(client, created["response"]["id"])
    same(dig(found.body, "status"), "completed", "response.status")
