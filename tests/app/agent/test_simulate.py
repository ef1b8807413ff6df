"""Whole calls with agents of users: typed and spoken, tools, callbacks, hand-offs, hanging up; on a virtual clock."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from vivavoce import Agent, Call
from vivavoce.app.agent.simulate import Script, call
from vivavoce.app.recording import RECORDINGS
from vivavoce.core.commands import Message
from vivavoce.core.errors import BadInput
from vivavoce.core.notices import ReplyClosed
from vivavoce.providers.base import Ask, TextDelta, ToolCall

pytestmark = pytest.mark.offline


@pytest.fixture(autouse=True)
def _script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_LLM", "offline:script")
    for name in ("VIVAVOCE_STT", "VIVAVOCE_TTS"):
        monkeypatch.delenv(name, raising=False)


def butler(**more: Any) -> Agent:
    agent = Agent("You are a curt British butler.", voice="george", **more)

    @agent.tool(read_only=True)
    async def get_weather(city: str) -> str:
        "Current weather in a city."
        return f"It is raining in {city}."

    return agent


def test_the_example_of_the_readme() -> None:
    result = butler(greeting="Good evening.").simulate("what is the weather in Paris", "thank you")
    assert result.said.startswith("Good evening.")
    assert result.called("get_weather", city="Paris")
    assert not result.called("get_weather", city="Rome")
    greeting, weather, thanks = result.turns
    assert greeting.user == ""
    assert weather.tools[0].output == "It is raining in Paris."
    assert "raining in Paris" in weather.heard
    assert weather.gap_ms is not None
    assert thanks.user == "thank you"
    assert (result.reports, result.reason) == ([], "caller")


def test_a_spoken_call_end_to_end() -> None:
    result = butler().simulate("what is the weather in Paris", "what is the weather in Paris", spoken=True)
    assert len(result.turns) == 2
    # The embedded recogniser may mishear the first words of a call.
    assert any(result.called("get_weather", city=city) for city in ("Paris", "paris"))
    assert all(turn.gap_ms is not None and turn.gap_ms < 3_000 for turn in result.turns)


def test_recordings_are_callers_too_and_may_cut_in() -> None:
    words = ("the leader has left the conference", "something is terribly wrong")
    files = [RECORDINGS / "conf-leaderhasleft.wav", RECORDINGS / "tt-somethingwrong.wav"]
    story = "Once upon a time there was a very long story that nobody has ever heard to its end, and it goes on so."
    result = butler().simulate(*files, llm=Script(story), cut_in=1.5, expect=words)
    assert result.turns[0].interrupted
    assert story.startswith(result.turns[0].heard)
    assert len(result.turns[0].heard) < len(story)


def test_a_script_says_what_it_is_told_and_remembers_what_it_was_asked() -> None:
    llm = Script(
        "Good day.", call("get_weather", city="Rome"), ["One moment. ", call("get_weather", city="Oslo")], "Done."
    )
    result = butler().simulate("hello", "Rome please", "Oslo please", llm=llm)
    assert [use.arguments["city"] for use in result.tools] == ["Rome", "Oslo"]
    assert "raining in Rome" in str(llm.asked[2].items)
    assert "British butler" in llm.asked[0].instructions


def test_a_script_asked_again_for_one_answer_says_the_same() -> None:
    async def asked(*asks: Ask) -> list[str]:
        said = [part for ask in asks async for part in llm.stream(ask)]
        await llm.close()
        return [part.text for part in said if isinstance(part, TextDelta)]

    llm = Script("One.", "Two.", "Three.")
    hello, more = Message("1", "user", "hello"), Message("1", "user", "hello there")
    one = Message("2", "agent", "One.")
    first, longer, next_ = Ask("", (hello,)), Ask("", (more,)), Ask("", (more, one, Message("3", "user", "and")))
    assert asyncio.run(asked(first, longer, next_, next_)) == ["One.", "One.", "Two.", "Two."]
    assert asyncio.run(asked(first, next_)) == ["Three.", "Three."]


def test_offline_the_embedded_engines_stand_in_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    billing = Agent("You know about bills.", name="billing", voice="jack", tts="elevenlabs")
    desk = butler(name="desk", llm="openai:gpt-5-mini", stt="deepgram", handoffs=[billing])
    desk.voice = "sarah"
    result = desk.simulate("what is the weather in Paris", "hand off to billing", "hello", offline=True)
    assert result.called("get_weather", city="Paris")
    assert (result.agents, result.reports) == (["desk", "billing"], [])
    with pytest.raises(BadInput, match="OPENAI_API_KEY"):
        desk.simulate("hello")


def test_tools_belong_to_the_answer_and_not_to_what_is_said_while_they_run() -> None:
    agent = Agent("x")

    @agent.tool
    def work(call: Call) -> str:
        "Work."
        call.say("Halfway there.")
        return "done"

    result = agent.simulate("go", llm=Script(call("work"), "Ready."))
    assert [(turn.agent, len(turn.tools)) for turn in result.turns] == [("Halfway there.", 0), ("Ready.", 1)]


def test_callbacks_hear_of_everything_in_order() -> None:
    agent, heard = butler(), []
    for event in ("call_started", "turn", "tool_started", "tool", "heard", "reply_done", "call_ended"):

        @agent.on(event)
        def note(happened: Any, event: str = event) -> None:
            heard.append(event)

    agent.simulate("what is the weather in Paris")
    assert heard[0] == "call_started"
    assert heard[-1] == "call_ended"
    assert [e for e in heard if e in ("turn", "tool_started", "tool")] == ["turn", "tool_started", "tool"]
    assert heard.count("heard") == heard.count("reply_done") >= 1


def test_callbacks_may_be_asynchronous_get_the_call_and_fail() -> None:
    agent, words = butler(), []

    @agent.on("heard")
    async def remember(event: ReplyClosed, call: Call) -> None:
        call.state.setdefault("heard", []).append(event.heard)
        words.append(event.heard)

    @agent.on("turn")
    def broken(event: Any) -> None:
        raise RuntimeError("mine")

    result = agent.simulate("hello")
    assert words
    assert [(r.code, "mine" in r.detail) for r in result.reports] == [("callback", True)]


def test_an_error_is_told() -> None:
    agent, codes = butler(), []

    @agent.on("error")
    def note(report: Any) -> None:
        codes.append(report.code)

    class Broken(Script):
        async def stream(self, ask: Any) -> Any:
            raise RuntimeError("no model today")
            yield ""

    agent.simulate("hello", llm=Broken("x"))
    assert codes == ["died"]


def test_tools_that_raise_hang_or_return_junk_are_told_to_the_model() -> None:
    agent = Agent("x")

    @agent.tool
    def raises() -> str:
        "Raises."
        raise KeyError("gone")

    @agent.tool(timeout=1)
    async def hangs() -> str:
        "Hangs."
        import asyncio

        await asyncio.sleep(60)
        return ""

    @agent.tool
    def junk() -> Any:
        "Junk."
        return object()

    llm = Script(call("raises"), call("hangs"), call("junk"), "That did not work.")
    result = agent.simulate("go", llm=llm)
    outputs = {use.name: (use.ok, use.output) for use in result.tools}
    assert outputs["raises"] == (False, "KeyError: 'gone'")
    assert outputs["hangs"] == (False, "the tool did not answer in time")
    assert outputs["junk"][0] is False
    assert result.said == "That did not work."


def test_wrong_arguments_are_told_to_the_model() -> None:
    result = butler().simulate("go", llm=Script(call("get_weather", town="Rome"), "I see."))
    assert not result.tools[0].ok
    assert "city: Field required" in result.tools[0].output


def test_parallel_calls_are_answered_together() -> None:
    llm = Script([call("get_weather", city="Rome"), call("get_weather", city="Oslo")], "Wet in both.")
    result = butler().simulate("Rome and Oslo", llm=llm)
    assert len(result.tools) == 2
    assert len(llm.asked) == 2
    assert result.said == "Wet in both."


def test_a_slow_tool_is_excused() -> None:
    agent = Agent("x")

    @agent.tool(filler="Let me look that up.")
    def slow(call: Call) -> str:
        "Slow."
        time.sleep(1.0)
        return "42"

    result = agent.simulate("go", llm=Script(call("slow"), "It is 42."))
    assert result.said == "Let me look that up. It is 42."


def test_a_tool_may_speak_while_it_works() -> None:
    agent = Agent("x")

    @agent.tool
    def work(call: Call) -> str:
        "Work."
        call.say("Halfway there.")
        return "done"

    assert agent.simulate("go", llm=Script(call("work"), "Ready.")).said == "Halfway there. Ready."


def test_handing_off_changes_words_voice_and_tools_and_keeps_the_context() -> None:
    billing = Agent("You know about bills.", name="billing", voice="jack")

    @billing.tool
    def get_bill(month: str) -> str:
        "A bill."
        return "12 euros"

    desk = butler(name="desk", handoffs=[billing])
    llm = Script(call("hand_off_to_billing"), "Billing here.", call("get_bill", month="May"), "It is 12 euros.")
    result = desk.simulate("my bill please", "the one of May", llm=llm)
    assert result.agents == ["desk", "billing"]
    assert result.said == "Billing here. It is 12 euros."
    assert "butler" in llm.asked[0].instructions
    assert "bills" in llm.asked[1].instructions
    assert [tool.name for tool in llm.asked[1].tools] == ["get_bill"]
    assert "my bill please" in str(llm.asked[2].items)


def test_the_model_may_hang_up() -> None:
    agent = Agent("x", builtin=["hang_up", "transfer"])
    result = agent.simulate("bye", "never said", llm=Script(["Goodbye. ", call("hang_up")]))
    assert (result.reason, result.said) == ("agent", "Goodbye.")
    result = agent.simulate(
        "a human please", "never said", llm=Script(["I connect you. ", call("transfer", to="sales")])
    )
    assert result.reason == "transfer"


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="needs at least one turn"):
        butler().simulate()
    with pytest.raises(BadInput, match="add spoken=True"):
        butler().simulate("hello", cut_in=1)
    with pytest.raises(BadInput, match="no such file"):
        butler().simulate(tmp_path / "none.wav")
    with pytest.raises(BadInput, match="unknown voice 'georg'; fix: choose one of emma, george"):
        Agent("x", voice="georg").simulate("hello")
    with pytest.raises(BadInput, match=r"vendors are .*offline"):
        Agent("x", tts="ofline:espeak").simulate("hello")
    with pytest.raises(BadInput, match="set the environment variable DEEPGRAM_API_KEY"):
        Agent("x", stt="deepgram:nova-3").simulate("hello", spoken=True)


def test_a_call_of_a_tool_is_what_a_script_says() -> None:
    assert call("look", city="Rome") == ToolCall("", "look", '{"city": "Rome"}')


@pytest.mark.offline
def test_agents_that_hand_over_to_each_other_also_do_so_with_embedded_engines() -> None:
    billing = Agent("You know about bills.", name="billing", tts="cartesia")
    desk = Agent("You are the desk.", name="desk", handoffs=[billing])
    billing.hand_off_to(desk)
    result = desk.simulate("hand off to billing", "hand off to desk", "hello", offline=True)
    assert result.agents == ["desk", "billing", "desk"]
    assert billing.handoffs["desk"] is desk


@pytest.mark.offline
def test_another_agent_calls_and_both_hear_only_each_others_voice() -> None:
    desk = Agent("x", name="desk", greeting="Good evening.", llm=Script("We are open until nine."))
    guest = Agent("y", name="desk", voice="jack", greeting="Never said.", llm=Script("When do you close?"))
    result = desk.simulate(caller=guest, seconds=9)
    assert result.turns[0].heard == "Good evening."
    assert any("open until nine" in turn.agent for turn in result.turns)
    assert any(turn.user for turn in result.turns)
    assert result.reports == []
    assert guest.greeting == "Never said."


def test_a_call_between_agents_that_cannot_be() -> None:
    silent = Agent("x", name="a", llm=Script("Yes."))
    with pytest.raises(BadInput, match="nobody would begin; fix: give one of the agents a greeting"):
        silent.simulate(caller=Agent("y", name="b", llm=Script("No.")))
    with pytest.raises(BadInput, match="an agent that calls needs no turns"):
        silent.simulate("hello", caller=Agent("y", name="b", greeting="Hi.", llm=Script("No.")))
