import random

import pytest

from vivavoce.providers.scripted.handlers import HANDLERS
from vivavoce.providers.scripted.intents import INTENTS, classify, exactly
from vivavoce.providers.scripted.lines import LINES
from vivavoce.providers.scripted.understand import clean, sound


@pytest.mark.parametrize("intent", INTENTS)
def test_every_phrase_means_what_the_table_says(intent):
    for phrase in INTENTS[intent].split("|"):
        meaning = classify(clean(phrase.replace("{city}", "paris")))
        assert meaning is not None, phrase
        assert meaning.intent == intent, phrase


def test_no_phrase_is_listed_twice():
    phrases = [clean(p) for listed in INTENTS.values() for p in listed.split("|")]
    assert sorted(p for p in phrases if phrases.count(p) > 1) == []


def test_every_intent_can_be_answered():
    assert [i for i in INTENTS if i not in HANDLERS and i not in LINES] == []


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("uh could you please tell me a really long story now", "story"),
        ("tell the a choke", "joke"),
        ("what's the whether like in paris today", "weather"),
        ("hello how art you", "how_are_you"),
        ("okay stop", "stop"),
        ("yes continue", "continue"),
        ("stop now please", "stop"),
        ("can you hear me now", "hear_me"),
        ("what is you're name", "who"),
        ("is the weather nice today", "weather"),
        ("tell me what the weather is in paris", "weather"),
        ("what did you set", "repeat"),
        ("what do you do with my day to", "privacy"),
    ],
)
def test_wordings_nearby_are_understood(said, intent):
    meaning = classify(clean(said))
    assert meaning is not None
    assert meaning.intent == intent


@pytest.mark.parametrize(
    "said",
    [
        "i went to the shop yesterday and bought some bread",
        "my sister lives in canada with her two children",
        "the train was late again this morning",
        "what is the capital of germany",
        "why is the sky blue",
        "i want to order a pizza with extra cheese",
        "my computer is broken and i need another one",
        "when does the next bus leave",
        "he told me to wait for the bus",
        "i can't stop thinking about it",
        "the doctor said that i should sleep more",
        "the weather is nice today",
        "today the weather was very bad",
        "",
    ],
)
def test_other_talk_is_left_alone(said):
    assert classify(clean(said)) is None


def test_short_commands_must_be_all_that_was_said():
    assert exactly(clean("Okay, stop.")) == "stop"
    assert exactly(clean("the bus did not stop")) is None


def test_a_third_of_the_words_may_be_wrong():
    rng = random.Random(7)
    vocabulary = sorted({w for listed in INTENTS.values() for p in listed.split("|") for w in clean(p)})
    noise = "the a uh he were thing most place under water call oil sit now find".split()

    def misheard(word: str) -> str:
        alikes = [v for v in vocabulary if v != word and sound(v) == sound(word)]
        return rng.choice(alikes) if alikes and rng.random() < 0.7 else rng.choice(noise)

    right = wrong = total = 0
    for intent, listed in INTENTS.items():
        for phrase in (clean(p) for p in listed.split("|")):
            if len(phrase) < 3:
                continue
            broken = list(phrase)
            for at in rng.sample(range(len(phrase)), len(phrase) // 3):
                broken[at] = misheard(broken[at])
            meaning = classify(tuple(broken))
            total += 1
            right += meaning is not None and meaning.intent == intent
            wrong += meaning is not None and meaning.intent != intent
    assert right / total > 0.6
    assert wrong / total < 0.1
