"""Markdown's blocks, in one clause and over several."""

import pytest

from vivavoce.runtime.spoken import Hygiene


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        # Headings, lists and quotes end like sentences, unless they do already.
        ("# Title\n\nText here.", "Title.\n\nText here."),
        ("## Title ##\nText here.", "Title.\nText here."),
        ("### Ready?\nYes.", "Ready?\nYes."),
        ("#Title stays", "#Title stays"),
        ("- apples\n- pears\n- figs", "apples.\npears.\nfigs"),
        ("* one\n* two\n", "one.\ntwo.\n"),
        ("+ one\n  - two\n", "one.\ntwo.\n"),
        ("• one\n• two", "one.\ntwo"),
        ("- **Wash** the rice\n- Done!\n", "Wash the rice.\nDone!\n"),
        ("- [x] done\n- [ ] open\n", "done.\nopen.\n"),
        ("1. First\n2. Second thing.\n3) Third", "1. First.\n2. Second thing.\n3. Third"),
        ("> quoted\n> text\nafter", "quoted\ntext\nafter"),
        ("> - a\n> - b\n", "a.\nb.\n"),
        ("He came - well - late.", "He came - well - late."),
        # Rules.
        ("above\n\n---\n\nbelow", "above\n\n\nbelow"),
        ("above\n***\nbelow", "above\nbelow"),
        ("above\n* * *\nbelow", "above\nbelow"),
        ("Title\n=====\nbelow", "Title\nbelow"),
        # Tables: cells with pauses, rows like sentences.
        ("| Name | Age |\n|------|:---:|\n| Ada | 36 |\n| Bob | 40 |\n", "Name, Age.\nAda, 36.\nBob, 40.\n"),
        ("| a || b |\n", "a, b.\n"),
        ("| a | b\n", "a, b\n"),
        # A block of code is said to be there.
        ("Look:\n```python\nx = 1\nprint(x)\n```\nDone.", "Look:\nsome code.\nDone."),
        ("~~~\nx\n~~~\nDone.", "some code.\nDone."),
        ("```\nx\n``` \n```\ny\n```\nDone.", "some code.\nsome code.\nDone."),
        ("  ````\n```\nx\n````\nDone.", "some code.\nDone."),
        ("```only`` one line``` here", "only one line here"),
    ],
)
def test_blocks(written: str, spoken: str) -> None:
    assert Hygiene().say(written).text == spoken


@pytest.mark.parametrize(
    ("clauses", "spoken"),
    [
        # Code goes on over clauses; only its first line is announced.
        (
            ["Try this:\n```py\nprint('Hi.')", " x = 2.", "\n\ny = 3\n", "```\nDone.", " Good."],
            ["Try this:\nsome code.\n", "", "", "Done.", " Good."],
        ),
        (["Now\n```\na.", " b\n```\n```\nc.", " d"], ["Now\nsome code.\n", "some code.\n", ""]),
        # The dash of a new line is a mark, that within a line is none.
        (["Well.", " - so - what."], ["Well.", " - so - what."]),
        (["Well.", "\n- so what."], ["Well.", "\nso what."]),
        (["Well.\n", "- so what."], ["Well.\n", "so what."]),
        # Rows and items over clauses.
        (["| One, two", " three | four |\n| five |\n"], ["One, two", " three, four.\nfive.\n"]),
        (["- one two.", " three\n- four"], ["one two.", " three.\nfour"]),
        (["- one", "\nThen it | rains."], ["one", "\nThen it, rains."]),
    ],
)
def test_blocks_over_clauses(clauses: list[str], spoken: list[str]) -> None:
    hygiene = Hygiene()
    assert [hygiene.say(c).text for c in clauses] == spoken


def test_a_block_of_code_is_said_once_it_was_announced() -> None:
    said = Hygiene().say("Look:\n```\nx = 1\n```\nDone.")
    assert said.text == "Look:\nsome code.\nDone."
    assert said.written(len("Look:\nsome")) == len("Look:\n")
    assert said.written(len("Look:\nsome code.")) == len("Look:\n")
    assert said.written(len("Look:\nsome code.\nDone")) == len("Look:\n```\nx = 1\n```\nDone")


def test_languages_without_rules_announce_code_in_one_word() -> None:
    assert Hygiene("de").say("So:\n```\nx\n```\nFertig.").text == "So:\ncode.\nFertig."
