import pytest

from vivavoce.core.events import WordEnd
from vivavoce.core.notices import Origin
from vivavoce.core.reply import ENDINGS, OVER, Basis, Reply, State

CHAR = 1_440


def reply(state=State.LIVE, text="It is noon.", played=0, ended=True, **known):
    r = Reply(1, Origin.TURN, Basis("", 0), state, text=text, text_done=True, **known)
    r.ledger.add(text)
    words = (WordEnd(2, 2 * CHAR), WordEnd(5, 5 * CHAR), WordEnd(11, 11 * CHAR))
    r.ledger.audio(0, 11 * CHAR, words, 0)
    if ended:
        r.ledger.end(0)
    r.played = played
    return r


def test_the_history_shows_a_reply_whole_while_it_may_still_be_heard_whole():
    assert reply(played=2 * CHAR).voice().text == "It is noon."
    assert not reply(played=2 * CHAR).voice().interrupted


@pytest.mark.parametrize("state", [State.CUT, State.FAILED])
def test_and_what_was_heard_of_it_when_it_is_over(state):
    voice = reply(state, played=5 * CHAR).voice()
    assert (voice.text, voice.interrupted) == ("It is", True)
    voice = reply(state, played=11 * CHAR).voice()
    assert (voice.text, voice.interrupted) == ("It is noon.", False)


def test_a_reply_that_was_played_out_was_heard_even_what_has_no_sound():
    r = reply(State.DONE, text="It is noon. \n", played=11 * CHAR)
    assert r.heard_text() == ("It is noon.", True)


def test_the_callers_client_outranks_the_player():
    r = reply(State.DONE, played=11 * CHAR, reported=4 * CHAR)
    assert r.heard_text() == ("It", True)
    assert r.voice().interrupted
    assert r.heard_samples == 4 * CHAR


def test_audible_is_derived_from_samples_played():
    assert not reply(played=0, released=True).audible
    assert not reply(played=10, released=False).audible
    assert reply(played=10, released=True).audible
    assert not reply(State.CUT, played=10, released=True).audible


def test_complete_and_finished():
    r = reply(played=11 * CHAR - 1)
    assert r.complete
    assert not r.finished
    assert r.remaining() == 1
    r.played += 1
    assert r.finished
    unfinished = reply(played=11 * CHAR, ended=False)
    assert not unfinished.complete
    assert not unfinished.finished
    assert unfinished.remaining() is None
    nothing = Reply(1, Origin.TURN, Basis("", 0), State.LIVE, text_done=True)
    assert nothing.finished


def test_a_discarded_reply_has_no_ending_to_tell():
    assert set(ENDINGS) == OVER - {State.DISCARDED}


def test_the_same_words_after_another_history_are_another_question():
    assert Basis("yes", 1) != Basis("yes", 2)
    assert Basis("yes", 1) == Basis("yes", 1)
