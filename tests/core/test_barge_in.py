"""The barge-in rule as a table, one block per line of the rule, each threshold on both sides."""

from dataclasses import replace

import pytest

from vivavoce.core.barge_in import Action, Evidence, judge
from vivavoce.core.commands import Why
from vivavoce.core.lexicon import ENGLISH
from vivavoce.core.policy import BROWSER, HEADSET, PHONE, BargeInPolicy, Yielding

P = BargeInPolicy(
    duck_after_ms=60,
    hold_after_ms=640,
    stop_after_ms=900,
    stop_after_without_stt_ms=500,
    min_words=1,
    min_speech_ms=120,
    lone_word_ms=280,
    resume_after_ms=200,
    echo_words=0.75,
)
SAID = "the next train to boston leaves at half past nine from platform four"


def judged(policy=P, **known):
    e = Evidence(
        voiced_ms=0,
        unsure_ms=0,
        sure_ms=known.get("voiced_ms", 0),
        quiet_ms=0,
        words="",
        final=False,
        has_stt=True,
        partials=False,
        interruptible=True,
        audible=True,
        agent_said=SAID,
        held=False,
    )
    verdict = judge(replace(e, **known), policy, ENGLISH)
    return verdict.action, verdict.why


def table(rows):
    ids = [" ".join(f"{k}={v}" for k, v in known.items()) for known, _, _ in rows]
    return pytest.mark.parametrize(("known", "action", "why"), rows, ids=ids)


@table(
    [
        ({"interruptible": False}, Action.KEEP, Why.UNINTERRUPTIBLE),
        ({"interruptible": False, "voiced_ms": 60}, Action.KEEP, Why.UNINTERRUPTIBLE),
        ({"interruptible": False, "voiced_ms": 640}, Action.KEEP, Why.UNINTERRUPTIBLE),
        ({"interruptible": False, "voiced_ms": 5000, "words": "stop it now"}, Action.KEEP, Why.UNINTERRUPTIBLE),
        ({"interruptible": False, "voiced_ms": 5000, "quiet_ms": 199}, Action.KEEP, Why.UNINTERRUPTIBLE),
        ({"interruptible": False, "voiced_ms": 5000, "quiet_ms": 200}, Action.RESUME, Why.UNINTERRUPTIBLE),
        ({"interruptible": False, "audible": False}, Action.KEEP, Why.UNINTERRUPTIBLE),
    ]
)
def test_what_may_not_be_interrupted_is_kept_and_restored_after_silence(known, action, why):
    assert judged(**known) == (action, why)


@pytest.mark.parametrize("words", ["", "stop", "what about the other one"])
@pytest.mark.parametrize("voiced_ms", [0, 60, 640, 900, 9000])
def test_with_never_nothing_but_silence_changes_anything(words, voiced_ms):
    never = replace(P, yielding=Yielding.NEVER)
    assert judged(never, voiced_ms=voiced_ms, words=words) == (Action.KEEP, Why.UNINTERRUPTIBLE)
    assert judged(never, voiced_ms=voiced_ms, words=words, quiet_ms=200) == (Action.RESUME, Why.UNINTERRUPTIBLE)


@table(
    [
        # Three of four words are the agent's own: exactly the threshold.
        ({"words": "train to boston now", "voiced_ms": 700}, Action.RESUME, Why.ECHO),
        ({"words": "half past nine", "voiced_ms": 2000}, Action.RESUME, Why.ECHO),
        ({"words": "half past nine", "voiced_ms": 2000, "final": True}, Action.RESUME, Why.ECHO),
        # Two of three are not enough.
        ({"words": "half past ten", "voiced_ms": 700}, Action.STOP, Why.WORDS),
        # Fewer than three words are never an echo.
        ({"words": "half past", "voiced_ms": 700}, Action.STOP, Why.WORDS),
        # What asks for the floor is no echo even when the agent said the same.
        ({"words": "wait at platform four", "agent_said": "please wait at platform four"}, Action.STOP, Why.STOP_WORD),
        ({"words": "half past nine", "voiced_ms": 700, "agent_said": ""}, Action.STOP, Why.WORDS),
    ]
)
def test_the_agents_own_words_are_its_echo(known, action, why):
    assert judged(**known) == (action, why)


