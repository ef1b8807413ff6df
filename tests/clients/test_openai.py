"""Conversations of openai's client: text, voice, interruption, tools, push-to-talk, and what runs beside them."""

from __future__ import annotations

import asyncio
import base64

import pytest
from tests.clients.process import Served
from tests.clients.speech import recording, silence, words
from tests.clients.talk import Reply, Talk, connected

pytestmark = [pytest.mark.offline, pytest.mark.slow]

VAD = {"type": "server_vad", "silence_duration_ms": 400}
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
MESSAGE = [
    "response.output_item.added",
    "response.content_part.added",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
]
PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(64)).decode()


def hearing(detection: dict | None = VAD, **more: object) -> dict:
    return {"audio": {"input": {"turn_detection": detection, "transcription": {"model": "whisper-1"}, **more}}}


def check_spoken(reply: Reply) -> None:
    """A whole answer with a voice."""
    assert reply.done.status == "completed"
    assert [k for k in reply.kinds if k in MESSAGE] == MESSAGE
    part = next(e.part for e in reply.events if e.type == "response.content_part.done")
    deltas = "".join(e.delta for e in reply.events if e.type == "response.output_audio_transcript.delta")
    assert reply.text == part.transcript == deltas
    assert reply.text
    # A word takes a third of a second, more or less.
    assert 0.15 < len(reply.audio) / 48000 / len(reply.text.split()) < 1.2
    assert reply.done.usage.output_token_details.audio_tokens > 0
    assert reply.done.usage.total_tokens == reply.done.usage.input_tokens + reply.done.usage.output_tokens


async def test_a_text_is_answered_with_a_voice_or_in_writing(served: Served) -> None:
    async with connected(served.url) as talk:
        first = await talk.ask("Hello.")
        check_spoken(first)
        rates = await talk.expect("rate_limits.updated")
        assert isinstance(rates.rate_limits, list)
        second = await talk.ask("What did you just say?", output_modalities=["text"], metadata={"topic": "echo"})
        assert second.done.metadata == {"topic": "echo"}
        assert second.done.output_modalities == ["text"]
        assert second.audio == b""
        assert words(second.text) == ["i", "said", *words(first.text)]
        assert "response.output_text.delta" in second.kinds
        assert second.kinds[-3:] == ["response.content_part.done", "response.output_item.done", "response.done"]


async def test_a_spoken_turn_is_heard_and_answered(served: Served) -> None:
    async with connected(served.url) as talk:
        session = await talk.update(**hearing())
        assert session.audio.input.turn_detection.silence_duration_ms == 400
        async with talk.microphone(recording("conf-leaderhasleft")):
            item = await talk.turn()
            assert item.status == "completed"
            assert item.content[0].transcript is None
            check_spoken(await talk.reply())
        heard = words(await talk.transcript(item.id))
        assert len({"the", "leader", "has", "left", "conference"} & set(heard)) >= 3, heard
        kept = await talk.retrieve(item.id)
        assert words(kept.content[0].transcript) == heard
        # All of the speech and not much besides.
        assert 1.5 < len(base64.b64decode(kept.content[0].audio)) / 48000 < 4.5


async def begin_story(talk: Talk) -> tuple[str, str]:
    """Ask for a long answer; the names of its response and item once it sounds."""
    await talk.say("Tell me a story.")
    await talk.api.response.create()
    await talk.expect("response.created")
    first = await talk.expect("response.output_audio.delta")
    return first.response_id, first.item_id


