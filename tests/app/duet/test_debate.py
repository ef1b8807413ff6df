"""The embedded minds of a duet: what they make of a topic and of each other."""

from __future__ import annotations

import asyncio

import pytest

from vivavoce.app.duet.debate import DebateLlm
from vivavoce.core.commands import Message
from vivavoce.providers.base import Ask, TextDelta

TOPIC = Message("t", "user", "Should robots cook? Robots never tire of cooking. But soup needs love.")


def answer(hopeful: bool, *said: tuple[str, str]) -> str:
    items = (TOPIC, *(Message(f"m{n}", role, text) for n, (role, text) in enumerate(said)))

    async def main() -> str:
        made = [one async for one in DebateLlm(hopeful).stream(Ask("", items))]
        return "".join(one.text for one in made if isinstance(one, TextDelta))

    return asyncio.run(main())


def test_the_first_word_opens_the_topic() -> None:
    assert answer(True).startswith("So let us talk about robots. Robots never tire of cooking. ")
    assert "doubt" in answer(False)


def test_the_same_conversation_gets_the_same_answer_and_the_next_one_another() -> None:
    said = (("user", "Think of the mountains."),)
    assert answer(False, *said) == answer(False, *said)
    assert answer(False, *said) != answer(False, *said, ("agent", "No."), ("user", "Think of rivers."))


def test_it_takes_up_what_the_other_said() -> None:
    assert "kitchens" in answer(True, ("agent", "One."), ("user", "Kitchens are dangerous."))


def test_whoever_cuts_in_is_answered() -> None:
    said = ("agent", "One."), ("user", "Two."), ("user", "something is terribly wrong with the kitchen")
    assert answer(True, *said).startswith("A voice from the audience! It speaks of wrong, and I take that as applause")
    assert answer(False, *said).startswith("We have a guest, who speaks of wrong.")


@pytest.mark.parametrize("topic", ["", "?", "a b c", "😀 😀"])
def test_a_topic_without_words_is_no_trouble(topic: str) -> None:
    async def main() -> None:
        ask = Ask("", (Message("t", "user", topic),))
        assert [one async for one in DebateLlm(True).stream(ask)]

    asyncio.run(main())
