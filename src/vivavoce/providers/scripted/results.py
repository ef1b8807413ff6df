"""Reading a tool's answer aloud."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from .tools import split_name, spoken_name

_MOST_WORDS = 70
"""Longest answer that is read out; the rest is announced as more."""
_MOST_ROWS = 3
"""Entries of a list that are read out."""
_SUCCESS = ("ok", "okay", "success", "succeeded", "done")
"""Keys and answers that say no more than that it worked."""
_UNITS = {
    "c": "degrees", "celsius": "degrees", "f": "degrees fahrenheit", "percent": "percent", "km": "kilometers",
    "m": "meters", "ms": "milliseconds", "s": "seconds", "seconds": "seconds", "minutes": "minutes", "kmh":
    "kilometers per hour", "kg": "kilograms", "usd": "dollars", "eur": "euros",
}  # fmt: skip
"""Last words of keys that are units of the value, as said."""
_ERROR_KEYS = ("error", "errors", "exception", "error_message")


def read_out(tool: str, output: str) -> str:
    """A tool's output as one or more spoken sentences."""
    topic = spoken_name(tool)
    try:
        value = json.loads(output)
    except ValueError:
        value = output.strip()
    error = _error_in(value)
    if error is not None:
        return _cut(f"That did not work. The {topic} says: {error.rstrip('. ')}.")
    if isinstance(value, dict):
        value = {k: v for k, v in value.items() if k not in _SUCCESS}
    if isinstance(value, str) and value.lower().strip(".! ") in _SUCCESS:
        return "Done."
    if value in (None, "", {}, [], True):
        return "Done."
    if value is False:
        return f"The {topic} says no."
    if isinstance(value, str | int | float):
        said = str(value).rstrip(". ")
        return _cut(f"{said}." if isinstance(value, str) and " " in said else f"The {topic} says {said}.")
    return _cut(" ".join(_rows(value) if isinstance(value, list) else _pairs(value)))


def _error_in(value: object) -> str | None:
    if isinstance(value, str):
        return value.partition(":")[2].strip() or value if value.lower().startswith("error") else None
    if not isinstance(value, Mapping):
        return None
    for key in _ERROR_KEYS:
        if detail := value.get(key):
            inner = detail.get("message", "no reason given") if isinstance(detail, Mapping) else detail
            return str(inner) if inner is not True else str(value.get("message", "no reason given"))
    return str(value.get("message", "no reason given")) if value.get("ok") is False else None


def _pairs(value: Mapping[str, object]) -> Iterator[str]:
    for key, inner in value.items():
        words = split_name(str(key))
        unit = _UNITS.get(words[-1], "") if len(words) > 1 and isinstance(inner, int | float) else ""
        label = " ".join(words[:-1] if unit else words)
        if isinstance(inner, Mapping):
            yield f"The {label}: {_plain(inner)}." if inner else f"No {label}."
        elif isinstance(inner, list):
            listed = [_plain(i) for i in inner[:_MOST_ROWS]]
            more = f", and {len(inner) - _MOST_ROWS} more" if len(inner) > _MOST_ROWS else ""
            yield f"The {label}: {', '.join(listed)}{more}." if listed else f"No {label}."
        else:
            verb = "are" if label.endswith("s") and not label.endswith(("ss", "us")) else "is"
            yield f"The {label} {verb} {_plain(inner)}{' ' + unit if unit else ''}."


def _rows(values: list[object]) -> Iterator[str]:
    yield "There is one." if len(values) == 1 else f"There are {len(values)}."
    for value in values[:_MOST_ROWS]:
        yield " ".join(_pairs(value)) if isinstance(value, Mapping) else f"{_plain(value)}."


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{' '.join(split_name(str(k)))} {_plain(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(v) for v in value)
    return "not known" if value is None else str(value).strip(". ")


def _cut(text: str) -> str:
    words = text.split()
    if len(words) <= _MOST_WORDS:
        return text
    return " ".join(words[:_MOST_WORDS]).rstrip(".,;:") + ". And there is more."
