"""Two agents and a caller who outranks both: who is asked and when, what they see, and what an interruption does."""

import pytest
from script import Script

from vivavoce.core.commands import Generate, Message, Release, Role, Usage
from vivavoce.core.duet import HUMAN_GAPS_MS
from vivavoce.core.events import DuetBegun, ItemCreated, ReplyTextEnded, Used

TOPIC = Message("topic", "user", "Is it better to rise early?")


def begun(settings=None, turns=0, answers="other", **more):
    """Ada and Bob begin to talk; Ada is asked."""
    c = Script(settings or {}, **more)
    c.post(ItemCreated(TOPIC))
    c.post(DuetBegun("ada", "bob", turns, answers))
    c.saw("Generate 1 of ada DUET")
    return c


def says(c, text, reply=None):
    """The one who was asked answers, in words and aloud."""
    c.llm(text, reply=reply)
    c.tts()


def test_the_other_is_asked_as_soon_as_all_words_are_there_long_before_they_are_heard():
    c = begun()
    c.llm("Early birds catch", end=False)
    c.not_since("Generate")
    c.llm(" the worm.")
    c.saw("Generate 2 of bob DUET")
    assert c.request() == ["user: Is it better to rise early?", "user: Early birds catch the worm."]
    assert not c.c.speaking.replies[1].played


def test_without_overlap_the_other_waits_until_all_was_heard():
    c = begun({"duet.overlap": "no"})
    says(c, "Early is good.")
    c.plays(0.5)
    c.not_since("Generate 2")
    c.plays(1)
    c.saw("closed 1 done", "Generate 2 of bob")


def test_only_one_answer_is_prepared():
    c = begun()
    says(c, "Early birds catch the worm.")
    says(c, "But the second mouse gets the cheese.")
    c.saw("Generate 2 of bob")
    c.not_since("Generate 3")
    c.plays(2.5)
    c.saw("closed 1 done", "Generate 3 of ada")


def test_each_sees_the_other_as_the_one_who_speaks_to_it():
    c = begun()
    says(c, "Early is good.")
    says(c, "Late is better.")
    c.plays(1.5)
    assert c.request() == [
        "user: Is it better to rise early?",
        "agent: Early is good.",
        "user: Late is better.",
    ]


def test_the_next_is_released_behind_the_one_before_and_sounds_without_a_pause():
    c = begun()
    says(c, "Early is good.")
    says(c, "Late is better.")
    c.saw("Release 1 FIRST_AUDIO", "Release 2 NEXT_IN_LINE")
    assert [release.pause_ms for release in c.find(Release)] == [0, 0]


@pytest.mark.parametrize(
    ("settings", "pauses"), [({"duet.gap_ms": 150}, [150, 150]), ({"duet.natural": "yes"}, list(HUMAN_GAPS_MS[1:3]))]
)
def test_a_pause_is_as_long_as_it_should_be(settings, pauses):
    c = begun(settings)
    says(c, "Early is good.")
    says(c, "Late is better.")
    assert [release.pause_ms for release in c.find(Release)] == pauses


def test_people_pause_about_a_fifth_of_a_second():
    assert 180 < sum(HUMAN_GAPS_MS) / len(HUMAN_GAPS_MS) < 240


def test_at_times_people_begin_a_little_before_the_end():
    early = [gap for gap in HUMAN_GAPS_MS if gap < 0]
    assert 0.1 < len(early) / len(HUMAN_GAPS_MS) < 0.4
    assert min(early) > -250


def test_it_ends_after_so_many_answers_when_the_last_was_heard():
    c = begun(turns=2)
    says(c, "Early is good.")
    says(c, "Late is better.")
    c.plays(0.5)
    c.not_since("EndCall")
    c.plays(3)
    c.saw("closed 2 done 'Late is better.'", "EndCall done HANG_UP")
    assert len(c.find(Generate)) == 2
    c.laws.at_end()


def test_who_cuts_in_is_answered_and_then_they_go_on_from_what_was_heard():
    c = begun()
    says(c, "Early birds catch the worm, and they see the sun.")
    says(c, "Late is better.")
    c.plays(0.5)
    c.hears("wait a moment please")
    c.saw("Flush 1", "Flush 2 @0")
    c.silence(700)
    c.saw("Generate 3 early of bob", "turned 1 'wait a moment please'", "opened 3 turn")
    c.never("Generate 4")
    heard = next(line for line in c.request() if line.startswith("user: Early"))
    assert heard != "user: Early birds catch the worm, and they see the sun."
    assert not any("Late" in line for line in c.request())
    says(c, "Yes, please?")
    c.saw("Generate 4 of ada DUET")


def test_the_one_who_was_interrupted_may_answer_instead():
    c = begun(answers="same")
    says(c, "Early birds catch the worm, and they see the sun.")
    c.plays(0.5)
    c.hears("wait a moment please")
    c.silence(700)
    c.saw("turned 1")
    # Bob was asked last, for what he never said: so it is still Ada who was interrupted.
    assert c.find(Generate)[-1].speaker == "ada"


def test_what_was_prepared_and_never_heard_does_not_count():
    c = begun(turns=2)
    says(c, "Early birds catch the worm, and they see the sun.")
    says(c, "Late is better.")
    c.plays(0.5)
    c.hears("wait a moment please")
    c.silence(700)
    says(c, "Yes, please?")
    c.plays(2)
    c.saw("Generate 4 of ada DUET")
    assert c.c.context.duet.asked == 2


def test_an_uh_huh_stops_nobody():
    c = begun()
    says(c, "Early birds catch the worm, and they see the sun.")
    c.plays(0.5)
    c.hears("uh huh")
    c.silence(600)
    c.never("Flush 1")


