"""Calls that somebody else runs or must approve, and calls of answers beside the conversation."""

import pytest
from script import Script

from vivavoce.core.commands import Result, RunTool
from vivavoce.core.events import ItemCreated, ReplyAsked, ToolApproved, ToolSpec
from vivavoce.core.notices import ToolStarted

THEIRS = (ToolSpec("look", runs="caller"),)
CAREFUL = (ToolSpec("pay", approval=True),)


def asked(tools, settings=None):
    """A call in which the model calls the first tool."""
    c = Script({"reply.continue_after_tools": "no", **(settings or {})}, tools=tools)
    c.asks("tell me the time")
    c.calls(tools[0].name, "c1")
    return c


def test_the_client_runs_its_own_tools_however_long_that_takes():
    c = asked(THEIRS)
    c.llm("")
    c.saw("calls c1 look", "made 1 ''")
    c.wait(3_600_000)
    assert not c.find(RunTool)
    c.not_since("settled")
    assert c.history == ["user: tell me the time", "call c1: look"]
    c.post(ItemCreated(Result("r1", "c1", "noon")))
    c.saw("settled c1 ok 'noon'")
    c.not_since("Generate")
    c.post(ReplyAsked(ref="x"))
    assert c.request() == ["user: tell me the time", "call c1: look", "result c1: noon"]


def test_a_model_that_is_asked_meanwhile_reads_that_the_tool_is_running():
    c = asked(THEIRS)
    c.llm("")
    c.post(ReplyAsked())
    assert c.request()[-2:] == ["call c1: look", "result c1: (still running)"]


def test_an_early_answers_call_reaches_the_client_only_when_it_is_promoted():
    c = Script(tools=THEIRS)
    c.hears("tell me the time")
    c.silence(450)
    c.saw("Generate 1 early")
    c.calls("look", "c1")
    c.not_since("calls", "RunTool")
    c.silence(300)
    c.saw("opened 1 turn", "calls c1 look")


def test_a_result_may_come_once():
    c = asked(THEIRS)
    c.post(ItemCreated(Result("r1", "c1", "noon")))
    c.post(ItemCreated(Result("r2", "c1", "midnight")))
    assert sum(line.startswith("settled") for line in c.lines) == 1


def test_a_call_waits_for_approval_and_then_runs():
    c = asked(CAREFUL)
    c.llm("")
    (started,) = c.find(ToolStarted)
    assert started.approval
    c.wait(600_000)
    assert not c.find(RunTool)
    c.post(ToolApproved("c1", ok=True))
    c.saw("RunTool c1 APPROVED")
    c.tool("c1", "paid")
    c.saw("settled c1 ok 'paid'")
    c.post(ToolApproved("c1", ok=True))
    c.not_since("RunTool")


def test_a_call_that_is_forbidden_never_runs():
    c = asked(CAREFUL)
    c.llm("")
    c.post(ToolApproved("c1", ok=False, reason="too dear"))
    c.saw("settled c1 failed 'not allowed: too dear'")
    c.post(ToolApproved("c1", ok=True))
    c.never("RunTool")
    assert c.history[-1] == "result c1: not allowed: too dear"


@pytest.mark.parametrize("call", ["c1", "nobody"])
def test_approval_of_what_does_not_wait_for_it_is_ignored(call):
    c = asked((ToolSpec("look"),))
    c.saw("RunTool c1")
    c.post(ToolApproved(call, ok=True))
    c.not_since("RunTool", "settled")


def test_calls_of_an_aside_stay_out_of_the_history():
    c = Script(tools=THEIRS)
    c.post(ReplyAsked(ref="x", aside=True, items=()))
    c.calls("look", "c1")
    c.llm("")
    c.saw("opened 1 asked", "calls c1 look", "made 1", "closed 1 done")
    assert c.history == []


def test_what_the_agents_own_tools_give_is_answered_also_where_clients_ask():
    c = asked((ToolSpec("look", answered=True),))
    c.llm("")
    c.tool("c1", "noon")
    c.saw("settled c1 ok 'noon'", "Generate 2")
    c = asked((ToolSpec("look", answered=True), ToolSpec("find", runs="caller")))
    c.calls("find", "c2")
    c.llm("")
    c.tool("c1", "noon")
    c.post(ItemCreated(Result("r2", "c2", "here")))
    c.not_since("Generate 2")


SLOW = (ToolSpec("look", read_only=True, filler="One moment, please."),)


def slow(words="", settings=None):
    """A call in which the model calls a tool with a filler, after these words."""
    c = Script(settings or {}, tools=SLOW)
    c.asks("tell me the time")
    if words:
        c.llm(words, end=False)
        c.tts()
    c.calls("look", "c1")
    c.llm("")
    return c


def test_a_tool_that_takes_long_is_excused_once():
    c = slow()
    c.wait(500)
    c.not_since("Speak")
    c.wait(200)
    c.saw("opened 2 filler TOOL_SLOW", "Speak 2.0 'One moment, please.'")
    c.tts()
    c.wait(10_000)
    c.not_since("opened")
    c.tool("c1", "noon")
    c.saw("settled c1 ok 'noon'", "Generate 3")
    # What is to be answered comes last.
    assert c.request() == ["user: tell me the time", "agent: One moment, please.", "call c1: look", "result c1: noon"]
    assert c.history == ["user: tell me the time", "call c1: look", "result c1: noon", "agent: One moment, please."]


def test_a_quick_tool_needs_no_excuse():
    c = slow()
    c.wait(400)
    c.tool("c1", "noon")
    c.wait(2_000)
    c.never("opened 2 filler")


def test_a_model_that_said_something_itself_needs_none():
    c = slow("Let me look that up. ")
    c.wait(5_000)
    c.never("opened 2 filler")


def test_a_call_that_began_early_is_excused_from_when_it_counts():
    c = Script(tools=SLOW)
    c.hears("tell me the time")
    c.silence(450)
    c.calls("look", "c1")
    c.saw("RunTool")
    c.silence(300)
    c.saw("calls c1 look")
    c.not_since("opened 2 filler")
    c.silence(700)
    c.saw("opened 2 filler")


def test_who_interrupted_is_not_asked_to_wait():
    c = slow()
    c.hears("never mind")
    c.silence(300)
    c.never("opened 2 filler")
