"""API keys and client secrets. Only their hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import BadInput
from .errors import Refused, make_id

VARIABLE = "VIVAVOCE_API_KEYS"
SECRET_PREFIX = "ek_"
OPEN_OWNER = "anyone"
_SECRET_LENGTH = 40
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


class Keys:
    """The API keys of a server, and the client secrets made with them. Without API keys, anyone may do anything."""

    def __init__(
        self,
        keys: Iterable[str] = (),
        *,
        now: Callable[[], float] = time.time,
        choice: Callable[[Sequence[str]], str] = secrets.choice,
        most_secrets: int = 10_000,
    ) -> None:
        """`now` in Unix seconds; `choice` picks the letters of client secrets. Raises BadInput for an unusable key."""
        self._salt = os.urandom(32)
        self._keys = tuple(self._hash(_usable(key)) for key in dict.fromkeys(keys))
        self._now = now
        self._choice = choice
        self._most_secrets = most_secrets
        self._secrets: dict[bytes, tuple[float, Credential]] = {}
        self._session_bytes = 0

    def __repr__(self) -> str:
        return f"<{len(self._keys)} API keys, {len(self._secrets)} client secrets>"

    @property
    def open(self) -> bool:
        """Is no API key configured?"""
        return not self._keys

    def find(self, key: str | None) -> Credential | None:
        """Whose key or client secret this is; None when it is nobody's. Without API keys, any other text is fine."""
        if key is not None and key.startswith(SECRET_PREFIX):
            expires_at, credential = self._secrets.get(self._hash(key), (0.0, None))
            return credential if self._now() < expires_at else None
        if self.open:
            return Credential(OPEN_OWNER)
        if key is None:
            return None
        given = self._hash(key)
        matches = [hmac.compare_digest(given, known) for known in self._keys]
        return Credential(f"key_{matches.index(True) + 1}") if any(matches) else None

    def mint(self, owner: str, seconds: int, session: Mapping[str, Any], safety_id: str = "") -> Secret:
        """A new client secret that is good for `seconds`. Raises Refused when there are too many."""
        now = int(self._now())
        text = json.dumps(session, separators=(",", ":")) if session else ""
        self._forget_expired()
        full = self._session_bytes + len(text) > _MOST_SESSION_BYTES
        if full or len(self._secrets) >= self._most_secrets:
            raise Refused(429, "rate_limit_exceeded", "Too many client secrets are in use; try again later.")
        value = make_id(SECRET_PREFIX, _SECRET_LENGTH, self._choice)
        self._secrets[self._hash(value)] = (now + seconds, Credential(owner, True, text, safety_id))
        self._session_bytes += len(text)
        return Secret(value, now + seconds)

    def _forget_expired(self) -> None:
        now = self._now()
        for digest, (expires_at, credential) in list(self._secrets.items()):
            if expires_at <= now:
                del self._secrets[digest]
                self._session_bytes -= len(credential.session)

    def _hash(self, key: str) -> bytes:
        return hashlib.blake2b(key.encode(errors="surrogatepass"), key=self._salt, digest_size=32).digest()


def read_keys(env: Mapping[str, str], path: Path | None = None) -> tuple[tuple[str, ...], str]:
    """The API keys of the environment and of a file, and a warning for the user, or an empty one.

    The file has one key a line; lines that begin with # are comments. Raises BadInput when it cannot be read or names
    no key.
    """
    keys = [key.strip() for key in env.get(VARIABLE, "").split(",") if key.strip()]
    if path is None:
        return tuple(keys), ""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise BadInput(f"the key file {path} cannot be read: {why}; fix: name a readable text file") from error
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:
        raise BadInput(f"the key file {path} names no key; fix: write one key a line")
    shared = mode & (stat.S_IRGRP | stat.S_IROTH)
    note = f"other users of this machine may read the key file {path}; fix: chmod 600 {path}" if shared else ""
    return (*keys, *found), note


def _usable(key: str) -> str:
    """Raises BadInput, without repeating the key."""
    if key.startswith(SECRET_PREFIX):
        raise BadInput(f"an API key begins with {SECRET_PREFIX}, as client secrets do; fix: choose another")
    if not key or not all("!" <= letter <= "~" and letter != "," for letter in key):
        raise BadInput("an API key is empty or has spaces, commas or unusual letters; fix: choose another")
    return key