def test_an_answer_that_does_not_end_is_cut():
    c = begun({"duet.longest_chars": 50})
    c.llm("And then he said that she said that they had said it. And", end=False)
    c.saw("Cancel 1/0 LIMIT", "Generate 2 of bob")


def test_the_other_says_so_when_one_cannot_answer_any_more():
    c = begun()
    says(c, "Early is good.")
    c.fails(Role.LLM, reply=2)
    c.saw("closed 2 failed", "opened 3 apology", "Speak 3.0 'I am afraid that bob cannot answer any more.' of ada")
    c.tts()
    c.plays(6)
    c.saw("closed 1 done", "closed 3 done", "EndCall failed")
    c.laws.at_end()


def test_two_answers_without_a_word_are_the_end():
    c = begun()
    c.post(ReplyTextEnded(1))
    c.saw("Generate 2 of bob")
    c.post(ReplyTextEnded(2))
    c.wait(100)
    c.saw("EndCall done")


def test_a_moderator_is_heard_by_whoever_speaks_next():
    c = begun()
    says(c, "Early is good.")
    says(c, "Late is better.")
    c.plays(0.2)
    c.post(ItemCreated(Message("m1", "system", "Speak of cats now.")))
    # What Bob had prepared is made anew, and Ada finishes.
    c.saw("Flush 2 @0 STEERED")
    c.wait(40)
    c.saw("Generate 3 of bob DUET")
    assert c.request() == [
        "user: Is it better to rise early?",
        "user: Early is good.",
        "system: Speak of cats now.",
    ]
    c.never("Flush 1")
    assert c.c.context.duet.asked == 2


def test_another_persona_takes_a_seat_and_what_the_one_before_had_prepared_is_dropped():
    c = begun(turns=3)
    says(c, "Early is good.")
    says(c, "Late is better.")
    c.plays(0.2)
    c.post(DuetBegun("ada", "cleo", 3))
    c.wait(40)
    c.saw("Flush 2 @0 STEERED", "Generate 3 of cleo")
    says(c, "Never is best.", reply=3)
    c.plays(2)
    c.saw("Generate 4 of ada")
    assert "user: Never is best." in c.request()


def test_also_when_it_was_about_to_speak():
    c = begun()
    says(c, "Early is good.")
    says(c, "Late is better.")
    c.plays(1.2)
    says(c, "So be it.", reply=3)
    c.saw("closed 1 done")
    c.post(DuetBegun("cleo", "bob", 0))
    c.wait(40)
    c.saw("Flush 3 @0 STEERED", "Generate 4 of cleo")
    says(c, "Never is best.", reply=4)
    c.plays(3)
    c.saw("Generate 5 of bob")


def test_when_nothing_was_heard_of_two_answers_the_first_is_asked_again():
    c = begun()
    c.llm("Early is good.")
    c.llm("Late is better.")
    c.post(ItemCreated(Message("m1", "system", "Speak of cats now.")))
    c.wait(40)
    c.saw("Generate 3 of ada DUET")
    assert c.c.context.duet.asked == 1


EAGER = {"duet.eager": "yes", "duet.eager_chars": 20}
LONG = "The keeper of the light climbed all the stairs again, and he lit the lamp for every ship at sea. "


def begun_early():
    """Bob thinks about what is certain of Ada's first answer."""
    c = begun(EAGER)
    c.llm(LONG, end=False)
    c.llm("Then he", end=False, reply=1)
    c.saw("Generate 2 early of bob EAGER")
    assert c.request()[-1] == f"user: {LONG.strip()}"
    return c


def test_an_eager_answer_stands_when_there_was_nothing_else():
    c = begun(EAGER)
    c.llm(LONG, end=False)
    c.saw("Generate 2 early of bob")
    c.post(ReplyTextEnded(1))
    c.saw("opened 2 duet PROMOTED")
    c.never("Generate 3")
    assert c.c.context.duet.asked == 2


def test_while_there_is_time_an_eager_answer_is_made_again_with_all_that_was_said():
    c = begun_early()
    c.llm(" slept until noon.", reply=1)
    c.saw("Cancel 2 REVISED", "Generate 3 of bob DUET")
    assert c.request()[-1] == f"user: {LONG}Then he slept until noon."


def test_without_time_an_eager_answer_stands():
    c = begun_early()
    c.tts()
    c.plays(5.8)
    c.llm(" slept.", reply=1)
    c.saw("opened 2 duet PROMOTED")
    c.never("Generate 3")


def paid(c, reply, cost):
    c.post(Used(Usage(Role.LLM, "m", (("tokens", cost),)), reply))


def test_they_stop_politely_before_the_budget_is_exceeded():
    c = begun({"limits.budget": 10.0}, prices={("m", "tokens"): 1.0})
    says(c, "Early is good.")
    paid(c, 1, 3.0)
    c.saw("Generate 2 of bob")
    says(c, "Late is better.")
    paid(c, 2, 4.0)
    c.plays(1.5)
    # A third one might cost 5.
    c.saw("closed 1 done", "opened 3 say BUDGET", "Speak 3.0 'I have to stop here.' of ada")
    c.tts()
    c.plays(4)
    c.saw("closed 2 done", "closed 3 done", "EndCall budget")
    c.never("Generate 3")
    assert c.c.context.meter.call.cost <= 10.0


def test_what_an_answer_is_expected_to_cost_counts_before_the_first():
    c = Script({"limits.budget": 1.0})
    c.post(ItemCreated(TOPIC))
    c.post(DuetBegun("ada", "bob", 4, turn_cost=2.0))
    c.saw("opened 1 say BUDGET")
    c.tts()
    c.plays(3)
    c.saw("EndCall budget")
    c.never("Generate")
