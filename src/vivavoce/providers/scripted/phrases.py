"""What the responder understands, written out for a speech recogniser's language model."""

from __future__ import annotations

from .intents import INTENTS
from .numbers import TENS, UNITS

_NAMES = "anna tom maria peter john sarah david emma paul lisa mark julia".split()
_CITIES = ("paris", "london", "berlin", "new york", "tokyo", "rome", "madrid", "vienna", "boston", "sydney")
_FACTS = (
    "my dog is called rex", "my keys are on the table", "the meeting is at nine", "i live in london",
    "my favorite color is blue",
)  # fmt: skip
_STATEMENTS = (
    "i had a good day", "i had a terrible day at work", "i have a dog", "i have a question", "i like music",
    "i went to the park with my friends", "the weather is nice today", "it is raining", "i am from berlin",
    "i am learning to play the piano", "my brother is coming to visit", "i want to talk about something",
    "i do not know what to say", "i would like to hear something else", "let us talk about food",
)  # fmt: skip
_PAIRS = (("three", "four"), ("seven", "eight"), ("nineteen", "four"), ("twelve", "five"), ("nine", "six"))
_OPERATORS = ("plus", "minus", "times", "divided by")
_ALWAYS = 3
"""Phrases of each intent that are given in any case; of the rest, those with words that no other has."""


def expected_phrases() -> list[str]:
    """Phrases in small letters without punctuation, numbers as words; the most likely of each kind first."""
    phrases: list[str] = []
    known: set[str] = set()
    for listed in INTENTS.values():
        for place, phrase in enumerate(listed.split("|")):
            words = set(phrase.split())
            if "{" not in phrase and (place < _ALWAYS or words - known):
                phrases.append(phrase)
                known |= words
    phrases += [f"my name is {name}" for name in _NAMES]
    phrases += [f"call me {name}" for name in _NAMES[:3]]
    phrases += [f"remember that {fact}" for fact in _FACTS]
    phrases += [f"what is the weather in {city}" for city in _CITIES]
    phrases += [f"how warm is it in {city}" for city in _CITIES[:2]]
    phrases += [f"what is {a} {op} {b}" for op, (a, b) in zip(_OPERATORS * 2, _PAIRS * 2, strict=False)]
    numbers = [*UNITS, *TENS, "hundred", "thousand"]
    phrases += [f"{a} plus {b}" for a, b in zip(numbers[::2], numbers[1::2], strict=False)]
    phrases += ["set a timer for five minutes", "where are my keys", "what is the name of my dog"]
    phrases += list(_STATEMENTS)
    return list(dict.fromkeys(phrases))
