"""The whole call as scripts: beginning, silence, limits, the end, and what a conversation is as a value."""

import copy

import pytest
from script import Script

from vivavoce.core.commands import Generate, Message, Role, Usage
from vivavoce.core.conversation import _DUE, _ROUTES, Conversation
from vivavoce.core.errors import Misuse, PolicyError
from vivavoce.core.events import (
    CallEnded,
    CallStarted,
    DigitPressed,
    Event,
    HandedOff,
    HangUpAsked,
    ItemCreated,
    ItemDeleted,
    Played,
    PolicySet,
    RemoteTurn,
    RemoteTurned,
    ReplyAsked,
    ReplyText,
    Say,
    Sent,
    StopAsked,
    TextTurn,
    Tick,
    ToolDone,
    ToolsDeclared,
    ToolSpec,
    TransferAsked,
    TurnCommitted,
    Used,
    UserSound,
    UserWords,
)
from vivavoce.core.notices import ReplyClosed, UserPressed, UserTurned

STORY = "Once upon a time there was a keeper who spoke with the sea. Every night he sang. The end."


def test_every_event_has_a_route():
    assert set(_ROUTES) == set(Event.__args__)


# -- the beginning -----------------------------------------------------------------------------------------------------


def test_a_call_begins_with_its_greeting():
    c = Script(greeting="Hello there.")
    c.saw("opened 1 greeting GREETING", "Speak 1.0 'Hello there.'")
    c.tts()
    c.plays(1)
    c.saw("Release 1", "closed 1 done 'Hello there.'")
    c.asks("what time is it")
    assert c.request() == ["agent: Hello there.", "user: what time is it"]


def test_or_without_one():
    c = Script()
    assert not c.lines
    assert c.c.deadline is None


def test_a_greeting_may_be_interrupted():
    c = Script(greeting="Hello there, and welcome to the lighthouse.")
    c.tts()
    c.plays(1)
    c.asks("what time is it")
    c.saw("closed 1 cut 'Hello there, and welcome'", "turned 1 'what time is it'", "opened 2 turn")


# -- nobody speaks -----------------------------------------------------------------------------------------------------

IDLE = {"idle.prompt_after_ms": 2_000, "idle.prompts": "Hello?|Still there?", "idle.hang_up_after_ms": 3_000}


def test_silence_is_prompted_and_then_ends_the_call():
    c = Script(IDLE)
    c.silence(1_900)
    assert not c.lines
    c.silence(200)
    c.saw("opened 1 idle IDLE", "Speak 1.0 'Hello?'")
    c.tts()
    c.silence(2_600)
    c.saw("closed 1 done", "opened 2 idle", "Speak 2.0 'Still there?'")
    c.tts()
    c.silence(3_500)
    c.not_since("EndCall")
    c.silence(500)
    c.saw("EndCall idle HANG_UP")
    c.laws.at_end()


def test_after_the_last_prompt_the_call_may_be_left_alone():
    c = Script({**IDLE, "idle.hang_up_after_ms": 0, "idle.prompts": "Hello?"})
    c.silence(2_100)
    c.tts()
    c.silence(60_000)
    c.never("EndCall", "opened 2")
    assert c.c.deadline is None


def test_a_call_may_be_hung_up_without_any_prompt():
    c = Script({"idle.hang_up_after_ms": 3_000})
    c.silence(2_900)
    c.never("EndCall")
    c.silence(200)
    c.saw("EndCall idle")


def test_prompts_that_are_turned_off_while_somebody_is_waited_for_do_not_end_the_call():
    c = Script(IDLE | {"idle.hang_up_after_ms": 0})
    c.silence(1_000)
    c.post(PolicySet((("idle.prompt_after_ms", 0),)))
    c.silence(60_000)
    c.never("opened 1", "EndCall")


@pytest.mark.parametrize("how", ["voice", "text"])
def test_a_sign_of_life_begins_the_prompts_anew(how):
    c = Script(IDLE)
    for _ in range(2):
        c.silence(2_100)
        c.tts()
        c.silence(900)
    if how == "voice":
        c.asks("i am here")
    else:
        c.post(TextTurn("I am here."))
    c.answers("Good.")
    c.plays(0.6)
    c.saw("closed 3 done")
    c.silence(2_100)
    c.saw("opened 4 idle", "Speak 4.0 'Hello?'")


