"""How sessions begin, are configured, shared and ended, as openai's client sees it."""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from openai import AsyncOpenAI, AuthenticationError, BadRequestError
from tests.clients.process import Served
from tests.clients.speech import recording, silence, words
from tests.clients.talk import MISTAKE, Talk, connected
from websockets.exceptions import InvalidStatus

from vivavoce.audio.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode

pytestmark = [pytest.mark.offline, pytest.mark.slow]

KEY = "sk-test-0123456789"
TRANSCRIBED = {"transcription": {"model": "whisper-1"}}
VAD = {"type": "server_vad", "silence_duration_ms": 400}


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("session.update", {"session": {"type": "realtime", "colour": "red"}}, "unknown_parameter"),
        ("session.update", {"session": {"type": "realtime", "output_modalities": ["audio", "text"]}}, "invalid_value"),
        ("session.update", {"session": {"instructions": "x"}}, "missing_required_parameter"),
        ("input_audio_buffer.append", {"audio": "?"}, "invalid_value"),
        ("input_audio_buffer.commit", {}, "input_audio_buffer_commit_empty"),
        ("conversation.item.retrieve", {"item_id": "nowhere"}, "item_retrieve_invalid_item_id"),
        ("conversation.item.delete", {"item_id": "nowhere"}, "item_delete_invalid_item_id"),
        (
            "conversation.item.truncate",
            {"item_id": "nowhere", "content_index": 0, "audio_end_ms": 0},
            "item_truncate_invalid_item_id",
        ),
        ("response.create", {"response": {"conversation": "both"}}, "invalid_value"),
        ("response.cancel", {}, "response_cancel_not_active"),
        ("output_audio_buffer.clear", {}, "invalid_event"),
        ("session.close", {}, "invalid_value"),
    ],
)
async def test_a_mistake_is_answered_by_its_name(served: Served, kind: str, fields: dict[str, Any], code: str) -> None:
    async with connected(served.url) as talk:
        event: Any = {"type": kind, "event_id": MISTAKE, **fields}
        await talk.api.send(event)
        error = await talk.error(MISTAKE, code)
        assert error.type == "invalid_request_error"
        await talk.update()


async def test_only_one_answer_at_a_time(served: Served) -> None:
    async with connected(served.url) as talk:
        await talk.say("Tell me a story.")
        await talk.api.response.create(event_id="first")
        await talk.api.response.create(event_id="second")
        await talk.error("second", "conversation_already_has_active_response")
        await talk.api.conversation.item.create(
            event_id="third",
            item={"id": talk.seen[1].item.id, "type": "function_call_output", "call_id": "c", "output": ""},
        )
        await talk.error("third", "item_create_duplicate_item_id")
        await talk.api.response.cancel()
        assert (await talk.reply()).done.status in ("cancelled", "completed")


async def test_events_reach_handlers(served: Served) -> None:
    async with AsyncOpenAI(base_url=served.url, api_key="x") as client, client.realtime.connect(model="m") as api:
        seen: asyncio.Queue[Any] = asyncio.Queue()
        api.on("error", lambda event: seen.put_nowait(event.error))
        api.on("session.updated", lambda event: seen.put_nowait(event.session))
        dispatching = asyncio.create_task(api.dispatch_events())
        await api.response.cancel(event_id=MISTAKE)
        await api.session.update(session={"type": "realtime", "instructions": "Be brief."})
        assert (await seen.get()).event_id == MISTAKE
        assert (await seen.get()).instructions == "Be brief."
        await api.close()
        await dispatching


async def test_a_session_expires(serve: Callable[..., Served]) -> None:
    served = serve("--max-session", "2")
    begun = time.monotonic()
    async with connected(served.url) as talk:
        assert abs((await talk.update()).expires_at - time.time() - 2) < 2
        error = (await talk.expect("error")).error
        assert (error.type, error.code) == ("invalid_request_error", "session_expired")
        closed = await talk.over()
        assert closed.rcvd is not None
        assert (closed.rcvd.code, closed.rcvd.reason) == (1001, error.message)
        assert 1.5 < time.monotonic() - begun < 5


async def test_keys_and_client_secrets(serve: Callable[..., Served]) -> None:
    served = serve(keys=(KEY,))
    async with AsyncOpenAI(base_url=served.url, api_key="wrong", max_retries=0) as stranger:
        with pytest.raises(AuthenticationError):
            await stranger.realtime.client_secrets.create()
        with pytest.raises(InvalidStatus) as refused:
            await stranger.realtime.connect(model="m").enter()
        assert refused.value.response.status_code == 401
    async with AsyncOpenAI(base_url=served.url, api_key=KEY, max_retries=0) as client:
        bound: Any = {"type": "realtime", "instructions": "You are Otto.", "output_modalities": ["text"]}
        secret = await client.realtime.client_secrets.create(
            expires_after={"anchor": "created_at", "seconds": 60}, session=bound
        )
        assert secret.value.startswith("ek_")
        assert abs(secret.expires_at - time.time() - 60) < 5
        assert secret.session.type == "realtime"
        assert secret.session.instructions == "You are Otto."
        with pytest.raises(BadRequestError) as bad:
            await client.realtime.client_secrets.create(session={"type": "realtime", "output_modalities": ["smell"]})  # type: ignore[list-item]
        assert bad.value.param == "session.output_modalities[0]"
    for _ in range(2):
        async with connected(served.url, secret.value) as talk:
            assert talk.seen[0].session.instructions == "You are Otto."
            assert "Otto" in (await talk.ask("Who are you?")).text
    assert not any(secret.value in line or KEY in line for line in served.lines)