async def test_speech_interrupts_and_marks_say_what_was_heard(served: Served) -> None:
    async with connected(served.url) as talk:
        await talk.update(**hearing())
        response, item_id = await begin_story(talk)
        await talk.sounded(response, 2500)
        async with talk.microphone(recording("tt-somethingwrong")):
            started = await talk.expect("input_audio_buffer.speech_started")
            told = await talk.reply(response)
            if told.done.status == "cancelled":
                assert told.done.status_details.reason == "turn_detected"
                assert told.message.status == "incomplete"
            sent = 1 + len(told.audio) // 48
            assert sent > 1000
            story, left = told.text, [told.text]
            for mark in (sent * 3 // 4, sent // 2, 1000, 300):
                await talk.api.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=mark)
                assert (await talk.expect("conversation.item.truncated")).audio_end_ms == mark
                item = await talk.retrieve(item_id)
                left.append(item.content[0].transcript or "")
                assert story.startswith(left[-1]), f"{mark} ms: {left[-1]!r} is no beginning of {story!r}"
                assert len(left[-1]) <= len(left[-2])
                assert len(words(left[-1])) <= mark / 100
                assert len(base64.b64decode(item.content[0].audio)) <= 48 * mark
            assert len(left[1]) > len(left[-1])
            await talk.expect("input_audio_buffer.speech_stopped", where=lambda e: e.item_id == started.item_id)
            check_spoken(await talk.reply())


async def test_the_model_knows_only_what_was_heard(served: Served) -> None:
    async with connected(served.url) as talk:
        told = await talk.ask("Tell me a story.")
        item_id, story = told.message.id, words(told.text)
        for mark in (12_000, 4_000, 1_500):
            await talk.api.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=mark)
            await talk.expect("conversation.item.truncated")
            kept = words((await talk.retrieve(item_id)).content[0].transcript)
            assert kept == story[: len(kept)]
            assert 0 < len(kept) < mark / 150
            asked = await talk.say("What did you just say?")
            again = await talk.respond(output_modalities=["text"])
            assert words(again.text) == ["i", "said", *kept]
            for name in (again.message.id, asked.id):
                await talk.api.conversation.item.delete(item_id=name)
                await talk.expect("conversation.item.deleted")


async def test_speech_does_not_interrupt_where_it_must_not(served: Served) -> None:
    async with connected(served.url) as talk:
        await talk.update(**hearing({**VAD, "interrupt_response": False, "create_response": False}))
        response, _ = await begin_story(talk)
        async with talk.microphone(recording("hello-world")):
            await talk.turn()
        if not talk.unread("response.done"):
            await talk.api.response.cancel(event_id="stop")
            reply = await talk.reply(response)
            assert reply.done.status_details.reason == "client_cancelled"
        else:
            assert (await talk.reply(response)).done.status == "completed"
        await asyncio.sleep(0.2)
        assert talk.count("response.created") == 1


async def test_a_cancelled_answer_ends_at_once(served: Served) -> None:
    async with connected(served.url) as talk:
        response, item_id = await begin_story(talk)
        await talk.api.response.cancel(response_id=response)
        reply = await talk.reply(response)
        assert (reply.done.status, reply.done.status_details.reason) == ("cancelled", "client_cancelled")
        assert (reply.message.id, reply.message.status) == (item_id, "incomplete")
        check_spoken(await talk.ask("Hello."))


@pytest.mark.parametrize("where", ["session", "response"])
async def test_a_function_is_called_and_its_result_told(served: Served, where: str) -> None:
    async with connected(served.url) as talk:
        if where == "session":
            await talk.update(tools=[WEATHER], tool_choice="auto")
        asked = await talk.ask("What is the weather in Paris?", **({"tools": [WEATHER]} if where == "response" else {}))
        assert asked.done.status == "completed"
        [call] = asked.calls
        assert (call.name, call.arguments, call.status) == ("get_weather", '{"city": "Paris"}', "completed")
        done = next(e for e in asked.events if e.type == "response.function_call_arguments.done")
        assert (done.name, done.call_id, done.arguments) == (call.name, call.call_id, call.arguments)
        await asyncio.sleep(0.1)
        assert talk.unread("response.created") == []
        await talk.create({"type": "function_call_output", "call_id": call.call_id, "output": "Rain in Paris."})
        told = await talk.respond()
        check_spoken(told)
        assert "Rain in Paris" in told.text