@table(
    [
        ({"words": "stop"}, Action.STOP, Why.STOP_WORD),
        ({"words": "no"}, Action.STOP, Why.STOP_WORD),
        ({"words": "um hold on"}, Action.STOP, Why.STOP_WORD),
        ({"words": "wait a minute", "final": True}, Action.STOP, Why.STOP_WORD),
        # However little voice, and however long ago: the words come late.
        ({"words": "stop", "voiced_ms": 0, "quiet_ms": 5000}, Action.STOP, Why.STOP_WORD),
        ({"words": "stop", "audible": False}, Action.STOP, Why.STOP_WORD),
        ({"words": "yeah stop", "voiced_ms": 0}, Action.STOP, Why.STOP_WORD),
        # Only where the meaning begins, only as whole words, and not within a backchannel.
        ({"words": "please stop", "voiced_ms": 119}, Action.DUCK, Why.SOUND_OVER_AGENT),
        ({"words": "oh no", "voiced_ms": 119}, Action.DUCK, Why.BACKCHANNEL),
        ({"words": "stopping", "voiced_ms": 119}, Action.DUCK, Why.SOUND_OVER_AGENT),
    ]
)
def test_a_stop_word_needs_nothing_else(known, action, why):
    assert judged(**known) == (action, why)


@table(
    [
        ({"words": "tomorrow", "voiced_ms": 119}, Action.DUCK, Why.SOUND_OVER_AGENT),
        # A first word is often a guess: "he" becomes "yeah" a moment later. While the voice goes on, a pause.
        ({"words": "tomorrow", "voiced_ms": 279}, Action.DUCK, Why.SOUND_OVER_AGENT),
        ({"words": "tomorrow", "voiced_ms": 280}, Action.HOLD, Why.WORDS),
        ({"words": "tomorrow", "voiced_ms": 280, "quiet_ms": 32}, Action.DUCK, Why.SOUND_OVER_AGENT),
        ({"words": "tomorrow", "voiced_ms": 280, "quiet_ms": 32, "held": True}, Action.HOLD, Why.WORDS),
        ({"words": "tomorrow", "voiced_ms": 280, "quiet_ms": 200, "held": True}, Action.HOLD, Why.WORDS),
        ({"words": "yeah", "voiced_ms": 280, "held": True}, Action.DUCK, Why.BACKCHANNEL),
        ({"words": "tomorrow", "voiced_ms": 279, "audible": False}, Action.HOLD, Why.SPEECH_BEFORE_VOICE),
        ({"words": "tomorrow", "voiced_ms": 280, "audible": False}, Action.HOLD, Why.WORDS),
        ({"words": "yeah tomorrow", "voiced_ms": 279}, Action.DUCK, Why.SOUND_OVER_AGENT),
        ({"words": "yeah tomorrow", "voiced_ms": 280, "quiet_ms": 32}, Action.DUCK, Why.SOUND_OVER_AGENT),
        ({"words": "tomorrow morning", "voiced_ms": 120}, Action.STOP, Why.WORDS),
        ({"words": "tomorrow", "voiced_ms": 120, "quiet_ms": 199}, Action.DUCK, Why.SOUND_OVER_AGENT),
        # Once the voice has ended, it is certain when the recogniser has said its last.
        ({"words": "tomorrow", "voiced_ms": 120, "quiet_ms": 2000}, Action.DUCK, Why.WORDS),
        ({"words": "tomorrow", "voiced_ms": 120, "quiet_ms": 2000, "final": True}, Action.STOP, Why.WORDS),
        ({"words": "tomorrow", "voiced_ms": 120, "final": True}, Action.STOP, Why.WORDS),
        # The last word of several is no better: "i the" becomes "i see".
        ({"words": "i the", "voiced_ms": 279}, Action.DUCK, Why.SOUND_OVER_AGENT),
        ({"words": "i the", "voiced_ms": 280}, Action.HOLD, Why.WORDS),
        ({"words": "i the other", "voiced_ms": 280}, Action.STOP, Why.WORDS),
        ({"words": "i the", "voiced_ms": 400, "quiet_ms": 32}, Action.DUCK, Why.SOUND_OVER_AGENT),
        ({"words": "i the", "voiced_ms": 120, "final": True}, Action.STOP, Why.WORDS),
    ]
)
def test_one_word_that_means_something_with_enough_voice_is_an_interruption(known, action, why):
    assert judged(**known) == (action, why)


