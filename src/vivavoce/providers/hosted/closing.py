"""How WebSockets of hosted engines are closed, in terms of HTTP."""

from __future__ import annotations

from .failures import Answered

ENDED = {1000, 1001, 3008, 4008, 4031}
"""Close codes of sessions that ended as sessions do, such as when they become too old or are idle."""

STATUS = {
    1008: 400,
    1013: 429,
    3000: 401,
    3005: 500,
    3006: 400,
    3007: 400,
    3009: 429,
    4001: 401,
    4002: 402,
    4003: 402,
    4029: 429,
    4102: 429,
}
"""Close code: what HTTP would say. AssemblyAI's are 3005 to 4102; OpenAI closes with 3000 for a wrong key."""


class Ended(ConnectionError):
    """The service ended the session as sessions are ended."""


def cause(error: BaseException) -> BaseException:
    """What an error means when it is that a WebSocket was closed; any other error is its own meaning."""
    if not hasattr(error, "rcvd"):
        return error
    return closed(error.rcvd.code if error.rcvd is not None else None)


def closed(code: int | None) -> Exception:
    """What a close code means; None when the connection just broke off."""
    if code in ENDED:
        return Ended()
    return Answered(STATUS[code]) if code in STATUS else ConnectionError()
