"""The agent's side as scripts: early answers, overlap, the line for the floor, tools, failures of engines."""

import pytest
from script import STORY, Script, telling

from vivavoce.core.commands import Generate, Hold, Message, Role
from vivavoce.core.events import (
    HeardReported,
    Played,
    PolicySet,
    ReplyAsked,
    ReplyAudio,
    ReplyAudioEnded,
    ReplyText,
    ReplyTextEnded,
    Say,
    StopAsked,
    ToolAsked,
    ToolsDeclared,
    ToolSpec,
    UserWords,
)
from vivavoce.core.notices import ReplyClosed, ReplyOpened, TurnReport

# -- one answer --------------------------------------------------------------------------------------------------------


def test_an_answer_from_its_first_word_to_its_last():
    c = Script()
    c.asks("tell me the time")
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
    assert c.history == ["user: tell me the time", "agent: It is noon. Anything else?"]


def test_a_report_tells_the_whole_exchange():
    c = Script(prices={("m", "tokens"): 0.5})
    c.asks("tell me the time")
    c.answers("It is noon.")
    c.plays(1)
    (report,) = c.find(TurnReport)
    assert (report.user_text, report.agent_text, report.heard_text) == (
        "tell me the time",
        "It is noon.",
        "It is noon.",
    )
    assert report.heard_exact
    assert not report.interrupted
    assert report.gap_ms > 500
    assert report.why == ("EARLY_WORDS", "WORDS_HELD", "ENDED")


# -- early answers -----------------------------------------------------------------------------------------------------


def test_an_early_answer_is_promoted_when_the_words_hold():
    c = Script()
    c.hears("tell me the time")
    c.silence(200)
    c.saw("Generate 1 early EARLY_WORDS")
    c.answers("It is noon.")
    c.saw("Speak 1.0")
    c.never("opened", "delta", "Release")
    c.silence(400)
    c.saw("turned 1", "opened 1 turn WORDS_HELD", "delta 1 'It is noon.'", "Release 1")
    assert len(c.find(Generate)) == 1
    assert c.request() == ["user: tell me the time"]


@pytest.mark.parametrize("change", [PolicySet((("reply.spoken", False),)), ToolsDeclared((ToolSpec("look"),))])
def test_an_early_answer_is_made_anew_when_settings_or_tools_change(change):
    c = Script()
    c.hears("tell me the time")
    c.silence(200)
    c.saw("Generate 1 early EARLY_WORDS")
    c.post(change)
    c.silence(600)
    c.saw("Cancel 1 WORDS_CHANGED", "Generate 2", "turned 1", "opened 2 turn")
    assert [n.spoken for n in c.find(ReplyOpened)] == [c.c.policy.reply.spoken]


def test_an_early_answer_is_discarded_when_the_caller_goes_on():
    c = Script()
    c.hears("tell me the time")
    c.silence(150)
    c.answers("It is noon.")
    c.hears("in paris")
    c.saw("Generate 1 early", "Cancel 1 WORDS_CHANGED", "Flush 1 @0 WORDS_CHANGED")
    c.silence(600)
    c.saw("Generate 2 early", "turned 1 'tell me the time in paris'", "opened 2 turn")
    c.never("opened 1", "closed 1", "Release 1", "delta 1")
    # What still comes for it is ignored.
    c.post(ReplyText(1, "late"))
    c.post(ReplyAudio(1, 0, 99))
    c.post(ReplyAudioEnded(1, 0))
    c.post(ReplyTextEnded(1))
    c.post(ToolAsked(1, "c1", "book", "{}"))
    c.post(Played(1, 99))
    assert c.seen == len(c.lines)
    assert c.history == ["user: tell me the time in paris"]