def test_more_words_can_be_asked_for():
    two = replace(P, min_words=2)
    assert judged(two, words="tomorrow", voiced_ms=500) == (Action.DUCK, Why.SOUND_OVER_AGENT)
    assert judged(two, words="okay tomorrow", voiced_ms=500) == (Action.DUCK, Why.SOUND_OVER_AGENT)
    assert judged(two, words="tomorrow morning", voiced_ms=500) == (Action.STOP, Why.WORDS)


def test_a_word_that_may_become_a_backchannel_waits_for_the_rest_of_it():
    # "i" may become "i see", and means nothing if it does not; "what" asks.
    assert judged(words="i", voiced_ms=200) == (Action.DUCK, Why.BACKCHANNEL)
    assert judged(words="i", voiced_ms=200, final=True) == (Action.DUCK, Why.BACKCHANNEL)
    assert judged(words="what a", voiced_ms=200, final=True) == (Action.DUCK, Why.BACKCHANNEL)
    assert judged(words="what", voiced_ms=200, final=True) == (Action.STOP, Why.WORDS)
    assert judged(words="i see", voiced_ms=300, final=True) == (Action.DUCK, Why.BACKCHANNEL)
    assert judged(words="i am", voiced_ms=300) == (Action.HOLD, Why.WORDS)
    assert judged(words="i am", voiced_ms=300, final=True) == (Action.STOP, Why.WORDS)


@table(
    [
        ({"words": "uh huh", "quiet_ms": 199, "voiced_ms": 400}, Action.DUCK, Why.BACKCHANNEL),
        ({"words": "uh huh", "quiet_ms": 200, "voiced_ms": 400}, Action.RESUME, Why.BACKCHANNEL),
        ({"words": "um", "quiet_ms": 200, "voiced_ms": 400}, Action.RESUME, Why.BACKCHANNEL),
        ({"quiet_ms": 199, "voiced_ms": 300}, Action.DUCK, Why.SOUND_OVER_AGENT),
        ({"quiet_ms": 200, "voiced_ms": 300}, Action.RESUME, Why.QUIET_AGAIN),
        ({"quiet_ms": 200, "voiced_ms": 5000}, Action.RESUME, Why.QUIET_AGAIN),
        ({"quiet_ms": 200, "voiced_ms": 0, "audible": False}, Action.RESUME, Why.QUIET_AGAIN),
        # A word with too little voice behind it: restored now; its turn may still answer later.
        ({"words": "tomorrow", "voiced_ms": 119, "quiet_ms": 200}, Action.RESUME, Why.BACKCHANNEL),
    ]
)
def test_silence_restores_the_voice(known, action, why):
    assert judged(**known) == (action, why)


@pytest.mark.parametrize("voiced_ms", [0, 60, 640, 900, 5000])
@pytest.mark.parametrize("audible", [True, False])
def test_a_backchannel_only_lowers_the_voice_however_long_it_is(voiced_ms, audible):
    assert judged(words="yeah okay", voiced_ms=voiced_ms, audible=audible) == (Action.DUCK, Why.BACKCHANNEL)


