"""The agent's side as scripts: early answers, overlap, the line for the floor, tools, failures of engines."""

import pytest
from script import Script

from vivavoce.core.commands import Generate, Hold, Role
from vivavoce.core.events import (
    HeardReported,
    Played,
    RemoteReplied,
    ReplyAsked,
    ReplyAudio,
    ReplyAudioEnded,
    ReplyText,
    ReplyTextEnded,
    Say,
    StopAsked,
    ToolAsked,
    ToolSpec,
)
from vivavoce.core.notices import ReplyClosed, TurnReport

STORY = "Once upon a time there was a keeper who spoke with the sea. Every night he sang. The end."
TOOLS = (
    ToolSpec("look", read_only=True),
    ToolSpec("book", timeout_ms=4_000),
    ToolSpec("search", read_only=True, on_interrupt="abandon"),
    ToolSpec("pay", on_interrupt="block"),
)


def telling(settings=None, text=STORY, after=1.0, **known):
    """A call in which the agent has been telling a story for a second."""
    c = Script(settings or {}, **known)
    c.asks("tell me a story")
    c.answers(text)
    c.plays(after)
    c.saw("audible 1")
    return c


# -- one answer --------------------------------------------------------------------------------------------------------


def test_an_answer_from_its_first_word_to_its_last():
    c = Script()
    c.asks("what time is it")
    c.llm("It is noon.", end=False)
    c.saw("turned 1", "opened 1 turn WORDS_HELD", "delta 1 'It is noon.'")
    c.not_since("Speak")
    c.llm(" Anything else?")
    c.saw("Speak 1.0 'It is noon.' CLAUSE", "Speak 1.1 ' Anything else?' CLAUSE")
    c.tts(limit=1)
    c.saw("Release 1 FIRST_AUDIO")
    c.plays(0.1)
    c.saw("audible 1 FIRST_AUDIO", "floor agent")
    c.tts()
    c.saw("Seal 1 COMPLETE")
    c.plays(2)
    c.saw("closed 1 done 'It is noon. Anything else?' ENDED", "report 1 1", "floor nobody")
    c.rests()
    assert c.history == ["user: what time is it", "agent: It is noon. Anything else?"]


def test_a_report_tells_the_whole_exchange():
    c = Script(prices={("m", "tokens"): 0.5})
    c.asks("what time is it")
    c.answers("It is noon.")
    c.plays(1)
    (report,) = c.find(TurnReport)
    assert (report.user_text, report.agent_text, report.heard_text) == ("what time is it", "It is noon.", "It is noon.")
    assert report.heard_exact
    assert not report.interrupted
    assert report.gap_ms > 500
    assert report.why == ("EARLY_WORDS", "WORDS_HELD", "ENDED")


# -- early answers -----------------------------------------------------------------------------------------------------


def test_an_early_answer_is_promoted_when_the_words_hold():
    c = Script()
    c.hears("what time is it")
    c.silence(200)
    c.saw("Generate 1 early EARLY_WORDS")
    c.answers("It is noon.")
    c.saw("Speak 1.0")
    c.never("opened", "delta", "Release")
    c.silence(400)
    c.saw("turned 1", "opened 1 turn WORDS_HELD", "delta 1 'It is noon.'", "Release 1")
    assert len(c.find(Generate)) == 1
    assert c.request() == ["user: what time is it"]


def test_an_early_answer_is_discarded_when_the_caller_goes_on():
    c = Script()
    c.hears("what time is it")
    c.silence(150)
    c.answers("It is noon.")
    c.hears("in paris")
    c.saw("Generate 1 early", "Cancel 1 WORDS_CHANGED", "Flush 1 @0 WORDS_CHANGED")
    c.silence(600)
    c.saw("Generate 2 early", "turned 1 'what time is it in paris'", "opened 2 turn")
    c.never("opened 1", "closed 1", "Release 1", "delta 1")
    # What still comes for it is ignored.
    c.post(ReplyText(1, "late"))
    c.post(ReplyAudio(1, 0, 99))
    c.post(ReplyAudioEnded(1, 0))
    c.post(ReplyTextEnded(1))
    c.post(ToolAsked(1, "c1", "book", "{}"))
    c.post(Played(1, 99))
    assert c.seen == len(c.lines)
    assert c.history == ["user: what time is it in paris"]


def test_an_early_answer_survives_other_ways_to_write_the_same_words():
    c = Script(stt_ms=None)
    c.hears("what time is it")
    c.silence(250)
    c.words = [("What", 0, 100), ("time", 0, 200), ("is", 0, 300), ("it?", 0, c.words[-1][2])]
    c.finishes_words(c.at)
    c.silence(200)
    c.saw("Generate 1 early", "turned 1 'What time is it?' FINISHED", "opened 1 turn WORDS_HELD")