def test_an_early_answer_survives_other_ways_to_write_the_same_words():
    c = Script(stt_ms=None)
    c.hears("tell me the time")
    c.silence(250)
    c.words = [("Tell", 0, 100), ("me", 0, 200), ("the", 0, 300), ("time.", 0, c.words[-1][2])]
    c.finishes_words(c.at)
    c.silence(200)
    c.saw("Generate 1 early", "turned 1 'Tell me the time.' FINISHED", "opened 1 turn WORDS_HELD")


def test_final_words_that_differ_make_a_new_answer():
    c = Script(stt_ms=None)
    c.hears("tell me the time")
    c.silence(480)
    c.words[-2] = ("my", *c.words[-2][1:])
    c.finishes_words(c.words[-1][2])
    c.silence(200)
    c.saw("Generate 1 early", "Cancel 1 WORDS_CHANGED", "turned 1 'tell me my time'", "opened 2 turn")
    assert c.request() == ["user: tell me my time"]


def test_also_when_they_come_so_late_that_nothing_else_is_waited_for():
    c = Script(stt_ms=None)
    c.hears("tell me the time")
    c.silence(900)
    c.words[-2] = ("my", *c.words[-2][1:])
    c.finishes_words(c.words[-1][2])
    c.saw("Generate 1 early", "turned 1 'tell me my time'", "Cancel 1 WORDS_CHANGED", "opened 2 turn")
    assert c.request() == ["user: tell me my time"]


def test_early_answers_are_few():
    c = Script()
    for _ in range(6):
        c.hears("and then more")
        c.silence(150)
    early = [g for g in c.find(Generate) if g.speculative]
    assert len(early) == c.c.policy.reply.max_speculations


@pytest.mark.parametrize(("short_ms", "early"), [(0, True), (100, True), (300, False)])
def test_final_words_up_to_the_end_are_answered_early_as_soon_as_speech_stops(short_ms, early):
    c = Script({"reply.speculate_after_ms": 150}, stt_ms=None)
    c.hears("tell me the time")
    turn = c.c.listening.turn
    c.silence(20)
    c.post(UserWords(c.segment, "tell me the time", True, turn.start, turn.end - short_ms * 16))
    c.silence(100)
    c.saw("Generate 1 early") if early else c.never("Generate")


def test_there_are_none_where_none_are_wanted():
    c = Script({"reply.speculate": False})
    c.asks("tell me the time")
    c.saw("turned 1", "opened 1 turn SILENCE", "Generate 1 SILENCE")
    assert not c.find(Generate)[0].speculative


def test_none_while_the_agent_speaks():
    c = telling()
    c.hears("uh huh", ms=300)
    c.silence(180)
    c.not_since("Generate")


def test_an_early_answer_that_fails_is_simply_made_again():
    c = Script()
    c.hears("tell me the time")
    c.silence(200)
    c.fails(Role.LLM, reply=1)
    c.saw("Generate 1 early", "Report llm died", "Cancel 1 FAILED", "Generate 2 early")
    c.silence(400)
    c.saw("turned 1", "opened 2 turn")
    c.never("opened 1", "Speak")


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


# -- engines that fail -------------------------------------------------------------------------------------------------


def test_a_model_that_dies_before_a_word_is_apologised_for():
    c = Script()
    c.asks("tell me the time")
    c.fails(Role.LLM, reply=1)
    c.saw("Report llm died FAILED", "closed 1 failed ''", "opened 2 apology", "Speak 2.0 'Sorry,")
    c.tts()
    c.plays(6)
    c.saw("closed 2 done")
    c.rests()


def test_a_model_that_falls_silent_has_died():
    c = Script()
    c.asks("tell me the time")
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
    c.asks("tell me the time")
    c.fails(Role.LLM, reply=1)
    c.fails(Role.TTS, reply=2, part=0)
    c.fails(Role.TTS, reply=2, part=0)
    c.saw("opened 2 apology", "Speak 2.0 'Sorry, I lost my thread for a moment.' RETRY", "closed 2 failed")
    c.never("opened 3")
    c.rests()


