"""Reading events that may be malformed: nothing here raises."""

from __future__ import annotations

from typing import Any

Event = dict[str, Any]


def dig(value: Any, *path: str | int) -> Any:
    """The value at a path of keys and positions, None where the path ends early."""
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def text(value: Any) -> str:
    """The value if it is a string, otherwise the empty string."""
    return value if isinstance(value, str) else ""


def words(item: Any) -> list[str]:
    """What each content part of an item says, spoken or written."""
    content = dig(item, "content")
    parts = content if isinstance(content, list) else []
    return [text(dig(part, "text")) or text(dig(part, "transcript")) for part in parts]