def test_final_words_that_differ_make_a_new_answer():
    c = Script(stt_ms=None)
    c.hears("what time is it")
    c.silence(480)
    c.words[-2] = ("was", *c.words[-2][1:])
    c.finishes_words(c.words[-1][2])
    c.silence(200)
    c.saw("Generate 1 early", "Cancel 1 WORDS_CHANGED", "turned 1 'what time was it'", "opened 2 turn")
    assert c.request() == ["user: what time was it"]


def test_also_when_they_come_so_late_that_nothing_else_is_waited_for():
    c = Script(stt_ms=None)
    c.hears("what time is it")
    c.silence(900)
    c.words[-2] = ("was", *c.words[-2][1:])
    c.finishes_words(c.words[-1][2])
    c.saw("Generate 1 early", "turned 1 'what time was it'", "Cancel 1 WORDS_CHANGED", "opened 2 turn")
    assert c.request() == ["user: what time was it"]


def test_early_answers_are_few():
    c = Script()
    for _ in range(6):
        c.hears("and then some")
        c.silence(150)
    early = [g for g in c.find(Generate) if g.speculative]
    assert len(early) == c.c.policy.reply.max_speculations


def test_there_are_none_where_none_are_wanted():
    c = Script({"reply.speculate": False})
    c.asks("what time is it")
    c.saw("turned 1", "opened 1 turn SILENCE", "Generate 1 SILENCE")
    assert not c.find(Generate)[0].speculative


def test_none_while_the_agent_speaks():
    c = telling()
    c.hears("uh huh", ms=300)
    c.silence(180)
    c.not_since("Generate")


def test_an_early_answer_that_fails_is_simply_made_again():
    c = Script()
    c.hears("what time is it")
    c.silence(200)
    c.fails(Role.LLM, reply=1)
    c.saw("Generate 1 early", "Report llm died", "Cancel 1 FAILED", "Generate 2 early")
    c.silence(400)
    c.saw("turned 1", "opened 2 turn")
    c.never("opened 1", "Speak")


# -- sound over the agent ----------------------------------------------------------------------------------------------


def test_a_real_interruption_stops_the_agent_at_the_sample_reached():
    c = telling()
    c.hears("no that is wrong")
    c.saw("Duck 1 SOUND_OVER_AGENT", "Flush 1 @", "Cancel 1 STOP_WORD", "closed 1 cut 'Once upon a time")
    c.silence(600)
    c.saw("turned 2 'no that is wrong'", "opened 2 turn")
    assert c.request()[1].endswith(" --")
    (closed,) = c.find(ReplyClosed)
    assert closed.exact
    assert closed.text.startswith(closed.heard)
    assert closed.samples == c.tracks[1].played


@pytest.mark.parametrize(("text", "why"), [("stop", "STOP_WORD"), ("tomorrow please", "WORDS")])
def test_why_it_stopped(text, why):
    c = telling()
    c.hears(text)
    c.saw(f"Cancel 1 {why}")


def test_long_voice_without_words_pauses_then_stops_it():
    c = telling()
    c.coughs(700)
    c.saw("Duck 1 SOUND_OVER_AGENT", "Hold 1 SPEECH_OVER_AGENT", "floor user")
    c.coughs(300)
    c.saw("Flush 1", "Cancel 1 LONG_SPEECH", "closed 1 cut")
    c.silence(700)
    # It had no words, so it was no turn; but the agent is not to talk on over whoever made it stop.
    c.saw("dropped 2 ''")


def test_a_cough_only_lowers_the_voice():
    c = telling()
    played = c.tracks[1].played
    c.coughs(300)
    c.saw("Duck 1 SOUND_OVER_AGENT")
    c.silence(300)
    c.saw("Resume 1 QUIET_AGAIN", "dropped 2 '' NOISE")
    assert c.tracks[1].played - played >= 0.55 * 24_000
    c.plays(8)
    c.saw("closed 1 done")
    c.never("Flush", "Hold")


def test_a_pause_for_nothing_is_undone_at_the_same_sample():
    c = telling()
    c.coughs(700)
    c.saw("Hold 1")
    played = c.tracks[1].played
    c.silence(250)
    c.saw("Resume 1 QUIET_AGAIN")
    assert c.tracks[1].played - played <= 0.05 * 24_000
    c.plays(8)
    c.saw("closed 1 done")
    assert c.find(ReplyClosed)[0].heard == STORY


def test_a_backchannel_in_the_middle_is_none_of_the_agents_business():
    c = telling()
    c.hears("yeah", ms=250)
    c.silence(700)
    c.saw("Duck 1", "Resume 1 BACKCHANNEL", "dropped 2 'yeah' BACKCHANNEL")
    c.plays(8)
    c.saw("closed 1 done")
    assert len(c.find(Generate)) == 1


