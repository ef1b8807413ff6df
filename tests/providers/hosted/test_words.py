"""Spoken words laid over the text: exact ones, and what vendors make of numbers, quotes and dashes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.core.events import WordEnd
from vivavoce.providers.hosted.words import Letters, Spoken, WordEnds

RATE = 1000


def ends(text, *spoken, audio_s=10.0):
    """(what is heard, milliseconds) of each word that was told."""
    words = WordEnds(text, RATE)
    words.push([Spoken(word, at) for word, at in spoken])
    told = [*words.upto(round(audio_s * RATE)), *words.finish(round(audio_s * RATE))]
    return [(text[: word.chars], word.samples) for word in told]


def test_words_as_written_end_where_they_end():
    assert ends("Hello, you.", ("Hello,", 0.5), ("you.", 0.9)) == [("Hello,", 500), ("Hello, you.", 900)]


def test_case_quotes_and_punctuation_may_differ():
    assert ends("“Don’t” GO!", ("don't", 0.5), ("go", 0.9)) == [("“Don’t”", 500), ("“Don’t” GO!", 900)]


def test_the_end_of_the_text_is_the_end_of_its_last_word():
    assert ends("  One two.  ", ("One", 0.5), ("two", 0.9))[-1] == ("  One two.  ", 900)


def test_a_dash_belongs_to_the_word_before_it():
    assert ends("– One – two –", ("One", 0.5), ("two", 0.9)) == [("– One –", 500), ("– One – two –", 900)]
    assert ends("One – two", ("One", 0.5), ("–", 0.6), ("two", 0.9)) == [("One –", 500), ("One – two", 900)]


def test_what_is_spoken_in_other_words_is_over_when_the_next_known_word_begins():
    spoken = ("It", 0.1), ("is", 0.2), ("twenty-five", 0.6), ("percent", 0.9), ("off", 1.2), ("today", 1.6)
    assert ends("It is 25% off today.", *spoken) == [
        ("It", 100),
        ("It is", 200),
        ("It is 25%", 900),
        ("It is 25% off", 1200),
        ("It is 25% off today.", 1600),
    ]


def test_a_text_that_ends_in_other_words_ends_with_its_audio():
    assert ends("Take 5", ("Take", 0.3), ("five", 0.7), audio_s=0.8) == [("Take", 300), ("Take 5", 800)]


def test_one_written_word_may_be_several_spoken_ones_and_the_other_way_round():
    assert ends("A well-known one", ("A", 0.1), ("well", 0.3), ("known", 0.6), ("one", 0.8)) == [
        ("A", 100),
        ("A well-known", 600),
        ("A well-known one", 800),
    ]
    assert ends("in New York now", ("in", 0.1), ("New York", 0.6), ("now", 0.8))[1:] == [
        ("in New", 600),
        ("in New York", 600),
        ("in New York now", 800),
    ]


def test_a_word_that_comes_again_later_is_not_taken_for_that_one():
    spoken = ("I", 0.1), ("will", 0.3), ("see", 0.5), ("if", 0.6), ("he", 0.7), ("will", 0.9)
    assert ends("I'll see if he will", *spoken) == [
        ("I'll", 300),
        ("I'll see", 500),
        ("I'll see if", 600),
        ("I'll see if he", 700),
        ("I'll see if he will", 900),
    ]


def test_a_vendor_that_leaves_words_out_is_found_again():
    spoken = [(word, n / 10) for n, word in enumerate("a b g h i j k l".split(), 1)]
    assert ends("a b c d e f g h i j k l", *spoken)[-3:] == [
        ("a b c d e f g h i j", 600),
        ("a b c d e f g h i j k", 700),
        ("a b c d e f g h i j k l", 800),
    ]


def test_languages_without_blanks_are_told_sign_by_sign():
    assert ends("你好，世界。", ("你好", 0.4), ("世界", 0.9)) == [
        ("你", 400),
        ("你好，", 400),
        ("你好，世", 900),
        ("你好，世界。", 900),
    ]
    made = Letters().push(list("你好，OK吗"), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert [(piece.word, piece.ends_s) for piece in made] == [("你", 0.1), ("好", 0.2), ("，OK吗", 0.6)]


def test_a_word_is_told_when_the_audio_has_reached_its_end():
    words = WordEnds("one two", RATE)
    words.push([Spoken("one", 0.3), Spoken("two", 0.9)])
    assert words.upto(299) == ()
    assert words.upto(300) == (WordEnd(3, 300),)
    assert words.upto(300) == ()
    assert words.finish(850) == (WordEnd(7, 850),)


def test_a_vendor_that_tells_of_no_word_is_not_spoken_for():
    assert ends("One two.") == []


def test_times_that_go_back_are_not_believed():
    assert ends("a b c", ("a", 0.5), ("b", 0.2), ("c", 0.9)) == [("a", 500), ("a b", 500), ("a b c", 900)]


WORDS = st.text("ab1,.–'é ", max_size=12)


@given(
    st.text("ab1 ,.–'é", max_size=40), st.lists(st.tuples(WORDS, st.floats(0, 3)), max_size=12), st.integers(1, 3000)
)
def test_whatever_is_told_is_in_order_within_the_audio_and_complete(text, spoken, audio):
    words = WordEnds(text, RATE)
    told = []
    for n, (word, at) in enumerate(spoken):
        words.push([Spoken(word, at)])
        told += words.upto(audio * n // len(spoken))
    told += words.finish(audio)
    assert [w.chars for w in told] == sorted({w.chars for w in told})
    assert [w.samples for w in told] == sorted(w.samples for w in told)
    assert all(w.samples <= audio for w in told)
    if spoken and text:
        assert told[-1].chars == len(text)


@pytest.mark.parametrize("cuts", [(), (3,), (5,), (6,), (1, 2, 9)])
def test_letters_become_words_wherever_the_messages_are_cut(cuts):
    text = "Hello, you there"
    letters, made = Letters(), []
    bounds = [0, *cuts, len(text)]
    for begin, end in pairwise(bounds):
        made += letters.push(list(text[begin:end]), [at / 10 for at in range(begin + 1, end + 1)])
    made += letters.flush()
    assert made == [Spoken("Hello,", 0.6), Spoken("you", 1.0), Spoken("there", 1.6)]
    assert letters.flush() == []
