"""What of a setting anybody may see."""

from __future__ import annotations

from pathlib import Path

import pytest

from vivavoce.app.config.table import SETTINGS
from vivavoce.app.config.values import expected, shown


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