def test_the_same_word_at_the_end_is_an_answer():
    c = telling(text="Shall I book it for you?", after=0.9)
    c.hears("yes", ms=250)
    c.silence(700)
    c.saw("closed 1 done", "turned 2 'yes'", "opened 2 turn")
    assert c.request() == ["user: tell me a story", "agent: Shall I book it for you?", "user: yes"]


def test_the_agents_own_words_do_not_stop_it():
    c = telling()
    c.has_stt = False  # Words come in one piece.
    c.hears("once upon a time", ms=500)
    c.has_stt = True
    c.silence(800)
    c.saw("Resume 1", "dropped 2 'once upon a time' ECHO")
    c.plays(8)
    c.saw("closed 1 done")
    c.never("Flush", "Generate 2")


def test_speech_before_the_answer_is_audible_keeps_it_back():
    c = Script()
    c.asks("what time is it")
    c.llm("It is noon.")
    c.saw("turned 1", "opened 1")
    c.coughs(100)
    c.tts()
    c.not_since("Release")
    c.silence(250)
    c.saw("Release 1")
    c.plays(1)
    c.saw("closed 1 done")


def test_words_before_the_answer_is_audible_make_another_answer():
    c = Script()
    c.asks("what time is it")
    c.llm("It is noon.")
    c.hears("i mean in paris")
    c.saw("opened 1", "Flush 1 @0 WORDS", "closed 1 cut ''")
    c.silence(600)
    c.saw("turned 2 'i mean in paris'", "opened 2 turn")
    assert c.request() == ["user: what time is it", "user: i mean in paris"]


def test_the_agent_may_finish_its_sentence():
    c = telling({"barge_in.yielding": "finish_sentence"}, after=2.0)
    c.hears("stop please")
    end = len("Once upon a time there was a keeper who spoke with the sea.") * 60
    c.saw("Resume 1 STOP_WORD", "Cancel 1 STOP_WORD", f"Flush 1 @{end} SENTENCE_END")
    c.silence(1500)
    c.saw("turned 2 'stop please'", "closed 1 cut 'Once upon a time there was a keeper who spoke with the sea.'")
    c.answers("Very well.")
    c.plays(1)
    c.saw("closed 2 done 'Very well.'")
    assert c.tracks[1].played == end * 24


def test_it_finishes_its_sentence_and_says_nothing_that_waits_behind_it():
    c = telling({"barge_in.yielding": "finish_sentence"}, after=2.0)
    c.post(Say("This call is recorded."))
    c.tts()
    c.hears("stop please")
    c.saw("Flush 1 @", "Flush 2 @0 STOP_WORD", "Cancel 2", "closed 2 cut ''")
    c.silence(1500)
    c.saw("closed 1 cut 'Once upon a time there was a keeper who spoke with the sea.'")
    # While it finishes, another interruption changes nothing; being told to stop does.
    c = telling({"barge_in.yielding": "finish_sentence"}, after=2.0)
    c.hears("stop please")
    c.silence(100)
    c.hears("no wait")
    c.silence(100)
    assert sum(line.startswith("Flush 1") for line in c.lines) == 1
    c.post(StopAsked())
    c.silence(50)
    c.saw("Flush 1", "Flush 1 @", "closed 1 cut")


def test_but_not_a_long_one():
    long = "and so on and so forth " * 20 + "until the end."
    c = telling({"barge_in.yielding": "finish_sentence", "barge_in.sentence_cap_ms": 1000}, text=long)
    c.hears("stop please", ms=320)
    c.saw("Flush 1 @", "partial")
    assert any(line.startswith("Flush 1") and line.endswith("SENTENCE_CAP") for line in c.lines)
    c.silence(1500)
    c.saw("closed 1 cut")
    assert c.tracks[1].played <= (1.0 + 0.4 + 1.05) * 24_000


def test_an_agent_that_never_yields_answers_afterwards():
    c = telling({"barge_in.yielding": "never"})
    c.hears("no that is wrong")
    c.silence(500)
    c.never("Flush", "Duck", "Hold")
    c.plays(6)
    c.saw("closed 1 done", "turned 2 'no that is wrong'", "opened 2 turn")


def test_what_was_said_over_an_announcement_is_answered_after_it():
    c = Script()
    c.post(Say("This call is recorded for training purposes.", interruptible=False))
    c.tts()
    c.plays(0.5)
    c.hears("what time is it")
    c.silence(300)
    c.never("Flush", "Duck", "Hold")
    c.plays(3)
    c.saw("closed 1 done", "turned 1 'what time is it'", "Generate 2")
    c.answers("It is noon.")
    c.plays(1.5)
    assert c.history == [
        "agent: This call is recorded for training purposes.",
        "user: what time is it",
        "agent: It is noon.",
    ]


