"""`POST /v1/realtime/client_secrets`: keys for browsers, which end soon and bring their session configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse

from .body import as_object, read_body
from .door import Door
from .errors import BadSession, Refused, make_id

CheckSession = Callable[[dict[str, Any]], dict[str, Any]]
"""A session configuration -> the whole effective one. Raises BadSession."""
MOST_BODY_BYTES = 1 << 20
_DEFAULT_SECONDS = 600
_LEAST_SECONDS, _MOST_SECONDS = 10, 7200


class ClientSecrets:
    """The endpoint."""

    def __init__(self, door: Door, check_session: CheckSession) -> None:
        self._door = door
        self._check_session = check_session

    async def create(self, request: Request) -> JSONResponse:
        """Answer one request. Raises Refused."""
        credential = await self._door.admit(request)
        if credential.is_secret:
            raise Refused(403, "insufficient_permissions", "A client secret cannot make another; use an API key.")
        body = as_object(await read_json(request), None)
        seconds = _seconds(body)
        asked = body.get("session")
        session = {} if asked is None else as_object(asked, "session")
        try:
            effective = self._check_session(session or {"type": "realtime"})
        except BadSession as error:
            raise Refused(400, error.code, error.message, error.param) from error
        safety_id = request.headers.get("openai-safety-identifier", "")
        secret = await self._door.keys.secrets.mint(credential.owner, seconds, session, safety_id)
        return JSONResponse(
            {"value": secret.value, "expires_at": secret.expires_at, "session": _shown(effective)},
            headers={"Cache-Control": "no-store"},
        )


async def read_json(request: Request) -> Any:
    """The body, `{}` when it is empty. Raises Refused when it is too large or no JSON."""
    body = await read_body(request, MOST_BODY_BYTES)
    try:
        return msgspec.json.decode(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise Refused(400, "invalid_json", "The body could not be parsed as JSON.") from error


def _seconds(body: dict[str, Any]) -> int:
    asked = body.get("expires_after")
    if asked is None:
        return _DEFAULT_SECONDS
    expires_after = as_object(asked, "expires_after")
    if expires_after.get("anchor", "created_at") != "created_at":
        raise Refused(400, "invalid_value", "The only anchor is 'created_at'.", "expires_after.anchor")
    seconds = expires_after.get("seconds", _DEFAULT_SECONDS)
    param = "expires_after.seconds"
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise Refused(400, "invalid_type", f"Expected an integer for '{param}'.", param)
    if not _LEAST_SECONDS <= seconds <= _MOST_SECONDS:
        raise Refused(400, "invalid_value", f"'{param}' must be from {_LEAST_SECONDS} to {_MOST_SECONDS}.", param)
    return seconds


def _shown(effective: dict[str, Any]) -> dict[str, Any]:
    kind = effective.get("type", "realtime")
    name = "realtime.transcription_session" if kind == "transcription" else "realtime.session"
    return effective | {"id": make_id("sess_"), "object": name, "type": kind, "expires_at": 0}