async def test_a_connection_over_tls(serve: Callable[..., Served]) -> None:
    served = serve("--tls-self-signed")
    assert served.url.startswith("https://")
    trusting = ssl.create_default_context(cafile=str(served.cert))
    async with connected(served.url, model="m", websocket_connection_options={"ssl": trusting}) as talk:
        assert (await talk.ask("Hello.", output_modalities=["text"])).text


async def test_a_transcription_session_by_voice_activity(served: Served) -> None:
    async with connected(served.url, extra_query={"intent": "transcription"}) as talk:
        assert talk.seen[0].session.type == "transcription"
        heard: Any = {"type": "transcription", "audio": {"input": {**TRANSCRIBED, "turn_detection": VAD}}}
        await talk.api.session.update(session=heard)
        await talk.expect("session.updated")
        async with talk.microphone(recording("conf-leaderhasleft")):
            item = await talk.turn()
            said = words(await talk.transcript(item.id))
        assert len({"the", "leader", "has", "left", "conference"} & set(said)) >= 3, said
        await talk.api.response.create(event_id="answer")
        await talk.error("answer", "invalid_event")
        assert talk.count("response.created") == 0


async def test_a_transcription_session_by_commits(served: Served) -> None:
    async with AsyncOpenAI(base_url=served.url, api_key="x") as client:
        audio: Any = {"input": {**TRANSCRIBED, "turn_detection": None}}
        secret = await client.realtime.client_secrets.create(session={"type": "transcription", "audio": audio})
    async with connected(served.url, secret.value, extra_query={"intent": "transcription"}) as talk:
        assert talk.seen[0].session.audio.input.turn_detection is None
        said: list[list[str]] = []
        for name in ("conf-leaderhasleft", "tt-somethingwrong"):
            await talk.append(recording(name))
            await talk.api.input_audio_buffer.commit()
            committed = await talk.expect("input_audio_buffer.committed")
            said.append(words(await talk.transcript(committed.item_id)))
        assert "leader" in said[0]
        assert {"something", "wrong"} & set(said[1])


async def test_a_second_connection_steers_the_session(served: Served) -> None:
    async with connected(served.url) as talk:
        session_id = talk.seen[0].session.id
        async with connected(served.url, call_id=session_id) as aside:
            talk.shares_session_with(aside)
            assert aside.seen[0].session.id == session_id
            await aside.update(instructions="You are Otto.", output_modalities=["text"])
            assert (await talk.expect("session.updated")).session.instructions == "You are Otto."
            await talk.say("Who are you?")
            await aside.expect("conversation.item.done")
            reply = await aside.respond()
            assert "Otto" in reply.text
            assert (await talk.reply()).text == reply.text
            await aside.api.response.cancel(event_id=MISTAKE)
            await aside.error(MISTAKE, "response_cancel_not_active")
            await asyncio.sleep(0.1)
            assert talk.count("error") == 0
        # The session outlives it.
        assert "Otto" in (await talk.ask("Who are you?")).text


async def test_the_end_of_a_session_ends_its_second_connection(served: Served) -> None:
    async with connected(served.url) as talk:
        session_id = talk.seen[0].session.id
        aside = await AsyncOpenAI(base_url=served.url, api_key="x").realtime.connect(call_id=session_id).enter()
        second = Talk(aside)
        await second.expect("session.created")
    closed = await second.over()
    assert closed.rcvd is not None
    assert closed.rcvd.code == 1000
    await second.end()
    with pytest.raises(InvalidStatus) as refused:
        await AsyncOpenAI(base_url=served.url, api_key="x").realtime.connect(call_id=session_id).enter()
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize(
    ("kind", "encode", "decode"),
    [("audio/pcmu", ulaw_encode, ulaw_decode), ("audio/pcma", alaw_encode, alaw_decode)],
)
async def test_telephone_audio_both_ways(
    served: Served, kind: str, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]
) -> None:
    def coded(pcm: bytes) -> bytes:
        return encode(np.frombuffer(pcm, dtype=np.int16))

    async with connected(served.url) as talk:
        heard = {"format": {"type": kind}, "turn_detection": VAD, **TRANSCRIBED}
        session = await talk.update(audio={"input": heard, "output": {"format": {"type": kind}}})
        assert (session.audio.input.format.type, session.audio.output.format.type) == (kind, kind)
        spoken = silence(300, 8000) + recording("conf-leaderhasleft", 8000)
        async with talk.microphone(coded(spoken), coded(silence(100, 8000))):
            item = await talk.turn()
            reply = await talk.reply()
        said = words(await talk.transcript(item.id))
        assert {"leader", "left", "conference"} & set(said), said
        voice = decode(reply.audio).astype(float)
        assert 0.15 < len(voice) / 8000 / len(reply.text.split()) < 1.2
        assert 300 < np.sqrt(np.mean(voice**2)) < 15000
        # Neighbouring samples of speech are alike; those of bytes in the wrong code are not.
        assert np.corrcoef(voice[:-1], voice[1:])[0, 1] > 0.6
        kept = await talk.retrieve(item.id)
        assert 1.5 < len(base64.b64decode(kept.content[0].audio)) / 8000 < 4.5