def test_stopping_on_request():
    c = telling()
    c.post(StopAsked())
    c.silence(50)
    c.saw("Flush 1 @980 ASKED", "Cancel 1 ASKED", "closed 1 cut 'Once upon a")
    c.rests()


def test_duck_happens_once_and_ends_once():
    c = telling()
    c.coughs(200)
    c.silence(100)
    c.coughs(200)
    c.silence(400)
    assert sum(line.startswith("Duck") for line in c.lines) == 1
    assert sum(line.startswith("Resume") for line in c.lines) == 1


# -- the line for the floor --------------------------------------------------------------------------------------------


def test_announcements_follow_each_other_without_a_gap():
    c = Script()
    c.post(Say("One moment."))
    c.post(Say("And another."))
    c.tts()
    c.saw("Release 1 FIRST_AUDIO", "Release 2 NEXT_IN_LINE")
    c.plays(2)
    c.saw("closed 1 done 'One moment.'", "audible 2", "closed 2 done 'And another.'")


def test_the_second_waits_until_the_first_has_all_its_audio():
    c = Script()
    c.post(Say("One moment. Please."))
    c.post(Say("And another."))
    part = c.unspoken.pop(1)
    c.tts()
    c.never("Release 2")
    c.voice(part)
    c.saw("Release 1", "Release 2 NEXT_IN_LINE")


def test_the_line_is_limited():
    c = Script({"reply.max_queue": 2})
    for n in range(3):
        c.post(Say(f"Number {n}."))
    c.saw("opened 1", "opened 2", "Report tts overflow LIMIT")
    c.never("opened 3")
    c.post(ReplyAsked())
    c.saw("Report llm overflow LIMIT")


def test_blank_words_are_not_said():
    c = Script()
    c.post(Say("  "))
    assert not c.lines


def test_an_interruption_clears_the_whole_line():
    c = Script()
    c.post(Say("One moment please, I am looking."))
    c.post(Say("And another."))
    c.tts()
    c.plays(0.5)
    c.hears("never mind")
    c.silence(50)
    c.saw("Flush 1", "Flush 2 @0", "closed 1 cut", "closed 2 cut ''")


def test_what_is_to_be_said_while_the_caller_speaks_waits_for_the_end_of_the_turn():
    c = Script()
    c.hears("i would like")
    c.post(Say("This call is recorded."))
    c.tts()
    c.hears("to know when the next train")
    c.silence(300)
    c.hears("leaves for boston")
    c.never("Release", "Flush", "Hold", "Duck")
    c.silence(600)
    c.saw("turned 1 'i would like to know when the next train leaves for boston'", "opened 2 turn", "Release 1")
    c.answers("At noon.")
    c.plays(3)
    c.saw("closed 1 done 'This call is recorded.'", "closed 2 done 'At noon.'")


def test_an_answer_may_be_asked_for_with_other_instructions():
    c = telling()
    c.post(ReplyAsked("Summarise."))
    (_, asked) = c.find(Generate)
    assert asked.instructions == "Summarise."
    c.answers("A keeper sang.")
    c.plays(8)
    c.saw("opened 2 asked ASKED", "Generate 2 ASKED", "closed 1 done", "closed 2 done 'A keeper sang.'")


# -- what the client heard ---------------------------------------------------------------------------------------------


def test_the_client_knows_better_what_it_played():
    c = telling()
    c.post(StopAsked())
    c.silence(50)
    c.post(HeardReported(1, 5 * 1_440))
    assert c.history[-1] == "agent: Once --"
    c.post(HeardReported(1, 10**9))
    assert c.history[-1].startswith("agent: Once upon")
    c.post(HeardReported(1, -5))
    assert c.history == ["user: tell me a story"]
    c.post(HeardReported(99, 5))


def test_a_report_during_the_reply_counts_when_it_is_over():
    c = telling()
    c.post(HeardReported(1, 5 * 1_440))
    c.post(StopAsked())
    c.silence(50)
    c.saw("closed 1 cut 'Once'")


# -- tools -------------------------------------------------------------------------------------------------------------


def test_a_call_its_result_and_the_answer():
    c = Script(tools=TOOLS)
    c.asks("look it up")
    c.llm("Let me see.", end=False)
    c.calls("look", "c1")
    c.llm("")
    c.tts()
    c.saw("calls c1 look CALLED", "RunTool c1 CALLED", "Speak 1.0 'Let me see.'")
    c.tool("c1", "half past nine")
    c.saw("settled c1 ok 'half past nine'", "opened 2 tools TOOL_RESULT", "Generate 2 TOOL_RESULT")
    assert c.request() == ["user: look it up", "agent: Let me see.", "call c1: look", "result c1: half past nine"]
    c.answers("At half past nine.")
    c.plays(3)
    c.saw("closed 1 done 'Let me see.'", "closed 2 done 'At half past nine.'")
    (report,) = c.find(TurnReport)
    assert report.agent_text == "Let me see. At half past nine."
    c.rests()


