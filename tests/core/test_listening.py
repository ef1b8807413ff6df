"""The caller's side as scripts: when turns begin and end, which words they get, and who decides it."""

import pytest
from script import Script

from vivavoce.core.events import (
    TurnScore,
    UserWords,
)
from vivavoce.core.notices import UserStarted, UserStopped, UserTurned

# -- the end of a turn -------------------------------------------------------------------------------------------------


def test_a_voice_turn_begins_before_its_first_word_and_ends_with_its_last_voice():
    c = Script()
    c.silence(1000)
    c.asks("tell me the time")
    c.saw(
        "started 1 SPEECH",
        "stopped 1 SILENCE",
        "FinishWords 1 SILENCE",
        "words 1 'tell me the time' SILENCE",
        "turned 1 'tell me the time' SILENCE",
    )
    (turned,) = c.find(UserTurned)
    onset = 31 * 512
    assert turned.start == onset - 4800
    assert turned.end == onset + 30 * 512
    assert c.find(UserStopped)[0].at == turned.end
    assert c.history == ["user: tell me the time"]


def test_the_prefix_never_reaches_before_the_call():
    c = Script()
    c.hears("hello")
    assert c.find(UserStarted)[0].at == 0


@pytest.mark.parametrize(
    ("text", "silence_ms", "why"),
    [
        ("tell me the time", 500, "SILENCE"),
        ("What time is it?", 260, "FINISHED"),
        ("what time is it", 260, "FINISHED"),
        ("my number is five five", 1200, "DICTATING"),
        ("take me to the", 1500, "TRAILING_OFF"),
    ],
)
def test_words_decide_how_long_a_silence_must_be(text, silence_ms, why):
    c = Script(stt_ms=10)
    c.hears(text)
    c.silence(silence_ms - 64)
    c.not_since("turned")
    c.silence(96)
    c.saw(f"turned 1 {text!r} {why}")


def test_a_pause_inside_a_turn_is_not_its_end():
    c = Script()
    c.hears("i would like to go to the")
    c.silence(900)
    c.hears("old lighthouse")
    c.silence(600)
    c.saw("turned 1 'i would like to go to the old lighthouse'")
    c.never("started 2")


def test_a_turn_waits_for_its_words_but_not_for_ever():
    c = Script(stt_ms=None)
    c.hears("tell me the time")
    c.silence(1100)
    c.not_since("turned")
    c.silence(200)
    c.saw("Report stt timeout WORDS_LATE", "turned 1 'tell me the time' WORDS_LATE")


def test_words_that_were_owed_come_in_time():
    c = Script(stt_ms=700)
    c.hears("tell me the time")
    c.silence(850)
    c.not_since("turned")
    c.silence(100)
    c.saw("turned 1 'tell me the time'")
    c.never("Report")


def test_the_recogniser_is_asked_once_per_silence():
    c = Script()
    c.hears("what time")
    c.silence(300)
    c.hears("is it")
    c.silence(1000)
    assert sum(line.startswith("FinishWords") for line in c.lines) == 2


def test_words_lost_are_apologised_for_when_there_was_enough_voice_for_some():
    c = Script(stt_ms=None)
    c.coughs(600)
    c.silence(1500)
    c.saw("Report stt timeout", "dropped 1 '' WORDS_LATE", "opened 1 apology APOLOGY", "Speak 1.0 'Sorry,")
    c = Script(stt_ms=None)
    c.coughs(350)
    c.silence(1500)
    c.saw("dropped 1 '' WORDS_LATE")
    c.never("opened")


def test_no_apology_where_none_is_wanted():
    c = Script({"reply.apology": ""}, stt_ms=None)
    c.coughs(600)
    c.silence(1500)
    c.saw("dropped 1 '' WORDS_LATE")
    c.never("opened")


def test_sound_without_words_is_no_turn():
    c = Script()
    c.coughs(600)
    c.silence(1000)
    c.saw("started 1", "stopped 1", "dropped 1 '' NO_WORDS")
    c.never("Generate", "turned", "opened")


