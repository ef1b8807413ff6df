"""What a client did wrong, in the protocol's own words."""

from __future__ import annotations

import re

import msgspec

_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]*)`")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]*)`")


class Refusal(Exception):
    """Becomes one `error` event; nothing has changed."""

    def __init__(self, code: str, message: str, param: str | None = None, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param
        self.kind = kind


def missing(param: str) -> Refusal:
    """Something that is required is not there."""
    return Refusal("missing_required_parameter", f"Missing required parameter: '{param}'.", param)


def refused(error: msgspec.ValidationError, root: str = "") -> Refusal:
    """The refusal for a value of the wrong shape; `root` is the name of the value, such as `session`."""
    found = _AT.match(str(error))
    what, path = (found["what"], found["path"] or "$") if found else (str(error), "$")
    # Keys and values of a free object have no names there; the object has.
    path = path.partition("[...]")[0]
    param = (root + path[1:] if root else path[1:].lstrip(".")).strip(".")
    for pattern, code, text in (
        (_UNKNOWN, "unknown_parameter", "Unknown parameter: '{}'."),
        (_MISSING, "missing_required_parameter", "Missing required parameter: '{}'."),
    ):
        if name := pattern.search(what):
            param = f"{param}.{name['name']}" if param else name["name"]
            return Refusal(code, text.format(param), param)
    where = f" for '{param}'" if param else ""
    return Refusal("invalid_value", f"Invalid value{where}: {what[:1].lower()}{what[1:]}.", param or None)