def test_an_early_answer_runs_what_only_reads():
    c = Script(tools=TOOLS)
    c.hears("look it up")
    c.silence(150)
    c.calls("look", "c1")
    c.saw("Generate 1 early", "RunTool c1 CALLED")
    c.never("calls")
    c.tool("c1")
    c.never("settled")
    c.llm("")
    c.silence(450)
    c.saw(
        "turned 1", "opened 1 turn WORDS_HELD", "calls c1 look PROMOTED", "settled c1 ok '42'", "Generate 2 TOOL_RESULT"
    )
    assert sum(line.startswith("RunTool") for line in c.lines) == 1


def test_an_early_answer_does_not_run_what_writes_before_it_is_promoted():
    c = Script(tools=TOOLS)
    c.hears("book it")
    c.silence(150)
    c.calls("book", "c1")
    c.llm("")
    c.never("RunTool", "calls")
    c.silence(450)
    c.saw("opened 1 turn WORDS_HELD", "calls c1 book PROMOTED", "RunTool c1 PROMOTED")
    c.tool("c1")
    c.saw("settled c1 ok", "Generate 2 TOOL_RESULT")


def test_a_discarded_answers_writing_call_never_runs():
    c = Script(tools=TOOLS)
    c.hears("book it")
    c.silence(150)
    c.calls("book", "c1")
    c.hears("or rather not")
    c.silence(600)
    c.answers("Fine.")
    c.plays(1)
    c.never("RunTool", "calls")
    assert not any("c1" in line for line in c.history)
    c.tool("c1")
    c.never("settled")
    c.rests()


def test_a_discarded_answers_reading_call_is_stopped_and_forgotten():
    c = Script(tools=TOOLS)
    c.hears("look it up")
    c.silence(150)
    c.calls("look", "c1")
    c.hears("in paris")
    c.saw("RunTool c1", "CancelTool c1 WORDS_CHANGED")
    c.silence(600)
    c.answers("Fine.")
    c.plays(1)
    c.rests()
    c.never("Report", "settled", "calls")


def test_a_result_after_an_interruption_is_kept():
    c = Script(tools=TOOLS)
    c.asks("book it")
    c.llm("One moment please, I am booking.", end=False)
    c.calls("book", "c1")
    c.llm("")
    c.tts()
    c.plays(0.5)
    c.hears("is it expensive")
    c.saw("RunTool c1", "Flush 1", "closed 1 cut")
    c.never("CancelTool")
    c.silence(600)
    c.saw("turned 2", "opened 2 turn")
    assert "result c1: (still running)" in c.request()
    c.tool("c1", "booked")
    c.saw("settled c1 ok 'booked'")
    c.answers("No, it is cheap.")
    c.plays(1.2)
    # Nobody has told the caller yet: once there is quiet, the agent goes on.
    c.saw("closed 2 done", "opened 3 tools TOOL_RESULT")
    assert "result c1: booked" in c.request()
    c.answers("It is booked.")
    c.plays(1)
    c.rests()


def test_a_call_is_never_issued_twice():
    c = Script(tools=TOOLS)
    c.asks("book it")
    c.calls("book", "c1")
    c.calls("book", "c1")
    c.saw("RunTool c1", "Report tool duplicate LATE")
    c.tool("c1")
    c.tool("c1", "again")
    assert sum(line.startswith("settled") for line in c.lines) == 1


def test_a_tool_that_takes_too_long_has_failed():
    c = Script(tools=TOOLS)
    c.asks("book it")
    c.calls("book", "c1")
    c.llm("")
    c.silence(3900)
    c.not_since("Report")
    c.silence(200)
    c.saw("Report tool timeout", "CancelTool c1 TIMEOUT", "settled c1 failed", "opened 2 tools")
    c.tool("c1", "too late")
    c.never("settled c1 ok")
    assert c.request()[-1] == "result c1: the tool did not answer in time"


def test_a_tool_may_fail_and_the_model_is_told():
    c = Script(tools=TOOLS)
    c.asks("book it")
    c.calls("book", "c1")
    c.llm("")
    c.tool("c1", "no seats left", ok=False)
    c.saw("settled c1 failed 'no seats left'", "Generate 2 TOOL_RESULT")
    assert c.request()[-1] == "result c1: no seats left"


def test_an_interruption_abandons_what_asked_for_it():
    c = Script(tools=TOOLS)
    c.asks("search for it")
    c.llm("I am searching for it now.", end=False)
    c.calls("search", "c1")
    c.calls("book", "c2")
    c.llm("")
    c.tts()
    c.plays(0.5)
    c.hears("never mind")
    c.saw("RunTool c1", "RunTool c2", "CancelTool c1 WORDS", "settled c1 failed 'abandoned: the caller interrupted'")
    c.never("CancelTool c2")


