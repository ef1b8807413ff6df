"""What of a setting anybody may see."""

from __future__ import annotations

from pathlib import Path

import pytest

from vivavoce.app.config.table import SETTINGS, TABLE
from vivavoce.app.config.values import expected, from_text, from_toml, shown
from vivavoce.core.errors import BadInput


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("turn:ada:secret@t:2", "turn:***@t:2"),
        ("turns:ada:sec/ret@t:2", "turns:***@t:2"),
        ("https://me:key@host/v1?key=abc#model", "https://***@host/v1#model"),
        ("stun:s:1", "stun:s:1"),
        ("openai:gpt-5-mini", "openai:gpt-5-mini"),
        ("Write to help@example.org.", "Write to help@example.org."),
        (("stun:s:1", "turn:a:b@t"), ["stun:s:1", "turn:***@t"]),
        (Path("/a"), "/a"),
        (7, 7),
    ],
)
def test_no_secret_is_shown(value: object, seen: object) -> None:
    assert shown(value) == seen


def test_every_expectation_can_be_put_in_words() -> None:
    assert all(expected(setting) for setting in SETTINGS)


def test_a_number_of_workers_is_a_number_or_auto() -> None:
    workers = TABLE["server.workers"]
    assert [from_toml(workers, raw, "x", Path()) for raw in (4, "auto")] == ["4", "auto"]
    assert [from_text(workers, raw, "x") for raw in ("4", "auto")] == ["4", "auto"]
    for raw in ("many", 1.5, True):
        with pytest.raises(BadInput, match="x needs a whole number, or auto"):
            from_toml(workers, raw, "x", Path())
    with pytest.raises(BadInput, match="x needs a whole number, or auto"):
        from_text(workers, "many", "x")
