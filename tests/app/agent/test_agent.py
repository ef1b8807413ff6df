"""The agent as users write it: what it takes, what it refuses, and what becomes of it in a call."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from vivavoce import Agent, Call
from vivavoce.app.agent.agent import BRIEF, LONG_INSTRUCTIONS
from vivavoce.app.agent.hooks import HOOKS
from vivavoce.core.errors import BadInput, Misuse, PolicyError
from vivavoce.core.policy import BROWSER, PHONE


def look(city: str) -> str:
    "The weather in a city."
    return city


def test_the_package_offers_it_and_costs_next_to_nothing() -> None:
    code = "import vivavoce, sys; print('pydantic' in sys.modules, 'numpy' in sys.modules); vivavoce.Agent('x')"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"instructions": " "}, "an agent needs instructions"),
        ({"name": "no name"}, "'no name' is no name for an agent"),
        ({"speed": 3}, "speed is from 0.5 to 2, not 3"),
        ({"policy": "telephone"}, "there is no policy 'telephone'; fix: choose one of browser, phone"),
        ({"builtin": ["hang up"]}, "there is no builtin tool 'hang up'; fix: choose one of hang_up, transfer"),
        ({"tools": [look, look]}, "agent agent has two tools 'look'; fix: give one of them another name"),
        ({"llm": [1]}, "llm is an engine, or a list of them, not 1; fix: write a name, as 'openai:gpt-5-mini'"),
    ],
)
def test_what_cannot_be_used_is_refused_when_it_is_written(arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput) as error:
        Agent(**{"instructions": "Be brief."} | arguments)
    assert str(error.value).startswith(why)


def test_an_unknown_policy_key_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"endpoint\.silence"):
        Agent("x", policy={"endpoint.silence": 3})


def test_policies() -> None:
    assert Agent("x").policy is BROWSER
    assert Agent("x", policy="phone").policy is PHONE
    mixed = Agent("x", policy={"preset": "phone", "endpoint.silence_ms": 700}).policy
    assert mixed.endpoint.silence_ms == 700
    assert mixed.barge_in == PHONE.barge_in


def test_tools_both_ways() -> None:
    agent = Agent("x")

    @agent.tool
    def one(n: int) -> int:
        "One."
        return n

    @agent.tool(read_only=True, name="two")
    async def another(n: int) -> int:
        "Two."
        return n

    assert one(1) == 1
    assert list(agent.tools) == ["one", "two"]
    assert agent.tools["two"].spec.read_only


def test_it_is_told_to_speak_unless_it_is_not() -> None:
    assert Agent("Be a pirate.").full_instructions() == f"Be a pirate.\n\n{BRIEF}"
    assert Agent("Be a pirate.", brief=False).full_instructions() == "Be a pirate."


def test_instructions_that_cost_latency_are_warned_of() -> None:
    assert Agent("x" * 100).warnings() == []
    [warning] = Agent("x" * LONG_INSTRUCTIONS, name="slow").warnings()
    assert warning.startswith("agent slow: ")


def test_handoffs_are_tools_and_everybody_can_be_found() -> None:
    billing = Agent("You know about bills.", name="billing")
    desk = Agent("You are the desk.", name="desk", handoffs=[billing])
    billing.hand_off_to(desk)
    assert list(desk.tools) == ["hand_off_to_billing"]
    assert desk.tools["hand_off_to_billing"].tool.description == "Hand the caller to billing: You know about bills."
    assert set(desk.reachable()) == set(billing.reachable()) == {"desk", "billing"}
    other = Agent("Another one.", name="billing")
    desk2 = Agent("Desk.", name="desk2", handoffs=[desk, other])
    with pytest.raises(BadInput, match="two agents are called 'billing'"):
        desk2.reachable()


def test_an_unknown_event_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="there is no event 'hearing'; fix: choose one of call_started, "):
        Agent("x").on("hearing")


def test_every_event_has_a_meaning() -> None:
    assert all(hook.meaning for hook in HOOKS.values())


def test_a_call_that_has_not_begun_cannot_be_steered() -> None:
    with pytest.raises(Misuse, match="the call has not begun"):
        Call(Agent("x")).say("hello")


def test_what_a_voice_is_to_know_reaches_the_call() -> None:
    agent = Agent("x", language="de", pronounce={"SQL": "Sequel"}, expect=["ja"])
    config = agent.config(Call(agent), "anna")
    assert (config.language, config.pronounce, config.expect) == ("de", (("SQL", "Sequel"),), ("ja",))
