import pytest

from vivavoce.providers.scripted.understand import alike, clean, content, is_gibberish, is_question, sound, stem


def test_words_are_cleaned():
    assert clean("Um, what's the time, please?") == ("what", "is", "the", "time")
    assert clean("I DON'T know…") == ("i", "do", "not", "know")
    assert clean("") == ()


@pytest.mark.parametrize(
    ("a", "b"), [("timers", "timer"), ("called", "call"), ("stories", "story"), ("making", "make")]
)
def test_endings_do_not_matter(a, b):
    assert stem(a) == stem(b)


@pytest.mark.parametrize(("a", "b"), [("joke", "choke"), ("weather", "whether"), ("night", "knight"), ("name", "name")])
def test_words_that_sound_alike_are_nearly_the_same(a, b):
    assert sound(a) == sound(b)
    assert alike(a, b) >= 0.8


@pytest.mark.parametrize(("a", "b"), [("pizza", "pause"), ("time", "timer"), ("cat", "dog"), ("me", "my"), ("i", "a")])
def test_other_words_differ(a, b):
    assert alike(a, b) == 0.0


def test_likeness_is_symmetric():
    words = "weather whether joke choke story stories hello yellow".split()
    assert all(alike(a, b) == alike(b, a) for a in words for b in words)


@pytest.mark.parametrize("text", ["", "   ", "um", "...", "xkcd bzzt grrk", "!!!", "um uh please"])
def test_gibberish(text):
    assert is_gibberish(clean(text))


@pytest.mark.parametrize("text", ["hello", "what time is it", "7 * 8", "ja bitte", "привет"])
def test_no_gibberish(text):
    assert not is_gibberish(clean(text))


def test_questions():
    assert is_question(clean("Where are my keys"))
    assert not is_question(clean("I know where my keys are"))
    assert not is_question(clean("do not call"))
    assert not is_question(())


def test_content_words_carry_the_topic():
    assert content(clean("I have a brown dog and the dog is old")) == ["brown", "dog", "old"]