@table(
    [
        ({"voiced_ms": 59}, Action.KEEP, Why.SOUND_OVER_AGENT),
        ({"voiced_ms": 60}, Action.DUCK, Why.SOUND_OVER_AGENT),
        ({"voiced_ms": 639}, Action.DUCK, Why.SOUND_OVER_AGENT),
        ({"voiced_ms": 640}, Action.HOLD, Why.SPEECH_OVER_AGENT),
        ({"voiced_ms": 899}, Action.HOLD, Why.SPEECH_OVER_AGENT),
        ({"voiced_ms": 900}, Action.STOP, Why.LONG_SPEECH),
        # Nobody tells words: sooner, and without a pause before.
        ({"voiced_ms": 499, "has_stt": False}, Action.DUCK, Why.SOUND_OVER_AGENT),
        ({"voiced_ms": 500, "has_stt": False}, Action.STOP, Why.LONG_SPEECH),
        # Nothing was heard of the reply yet: it does not begin.
        ({"voiced_ms": 0, "audible": False}, Action.HOLD, Why.SPEECH_BEFORE_VOICE),
        ({"voiced_ms": 639, "audible": False}, Action.HOLD, Why.SPEECH_BEFORE_VOICE),
        ({"voiced_ms": 640, "audible": False}, Action.HOLD, Why.SPEECH_OVER_AGENT),
        ({"voiced_ms": 900, "audible": False}, Action.STOP, Why.LONG_SPEECH),
        ({"voiced_ms": 500, "audible": False, "has_stt": False}, Action.STOP, Why.LONG_SPEECH),
    ]
)
def test_voice_without_words_ducks_then_pauses_then_stops(known, action, why):
    assert judged(**known) == (action, why)


def test_a_pause_never_comes_after_the_stop():
    hasty = replace(P, stop_after_ms=300)
    assert judged(hasty, voiced_ms=299) == (Action.DUCK, Why.SOUND_OVER_AGENT)
    assert judged(hasty, voiced_ms=300) == (Action.STOP, Why.LONG_SPEECH)


@pytest.mark.parametrize("preset", [BROWSER, PHONE, HEADSET], ids=["browser", "phone", "headset"])
def test_presets_move_the_thresholds_and_nothing_else(preset):
    p = preset.barge_in
    assert judged(p, voiced_ms=p.duck_after_ms - 1)[0] is Action.KEEP
    assert judged(p, voiced_ms=p.duck_after_ms)[0] is Action.DUCK
    assert judged(p, voiced_ms=p.hold_after_ms)[0] is Action.HOLD
    assert judged(p, voiced_ms=p.stop_after_ms) == (Action.STOP, Why.LONG_SPEECH)
    assert judged(p, voiced_ms=p.min_speech_ms - 1, words="monday morning")[0] is Action.DUCK
    assert judged(p, voiced_ms=p.min_speech_ms, words="monday morning") == (Action.STOP, Why.WORDS)
    assert judged(p, voiced_ms=p.lone_word_ms - 1, words="tomorrow")[0] is Action.DUCK
    assert judged(p, voiced_ms=p.lone_word_ms, words="tomorrow") == (Action.HOLD, Why.WORDS)
    assert judged(p, voiced_ms=p.min_speech_ms, words="uh huh")[0] is Action.DUCK


def test_it_takes_more_to_interrupt_on_the_phone_than_over_a_headset():
    assert PHONE.barge_in.min_speech_ms > BROWSER.barge_in.min_speech_ms > HEADSET.barge_in.min_speech_ms
    assert PHONE.barge_in.duck_after_ms > BROWSER.barge_in.duck_after_ms


