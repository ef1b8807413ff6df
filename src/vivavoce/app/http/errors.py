"""What is answered to a request that cannot be served: OpenAI's error body over HTTP, its error event on a socket."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

LETTERS = string.digits + string.ascii_letters


class BadSession(Exception):
    """A session configuration cannot be used. `code` and `param` as in the protocol, such as `session.audio`."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param


class Refused(Exception):
    """A request is not served. `status` is HTTP's, `headers` go with the answer."""

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """OpenAI's error body."""
        return {"error": _error(kind_of(self.status), self.code, self.message, self.param)}


def kind_of(status: int) -> str:
    """The error type that goes with an HTTP status."""
    if status >= 500:
        return "server_error"
    return "rate_limit_error" if status == 429 else "invalid_request_error"


def error_event(code: str | None, message: str, kind: str = "invalid_request_error") -> str:
    """An error event, as the text of one frame."""
    error = _error(kind, code, message, None) | {"event_id": None}
    return json.dumps({"type": "error", "event_id": make_id("event_"), "error": error})


def make_id(prefix: str, length: int = 21, choice: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """A prefix and `length` random letters and digits."""
    return prefix + "".join(choice(LETTERS) for _ in range(length))


def _error(kind: str, code: str | None, message: str, param: str | None) -> dict[str, Any]:
    return {"message": message, "type": kind, "param": param, "code": code}
