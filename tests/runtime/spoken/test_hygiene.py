"""What holds for any text: nothing is swallowed, plain prose is left alone, every place leads back."""

from __future__ import annotations

import re
import time
from copy import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.providers.scripted.lines import LINES, STORIES
from vivavoce.runtime.spoken import Hygiene
from vivavoce.runtime.spoken.hygiene import _LONGEST

BITS = st.sampled_from(
    "a word Word 1 12 3.5 2026 -5 * ** _ __ ` ``` ~~~ # ## > - + | [ ] ( ) ! ? . , : ; / = & % $ € ° < > <b> </b> <br> "
    "[1] [a](http://x.y) ![](b.png) 中文 http://a.de/b www.x.com a@b.com a.com 😀 👍🏽 \u200d → -> -- … “ ’ e.g. i.e. "
    "Dr. No. 10:30 9am 14:05 5-10 1/2 2026-11-21 $3.50 5km 5 km 555-1234 483920 v1.2.3 × x ½ ² ^ \\ &amp; ~ snake_case "
    "C++ été etc. vs.".split(" ")
)
TEXTS = st.lists(st.sampled_from(["", " ", " ", "\n"]) | BITS, max_size=25).map("".join)
WORDS = st.lists(
    st.sampled_from('well so the answer is noon (perhaps) today, it\'s; "fine" fine. Yes! No? été 中文 - ...'.split()),
    max_size=30,
).map(" ".join)


@given(TEXTS | st.text(max_size=60))
def test_places_lead_back_in_order_and_nothing_is_swallowed(text: str) -> None:
    said = Hygiene().say(text)
    places = [said.written(n) for n in range(len(said.text) + 1)]
    assert places == sorted(places)
    assert said.text == "" or places[0] == 0
    assert places[-1] == len(text)
    if any(map(str.isalnum, text)):
        assert any(map(str.isalnum, said.text)), (text, said.text)


@given(TEXTS | st.text(max_size=60))
def test_what_is_spoken_is_fit_to_be_spoken(text: str) -> None:
    once = Hygiene().say(text).text
    assert Hygiene().say(once).text == once


@given(st.lists(TEXTS, max_size=6), st.sampled_from(["en", "de"]))
def test_a_copy_says_the_same_again(texts: list[str], language: str) -> None:
    hygiene = Hygiene(language)
    for text in texts:
        before = copy(hygiene)
        said = hygiene.say(text)
        assert before.say(text) == said


@given(WORDS.filter(lambda text: not text.startswith("-")))
def test_plain_prose_is_left_alone(text: str) -> None:
    said = Hygiene().say(text)
    assert said.text == text
    assert said.passes == ()


def test_what_the_scripted_responder_says_is_left_alone() -> None:
    said = [re.sub(r"[{}_]", " ", line) for row in (*LINES.values(), *STORIES) for line in row]
    assert len(said) > 100
    assert [line for line in said if Hygiene().say(line).text != line] == []


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("[1]", "1"),
        ("([1])", "1"),
        ("<br>", "br"),
        ("![](cat.png)", "cat png"),
        ("- [x] ", "x"),
        ("😀", ""),
        ("---", ""),
    ],
)
def test_marks_alone_are_said_where_they_have_letters(written: str, spoken: str) -> None:
    assert Hygiene().say(written).text == spoken


NASTY = [
    *"*_`[](<&#|>-1~!?.…—$0+\\→½° \n",
    "![", "[a](", "<a ", "&amp;", "1.", "1,", "1/", "1-", "1:", "a.", "a@", "a.b@", "www.", "$1-", "+1 ", "0 1", "\n|",
    "\n- ", "```\n", "👨\u200d", "e.g. ", "1x", "1 x ", "1 1/2 ", "->", "1 km", "1.1.", "a_", "<!--", "[[1",
    "[1,", "【", "\n> ", "| ",
]  # fmt: skip


@pytest.mark.parametrize("bit", NASTY)
def test_time_is_linear_in_the_length(bit: str) -> None:
    def seconds(size: int) -> float:
        text = (bit * size)[: size - 1] + "x"
        took = []
        for _ in range(3):
            begun = time.process_time()
            Hygiene().say(text)
            took.append(time.process_time() - begun)
        return min(took)

    short, long = seconds(250), seconds(_LONGEST)
    # Eight times as long; a quadratic rule would take sixty-four times as long.
    assert long < 30 * short + 0.02
    assert long < 0.5


def test_a_text_beyond_all_speech_loses_its_blocks_only() -> None:
    assert Hygiene().say("```\n" + "x " * 5_000).text == "some code.\n"
    endless = "**a** " * 2_000
    assert Hygiene().say(endless).text == endless


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Vivavoce knows SQL.", "vee-vah-VOH-chay knows sequel."),
        ("VIVAVOCE knows sql and MySQL.", "vee-vah-VOH-chay knows sequel and MySQL."),
        ("The **Vivavoce**'s R&D, C++", "The vee-vah-VOH-chay's research, see plus plus"),
        ("Polish people polish.", "Poh-lish people pollish."),
        ("New York, new york", "the city, the city"),
        ("See vivavoce.io", "See vee-vah-VOH-chay dot io"),
    ],
)
def test_pronunciations(written: str, spoken: str) -> None:
    pronounce = {
        "Vivavoce": "vee-vah-VOH-chay", "SQL": "sequel", "R&D": "research", "C++": "see plus plus",
        "Polish": "Poh-lish", "polish": "pollish", "New York": "the city", "": "nothing",
    }  # fmt: skip
    assert Hygiene(pronounce=pronounce).say(written).text == spoken
    assert Hygiene(pronounce=tuple(pronounce.items())).say(written).text == spoken


def test_pronunciations_lead_back_too() -> None:
    said = Hygiene(pronounce={"SQL": "sequel"}).say("It is SQL now.")
    assert said.text == "It is sequel now."
    assert [said.written(n) for n in (5, 9, 12, 16)] == [5, 6, 9, 13]


def test_pronunciations_hold_in_every_language() -> None:
    assert Hygiene("de", [("SQL", "Sequel")]).say("Das ist SQL.").text == "Das ist Sequel."
