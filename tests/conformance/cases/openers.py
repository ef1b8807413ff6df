"""How clients open: what the agents SDKs send at once, before they have read anything; what browsers offer."""

from __future__ import annotations

from typing import Any

from ..lab import WEATHER, Lab, alive, case, finish, message, same
from ..reading import dig, text


async def _open(lab: Lab, session: dict[str, Any], prefix: str, later: dict[str, Any]) -> None:
    client = await lab.connect(created=False)
    await client.send("session.update", session=session)
    await client.send("conversation.item.create", item=message(lab.target.prompt))
    await client.send("response.create", event_id=f"{prefix}_response_create_1")
    await client.expect("session.created")
    await client.send("session.update", session={"type": "realtime", **later})
    first = dig(await client.expect("session.updated"), "session")
    same(dig(first, "instructions"), "Be brief.", "session.instructions")
    response = dig(await client.expect("response.created"), "response", "id")
    await client.expect("session.updated")
    found = await finish(client, text(response))
    same(dig(found.body, "status"), "completed", "response.status")


@case("C")
async def agents_python(lab: Lab) -> None:
    """A session of semantic_vad, an item, a response, then tracing."""
    audio = {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24000},
            "transcription": {"model": "gpt-4o-mini-transcribe"},
            "turn_detection": {"type": "semantic_vad", "interrupt_response": True},
        },
        "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "ash"},
    }
    session = {"type": "realtime", "model": "gpt-realtime-2.1", "instructions": "Be brief."}
    session |= {"output_modalities": ["audio"], "tools": [WEATHER], "audio": audio}
    await _open(lab, session, "agents_py", {"model": "gpt-realtime-2.1", "tracing": "auto"})


@case("C")
async def agents_js(lab: Lab) -> None:
    """The same without voice and tools, with noise_reduction and speed."""
    audio = {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24000},
            "noise_reduction": None,
            "transcription": {"model": "gpt-4o-mini-transcribe"},
            "turn_detection": {"type": "semantic_vad"},
        },
        "output": {"format": {"type": "audio/pcm", "rate": 24000}, "speed": 1},
    }
    session = {"instructions": "Be brief.", "model": lab.target.model, "output_modalities": ["audio"], "audio": audio}
    await _open(lab, session | {"type": "realtime"}, "agents_js", {"tracing": "auto"})


@case("1.1")
async def browser(lab: Lab) -> None:
    """A browser sends its key as a subprotocol and must be answered with realtime."""
    client = await lab.browser()
    same(client.protocol, "realtime", "the subprotocol selected")
    await alive(client)


@case("3")
async def type_may_be_the_last_key(lab: Lab) -> None:
    """The order of keys means nothing."""
    client = await lab.connect()
    session = {"instructions": "Be brief.", "type": "realtime"}
    await client.send_event({"session": session, "event_id": "evt_last", "type": "session.update"})
    await client.expect("session.updated")