def test_a_key_is_told_and_is_a_sign_of_life():
    c = Script(IDLE)
    c.silence(1_900)
    c.post(DigitPressed("#", 29_000))
    assert c.find(UserPressed) == [UserPressed("#", 29_000)]
    c.saw("pressed # KEY")
    c.silence(1_900)
    c.not_since("opened")
    c.silence(200)
    c.saw("opened 1 idle", "Speak 1.0 'Hello?'")


def test_silence_is_counted_only_while_nothing_is_going_on():
    c = Script(IDLE, tools=(ToolSpec("book"),))
    c.asks("book it")
    c.calls("book", "c1")
    c.llm("")
    c.silence(10_000)
    c.never("opened 2 idle")
    c.tool("c1")
    c.answers(STORY)
    c.silence(3_000)
    c.hears("uh huh", ms=400)
    c.silence(3_000)
    c.saw("closed 2 done")
    c.never("opened 3")


# -- hanging up --------------------------------------------------------------------------------------------------------


def test_hanging_up_waits_for_the_last_word():
    c = Script()
    c.post(Say("Goodbye."))
    c.post(HangUpAsked(reason="done"))
    c.tts()
    c.silence(400)
    c.never("EndCall")
    c.silence(200)
    c.saw("closed 1 done 'Goodbye.'", "EndCall done HANG_UP")
    c.laws.at_end()


def test_but_not_for_ever():
    c = Script({"limits.hang_up_ms": 3_000}, player=False)
    c.post(Say("Goodbye."))
    c.post(HangUpAsked(reason="done"))
    c.tts()
    c.wait(2_900)
    c.never("EndCall")
    c.wait(200)
    c.saw("EndCall done TIMEOUT")
    c.laws.at_end()


def test_hanging_up_at_once():
    c = Script()
    c.post(Say("Goodbye."))
    c.post(HangUpAsked(after_speech=False, reason="now"))
    c.saw("Flush 1 @0", "closed 1 cut ''", "EndCall now HANG_UP")
    c.laws.at_end()


def test_hanging_up_when_nothing_is_said_is_immediate():
    c = Script()
    c.post(HangUpAsked())
    c.saw("EndCall asked")


def test_a_caller_is_passed_on_after_the_last_word():
    c = Script()
    c.post(Say("I connect you."))
    c.post(TransferAsked("+49 30 1234"))
    c.saw("transferring '+49 30 1234' TRANSFER")
    c.tts()
    c.silence(500)
    c.not_since("EndCall")
    c.silence(600)
    c.saw("EndCall transfer HANG_UP")


def test_another_agent_takes_over_and_early_answers_of_the_one_before_are_forgotten():
    c = Script()
    c.hears("I have a question about my bill")
    c.silence(450)
    c.saw("Generate 1 early")
    c.post(HandedOff("billing"))
    c.saw("Cancel 1 HANDED_OFF", "Become billing HANDED_OFF", "agent billing HANDED_OFF", "Generate 2")
    c.silence(300)
    c.saw("opened 2 turn")
    assert c.request() == ["user: I have a question about my bill"]


def test_who_hangs_up_by_a_tool_does_not_answer_its_result():
    c = Script(tools=(ToolSpec("hang_up"),))
    c.asks("goodbye")
    c.llm("Goodbye. ", end=False)
    c.calls("hang_up", "c1")
    c.llm("")
    c.tts()
    c.post(HangUpAsked(reason="agent"))
    c.tool("c1", "The call ends.")
    c.silence(1_000)
    c.saw("closed 1 done 'Goodbye.'", "EndCall agent HANG_UP")
    assert len(c.find(Generate)) == 1
    c.laws.at_end()


def test_the_first_reason_counts():
    c = Script()
    c.post(Say("Goodbye."))
    c.post(HangUpAsked(reason="first"))
    c.post(HangUpAsked(reason="second"))
    c.tts()
    c.plays(1)
    c.saw("EndCall first")