@table(
    [
        ({"unsure_ms": 200, "sure_ms": 119, "words": "what about the other one"}, Action.HOLD, Why.MAYBE_ECHO),
        ({"unsure_ms": 200, "sure_ms": 120, "words": "what about the other one"}, Action.STOP, Why.WORDS),
        ({"unsure_ms": 200, "sure_ms": 0, "words": "stop"}, Action.HOLD, Why.MAYBE_ECHO),
        ({"unsure_ms": 0, "sure_ms": 64, "words": "stop"}, Action.STOP, Why.STOP_WORD),
        ({"unsure_ms": 200, "sure_ms": 120, "words": "stop"}, Action.STOP, Why.STOP_WORD),
        ({"unsure_ms": 5000, "sure_ms": 0, "voiced_ms": 5000}, Action.HOLD, Why.MAYBE_ECHO),
        ({"unsure_ms": 899, "sure_ms": 0, "voiced_ms": 899}, Action.DUCK, Why.MAYBE_ECHO),
        ({"unsure_ms": 59, "sure_ms": 0, "voiced_ms": 59}, Action.KEEP, Why.MAYBE_ECHO),
        ({"unsure_ms": 5000, "sure_ms": 0, "words": "what", "quiet_ms": 200}, Action.RESUME, Why.MAYBE_ECHO),
        # As without doubt: not for a backchannel, nor for one word that may be a guess, nor before it is speech.
        ({"unsure_ms": 300, "words": "uh huh"}, Action.DUCK, Why.MAYBE_ECHO),
        ({"unsure_ms": 300, "words": "i"}, Action.DUCK, Why.MAYBE_ECHO),
        # Going on at once would bring the echo back: a pause lasts until the voice ends.
        ({"unsure_ms": 300, "words": "uh huh", "held": True}, Action.HOLD, Why.MAYBE_ECHO),
        ({"unsure_ms": 300, "words": "uh huh", "held": True, "quiet_ms": 200}, Action.RESUME, Why.MAYBE_ECHO),
        ({"unsure_ms": 279, "voiced_ms": 279, "words": "tomorrow"}, Action.DUCK, Why.MAYBE_ECHO),
        ({"unsure_ms": 280, "voiced_ms": 280, "words": "tomorrow"}, Action.HOLD, Why.MAYBE_ECHO),
        ({"unsure_ms": 119, "voiced_ms": 119, "words": "what about it"}, Action.DUCK, Why.MAYBE_ECHO),
        # Nor for words that the agent has just said, however few.
        ({"unsure_ms": 300, "words": "next train"}, Action.DUCK, Why.MAYBE_ECHO),
        ({"unsure_ms": 300, "words": "next bus please"}, Action.HOLD, Why.MAYBE_ECHO),
        # A caller's words among many of its own count all the same.
        ({"unsure_ms": 300, "words": "the next train to stop it"}, Action.HOLD, Why.MAYBE_ECHO),
        ({"unsure_ms": 300, "sure_ms": 120, "words": "the next train"}, Action.RESUME, Why.ECHO),
        # Where there is echo, one word that it has just said is none of the caller's, but to stop it.
        ({"unsure_ms": 32, "sure_ms": 400, "words": "train", "final": True}, Action.RESUME, Why.ECHO),
        ({"unsure_ms": 0, "sure_ms": 400, "words": "train", "final": True}, Action.STOP, Why.WORDS),
        ({"unsure_ms": 32, "sure_ms": 400, "words": "wait train", "final": True}, Action.STOP, Why.STOP_WORD),
        # Voice in which a recogniser that tells words as they come hears none is a cough or echo for longer.
        ({"unsure_ms": 899, "voiced_ms": 899, "partials": True}, Action.DUCK, Why.MAYBE_ECHO),
        ({"unsure_ms": 1499, "voiced_ms": 1499, "partials": True}, Action.DUCK, Why.MAYBE_ECHO),
        ({"unsure_ms": 1500, "voiced_ms": 1500, "partials": True}, Action.HOLD, Why.MAYBE_ECHO),
    ]
)
def test_what_may_be_the_agents_own_voice_pauses_and_does_not_stop_it(known, action, why):
    assert judged(**{"voiced_ms": 300, "sure_ms": 0, **known}) == (action, why)


@table(
    [
        ({"voiced_ms": 640, "partials": True}, Action.DUCK, Why.SOUND_OVER_AGENT),
        ({"voiced_ms": 1_499, "partials": True}, Action.DUCK, Why.SOUND_OVER_AGENT),
        ({"voiced_ms": 1_500, "partials": True}, Action.HOLD, Why.SPEECH_OVER_AGENT),
        ({"voiced_ms": 3_000, "partials": True}, Action.STOP, Why.LONG_SPEECH),
        ({"voiced_ms": 640}, Action.HOLD, Why.SPEECH_OVER_AGENT),
    ]
)
def test_where_words_are_told_as_they_come_none_means_no_speech(known, action, why):
    assert judged(**known) == (action, why)
