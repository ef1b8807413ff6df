"""The page about what a voice says is held to the code, row by row."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from vivavoce.runtime.engines import AgentConfig
from vivavoce.runtime.spoken import Hygiene

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "spoken.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| (`+)(.+?)\1 \| `(.+?)` \|$", re.M)


def rows(heading: str) -> list[tuple[str, str]]:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = [(written, spoken) for _, written, spoken in _ROW.findall(section)]
    return [(a.replace("\\|", "|").replace("↵", "\n"), b.replace("↵", "\n")) for a, b in cells]


@pytest.mark.parametrize(("written", "spoken"), [*rows("In every language"), *rows("In English")])
def test_rows(written: str, spoken: str) -> None:
    assert Hygiene().say(written).text == spoken


def test_every_row_was_found() -> None:
    assert len(rows("In every language")) == 17
    assert len(rows("In English")) == 20


@pytest.mark.parametrize(("written", "spoken"), rows("In every language"))
def test_the_first_table_holds_in_every_language(written: str, spoken: str) -> None:
    assert Hygiene("de").say(written).text == spoken.replace("some code", "code")


def test_what_is_left_to_the_voice_is_left_alone() -> None:
    section = PAGE.partition("Left to the voice")[2].partition("## Settings")[0]
    left = re.findall(r"`([^`]+)`", section)
    assert len(left) == 7
    assert [text for text in left if Hygiene().say(text).text != text] == []


def test_settings() -> None:
    defaults = {f.name: f.default for f in fields(AgentConfig)}
    section = PAGE.partition("## Settings")[2]
    for name in ("language", "pronounce", "hygiene"):
        assert f"| `{name}` | `{defaults[name]!r}` |".replace("'", '"') in section