def test_an_interruption_of_the_last_words_ends_the_call():
    c = Script()
    c.post(Say("Goodbye, and thank you for calling the lighthouse."))
    c.post(HangUpAsked())
    c.tts()
    c.plays(0.5)
    c.hears("bye bye")
    c.silence(50)
    c.saw("Flush 1", "closed 1 cut", "EndCall asked")
    c.laws.at_end()


# -- limits ------------------------------------------------------------------------------------------------------------


def test_the_longest_call_ends_politely():
    c = Script({"limits.call_ms": 5_000})
    c.silence(5_100)
    c.saw("opened 1 say LIMIT", "Speak 1.0 'I have to stop here.'")
    c.tts()
    c.plays(3)
    c.saw("closed 1 done", "EndCall call_ms HANG_UP")


def test_the_farewell_may_not_be_interrupted():
    c = Script({"limits.call_ms": 1_000})
    c.silence(1_100)
    c.tts()
    c.plays(0.3)
    c.hears("no wait stop")
    c.plays(2)
    c.saw("closed 1 done 'I have to stop here. Goodbye.'")
    c.never("Flush")


def test_a_limit_without_a_farewell_ends_the_call_after_what_is_being_said():
    c = Script({"limits.call_ms": 2_000, "limits.farewell": ""})
    c.asks("tell me a story")
    c.answers("Once upon a time.")
    c.plays(2)
    c.saw("closed 1 done", "EndCall call_ms")


def test_a_budget():
    c = Script({"limits.budget": 1.0}, prices={("m", "tokens"): 0.4})
    c.asks("what time is it")
    for _ in range(2):
        c.post(Used(Usage(Role.LLM, "m", (("tokens", 1.0),)), 1))
    c.not_since("opened 2")
    c.post(Used(Usage(Role.LLM, "m", (("tokens", 1.0),)), 1))
    c.saw("opened 2 say BUDGET")
    c.post(Used(Usage(Role.LLM, "m", (("tokens", 1.0),)), 1))
    c.never("opened 3")
    c.answers("It is noon.")
    c.plays(5)
    c.saw("closed 1 done", "closed 2 done", "EndCall budget")


# -- items -------------------------------------------------------------------------------------------------------------


def test_clients_may_write_into_the_history():
    c = Script()
    c.post(ItemCreated(Message("m1", "user", "My name is Ada.")))
    c.post(ItemCreated(Message("m0", "system", "Be kind."), after="root"))
    c.post(ItemCreated(Message("m2", "agent", "Hello Ada."), after="m1"))
    c.post(ReplyAsked())
    assert c.request() == ["system: Be kind.", "user: My name is Ada.", "agent: Hello Ada."]


def test_and_take_out_of_it():
    c = Script()
    c.asks("what time is it")
    c.answers("It is noon.")
    c.plays(1)
    (turned,) = c.find(UserTurned)
    c.post(ItemDeleted(turned.item))
    c.post(ItemDeleted("nowhere"))
    c.post(ReplyAsked())
    assert c.request() == ["agent: It is noon."]


def test_an_item_behind_an_unknown_one_is_refused():
    c = Script()
    c.post(ItemCreated(Message("m2", "agent", "Hello."), after="nowhere"))
    c.saw("Report llm unknown_item")
    assert c.history == []


def test_a_message_behind_itself_goes_on():
    c = Script()
    c.post(ItemCreated(Message("m1", "user", "one")))
    c.post(ItemCreated(Message("m2", "user", "other")))
    c.post(ItemCreated(Message("m1", "user", "two"), after="m1"))
    c.post(ItemCreated(Message("m3", "user", "gone"), after="m3"))
    assert c.history == ["user: one two", "user: other"]


def test_an_item_of_a_known_name_is_refused():
    c = Script()
    c.post(ItemCreated(Message("m1", "user", "one")))
    c.post(ItemCreated(Message("m1", "user", "two")))
    c.saw("Report llm duplicate_item")
    assert c.history == ["user: one"]


def test_names_given_by_clients_are_not_given_again():
    c = Script()
    c.post(ItemCreated(Message("item_1", "user", "one")))
    c.post(ItemCreated(Message("item_3", "user", "two")))
    c.post(TextTurn("three"))
    assert [i.id for i in c.c.history()] == ["item_1", "item_3", "item_2"]