def test_without_a_recogniser_sound_is_a_turn():
    c = Script(has_stt=False)
    c.coughs(600)
    c.silence(600)
    c.saw("turned 1 '' SILENCE", "Generate 1 SILENCE")
    c.never("FinishWords")


def test_a_turn_model_hastens_and_delays():
    c = Script(has_turn_score=True)
    c.hears("tell me the time")
    c.silence(250)
    c.saw("ScoreTurn 1")
    c.post(TurnScore(1, 1.0))
    c.silence(200)
    c.saw("turned 1 'tell me the time' SCORED")

    c = Script(has_turn_score=True)
    c.hears("tell me the time")
    c.silence(150)
    c.post(TurnScore(1, 0.0))
    c.silence(1_050)
    c.not_since("turned")
    c.silence(150)
    c.saw("turned 1 'tell me the time' SCORED")


def test_a_recogniser_with_an_opinion_of_its_own_hastens_and_delays():
    c = Script()
    c.hears("tell me the time")
    c.post(TurnScore(0, 1.0))
    c.silence(350)
    c.saw("turned 1 'tell me the time' SCORED")

    c = Script()
    c.hears("tell me the time")
    c.post(TurnScore(0, 1.0))
    c.post(TurnScore(0, 0.0))
    c.silence(1_000)
    c.not_since("turned")


def test_an_opinion_about_nothing_is_ignored():
    c = Script()
    c.post(TurnScore(0, 1.0))
    c.hears("tell me the time")
    c.silence(300)
    c.never("turned")


def test_a_turn_model_is_asked_again_all_through_the_silence():
    c = Script(has_turn_score=True)
    c.hears("tell me the time")
    c.silence(250)
    assert sum(line.startswith("ScoreTurn") for line in c.lines) == 1
    c = Script({"endpoint.silence_ms": 1_500}, has_turn_score=True)
    c.hears("tell me the time")
    c.silence(1_100)
    assert sum(line.startswith("ScoreTurn") for line in c.lines) == 3


def test_a_score_for_another_turn_or_for_speech_is_ignored():
    c = Script(has_turn_score=True)
    c.hears("tell me the time")
    c.post(TurnScore(1, 1.0))
    c.silence(150)
    c.post(TurnScore(7, 1.0))
    c.silence(200)
    c.never("turned")


def test_audio_that_stops_arriving_in_the_middle_of_speech_is_silence():
    c = Script()
    c.hears("tell me the time")
    c.wait(999)
    c.not_since("stopped")
    c.wait(600)
    c.saw("stopped 1 STALLED", "FinishWords 1", "turned 1 'tell me the time'", "opened 1 turn")
    c.answers("It is noon.")
    c.saw("Release 1")


def test_audio_that_stops_arriving_over_the_agent_is_forgotten():
    c = Script()
    c.asks("tell me a story")
    c.answers("Once upon a time there was a keeper.")
    c.plays(0.5)
    c.coughs(700)
    c.saw("Hold 1 SPEECH_OVER_AGENT")
    c.wait(1100)
    c.saw("stopped 2 STALLED", "Resume 1 STALLED", "dropped 2 ''")
    c.wait(3000)
    c.saw("closed 1 done")


# -- words -------------------------------------------------------------------------------------------------------------


def test_words_that_come_after_the_turn_was_committed_correct_it_and_its_answer():
    c = Script(stt_ms=None)
    c.hears("tell me the time")
    c.silence(1300)
    c.saw("turned 1 'tell me the time' WORDS_LATE", "opened 1 turn")
    c.words.append(("now", c.words[-1][2] - 10, c.words[-1][2]))
    c.finishes_words(c.at)
    c.saw("Flush 1 @0 WORDS_CHANGED", "closed 1 cut ''", "opened 2 turn WORDS_CHANGED")
    assert c.request() == ["user: tell me the time now"]


