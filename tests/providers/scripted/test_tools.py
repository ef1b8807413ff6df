import json

import pytest
from scripted_talk import LIGHT, ORDER, TIMER, TOOLS, WEATHER, Talk, tool

from vivavoce.providers.base import Tool
from vivavoce.providers.scripted.tools import ask_for, choose_tool, open_question, plan, spoken_name
from vivavoce.providers.scripted.understand import clean


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("what's the weather in Paris", WEATHER),
        ("what is the whether in paris", WEATHER),
        ("set a timer for five minutes", TIMER),
        ("please turn off the kitchen light", LIGHT),
        ("switch the lights on", LIGHT),
        ("where is my order", ORDER),
        ("what time is it", None),
        ("do not set a timer", None),
        ("the weather is nice today", None),
        ("tell me a story", None),
        ("get me something", None),
        ("", None),
    ],
)
def test_the_tool_is_found_by_its_declaration(text, chosen):
    assert choose_tool(clean(text), TOOLS) is chosen


def test_a_sum_is_no_wish_for_a_clock():
    clock = tool("current_time", "The current time of day")
    assert Talk(tools=(clock,)).say("what is seven times eight") == "Seven times eight is fifty six."


def test_words_of_the_description_find_a_tool():
    hang_up = tool("end_call", "Hang up the phone and end the call")
    assert choose_tool(clean("hang up please"), (*TOOLS, hang_up)) is hang_up


def test_names_are_spoken_without_their_verb():
    names = ("get_current_weather", "setTimer", "switch_light", "lookup_order", "send")
    assert [spoken_name(n) for n in names] == ["weather", "timer", "light", "order", "send"]


def test_a_complete_wish_is_a_complete_call():
    wish = plan(TIMER, "set a timer for five minutes")
    assert (wish.arguments, wish.missing) == ({"minutes": 5}, ())
    assert json.loads(plan(WEATHER, "weather in Zürich").json()) == {"city": "Zürich"}


def test_a_tool_without_parameters_or_with_an_odd_schema():
    assert plan(Tool("ping", "", {}), "ping").json() == "{}"
    assert plan(Tool("ping", "", {"properties": ["x"], "required": "x"}), "ping").missing == ()


@pytest.mark.parametrize(
    ("declared", "parameter", "question"),
    [
        (WEATHER, "city", "For the weather I need one more thing: which city?"),
        (TIMER, "minutes", "For the timer I need one more thing: how many minutes?"),
        (LIGHT, "room", "For the light I need one more thing: which room, kitchen or living room or bedroom?"),
        (LIGHT, "on", "For the light I need one more thing: on, yes or no?"),
    ],
)
def test_what_is_missing_is_asked_for(declared, parameter, question):
    assert ask_for(declared, parameter) == question
    assert open_question(f"Sorry. {question}", TOOLS) == (declared, parameter)


def test_a_call_is_completed_over_several_turns():
    talk = Talk(TOOLS)
    assert talk.say("switch the light").endswith("which room, kitchen or living room or bedroom?")
    assert talk.say("the living room").endswith("on, yes or no?")
    talk.say("yes please")
    assert [json.loads(c.arguments) for c in talk.calls] == [{"room": "living room", "on": True}]


def test_an_unusable_answer_is_asked_for_again_and_may_be_dropped():
    talk = Talk(TOOLS)
    talk.say("start a timer")
    assert talk.say("banana").startswith("Sorry, I did not get that.")
    assert talk.say("never mind") == "Okay, I leave the timer."
    assert talk.calls == []


def test_another_wish_replaces_an_open_question():
    talk = Talk(TOOLS)
    talk.say("what is the weather")
    talk.say("set a timer for two minutes")
    assert [c.name for c in talk.calls] == ["setTimer"]
    talk.say("how is the weather")
    assert "afternoon" in talk.say("what time is it")


def test_results_are_spoken_and_no_tool_is_called_twice_for_one_turn():
    talk = Talk(TOOLS, results={"get_weather": '{"city": "Paris", "temperature_c": 21}'})
    assert talk.say("what's the weather in paris") == "The city is Paris. The temperature is 21 degrees."
    assert [(c.name, c.arguments) for c in talk.calls] == [("get_weather", '{"city": "Paris"}')]


def test_the_same_wish_later_is_a_new_call():
    talk = Talk(TOOLS)
    talk.say("weather in paris")
    talk.say("weather in paris")
    assert len({c.call for c in talk.calls}) == 2
