import asyncio
import copy
from datetime import datetime
from itertools import pairwise

from scripted_talk import NOW, TOOLS, Talk

from vivavoce.core.commands import Call, Message, Result, Role, Usage
from vivavoce.providers.base import Ask, Llm, TextDelta, ToolCall
from vivavoce.providers.scripted import MODEL, ScriptedLlm, respond


def user(text):
    return Message("u", "user", text)


def agent(text, interrupted=False):
    return Message("a", "agent", text, interrupted)


def collect(llm: Llm, ask: Ask):
    async def run():
        return [output async for output in llm.stream(ask)]

    return asyncio.run(run())


def test_an_answer_streams_word_by_word_and_ends_with_its_usage():
    llm = ScriptedLlm(clock=lambda: NOW)
    *deltas, usage = collect(llm, Ask("Be kind.", (user("what time is it"),)))
    assert "".join(d.text for d in deltas) == "It is three twenty five in the afternoon."
    assert len(deltas) == 8
    assert usage == Usage(Role.LLM, MODEL, (("input_tokens", 6.0), ("output_tokens", 8.0)))


def test_a_tool_call_streams_as_one():
    outputs = collect(ScriptedLlm(), Ask("", (user("weather in paris"),), TOOLS))
    assert [type(o) for o in outputs] == [ToolCall, Usage]
    assert outputs[0].arguments == '{"city": "Paris"}'


def test_the_clock_is_injected():
    llm = ScriptedLlm(clock=lambda: datetime(2030, 1, 1, 9, 0))
    text = "".join(o.text for o in collect(llm, Ask("", (user("what time is it"),))) if isinstance(o, TextDelta))
    assert text == "It is nine o'clock in the morning."


def test_the_stream_can_be_left_at_any_word():
    async def run():
        llm = ScriptedLlm()
        stream = llm.stream(Ask("", (user("tell me a story"),)))
        first = await anext(stream)
        await stream.aclose()
        await llm.close()
        return first

    assert asyncio.run(run()).text


def test_the_same_request_always_gets_the_same_answer():
    talk = Talk(TOOLS)
    for text in ("hello", "i like cheese", "tell me a joke", "flip a coin", "weather in rome"):
        talk.say(text)
    ask = Ask("", (*talk.items, user("what did i say")), TOOLS)
    assert respond(ask, NOW) == respond(copy.deepcopy(ask), NOW)


def test_it_nudges_when_it_is_not_its_turn():
    opening = respond(Ask("", ()), NOW).text
    assert opening
    items = [user("hello"), agent("Hello.")]
    nudges = []
    for _ in range(4):
        nudges.append(respond(Ask("", tuple(items)), NOW).text)
        items.append(agent(nudges[-1]))
    assert all(a != b for a, b in pairwise(nudges))


def test_system_messages_are_no_turns():
    items = (user("what time is it"), Message("s", "system", "The caller is on hold."))
    assert respond(Ask("", items), NOW).text.startswith("It is three")


def test_unanswered_messages_are_read_together():
    assert respond(Ask("", (user("tell me a"), user("long story"))), NOW).text.endswith("That was my story.")
    assert respond(Ask("", (user("tell me a story"), user("what time is it"))), NOW).text.startswith("It is three")


def test_several_results_are_all_spoken_and_pending_calls_are_owned_up_to():
    items = (
        user("weather and timer"),
        Call("1", "c1", "get_weather", "{}"),
        Call("2", "c2", "setTimer", "{}"),
        Result("3", "c1", "Sunny today."),
    )
    assert respond(Ask("", items, TOOLS), NOW).text == "Sunny today. I am still waiting for the timer."
    assert respond(Ask("", (*items, Result("4", "c2", "ok")), TOOLS), NOW).text == "Sunny today. Done."


def test_a_result_for_a_call_that_is_not_in_the_history_is_still_spoken():
    assert respond(Ask("", (user("x"), Result("r", "c9", '{"a": 1}'))), NOW).text == "The a is 1."


def test_no_answer_is_ever_empty():
    odd = [
        "",
        "?",
        "\n",
        "a",
        "🙂",
        "x" * 5000,
        "no " * 300,
        "{}",
        "what",
        "my my my",
        "you",
        "i am",
        "remember that",
        "1 2 3",
    ]
    for text in odd:
        answer = respond(Ask("You are", (user(text),), TOOLS), NOW)
        assert answer.text.strip() or answer.calls
        assert "{" not in answer.text or "{" in text


def test_a_long_call_stays_quick():
    talk = Talk()
    for _ in range(60):
        talk.say("tell me a long story", heard=9)
    assert talk.say("go on").endswith("That was my story.")
