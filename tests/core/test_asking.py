"""Language models that stand in for each other, and race: whom the core asks, and whom it hears."""

import pytest
from script import Script

from vivavoce.core.commands import Cancel, Generate, Role

TWO = {"engines": (2, 1, 1)}


def asked(settings=None, **more):
    """A turn, for which the first of two models is asked."""
    c = Script({"reply.speculate": "no", **(settings or {})}, **{**TWO, **more})
    c.asks("what time is it")
    c.saw("Generate 1")
    return c


def test_a_model_that_fails_is_replaced_for_the_same_reply():
    c = asked()
    c.fails(Role.LLM, reply=1)
    c.saw("Report llm died", "Generate 1 by 1 NEXT_ENGINE")
    c.not_since("closed")
    c.llm("It is noon.", attempt=1)
    c.tts()
    c.plays(2)
    c.saw("closed 1 done 'It is noon.'")
    c.never("opened 2")


def test_it_is_left_alone_for_a_while_and_then_tried_again():
    c = asked({"engines.rest_ms": 20_000})
    c.fails(Role.LLM, reply=1)
    c.llm("It is noon.", attempt=1)
    c.tts()
    c.plays(2)
    c.asks("and now")
    c.saw("Generate 2 by 1")
    c.answers("Still noon.")
    c.silence(20_000)
    c.asks("and now")
    c.saw("Generate 3 ")


def test_a_silent_model_is_given_less_time_when_there_is_another():
    c = asked({"engines.first_token_ms": 2_000})
    c.wait(2_100)
    c.saw("Report llm timeout", "Cancel 1/0 TIMEOUT", "Generate 1 by 1 NEXT_ENGINE")
    c.llm("Too late.", end=False)
    c.not_since("delta")
    c.llm("It is noon.", attempt=1)
    c.saw("delta 1 'It is noon.'")


def test_when_all_have_failed_the_caller_hears_so():
    c = asked()
    c.fails(Role.LLM, reply=1)
    c.fails(Role.LLM, reply=1, attempt=1)
    c.saw("Generate 1 by 1", "closed 1 failed", "opened 2 apology")


def test_a_model_that_breaks_off_in_the_middle_is_not_replaced():
    c = asked()
    c.llm("It is ", end=False)
    c.fails(Role.LLM, reply=1)
    c.saw("closed 1 failed", "opened 2 apology")
    assert len(c.find(Generate)) == 1


def test_a_failure_of_an_attempt_that_counts_no_more_changes_nothing():
    c = asked({"engines.hedge": "yes"})
    c.wait(1_600)
    c.saw("Generate 1 by 1 HEDGE")
    c.llm("It is noon.", end=False, attempt=1)
    c.saw("Cancel 1/0 FASTER", "delta 1 'It is noon.'")
    c.fails(Role.LLM, reply=1, attempt=0)
    c.not_since("closed", "Generate")
    c.llm("", attempt=1)
    c.tts()
    c.plays(2)
    c.saw("closed 1 done 'It is noon.'")


def test_a_race_may_also_be_won_by_the_first():
    c = asked({"engines.hedge": "yes"})
    c.wait(1_600)
    c.llm("It is noon.")
    c.saw("Generate 1 by 1 HEDGE", "Cancel 1/1 FASTER")
    c.llm("No, it is not.", end=False, attempt=1)
    assert "No" not in c.c.speaking.replies[1].text


def test_in_a_race_one_failure_ends_nothing():
    c = asked({"engines.hedge": "yes"})
    c.wait(1_600)
    c.fails(Role.LLM, reply=1, attempt=1)
    c.not_since("closed")
    c.llm("It is noon.")
    c.saw("delta 1 'It is noon.'")


def test_it_is_raced_as_soon_as_it_is_slower_than_usual():
    c = asked({"engines.hedge": "yes", "engines.hedge_least_ms": 100})
    for _ in range(6):
        c.wait(200)
        c.answers("It is noon.")
        c.plays(2)
        c.asks("and now")
    c.never("Generate 1 by 1", "Generate 3 by 1")
    c.wait(1_000)
    asked_at, raced_at = (at for at, _, commands in c.log for x in commands if isinstance(x, Generate) and x.reply == 7)
    assert 200 < raced_at - asked_at < 600


def test_without_being_told_nobody_races():
    c = asked()
    c.wait(3_000)
    assert len(c.find(Generate)) == 1
    assert not [x for x in c.find(Cancel) if x.attempt is not None]


@pytest.mark.parametrize("text", ["", "It is noon."])
def test_an_answer_without_sound_is_given_up_in_time(text):
    c = asked({"engines.dead_air_ms": 3_000}, engines=(1, 1, 1))
    if text:
        c.llm(text)
    c.wait(2_500)
    c.not_since("closed")
    c.wait(600)
    c.saw(f"Report {'tts' if text else 'llm'} dead_air DEAD_AIR", "closed 1 failed", "opened 2 apology")


def test_an_answer_that_waits_for_the_floor_is_not_late():
    c = asked({"engines.dead_air_ms": 3_000, "barge_in.yielding": "never"}, engines=(1, 1, 1))
    c.llm("It is noon.")
    c.tts()
    c.wait(10_000)
    c.never("Report tts dead_air", "Report llm dead_air")
