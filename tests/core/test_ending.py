"""How words sound at their end, and what a question asks for, as tables."""

import pytest

from vivavoce.core.ending import Asked, Ending, asked, ending
from vivavoce.core.lexicon import ENGLISH


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("", Asked.NOTHING),
        ("I found three places.", Asked.NOTHING),
        ("Is that right? I think so.", Asked.NOTHING),
        ("I see. Is that right?", Asked.YES_NO),
        ("Shall I book it?", Asked.YES_NO),
        ("Um, do you want more? ", Asked.YES_NO),
        ("Do you want the blue one or the red one?", Asked.OPEN),
        ("Where would you like to go?", Asked.OPEN),
        ("What is your phone number?", Asked.NUMBER),
        ("Could you spell your name for me?", Asked.NUMBER),
        # Only the last sentence asks.
        ("I need your number. Where do you live?", Asked.OPEN),
    ],
)
def test_what_the_agent_asks(said, what):
    assert asked(ENGLISH, said) is what


@pytest.mark.parametrize(
    ("text", "question", "sounds"),
    [
        ("", Asked.NOTHING, Ending.OPEN),
        ("i would like a table for two", Asked.NOTHING, Ending.OPEN),
        ("i would like a table for two please", Asked.NOTHING, Ending.FINISHED),
        ("thank you", Asked.NOTHING, Ending.FINISHED),
        ("what is the weather in paris", Asked.NOTHING, Ending.FINISHED),
        ("could you tell me the price", Asked.NOTHING, Ending.FINISHED),
        ("i was away so what is the price", Asked.NOTHING, Ending.FINISHED),
        ("what is", Asked.NOTHING, Ending.TRAILING),
        ("what about paris", Asked.NOTHING, Ending.OPEN),
        ("i would like to", Asked.NOTHING, Ending.TRAILING),
        ("on monday no wait", Asked.NOTHING, Ending.TRAILING),
        ("on monday i mean", Asked.OPEN, Ending.TRAILING),
        ("my number is five five", Asked.NOTHING, Ending.DICTATING),
        ("seven times eight", Asked.NOTHING, Ending.OPEN),
        ("five", Asked.NUMBER, Ending.DICTATING),
        ("five five five one two three four five six seven", Asked.NUMBER, Ending.OPEN),
        ("it is b r", Asked.NUMBER, Ending.DICTATING),
        ("yes", Asked.YES_NO, Ending.OPEN),
        ("yes that is right", Asked.YES_NO, Ending.FINISHED),
        ("no i would rather go on a monday", Asked.YES_NO, Ending.FINISHED),
        ("paris", Asked.OPEN, Ending.FINISHED),
        ("to paris", Asked.OPEN, Ending.OPEN),
        ("to the", Asked.OPEN, Ending.TRAILING),
        ("i would like to go to paris", Asked.OPEN, Ending.OPEN),
        # Words after which more comes, but for where they close what was said.
        ("i know it well", Asked.NOTHING, Ending.TRAILING),
        ("i know it very well", Asked.NOTHING, Ending.FINISHED),
        ("hold on", Asked.NOTHING, Ending.FINISHED),
        ("it is on", Asked.NOTHING, Ending.TRAILING),
        ("yes it is", Asked.NOTHING, Ending.FINISHED),
        ("the answer is", Asked.YES_NO, Ending.TRAILING),
        ("uh huh", Asked.YES_NO, Ending.FINISHED),
        ("uh huh", Asked.OPEN, Ending.TRAILING),
        ("maybe if you can", Asked.YES_NO, Ending.TRAILING),
        ("if you are free today please", Asked.NOTHING, Ending.TRAILING),
    ],
)
def test_how_words_sound_at_their_end(text, question, sounds):
    assert ending(ENGLISH, text, question) is sounds
