"""Replies being made, as scripts: tools, and one engine that hears and speaks."""

from script import TOOLS, Script

from vivavoce.core.events import (
    RemoteReplied,
    ReplyAsked,
    ReplyAudio,
    ReplyAudioEnded,
    ReplyText,
    ReplyTextEnded,
    Say,
)
from vivavoce.core.notices import ReplyClosed, TurnReport

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
    c.saw("RunTool c1", "Flush 1")
    c.silence(600)
    c.saw("closed 1 cut", "turned 2", "opened 2 turn")
    c.never("CancelTool")
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
    c.saw(
        "RunTool c1", "RunTool c2", "CancelTool c1 STOP_WORD", "settled c1 failed 'abandoned: the caller interrupted'"
    )
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
