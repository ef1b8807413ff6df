"""Voice agents of openai-agents on the server: turns, tools, handoffs, interruption, guardrails."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from agents import GuardrailFunctionOutput, OutputGuardrail, function_tool
from agents.realtime import RealtimeAgent, RealtimePlaybackTracker
from tests.clients.agent import Running, running
from tests.clients.process import Served
from tests.clients.speech import recording, silence, words

pytestmark = [pytest.mark.offline, pytest.mark.slow]


@pytest.fixture(autouse=True)
def no_tracing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_AGENTS_DISABLE_TRACING", "1")


async def speak(run: Running, name: str) -> None:
    """Say a recording and fall silent."""
    audio = silence(300) + recording(name) + silence(1500)
    for at in range(0, len(audio), 4800):
        await run.session.send_audio(audio[at : at + 4800])


async def test_a_message_is_answered(served: Served) -> None:
    async with running(served.ws, RealtimeAgent(name="viva", instructions="You are Otto.")) as run:
        await run.session.send_message("Who are you?")
        assert "Otto" in await run.said(1)
        audio = await run.expect("audio")
        assert len(audio.audio.data) > 0
        ended = await run.expect("audio_end")
        assert ended.item_id == audio.item_id
        await run.expect("agent_end")
        assert run.history("user") == ["Who are you?"]
        updates = [event["session"] for event in run.raw if event["type"] == "session.updated"]
        assert [update["tracing"] for update in updates] == [None, "auto"]
        assert updates[-1]["audio"]["input"]["turn_detection"]["type"] == "semantic_vad"


async def test_speech_is_answered(served: Served) -> None:
    async with running(served.ws, RealtimeAgent(name="viva")) as run:
        await speak(run, "conf-leaderhasleft")
        done = await run.server("conversation.item.input_audio_transcription.completed")
        assert len({"the", "leader", "has", "left", "conference"} & set(words(done["transcript"]))) >= 3
        assert await run.said(1)
        await run.expect("audio_end")
        await run.settle()
        assert words(run.history("user")[0]) == words(done["transcript"])


async def test_a_tool_runs_and_its_result_is_told(served: Served) -> None:
    asked: list[str] = []

    @function_tool
    def get_weather(city: str) -> str:
        """The weather in a city."""
        asked.append(city)
        return f"Rain in {city}."

    async with running(served.ws, RealtimeAgent(name="viva", tools=[get_weather])) as run:
        await run.session.send_message("What is the weather in Paris?")
        ended = await run.expect("tool_end")
        assert ended.output == "Rain in Paris."
        assert "Rain in Paris" in await run.said(2)
        await run.session.send_message("What is the weather in Oslo and in London?")
        # The client asks for an answer after each result, so that the first may come before the second result.
        told = await run.said(4)
        assert "Rain in Oslo" in told or "Rain in London" in told
        await run.expect("tool_end", where=lambda event: event.output == "Rain in London.")
        assert sorted(asked) == ["London", "Oslo", "Paris"]


async def test_a_handoff_to_another_agent(served: Served) -> None:
    billing = RealtimeAgent(name="billing", instructions="You are Ida.", handoff_description="Bills and payments.")
    first = RealtimeAgent(name="desk", instructions="You are Otto.", handoffs=[billing])
    async with running(served.ws, first) as run:
        await run.session.send_message("Please transfer me to billing.")
        handed = await run.expect("handoff")
        assert (handed.from_agent.name, handed.to_agent.name) == ("desk", "billing")
        await run.server("response.done", 2)
        await run.session.send_message("Who are you?")
        assert "Ida" in await run.said(3)


async def test_speech_interrupts_what_is_played(served: Served) -> None:
    tracker = RealtimePlaybackTracker()
    async with running(served.ws, RealtimeAgent(name="viva"), playback_tracker=tracker) as run:
        await run.session.send_message("Tell me a story.")
        audio = await run.expect("audio")
        # What the client does not have yet, it cannot have played.
        await run.server("response.output_audio.done")
        tracker.on_play_ms(audio.item_id, audio.content_index, 1200.0)
        await speak(run, "tt-somethingwrong")
        interrupted = await run.expect("audio_interrupted")
        assert interrupted.item_id == audio.item_id
        truncated = await run.server("conversation.item.truncated")
        assert (truncated["item_id"], truncated["audio_end_ms"]) == (audio.item_id, 1200)
        # The client asks what the server has kept.
        retrieved = await run.server("conversation.item.retrieved")
        assert retrieved["item"]["id"] == audio.item_id
        story = await run.said(1)
        assert await run.said(2)
        await run.settle()
        kept = run.history("assistant")[0]
        assert words(story)[: len(words(kept))] == words(kept)
        assert len(words(kept)) < 12


async def test_an_application_interrupts(served: Served) -> None:
    async with running(served.ws, RealtimeAgent(name="viva")) as run:
        await run.session.send_message("Tell me a story.")
        await run.expect("audio")
        await asyncio.sleep(0.5)
        await run.session.interrupt()
        # The answer may be complete already: it is made faster than it is played.
        run.refused.add("response_cancel_not_active")
        truncated = await run.server("conversation.item.truncated")
        assert 0 < truncated["audio_end_ms"] < 3000


async def test_a_guardrail_trips(served: Served) -> None:
    judged: list[str] = []

    async def no_stories(context: Any, agent: Any, output: Any) -> GuardrailFunctionOutput:
        judged.append(output)
        return GuardrailFunctionOutput(output_info={}, tripwire_triggered=len(judged) == 1)

    agent = RealtimeAgent(
        name="viva", output_guardrails=[OutputGuardrail(guardrail_function=no_stories, name="no_stories")]
    )
    async with running(served.ws, agent, {"guardrails_settings": {"debounce_text_length": 30}}) as run:
        await run.session.send_message("Tell me a story.")
        tripped = await run.expect("guardrail_tripped")
        assert [r.guardrail.get_name() for r in tripped.guardrail_results] == ["no_stories"]
        assert (await run.server("response.done"))["response"]["status"] == "cancelled"
        # The client tells the model, which answers that.
        assert await run.said(2)
        assert "guardrail triggered: no_stories" in run.history("user")
