"""Where spoken characters come from in the written text."""

import re

import pytest

from vivavoce.runtime.spoken import Hygiene, Spoken
from vivavoce.runtime.spoken.mapping import kept


@pytest.mark.parametrize(
    ("written", "spoken_upto", "written_upto"),
    [
        ("It is noon.", "It is", "It is"),
        ("It is noon.", "It is noon.", "It is noon."),
        ("It is noon.", "", ""),
        # Closing marks belong to the word before, opening ones to the word after.
        ("So **very** good.", "So", "So"),
        ("So **very** good.", "So ", "So"),
        ("So **very** good.", "So very", "So **very**"),
        ("So **very** good.", "So ver", "So **ver"),
        ("See [the docs](https://x.y/z) now.", "See the", "See [the"),
        ("See [the docs](https://x.y/z) now.", "See the docs", "See [the docs](https://x.y/z)"),
        # A written word counts once all of its spoken words were said.
        ("It costs $3.50 today.", "It costs 3", "It costs"),
        ("It costs $3.50 today.", "It costs 3 dollars", "It costs"),
        ("It costs $3.50 today.", "It costs 3 dollars 50", "It costs $3.50"),
        ("It costs $3.50 today.", "It costs 3 dollars 50 today", "It costs $3.50 today"),
        ("Go to example.com/help now.", "Go to example dot com slash", "Go to"),
        ("Go to example.com/help now.", "Go to example dot com slash help", "Go to example.com/help"),
        ("Run 10 km now.", "Run 10", "Run 10"),
        ("Run 10 km now.", "Run 10 kilometers", "Run 10 km"),
        ("Run 10km now.", "Run 10", "Run"),
        # What is not spoken is said along with what is before it.
        ("It is so [1] and so.", "It is so", "It is so [1]"),
        ("Hi 😀 there.", "Hi", "Hi 😀"),
        ("Hi 😀 there.", "Hi there.", "Hi 😀 there."),
        ("**Hi** there.", "", ""),
    ],
)
def test_written(written: str, spoken_upto: str, written_upto: str) -> None:
    said = Hygiene().say(written)
    assert said.text.startswith(spoken_upto)
    assert written[: said.written(len(spoken_upto))].rstrip() == written_upto


def test_beyond_the_end_is_the_end() -> None:
    said = Hygiene().say("So **good**")
    assert said.written(len(said.text)) == said.written(1_000) == len("So **good**")
    assert Spoken("", "x = 1").written(0) == 5


def test_places_before_the_beginning_are_the_beginning() -> None:
    assert Hygiene().say("**Hi** there.").written(-3) == 0


def test_rewriting_in_steps_leads_all_the_way_back() -> None:
    rules = [(re.compile(r"<(\w+)>"), kept), (re.compile("two"), "one more"), (re.compile("more"), "extra word")]
    said = Spoken.plain("one <two> three").ruled(rules)
    assert said.text == "one one extra word three"
    assert [said.written(n) for n in (3, 7, 13, 18, 24)] == [3, 5, 5, 9, 15]


def test_a_rule_may_leave_a_match_alone() -> None:
    assert Spoken.plain("a b").ruled([(re.compile("b"), lambda m: None), (re.compile("a"), "a")]).passes == ()