async def test_several_functions_are_called_at_once(served: Served) -> None:
    async with connected(served.url) as talk:
        await talk.update(tools=[WEATHER], output_modalities=["text"])
        asked = await talk.ask("What is the weather in Paris and in London?")
        assert [call.arguments for call in asked.calls] == ['{"city": "Paris"}', '{"city": "London"}']
        assert [e.output_index for e in asked.events if e.type == "response.output_item.added"] == [0, 1]
        for call, output in zip(asked.calls[::-1], ("Fog in London.", "Rain in Paris."), strict=True):
            await talk.create({"type": "function_call_output", "call_id": call.call_id, "output": output})
        told = await talk.respond()
        assert "Rain in Paris" in told.text
        assert "Fog in London" in told.text


async def test_push_to_talk(served: Served) -> None:
    async with connected(served.url) as talk:
        await talk.update(**hearing(None))
        await talk.append(silence(500))
        await talk.api.input_audio_buffer.clear()
        await talk.expect("input_audio_buffer.cleared")
        await talk.append(recording("tt-weasels"))
        await asyncio.sleep(0.3)
        assert talk.count("input_audio_buffer.speech_started") == 0
        await talk.api.input_audio_buffer.commit()
        committed = await talk.expect("input_audio_buffer.committed")
        await talk.expect("conversation.item.done", where=lambda e: e.item.id == committed.item_id)
        await talk.api.response.create()
        check_spoken(await talk.reply())
        heard = words(await talk.transcript(committed.item_id))
        assert len({"weasels", "have", "eaten", "our", "phone", "system"} & set(heard)) >= 3, heard
        audio = base64.b64decode((await talk.retrieve(committed.item_id)).content[0].audio)
        assert audio == recording("tt-weasels")


async def test_out_of_band_beside_the_conversation(served: Served) -> None:
    async with connected(served.url) as talk:
        response, _ = await begin_story(talk)
        added = talk.count("conversation.item.added")
        part = {"type": "input_text", "text": "What is seven times eight?"}
        given = [{"type": "message", "role": "user", "content": [part]}]
        for modality in ("text", "audio"):
            beside = await talk.respond(
                conversation="none", output_modalities=[modality], input=given, metadata={"purpose": modality}
            )
            assert beside.done.conversation_id is None
            assert beside.done.metadata == {"purpose": modality}
            assert "fifty six" in beside.text.lower().replace("-", " ")
            assert bool(beside.audio) == (modality == "audio")
        assert talk.count("conversation.item.added") == added
        story = await talk.reply(response)
        assert story.done.status == "completed"
        assert "fifty" not in story.text
        assert "fifty" not in (await talk.ask("What did you just say?", output_modalities=["text"])).text


async def test_out_of_band_with_references(served: Served) -> None:
    async with connected(served.url) as talk:
        first = await talk.say("My name is Ada.")
        greeted = await talk.respond(output_modalities=["text"])
        await talk.ask("My name is Bob.", output_modalities=["text"])
        question = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "What is my name?"}]}
        given = [{"type": "item_reference", "id": name} for name in (first.id, greeted.message.id)]
        beside = await talk.respond(conversation="none", output_modalities=["text"], input=[*given, question])
        assert "Ada" in beside.text
        assert "Bob" not in beside.text


async def test_nobody_speaks_and_the_agent_asks(served: Served) -> None:
    async with connected(served.url) as talk:
        await talk.update(**hearing({**VAD, "idle_timeout_ms": 5000}))
        await talk.ask("Hello.", output_modalities=["text"])
        async with talk.microphone(b""):
            late = await talk.expect("input_audio_buffer.timeout_triggered")
            assert late.audio_end_ms - late.audio_start_ms == 5000
            committed = await talk.expect("input_audio_buffer.committed")
            assert committed.item_id == late.item_id
            check_spoken(await talk.reply())


async def test_an_image_is_taken(served: Served) -> None:
    async with connected(served.url) as talk:
        content = [{"type": "input_image", "image_url": PNG}, {"type": "input_text", "text": "Hello, what is this?"}]
        item = await talk.create({"type": "message", "role": "user", "content": content})
        assert [part.type for part in item.content] == ["input_image", "input_text"]
        assert item.content[0].image_url == PNG
        check_spoken(await talk.respond())
