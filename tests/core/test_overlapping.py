"""Sound over the agent's voice as scripts: what is kept, what stops it, what it goes on through."""

import pytest
from script import STORY, Script, telling

from vivavoce.core.commands import Generate
from vivavoce.core.events import (
    DigitPressed,
    Say,
    StopAsked,
)
from vivavoce.core.notices import ReplyClosed

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


def test_its_own_words_from_a_loudspeaker_do_not_pause_it():
    c = telling()
    c.hears("upon a time", echo=0.5)
    c.saw("Duck 1 MAYBE_ECHO")
    c.silence(400)
    c.saw("Resume 1 MAYBE_ECHO", "dropped 2 'upon a time' ECHO")
    c.never("Hold", "Flush")


def test_a_caller_amid_its_echo_pauses_it_and_stops_it_once_that_is_gone():
    c = telling()
    c.hears("not tomorrow please", echo=0.5)
    c.saw("Duck 1 MAYBE_ECHO", "Hold 1 MAYBE_ECHO")
    c.never("Flush")
    c.hears("on friday")
    c.saw("Flush 1", "Cancel 1 WORDS")
    c.silence(600)
    c.saw("turned 2 'not tomorrow please on friday'")


def near_the_end():
    c = telling(text="Come in.", after=0.1)
    c.never("closed 1")
    return c


def test_its_own_last_words_are_no_turn_when_they_come_late():
    c = near_the_end()
    c.hears("come in", ms=640, echo=0.5)
    c.saw("closed 1 done")
    c.silence(800)
    c.saw("dropped 2 'come in' MAYBE_ECHO")
    c.never("turned 2", "Generate 2")


def test_what_a_caller_said_amid_its_last_words_is_answered():
    c = near_the_end()
    c.hears("come tomorrow", ms=640, echo=0.5)
    c.saw("closed 1 done")
    c.silence(900)
    c.saw("turned 2 'come tomorrow'", "opened 2 turn")


@pytest.mark.parametrize("answers", [True, False])
def test_one_word_at_the_end_waits_for_final_words_or_until_there_will_be_none(answers):
    c = telling(text=STORY * 3)
    c.stt_ms = 150 if answers else None
    c.hears("tomorrow", ms=352)
    c.silence(320)
    c.saw("Duck 1", "FinishWords 2")
    c.never("Cancel", "Resume")
    c.silence(2_700)
    c.saw("Cancel 1 WORDS")


def test_a_guess_that_becomes_a_backchannel_does_not_stop_it():
    c = telling(text=STORY * 3)
    c.hears("i the", ms=352)
    c.words[-1] = ("see", *c.words[-1][1:])
    c.silence(640)
    c.saw("Duck 1", "Resume 1 BACKCHANNEL", "dropped 2 'i see'")
    c.never("Cancel", "Hold")


def test_a_guess_while_the_voice_goes_on_pauses_it_until_the_next_word_tells():
    c = telling(text=STORY * 3)
    c.hears("i the", ms=480)
    c.saw("Duck 1", "Hold 1 WORDS")
    c.words[-1] = ("see", *c.words[-1][1:])
    held_at = c.tracks[1].played
    c.hears("yeah", ms=240)
    c.saw("Resume 1 BACKCHANNEL", "Duck 1 BACKCHANNEL")
    c.silence(640)
    c.saw("Resume 1 BACKCHANNEL", "dropped 2 'i see yeah'")
    c.never("Cancel", "Flush")
    assert c.tracks[1].played > held_at


def test_a_guess_that_stands_stops_it_where_it_paused():
    c = telling(text=STORY * 3)
    c.hears("tomorrow", ms=480)
    c.saw("Hold 1 WORDS")
    held_at = c.tracks[1].played
    c.silence(640)
    c.saw("FinishWords 2", "Flush 1", "Cancel 1 WORDS", "turned 2 'tomorrow'")
    assert c.tracks[1].played == held_at


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


def test_a_key_over_the_agents_voice_changes_nothing():
    """Its tone is no speech to the detector; what it means is for the application to say."""
    c = telling()
    for digit in "1#":
        c.post(DigitPressed(digit, c.at))
        for _ in range(4):
            c.sounds()
    c.saw("pressed 1 KEY", "pressed # KEY")
    c.plays(8)
    c.saw("closed 1 done")
    c.never("Duck", "Hold", "Flush", "started 2")
    assert c.find(ReplyClosed)[0].heard == STORY


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


VOICE = {"barge_in.interrupted_by": "voice"}


def test_where_voice_is_enough_any_voice_interrupts_at_once():
    c = telling(VOICE)
    c.coughs(96)
    c.silence(100)
    c.saw("started 2", "took floor 2 VOICE", "closed 1 cut")
    c.never("Hold")


def test_but_not_what_may_not_be_interrupted():
    c = telling({**VOICE, "barge_in.yielding": "never"})
    c.hears("what is the time")
    c.silence(700)
    c.saw("started 2", "took floor 2 VOICE", "turned 2 'what is the time'", "opened 2 turn")
    c.not_since("closed 1 cut")
    c.plays(8)
    c.saw("closed 1 done")


def test_where_meaning_counts_the_floor_is_taken_when_it_is_understood():
    c = telling()
    c.hears("uh huh")
    c.silence(600)
    c.saw("started 2", "dropped 2")
    c.never("took floor")
    c.hears("wait a moment please")
    c.silence(100)
    c.saw("started 3", "took floor 3", "closed 1 cut")


def test_what_outlasts_the_agents_words_is_a_turn():
    c = telling(text="Yes. It is.", after=0.2)
    c.hears("and", ms=700)
    c.saw("took floor")


def test_words_told_amid_speech_say_that_the_recogniser_tells_them_as_they_come():
    c = Script()
    c.hears("tell me the old story")
    assert c.c.context.partials
    late = Script(stt_ms=None)
    late.has_stt = False
    late.hears("tell me the old story")
    late.has_stt = True
    late.finishes_words(late.at)
    late.silence(900)
    assert not late.c.context.partials
