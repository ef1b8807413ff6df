"""The endpointing rule as a table: words, score and silence on both sides of every threshold."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.core.commands import Why
from vivavoce.core.endpoint import Evidence, judge
from vivavoce.core.lexicon import ENGLISH
from vivavoce.core.policy import DUET, EndpointPolicy

P = EndpointPolicy(min_ms=240, silence_ms=500, max_ms=1_800, trailing_ms=1_500)


def judged(silence_ms, text="tell me the time", owed=False, score=None, policy=P):
    v = judge(Evidence(silence_ms, text, owed, score), policy, ENGLISH)
    return v.over, v.wait_ms, v.why


@pytest.mark.parametrize(
    ("silence_ms", "text", "score", "verdict"),
    [
        (0, "tell me the time", None, (False, 500, Why.SILENCE)),
        (499, "tell me the time", None, (False, 500, Why.SILENCE)),
        (500, "tell me the time", None, (True, 500, Why.SILENCE)),
        (499, "", None, (False, 500, Why.SILENCE)),
        (500, "", None, (True, 500, Why.SILENCE)),
        (369, "Tell me the time.", None, (False, 370, Why.FINISHED)),
        (370, "Tell me the time.", None, (True, 370, Why.FINISHED)),
        (370, "What time is it?", None, (True, 370, Why.FINISHED)),
        (370, "今天天气怎么样？", None, (True, 370, Why.FINISHED)),
        (370, "Tell me...", None, (False, 500, Why.SILENCE)),
        (1499, "tell me the time and", None, (False, 1500, Why.TRAILING_OFF)),
        (1500, "tell me the time and", None, (True, 1500, Why.TRAILING_OFF)),
        (1500, "tell me, um", None, (True, 1500, Why.TRAILING_OFF)),
        # A full stop does not finish what trails off: recognisers like to write one.
        (500, "Take me to the.", None, (False, 1500, Why.TRAILING_OFF)),
        # A score decides between the shortest and the longest wait.
        (239, "tell me the time", 1.0, (False, 240, Why.SCORED)),
        (240, "tell me the time", 1.0, (True, 240, Why.SCORED)),
        (1019, "tell me the time", 0.5, (False, 1020, Why.SCORED)),
        (1020, "tell me the time", 0.5, (True, 1020, Why.SCORED)),
        (1799, "tell me the time", 0.0, (False, 1800, Why.SCORED)),
        (1800, "tell me the time", 0.0, (True, 1800, Why.LONGEST_WAIT)),
        (240, "Tell me the time.", 1.0, (True, 240, Why.SCORED)),
        # ... but words that trail off outweigh it.
        (240, "tell me the", 1.0, (False, 1500, Why.TRAILING_OFF)),
    ],
)
def test_the_silence_that_ends_a_turn(silence_ms, text, score, verdict):
    assert judged(silence_ms, text, score=score) == verdict


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
