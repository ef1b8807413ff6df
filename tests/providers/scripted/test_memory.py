import pytest

from vivavoce.core.commands import Message
from vivavoce.providers.scripted.memory import fact_in, known_name, mirror, name_in, quote, recollect
from vivavoce.providers.scripted.understand import clean


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my name is ann", "Ann"),
        ("Hi, I'm Bob.", "Bob"),
        ("please call me Mary Jane", "Mary Jane"),
        ("my name his tom", "Tom"),
        ("I am tired", None),
        ("I'm fine", None),
        ("what is my name", None),
        ("my name is on the list", None),
    ],
)
def test_names(text, name):
    assert name_in(text) == name


def test_the_last_name_counts_also_as_a_bare_answer():
    history = [
        Message("1", "user", "I am Bob"),
        Message("2", "agent", "You have not told me your name yet. What is it?"),
        Message("3", "user", "anna"),
    ]
    assert known_name(history) == "Anna"
    assert known_name(history[:2]) == "Bob"


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("Remember that my dog is called Rex.", "my dog is called Rex"),
        ("please note the door code is five", "the door code is five"),
        ("do you remember that song", None),
        ("remember me", None),
        ("remember", None),
    ],
)
def test_facts(text, fact):
    assert fact_in(text) == fact


@pytest.mark.parametrize(
    ("said", "back"),
    [
        ("my dog is brown", "your dog is brown"),
        ("I am tired of you", "you are tired of me"),
        ("I think you are right", "you think I am right"),
        ("I was there", "you were there"),
        ("he gave me your book", "he gave you my book"),
        ("I'm learning", "you are learning"),
    ],
)
def test_words_are_said_back(said, back):
    assert mirror(said) == back


def test_long_sentences_are_not_said_back_in_full():
    said = " ".join(["word"] * 40)
    assert len(mirror(said).split()) <= 14
    assert quote(said).endswith("and so on")


def test_questions_find_what_was_said():
    texts = ["my keys are on the table", "where is my bike", "remember that my dog is called rex"]
    assert recollect(clean("where are my keys"), texts) == "my keys are on the table"
    assert recollect(clean("what is the name of my dog"), texts) == "my dog is called rex"
    assert recollect(clean("where is my bike"), texts) is None
    assert recollect(clean("who are you"), texts) is None