def test_a_synthesis_that_fails_is_tried_again_once():
    c = Script()
    c.asks("tell me the time")
    c.llm("It is noon. Anything else?")
    c.fails(Role.TTS, reply=1, part=0)
    c.saw("Report tts died", "Speak 1.0 'It is noon.' RETRY", "Speak 1.1 ' Anything else?' RETRY")
    c.tts()
    c.plays(3)
    c.saw("closed 1 done")
    c.never("opened 2")


def test_but_not_twice():
    c = Script()
    c.asks("tell me the time")
    c.llm("It is noon.")
    c.fails(Role.TTS, reply=1, part=0)
    c.fails(Role.TTS, reply=1, part=0)
    c.saw("Speak 1.0 'It is noon.' RETRY", "closed 1 failed ''", "opened 2 apology")


def test_nor_after_some_of_it_was_made():
    c = Script()
    c.asks("tell me the time")
    c.llm("It is noon.")
    c.tts(end=False)
    c.fails(Role.TTS, reply=1, part=0)
    c.never("Speak 1.0 'It is noon.' RETRY")
    c.plays(1)
    c.saw("opened 2 apology", "closed 1 failed")


def test_a_synthesiser_that_makes_nothing_has_failed():
    c = Script()
    c.asks("tell me the time")
    c.llm("It is noon.")
    c.post(ReplyAudioEnded(1, 0))
    c.saw("Report tts no_audio", "Speak 1.0 'It is noon.' RETRY")


def test_but_what_has_no_sound_needs_none():
    c = Script()
    c.asks("tell me the time")
    c.llm("...")
    c.post(ReplyAudioEnded(1, 0))
    c.saw("Speak 1.0 '...'", "Seal 1", "closed 1 done '...'")


def test_a_synthesiser_that_falls_silent_is_tried_again_then_given_up():
    c = Script()
    c.asks("tell me the time")
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
    c.asks("tell me the time")
    c.llm("")
    c.saw("Report llm empty", "closed 1 done ''")
    c.rests()


def test_a_listener_that_takes_nothing_is_gone():
    c = Script(player=False)
    c.asks("tell me the time")
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
    c.hears("tell me the time")
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


# -- words only --------------------------------------------------------------------------------------------------------


def test_an_answer_may_be_words_only():
    c = Script({"reply.spoken": "no"})
    c.asks("tell me the time")
    c.llm("It is noon. Really.")
    c.saw("opened 1 turn", "delta 1", "made 1 'It is noon. Really.' 0", "closed 1 done 'It is noon. Really.'")
    c.never("Speak", "Release")
    assert c.history[-1] == "agent: It is noon. Really."


def test_words_that_were_written_when_it_was_stopped_were_read():
    c = Script()
    c.post(ReplyAsked(ref="x", spoken=False))
    c.llm("It is", end=False)
    c.post(StopAsked(ref="x"))
    c.saw("closed 1 cut 'It is'")
    assert c.history == ["agent: It is"]


def test_a_model_may_be_cut_short():
    c = Script()
    c.asks("tell me the time")
    c.llm("It is", end=False)
    c.post(ReplyTextEnded(c.reply, "length"))
    c.tts()
    c.saw("made 1 'It is' 300 length")


# -- asides ------------------------------------------------------------------------------------------------------------


def test_an_aside_waits_for_nobody_and_leaves_nothing_behind():
    c = telling()
    c.post(ReplyAsked(ref="x", aside=True, items=(Message("i", "user", "Which language?"),)))
    assert c.request() == ["user: Which language?"]
    c.answers("English.")
    c.saw("opened 2 asked", "Release 2 FIRST_AUDIO", "made 2 'English.'", "closed 2 done 'English.'")
    c.plays(8)
    c.saw("closed 1 done")
    assert c.history == ["user: tell me a story", f"agent: {STORY}"]


def test_an_interruption_spares_asides():
    c = telling()
    c.post(ReplyAsked(ref="x", aside=True, items=(), spoken=False))
    c.llm("One", end=False)
    c.hears("wait a moment please")
    c.silence(100)
    c.saw("closed 1 cut")
    c.llm(" two.", reply=2)
    c.saw("closed 2 done 'One two.'")