def test_nobody_interrupts_while_a_blocking_tool_runs():
    c = Script(tools=TOOLS)
    c.asks("pay for it")
    c.llm("I am paying for it now, please wait a moment.", end=False)
    c.calls("pay", "c1")
    c.llm("")
    c.tts()
    c.plays(0.5)
    c.hears("stop that")
    c.silence(250)
    c.never("Flush")
    c.tool("c1", "paid")
    c.hears("stop now")
    c.saw("settled c1 ok", "Flush 1")


def test_two_calls_are_answered_together():
    c = Script(tools=TOOLS)
    c.asks("book both")
    c.calls("book", "c1")
    c.calls("book", "c2")
    c.llm("")
    c.tool("c2", "two")
    c.not_since("Generate 2")
    c.tool("c1", "one")
    c.saw("settled c2", "settled c1", "Generate 2 TOOL_RESULT")
    assert c.request()[-4:] == ["call c1: book", "result c1: one", "call c2: book", "result c2: two"]


def test_rounds_of_calls_are_limited():
    c = Script({"reply.max_tool_rounds": 3}, tools=TOOLS)
    c.asks("book it")
    for n in range(3):
        c.calls("book", f"c{n}")
        c.llm("")
        c.tool(f"c{n}")
    c.saw("Generate 1", "Generate 2 TOOL_RESULT", "Generate 3 TOOL_RESULT", "Report tool rounds LIMIT")
    c.never("Generate 4")
    c.rests()


def test_a_client_may_want_to_ask_for_the_answer_itself():
    c = Script({"reply.continue_after_tools": False}, tools=TOOLS)
    c.asks("book it")
    c.calls("book", "c1")
    c.llm("")
    c.tool("c1")
    c.silence(500)
    c.saw("settled c1 ok", "report 1 1")
    c.never("Generate 2")
    c.post(ReplyAsked())
    c.saw("Generate 2 ASKED")
    assert c.request()[-1] == "result c1: 42"


def test_an_exchange_whose_result_another_turn_answers_is_reported_all_the_same():
    c = Script(tools=TOOLS)
    c.asks("book it")
    c.llm("Very well.", end=False)
    c.calls("book", "c1")
    c.llm("")
    c.tts()
    c.plays(1)
    c.hears("and how are you")
    c.tool("c1")
    c.silence(600)
    c.answers("It is booked, and I am fine.")
    c.plays(3)
    assert [(r.turn, r.reply) for r in c.find(TurnReport)] == [(1, 1), (2, 2)]


# -- engines that fail -------------------------------------------------------------------------------------------------


def test_a_model_that_dies_before_a_word_is_apologised_for():
    c = Script()
    c.asks("what time is it")
    c.fails(Role.LLM, reply=1)
    c.saw("Report llm died FAILED", "closed 1 failed ''", "opened 2 apology", "Speak 2.0 'Sorry,")
    c.tts()
    c.plays(6)
    c.saw("closed 2 done")
    c.rests()


def test_a_model_that_falls_silent_has_died():
    c = Script()
    c.asks("what time is it")
    c.silence(10_500)
    c.saw("Report llm timeout", "closed 1 failed", "opened 2 apology")


def test_a_model_that_dies_in_the_middle_is_heard_to_where_it_got():
    c = Script()
    c.asks("tell me a story")
    c.llm("Once upon a time. There", end=False)
    c.tts()
    c.plays(0.3)
    c.fails(Role.LLM, reply=1)
    c.saw("Release 1", "Report llm died", "Flush 1 @1020 FAILED", "opened 2 apology")
    c.tts()
    c.plays(1)
    c.saw("closed 1 failed 'Once upon a time.'", "audible 2")


def test_a_failed_apology_is_not_apologised_for():
    c = Script()
    c.asks("what time is it")
    c.fails(Role.LLM, reply=1)
    c.fails(Role.TTS, reply=2, part=0)
    c.fails(Role.TTS, reply=2, part=0)
    c.saw("opened 2 apology", "Speak 2.0 'Sorry, I lost my thread for a moment.' RETRY", "closed 2 failed")
    c.never("opened 3")
    c.rests()


def test_a_synthesis_that_fails_is_tried_again_once():
    c = Script()
    c.asks("what time is it")
    c.llm("It is noon. Anything else?")
    c.fails(Role.TTS, reply=1, part=0)
    c.saw("Report tts died", "Speak 1.0 'It is noon.' RETRY", "Speak 1.1 ' Anything else?' RETRY")
    c.tts()
    c.plays(3)
    c.saw("closed 1 done")
    c.never("opened 2")


