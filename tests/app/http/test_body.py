"""Bodies of requests."""

from typing import Any

import pytest
from starlette.requests import Request

from vivavoce.app.http.body import as_object, read_body
from vivavoce.app.http.errors import Refused


def sent(*chunks: bytes) -> Request:
    waiting = list(chunks)

    async def receive() -> dict[str, Any]:
        chunk = waiting.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(waiting)}

    return Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)


async def test_a_body_up_to_the_limit_is_read_whole() -> None:
    assert await read_body(sent(b"ab", b"cd"), 4) == b"abcd"


async def test_a_longer_body_is_refused_before_all_of_it_is_read() -> None:
    request = sent(b"abc", b"de", b"never read")
    with pytest.raises(Refused) as refused:
        await read_body(request, 4)
    assert refused.value.status == 413
    assert refused.value.headers == {"Connection": "close"}


def test_an_object_is_taken_and_anything_else_names_the_field() -> None:
    assert as_object({"a": 1}, "session") == {"a": 1}
    with pytest.raises(Refused, match="'session'"):
        as_object([1], "session")
    with pytest.raises(Refused, match="the body"):
        as_object(None, None)
