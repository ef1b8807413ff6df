"""The endpointing rule as a table: words, score and silence on both sides of every threshold."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.core.commands import Why
from vivavoce.core.ending import Asked
from vivavoce.core.endpoint import Evidence, judge
from vivavoce.core.lexicon import ENGLISH
from vivavoce.core.policy import DUET, EndpointPolicy

P = EndpointPolicy(
    min_ms=200, finished_ms=260, silence_ms=500, dictating_ms=1_200, trailing_ms=1_500, max_ms=1_800, score_weight=2.0
)


def judged(silence_ms, text="tell me the time", owed=False, score=None, policy=P, asked=Asked.NOTHING, pace=1.0):
    v = judge(Evidence(silence_ms, text, owed, score, asked, pace), policy, ENGLISH)
    return v.over, v.wait_ms, v.why


@pytest.mark.parametrize(
    ("text", "score", "wait", "why"),
    [
        ("tell me the time", None, 500, Why.SILENCE),
        ("", None, 500, Why.SILENCE),
        ("Tell me the time.", None, 260, Why.FINISHED),
        ("What time is it?", None, 260, Why.FINISHED),
        ("what time is it", None, 260, Why.FINISHED),
        ("tell me the time please", None, 260, Why.FINISHED),
        ("今天天气怎么样？", None, 260, Why.FINISHED),
        ("Tell me...", None, 500, Why.SILENCE),
        ("my number is five five", None, 1_200, Why.DICTATING),
        ("tell me the time and", None, 1_500, Why.TRAILING_OFF),
        ("tell me, um", None, 1_500, Why.TRAILING_OFF),
        # A full stop does not finish what trails off: recognisers like to write one.
        ("Take me to the.", None, 1_500, Why.TRAILING_OFF),
        # A score makes the wait up to `score_weight` times shorter or longer.
        ("tell me the time", 1.0, 250, Why.SCORED),
        ("tell me the time", 0.5, 500, Why.SCORED),
        ("tell me the time", 0.0, 1_000, Why.SCORED),
        ("Tell me the time.", 1.0, 200, Why.SCORED),
        ("Tell me the time.", 0.0, 520, Why.SCORED),
        # ... but not where words trail off.
        ("tell me the", 1.0, 1_500, Why.TRAILING_OFF),
    ],
)
def test_the_silence_that_ends_a_turn(text, score, wait, why):
    assert judged(wait - 1, text, score=score) == (False, wait, why)
    assert judged(wait, text, score=score) == (True, wait, why)


def test_an_answer_to_a_question_is_soon_over_and_a_number_is_not():
    assert judged(0, "tuesday", asked=Asked.OPEN)[1:] == (260, Why.FINISHED)
    assert judged(0, "tuesday")[1:] == (500, Why.SILENCE)
    assert judged(0, "five", asked=Asked.NUMBER)[1:] == (1_200, Why.DICTATING)


def test_patience_waits_longer_for_more_and_eagerness_answers_sooner_what_is_finished():
    patient, eager = replace(P, patience=1.2, max_ms=9_000), replace(P, eagerness=1.3)
    for text, usual in (("tell me", 500), ("five five", 1_200), ("tell me the", 1_500)):
        assert judged(0, text, policy=patient)[1] == round(usual * 1.2)
        assert judged(0, text, policy=eager)[1] == usual
    assert judged(0, "Tell me.", policy=patient)[1] == 260
    assert judged(0, "Tell me.", policy=eager)[1] == 200


def test_a_caller_who_pauses_long_is_given_more_time_but_not_without_end():
    waits = [judged(0, "tell me", pace=pace)[1] for pace in (0.5, 1.0, 1.2, 1.5, 4.0)]
    assert waits == [500, 500, 600, 750, 750]
    assert judged(0, "Tell me.", pace=4.0)[1] == 260


def test_a_turn_never_ends_while_words_are_owed():
    for text, score in (("tell me the time", None), ("Tell me the time.", None), ("tell me", 1.0), ("and", None)):
        over, wait, why = judged(60_000, text, owed=True, score=score)
        assert (over, why) == (False, Why.WAITING_FOR_WORDS)
        assert judged(wait - 1, text, owed=True, score=score)[2] is not Why.WAITING_FOR_WORDS


def test_every_wait_lies_between_the_limits():
    slow = replace(P, trailing_ms=9_000, silence_ms=5_000)
    assert judged(1_800, "tell me the", policy=slow) == (True, 1_800, Why.LONGEST_WAIT)
    assert judged(1_800, "tell me", policy=slow) == (True, 1_800, Why.LONGEST_WAIT)
    fast = replace(P, min_ms=300, silence_ms=100, trailing_ms=50)
    assert judged(299, "tell me", policy=fast) == (False, 300, Why.SILENCE)
    assert judged(300, "tell me the", policy=fast) == (True, 300, Why.TRAILING_OFF)


def test_two_machines_do_not_wait_for_each_other():
    assert judged(200, "tell me the time", policy=DUET.endpoint)[0]
    assert judged(200, "tell me the time and", policy=DUET.endpoint)[0]


@given(
    text=st.sampled_from(["", "and", "so um", "Yes.", "the time", "Why?", "Hm...", "I'm", "42"]),
    score=st.none() | st.floats(0, 1),
    silence=st.integers(0, 5_000),
)
def test_more_silence_never_undoes_the_end(text, score, silence):
    over, wait, _ = judged(silence, text, score=score)
    assert P.min_ms <= wait <= P.max_ms
    assert over == (silence >= wait)
    if over:
        assert judged(silence + 1, text, score=score)[0]
    if silence >= P.max_ms:
        assert over


@given(a=st.floats(0, 1), b=st.floats(0, 1))
def test_a_higher_score_never_waits_longer(a, b):
    low, high = sorted((a, b))
    assert judged(0, score=high)[1] <= judged(0, score=low)[1]


def test_a_turn_stays_open_while_there_is_nothing_to_say():
    ready = replace(P, ready_ms=900)

    def preparing(silence_ms, text, policy=ready):
        v = judge(Evidence(silence_ms, text, False, preparing=True), policy, ENGLISH)
        return v.over, v.wait_ms, v.why

    assert preparing(899, "Tell me.") == (False, 900, Why.PREPARING)
    assert preparing(900, "Tell me.") == (True, 900, Why.PREPARING)
    # Never longer than the longest wait, and never shorter than the words ask for.
    assert preparing(500, "Tell me.", replace(ready, silence_ms=500, max_ms=500))[1] == 500
    assert preparing(900, "tell me the") == (False, 1_500, Why.TRAILING_OFF)