def test_an_aside_can_be_stopped_by_its_name_and_nothing_else_is():
    c = telling()
    c.post(ReplyAsked(ref="x", aside=True, items=(), spoken=False))
    c.post(ReplyAsked(ref="y", aside=True, items=(), spoken=False))
    c.post(StopAsked(ref="y"))
    c.saw("closed 3 cut")
    c.not_since("closed 1", "closed 2")
    c.plays(8)
    c.saw("closed 1 done")
    assert [r.ref for r in c.c.speaking.asides] == ["x"]


def test_asides_are_few():
    c = Script({"reply.max_queue": 2})
    for name in ("a", "b", "c"):
        c.post(ReplyAsked(ref=name, aside=True, items=(), spoken=False))
    c.saw("opened 1", "opened 2", "Report llm overflow", "refused c overflow")


# -- a client that plays by itself -------------------------------------------------------------------------------------


def test_until_its_client_reports_all_that_it_was_given_was_heard():
    c = telling(client_plays=True)
    c.hears("wait a moment please")
    c.silence(100)
    c.saw("took floor 2", f"closed 1 cut {STORY!r}")
    assert c.history[1] == f"agent: {STORY}"


@pytest.mark.parametrize(
    ("ms", "heard"),
    [(0, ""), (239, ""), (240, "Once"), (5_339, STORY.removesuffix(" end.")), (5_340, STORY)],
)
def test_what_it_reports_is_exact_to_the_word(ms, heard):
    c = telling(client_plays=True)
    c.hears("wait a moment please")
    c.silence(100)
    c.post(HeardReported(1, ms * 24))
    c.saw(f"heard 1 {heard!r} {ms}")
    said = [line.removesuffix(" --") for line in c.history if line.startswith("agent")]
    assert said == ([f"agent: {heard}"] if heard else [])


def test_a_client_that_stopped_playing_ends_a_complete_reply():
    c = telling(client_plays=True)
    c.post(HeardReported(1, 24 * 1_000))
    c.saw("heard 1 'Once upon a time' 1000", "Flush 1")
    c.wait(100)
    c.saw("closed 1 cut 'Once upon a time'")
    assert c.c.floor.value == "nobody"
    assert c.history[-1] == "agent: Once upon a time --"


def test_what_was_not_given_was_not_heard():
    c = Script({"reply.first_clause_words": 1}, client_plays=True)
    c.asks("tell me a story")
    c.llm("It is noon. And it is raining.")
    c.tts(limit=1)
    c.plays(0.2)
    c.hears("wait a moment please")
    c.silence(100)
    c.saw("closed 1 cut 'It is noon.'")


def test_a_turn_is_over_when_its_early_answer_can_be_heard():
    c = Script({"endpoint.ready_ms": 1_000})
    c.hears("what time is it")
    c.silence(600)
    c.saw("Generate 1 early")
    c.not_since("turned")
    c.answers("It is noon.")
    c.silence(64)
    c.saw("turned 1 'what time is it' FINISHED", "opened 1 turn WORDS_HELD", "Release 1")


def test_who_goes_on_while_the_answer_is_made_is_not_cut_off():
    c = Script({"endpoint.ready_ms": 1_000})
    c.hears("what time is it")
    c.silence(600)
    c.hears("in paris tonight")
    c.saw("Generate 1 early", "Cancel 1 WORDS_CHANGED")
    c.never("turned")


def test_an_answer_that_needs_a_tool_does_not_keep_the_turn_open():
    c = Script({"endpoint.ready_ms": 1_000}, tools=(ToolSpec("book"),))
    c.hears("what time is it")
    c.silence(200)
    c.post(ToolAsked(1, "c1", "book", "{}"))
    c.silence(200)
    c.saw("turned 1 'what time is it' FINISHED")
