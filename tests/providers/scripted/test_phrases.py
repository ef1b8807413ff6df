import re

from vivavoce.providers.scripted import expected_phrases
from vivavoce.providers.scripted.intents import INTENTS
from vivavoce.providers.scripted.understand import clean


def test_phrases_are_plain_small_words_and_not_too_many():
    phrases = expected_phrases()
    assert 150 <= len(phrases) <= 450
    assert len(set(phrases)) == len(phrases)
    assert [p for p in phrases if not re.fullmatch(r"[a-z' ]+", p)] == []


def test_every_word_that_is_understood_is_expected():
    expected = {w for p in expected_phrases() for w in clean(p)}
    known = {w for listed in INTENTS.values() for p in listed.replace("{city}", "").split("|") for w in clean(p)}
    assert known - expected == set()


def test_numbers_are_words():
    assert {"eleven", "seventy", "hundred"} <= {w for p in expected_phrases() for w in p.split()}
