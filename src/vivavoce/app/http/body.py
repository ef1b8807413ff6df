"""Bodies of requests: read up to a size, and what must be an object is one."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from .errors import Refused


async def read_body(request: Request, most: int) -> bytes:
    """Raises Refused when it has more than `most` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            message = f"The body is larger than {most} bytes."
            raise Refused(413, "request_too_large", message, headers={"Connection": "close"})
    return bytes(body)


def as_object(value: Any, param: str | None) -> dict[str, Any]:
    """The value of `param`, or of the whole body. Raises Refused."""
    if not isinstance(value, dict):
        raise Refused(400, "invalid_type", f"Expected an object for '{param or 'the body'}'.", param)
    return value