def test_an_early_answer_is_not_used_when_the_history_changed_meanwhile():
    c = Script()
    c.hears("what time is it")
    c.silence(200)
    c.post(ItemCreated(Message("m1", "system", "It is noon.")))
    c.silence(400)
    c.saw("Generate 1 early", "Cancel 1 WORDS_CHANGED", "turned 1")
    assert "system: It is noon." in c.request()


# -- the end -----------------------------------------------------------------------------------------------------------


def states():
    """Calls in every state that matters, by name."""

    def nothing(c):
        pass

    def greeting(c):
        c.post(Say("Hello."))

    def speech(c):
        c.hears("what time is it")

    def early(c):
        c.hears("what time is it")
        c.silence(200)

    def generating(c):
        c.asks("what time is it")

    def synthesising(c):
        generating(c)
        c.llm(STORY)

    def audible(c):
        synthesising(c)
        c.tts()
        c.plays(1)

    def streaming(c):
        generating(c)
        c.llm("Once upon a time there was a keeper. And", end=False)
        c.tts()
        c.plays(1)

    def queue(c):
        audible(c)
        c.post(Say("One."))
        c.post(Say("Two."))
        c.tts()

    def overlap(c):
        audible(c)
        c.coughs(150)

    def held(c):
        audible(c)
        c.coughs(700)

    def settling(c):
        audible(c)
        c.player = False
        c.post(StopAsked())

    def last_sentence(c):
        c.post(ReplyAsked())
        c.answers(STORY)
        c.plays(1)
        c.fails(Role.LLM, reply=1)

    def tool(c):
        generating(c)
        c.calls("book", "c1")
        c.llm("")

    def early_tool(c):
        early(c)
        c.calls("book", "c1")
        c.calls("look", "c2")

    def hanging_up(c):
        audible(c)
        c.post(HangUpAsked(reason="caller"))

    def committing(c):
        c.hears("what time is it")
        c.post(TurnCommitted(answer=False))
        c.post(ReplyAsked())

    def typed_over(c):
        settling(c)
        c.post(TextTurn("Stop."))

    return [f for name, f in sorted(locals().items())]


@pytest.mark.parametrize("state", states(), ids=lambda f: f.__name__)
def test_the_end_closes_everything_exactly_once_in_every_state(state):
    c = Script(tools=(ToolSpec("book"), ToolSpec("look", read_only=True)))
    state(c)
    c.post(CallEnded("caller"))
    c.saw("EndCall caller")
    c.laws.at_end()
    assert c.lines[-1].startswith("EndCall")


@pytest.mark.parametrize("state", states(), ids=lambda f: f.__name__)
def test_every_state_comes_to_rest_by_itself(state):
    c = Script(tools=(ToolSpec("book"), ToolSpec("look", read_only=True)))
    state(c)
    c.stt_ms = None
    c.rests(90_000)


@pytest.mark.parametrize("state", states(), ids=lambda f: f.__name__)
def test_a_copy_has_the_same_future_and_leaves_the_original_alone(state):
    c = Script(tools=(ToolSpec("book"), ToolSpec("look", read_only=True)))
    state(c)
    fork = copy.deepcopy(c.c)
    future = [
        UserSound(c.at, 512, 0.9),
        UserWords(9, "and also this", False, c.at, c.at + 512),
        UserSound(c.at + 512, 512, 0.9),
        ReplyText(1, " More."),
        Played(1, 10**9),
        ToolDone("c1", "42"),
        Tick(),
        Say("So."),
        Tick(),
        CallEnded(),
    ]
    before = repr(c.c.context)
    theirs = []
    for n, event in enumerate(future):
        theirs.append(fork.handle(c.now + 700 * n, event))
    assert repr(c.c.context) == before
    assert [c.c.handle(c.now + 700 * n, event) for n, event in enumerate(future)] == theirs


def test_the_last_words_of_the_caller_are_kept():
    c = Script()
    c.hears("good bye then")
    c.post(CallEnded())
    c.saw("stopped 1 CALL_OVER", "words 1 'good bye then'", "turned 1 'good bye then' CALL_OVER", "EndCall caller")
    assert c.history == ["user: good bye then"]
    c.never("Generate", "opened")