def test_but_not_twice():
    c = Script()
    c.asks("what time is it")
    c.llm("It is noon.")
    c.fails(Role.TTS, reply=1, part=0)
    c.fails(Role.TTS, reply=1, part=0)
    c.saw("Speak 1.0 'It is noon.' RETRY", "closed 1 failed ''", "opened 2 apology")


def test_nor_after_some_of_it_was_made():
    c = Script()
    c.asks("what time is it")
    c.llm("It is noon.")
    c.tts(end=False)
    c.fails(Role.TTS, reply=1, part=0)
    c.never("Speak 1.0 'It is noon.' RETRY")
    c.plays(1)
    c.saw("opened 2 apology", "closed 1 failed")


def test_a_synthesiser_that_makes_nothing_has_failed():
    c = Script()
    c.asks("what time is it")
    c.llm("It is noon.")
    c.post(ReplyAudioEnded(1, 0))
    c.saw("Report tts no_audio", "Speak 1.0 'It is noon.' RETRY")


def test_but_what_has_no_sound_needs_none():
    c = Script()
    c.asks("what time is it")
    c.llm("...")
    c.post(ReplyAudioEnded(1, 0))
    c.saw("Speak 1.0 '...'", "Seal 1", "closed 1 done '...'")


def test_a_synthesiser_that_falls_silent_is_tried_again_then_given_up():
    c = Script()
    c.asks("what time is it")
    c.llm("It is noon.")
    c.unspoken.clear()
    c.silence(5_100)
    c.saw("Report tts timeout", "Speak 1.0 'It is noon.' RETRY")
    c.unspoken.clear()
    c.silence(5_100)
    c.saw("Report tts timeout", "closed 1 failed", "opened 2 apology")


@pytest.mark.parametrize("role", [Role.VAD, Role.STT, Role.TURN, Role.TOOL, Role.TRANSPORT, Role.S2S])
def test_failures_that_concern_no_reply_are_reported_and_nothing_else(role):
    c = telling()
    c.fails(role)
    assert c.lines[c.seen :] == [f"Report {role.value} died FAILED"]
    c.plays(8)
    c.saw("closed 1 done")


def test_a_failure_for_a_reply_that_is_over_is_reported_and_nothing_else():
    c = telling(text="Once.", after=2)
    assert c.find(ReplyClosed)
    c.fails(Role.LLM, reply=1)
    assert c.lines[c.seen :] == ["Report llm died FAILED"]


def test_a_model_that_says_nothing_at_all_is_reported():
    c = Script()
    c.asks("what time is it")
    c.llm("")
    c.saw("Report llm empty", "closed 1 done ''")
    c.rests()


def test_a_listener_that_takes_nothing_is_gone():
    c = Script(player=False)
    c.asks("what time is it")
    c.answers("It is noon.")
    c.saw("Release 1")
    c.silence(3_100)
    c.saw("Report transport stalled", "Flush 1 @0 TIMEOUT", "Cancel 1 TIMEOUT")
    c.silence(600)
    c.saw("Report transport no_position", "closed 1 cut ''")
    c.rests()


def test_a_listener_may_wait_while_there_is_nothing_to_play():
    c = Script()
    c.asks("tell me a story")
    c.llm("Once. And", end=False)
    c.tts()
    c.plays(9)
    c.never("Report")
    c.llm(" twice.")
    c.tts()
    c.plays(2)
    c.saw("closed 1 done")


def test_a_player_that_never_says_where_it_stopped():
    c = telling()
    c.player = False
    c.post(StopAsked())
    c.silence(400)
    c.not_since("closed")
    c.silence(200)
    c.saw("Report transport no_position TIMEOUT", "closed 1 cut 'Once upon a")
    c.rests()


def test_an_answer_waits_until_it_is_known_how_much_of_the_last_one_was_heard():
    c = telling()
    c.player = False
    c.hears("stop")
    c.silence(400)
    c.saw("Flush 1 @")
    c.never("Generate 2", "closed")
    c.post(Played(1, c.tracks[1].played, final=True))
    c.silence(200)
    c.saw("closed 1 cut", "Generate 2", "turned 2 'stop'")
    assert c.request()[1] == "agent: Once upon a time --"


def test_a_reply_that_fails_while_it_is_held_does_not_block_the_next_one():
    c = Script()
    c.asks("tell me a story")
    c.llm("Once upon a time there was a keeper. And", end=False)
    c.tts()
    c.plays(0.5)
    c.has_stt = False  # Its words are late.
    c.coughs(700)
    assert c.find(Hold)
    c.fails(Role.LLM, reply=1)
    c.coughs(5_000)
    c.has_stt = True
    c.words = [("never", c.at - 9_000, c.at - 5_000), ("mind", c.at - 5_000, c.at - 100)]
    c.silence(700)
    c.saw("turned 2 'never mind'")
    c.answers("Fine.")
    c.plays(1)
    c.saw("audible", "closed 3 done 'Fine.'")
    c.rests()