def test_late_words_after_the_answer_began_only_correct_the_history():
    c = Script(stt_ms=None)
    c.hears("tell me the time")
    c.silence(1300)
    c.answers("It is noon.")
    c.plays(0.2)
    c.words.append(("now", c.words[-1][2] - 10, c.words[-1][2]))
    c.finishes_words(c.words[-1][2])
    c.not_since("Flush")
    c.plays(1.0)
    assert c.history == ["user: tell me the time now", "agent: It is noon."]


def test_late_words_that_change_nothing_change_nothing():
    c = Script(stt_ms=None)
    c.hears("tell me the time")
    c.silence(1300)
    c.saw("turned 1")
    c.finishes_words(c.words[-1][2])
    assert c.seen == len(c.lines)


def test_words_that_come_when_no_turn_is_open_make_one():
    c = Script(stt_ms=None)
    c.coughs(350)
    c.silence(1500)
    c.saw("dropped 1 ''")
    c.stt_ms = 80
    c.words = [("hello", 0, 350 * 16)]
    c.finishes_words(c.at)
    c.silence(600)
    c.saw("started 2 WORDS_LATE", "turned 2 'hello'", "opened 1 turn")


def test_a_word_that_the_detector_missed_makes_a_turn_and_is_asked_for_once():
    c = Script()
    c.hears("hm", ms=128)
    c.words.clear()
    c.silence(600)
    c.saw("FinishWords 1", "dropped 1 ''")
    c.words = [("hello", c.at - 4_000, c.at)]
    c._tell_words(final=False)
    c.saw("started 2 WORDS_LATE", "partial 2 'hello'")
    c.silence(700)
    c.saw("FinishWords 2", "words 2 'hello'", "turned 2 'hello'", "opened")
    c.never("FinishWords 3")


def test_a_guess_over_the_agents_voice_that_the_detector_missed_makes_none():
    c = Script()
    c.asks("tell me a story")
    c.answers("Once upon a time there was a keeper.")
    c.plays(0.5)
    c.words = [("keeper", c.at - 4_000, c.at)]
    c._tell_words(final=False)
    c.never("started 2")


def test_words_that_follow_the_final_ones_are_made_final_before_the_turn_is_over():
    c = Script({"reply.speculate": "no"})
    c.hears("go forward ten")
    c.silence(320)
    c.saw("FinishWords 1", "partial 1 'go forward ten'")
    c.words = [("meters", c.at - 4_000, c.at)]
    c._tell_words(final=False)
    c.words = [("metres", *c.words[0][1:])]
    c.silence(700)
    c.saw("partial 1 'go forward ten meters'", "FinishWords 1", "turned 1 'go forward ten metres'")


def test_words_of_a_turn_that_was_given_up_do_not_put_an_open_turn_aside():
    c = Script(stt_ms=None)
    c.coughs(350)
    c.silence(1500)
    c.saw("dropped 1 ''")
    c.hears("and there")
    c.post(UserWords(7, "over here", True, 0, 350 * 16))
    c.silence(1300)
    c.saw("started 2", "turned 2 'over here and there'")
    c.never("started 3")


def test_words_attach_to_turns_by_their_place_in_the_audio():
    c = Script(stt_ms=None)
    c.hears("tell me the time")
    c.silence(1300)
    c.saw("turned 1 'tell me the time'")
    first = c.words[-1][2]
    c.words.clear()
    c.hears("and there")
    # A correction of the first turn arrives while the second one is open.
    c.post(UserWords(1, "what time was it", True, 0, first))
    c.silence(1300)
    c.saw("started 2", "turned 2 'and there'")
    assert c.history[0] == "user: what time was it"


def test_a_turn_over_the_agent_that_meant_nothing_is_dropped():
    c = Script()
    c.asks("tell me a story")
    c.answers("Once upon a time there was a keeper who spoke with the sea.")
    c.plays(0.5)
    c.saw()
    c.hears("uh huh", ms=350)
    c.silence(700)
    c.saw("Duck 1", "Resume 1 BACKCHANNEL", "dropped 2 'uh huh' BACKCHANNEL")
    c.never("Flush", "Hold")
    assert len(c.history) == 2