def test_but_not_a_last_backchannel():
    c = Script()
    c.asks("tell me a story")
    c.answers(STORY)
    c.plays(1)
    c.hears("uh huh", ms=300)
    c.post(CallEnded())
    c.saw("dropped 2 'uh huh' CALL_OVER", "EndCall")


def test_after_the_end_nothing_is_decided():
    c = Script(greeting="Hello.")
    c.post(CallEnded())
    assert c.c.over
    assert c.c.deadline is None
    n = len(c.lines)
    for event in (
        CallEnded(),
        CallStarted(greeting="Hello again."),
        UserSound(0, 512, 0.9),
        UserWords(1, "hello", True, 0, 512),
        Played(1, 480, True),
        TextTurn("hello"),
        Say("hello"),
        ReplyAsked(),
        HangUpAsked(),
        RemoteTurned(RemoteTurn.STARTED, 0),
        Tick(),
    ):
        c.post(event)
    assert len(c.lines) == n


# -- time --------------------------------------------------------------------------------------------------------------


def test_time_never_runs_backwards():
    c = Conversation()
    c.handle(100, CallStarted())
    c.handle(100, Tick())
    with pytest.raises(Misuse, match="time ran backwards: 99 ms after 100 ms"):
        c.handle(99, Tick())
    c.handle(100, Tick())


def test_ticks_that_nobody_wanted_change_nothing():
    c = Script()
    c.asks("tell me a story")
    c.answers(STORY)
    fork = copy.deepcopy(c.c)
    for _ in range(5):
        assert fork.handle(c.now, Tick()) == []
    assert fork.context == c.c.context


def test_what_was_handed_to_the_transport_decides_nothing():
    c = Script()
    c.post(Sent(1, 480))
    assert not c.lines


def test_every_timer_that_is_ever_set_has_something_that_is_due():
    seen = set()
    for state in states():
        c = Script({"idle.prompt_after_ms": 1_000, "limits.call_ms": 60_000}, tools=(ToolSpec("book"),))
        state(c)
        for _ in range(200):
            seen |= {what.partition(":")[0] for what, _ in c.c.context.timers}
            if c.c.deadline is None:
                break
            c.wait(c.c.deadline - c.now)
    assert seen <= set(_DUE) | {"tool"}
    assert {"llm", "tts", "endpoint", "words", "stall", "idle", "call"} <= seen


def test_the_floor_is_told_whenever_it_changes():
    c = Script()
    c.asks("tell me a story")
    c.answers(STORY)
    c.plays(1)
    c.coughs(200)
    c.silence(400)
    c.plays(8)
    floors = [line.split()[1] for line in c.lines if line.startswith("floor")]
    assert floors == ["user", "nobody", "agent", "both", "agent", "nobody"]
    assert c.find(ReplyClosed)


# -- settings that change in a call ------------------------------------------------------------------------------------


def test_settings_change_in_the_middle_of_a_call():
    c = Script()
    c.post(PolicySet((("endpoint.answer", False), ("turns", "local"))))
    c.asks("what time is it")
    c.saw("turned 1 'what time is it'")
    c.never("Generate", "opened")
    c.post(PolicySet((("endpoint.answer", True),)))
    c.asks("what day is it")
    c.saw("turned 2", "opened")


def test_an_unknown_setting_is_a_programming_error():
    with pytest.raises(PolicyError, match="endpoint"):
        Script().post(PolicySet((("endpoint.nonsense", 1),)))


def test_tools_change_in_the_middle_of_a_call():
    c = Script()
    c.post(ToolsDeclared((ToolSpec("look", runs="caller"),)))
    c.asks("what time is it")
    c.calls("look", "c1")
    c.saw("calls c1 look")
    c.never("RunTool")


def test_the_model_may_be_asked_when_nobody_speaks_but_only_after_it_spoke():
    c = Script({"idle.ask": "yes", "idle.prompt_after_ms": 5_000})
    c.silence(20_000)
    c.never("idle")
    c.asks("what time is it")
    c.answers("It is noon.")
    c.plays(1)
    for _ in range(2):
        c.silence(5_200)
        c.saw("idle", "opened", "Generate")
        c.answers("Are you there?")
        c.plays(2)
    c.not_since("idle")
    assert c.history[-2:] == ["agent: Are you there?", "agent: Are you there?"]
