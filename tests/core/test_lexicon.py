import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.core.lexicon import (
    ENGLISH,
    Lexicon,
    asks_to_stop,
    content_words,
    looks_finished,
    may_become_backchannel,
    normalise,
    overlap,
    trails_off,
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("What time is it?", "what time is it"),
        ("  Well,   I'm -- OK!  ", "well i'm ok"),
        ("that’s right", "that's right"),
        ("mm-hmm", "mm hmm"),
        ("It's 3.50", "it's 3 50"),
        ("¿Dónde está?", "dónde está"),
        ("你好。", "你好"),
        ("...", ""),
        ("", ""),
    ],
)
def test_texts_that_sound_alike_become_equal(text, normal):
    assert normalise(text) == normal


@given(st.text())
def test_normalising_twice_changes_nothing(text):
    once = normalise(text)
    assert normalise(once) == once
    assert once == " ".join(once.split())


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("", 0),
        ("yeah", 0),
        ("uh huh", 0),
        ("mm hmm yeah", 0),
        ("um uh er", 0),
        ("i see", 0),
        ("i see you", 1),
        ("that's right", 0),
        ("yeah but why", 2),
        ("tomorrow", 1),
        ("of course of course", 0),
        ("i see i see i see", 0),
        ("i see i saw", 2),
    ],
)
def test_words_that_claim_a_turn(words, count):
    assert content_words(ENGLISH, words) == count


@pytest.mark.parametrize(
    ("words", "may"),
    [
        ("i", True),
        ("um i", True),
        ("that's", True),
        ("of", True),
        ("i see", True),
        ("got it", False),
        ("see", False),
        ("", False),
        ("um", False),
        ("yeah", False),
        # Also behind another one; but not behind words that mean something.
        ("yeah i", True),
        ("okay got", True),
        ("i see i", True),
        ("tomorrow i", False),
        ("yeah i am", False),
    ],
)
def test_the_beginning_of_a_backchannel(words, may):
    assert may_become_backchannel(ENGLISH, words) is may


@pytest.mark.parametrize(
    ("words", "stop"),
    [
        ("stop", True),
        ("stop please", True),
        ("um wait", True),
        ("hold on a second", True),
        ("no", True),
        ("just a moment", True),
        ("just a minute", False),
        ("hold", False),
        ("nobody", False),
        ("yes no", True),
        ("okay stop", True),
        ("oh no", False),
        ("no problem", False),
        ("please stop", False),
        ("", False),
        ("um", False),
    ],
)
def test_claiming_the_floor(words, stop):
    assert asks_to_stop(ENGLISH, words) is stop


@pytest.mark.parametrize(
    ("words", "more"), [("take me to the", True), ("and", True), ("well um", True), ("the end", False), ("", False)]
)
def test_trailing_off(words, more):
    assert trails_off(ENGLISH, words) is more


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("It is.", True),
        ("Is it? ", True),
        ('He said "yes."', True),
        ("(Really!)", True),
        ("好。", True),
        ("Well…", True),
        ("Well...", False),
        ("well", False),
        ("well,", False),
        ("", False),
        (".", True),
    ],
)
def test_the_end_of_a_sentence_as_written(text, finished):
    assert looks_finished(text) is finished


@pytest.mark.parametrize(
    ("words", "said", "share"),
    [
        ("the next train", "the next train leaves", 1.0),
        ("the next bus", "the next train leaves", 2 / 3),
        ("next train", "the next train leaves", 0.0),
        ("", "anything", 0.0),
        ("a b c", "", 0.0),
    ],
)
def test_the_share_of_words_in_common(words, said, share):
    assert overlap(words, said) == pytest.approx(share)


def test_the_english_lists_are_normalised_and_do_not_contradict_each_other():
    for words in (ENGLISH.backchannels, ENGLISH.fillers, ENGLISH.stops, ENGLISH.trailing):
        assert all(w and normalise(w) == w for w in words)
    assert not ENGLISH.backchannels & ENGLISH.stops
    assert not ENGLISH.fillers & ENGLISH.stops
    # Only the first four words are looked at.
    assert all(len(s.split()) <= 4 for s in ENGLISH.stops)


def test_another_language_is_other_data():
    german = Lexicon(
        frozenset({"ja", "genau"}), frozenset({"äh"}), frozenset({"halt", "moment mal"}), frozenset({"und"})
    )
    assert content_words(german, "ja genau") == 0
    assert asks_to_stop(german, "äh moment mal bitte")
    assert trails_off(german, "ich gehe und")
    assert content_words(german, "yeah") == 1
