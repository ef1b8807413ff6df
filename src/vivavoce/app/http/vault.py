"""Client secrets: who may have one, how long it is good, and what it is bound to. Only their hashes are kept."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .errors import Refused, make_id

PREFIX = "ek_"
_LENGTH = 40
"""Of 62 letters and digits: 238 bits."""
_MOST_SESSION_BYTES = 64 << 20
"""All sessions bound to client secrets together."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Who asks. `session` and `safety_id` are what a client secret was bound to."""

    owner: str
    is_secret: bool = False
    session: str = ""
    """JSON; empty if there is none."""
    safety_id: str = ""

    def session_dict(self) -> dict[str, Any]:
        """The session configuration; a new object each time."""
        return dict(json.loads(self.session)) if self.session else {}


@dataclass(frozen=True, slots=True)
class Secret:
    """A new client secret: its text, and when it ends (Unix seconds)."""

    value: str
    expires_at: int


class Secrets(Protocol):
    """Where client secrets are made and looked up."""

    async def find(self, value: str) -> Credential | None:
        """Whose it is; None when it is nobody's or has expired."""

    async def mint(self, owner: str, seconds: int, session: Mapping[str, Any], safety_id: str = "") -> Secret:
        """A new one that is good for `seconds`. Raises Refused when there are too many."""


class Vault:
    """The client secrets of a server, in its memory."""

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        choice: Callable[[Sequence[str]], str] = secrets.choice,
        most: int = 10_000,
    ) -> None:
        """`now` in Unix seconds; `choice` picks the letters; there are at most `most` at a time."""
        self._salt = os.urandom(32)
        self._now = now
        self._choice = choice
        self._most = most
        self._kept: dict[bytes, tuple[float, Credential]] = {}
        self._session_bytes = 0

    def __repr__(self) -> str:
        return f"<{len(self._kept)} client secrets>"

    def __len__(self) -> int:
        return len(self._kept)

    async def find(self, value: str) -> Credential | None:
        """Whose it is; None when it is nobody's or has expired."""
        expires_at, credential = self._kept.get(self._hash(value), (0.0, None))
        return credential if self._now() < expires_at else None

    async def mint(self, owner: str, seconds: int, session: Mapping[str, Any], safety_id: str = "") -> Secret:
        """A new one that is good for `seconds`. Raises Refused when there are too many."""
        now = int(self._now())
        text = json.dumps(session, separators=(",", ":")) if session else ""
        self._forget_expired()
        if self._session_bytes + len(text) > _MOST_SESSION_BYTES or len(self._kept) >= self._most:
            raise Refused(429, "rate_limit_exceeded", "Too many client secrets are in use; try again later.")
        value = make_id(PREFIX, _LENGTH, self._choice)
        self._kept[self._hash(value)] = (now + seconds, Credential(owner, True, text, safety_id))
        self._session_bytes += len(text)
        return Secret(value, now + seconds)

    def _forget_expired(self) -> None:
        now = self._now()
        for digest, (expires_at, credential) in list(self._kept.items()):
            if expires_at <= now:
                del self._kept[digest]
                self._session_bytes -= len(credential.session)

    def _hash(self, value: str) -> bytes:
        return hashlib.blake2b(value.encode(errors="surrogatepass"), key=self._salt, digest_size=32).digest()