# -- events that come at the wrong time --------------------------------------------------------------------------------


def test_a_reply_that_was_not_released_cannot_have_been_heard():
    c = Script()
    c.hears("what time is it")
    c.silence(200)
    c.answers("It is noon.")
    c.post(Played(1, 5_000))
    c.never("audible")
    c.silence(400)
    c.plays(1)
    c.saw("opened 1", "audible 1", "closed 1 done")


def test_progress_may_be_reported_twice_or_out_of_order():
    c = telling(after=0.5)
    c.post(Played(1, 480))
    c.post(Played(1, 480))
    c.post(Played(1, 10**9))
    assert c.c.speaking.replies[1].played == c.c.speaking.replies[1].ledger.samples


def test_news_of_an_unknown_reply_is_no_news():
    c = telling()
    for event in (
        ReplyText(99, "x"),
        ReplyTextEnded(99),
        ReplyAudio(99, 0, 10),
        ReplyAudioEnded(99, 0),
        Played(99, 10, True),
        ToolAsked(99, "c", "look", "{}"),
        ReplyAudio(1, 77, 10),
        ReplyAudioEnded(1, 77),
        ReplyTextEnded(1),
        ReplyText(1, "more"),
        ReplyAudio(1, 0, 10),
    ):
        c.post(event)
    assert c.seen == len(c.lines)


# -- one engine that hears and speaks ----------------------------------------------------------------------------------


def native(**known):
    c = Script(native=True, **known)
    c.asks("what time is it")
    c.saw("opened 1 turn")
    return c


def test_a_native_engine_gives_audio_with_its_transcript():
    c = native()
    c.llm("It is", end=False)
    c.post(ReplyAudio(1, 0, 12_000))
    c.tracks[1].written = 12_000
    c.saw("delta 1 'It is'", "Release 1 FIRST_AUDIO")
    c.llm(" noon.")
    c.post(ReplyAudio(1, 0, 6_000))
    c.tracks[1].written = 18_000
    c.post(ReplyAudioEnded(1, 0))
    c.saw("Seal 1")
    c.plays(1)
    c.saw("closed 1 done 'It is noon.'")
    c.never("Speak")


def test_its_audio_may_come_first_and_without_any_transcript():
    c = native()
    c.post(ReplyAudio(1, 0, 12_000))
    c.tracks[1].written = 12_000
    c.saw("Release 1")
    c.post(ReplyAudioEnded(1, 0))
    c.plays(1)
    c.post(ReplyTextEnded(1))
    c.saw("closed 1 done ''")
    c.rests()


def test_audio_without_a_transcript_shows_that_it_lives():
    c = native()
    for _ in range(8):
        c.post(ReplyAudio(1, 0, 48_000))
        c.tracks[1].written += 48_000
        c.plays(2)
    c.never("Report")


def test_a_native_engine_that_owes_audio_has_failed():
    c = native()
    c.llm("It is noon.")
    c.silence(6_000)
    c.saw("Report tts timeout", "closed 1 failed ''")
    c.never("Speak")
    c.rests()


def test_it_cannot_be_given_words_to_say():
    c = Script(native=True, greeting="Hello.")
    c.saw("Report s2s cannot_say")
    c.post(Say("This call is recorded."))
    c.saw("Report s2s cannot_say")
    c.never("opened", "Speak")
    c.rests()


def test_interrupting_a_native_engine_credits_a_part_of_its_transcript():
    c = native()
    c.llm("It is noon in Paris and one in Rome.")
    c.post(ReplyAudio(1, 0, 48_000))
    c.tracks[1].written = 48_000
    c.post(ReplyAudioEnded(1, 0))
    c.plays(1)
    c.hears("stop")
    c.silence(50)
    (closed,) = c.find(ReplyClosed)
    assert closed.heard
    assert closed.text.startswith(closed.heard)
    assert len(closed.heard) < len(closed.text)
    assert not closed.exact


def test_a_remote_engine_answers_by_itself():
    c = Script({"turns": "remote"}, native=True)
    c.post(RemoteReplied("resp_7"))
    c.saw("opened 1 remote REMOTE", "Bind 1 REMOTE")
    c.post(ReplyText(1, "Hello."))
    c.post(ReplyAudio(1, 0, 12_000))
    c.tracks[1].written = 12_000
    c.post(ReplyAudioEnded(1, 0))
    c.post(ReplyTextEnded(1))
    c.plays(1)
    c.saw("Release 1", "closed 1 done 'Hello.'")
    c.never("Generate")
    assert c.history == ["agent: Hello."]


def test_a_remote_answer_that_never_comes_fails():
    c = Script({"turns": "remote"}, native=True)
    c.post(RemoteReplied("resp_7"))
    c.wait(10_100)
    c.saw("Report llm timeout", "closed 1 failed")
    c.rests()
