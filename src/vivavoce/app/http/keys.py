"""API keys. Only their hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from ...core.errors import BadInput
from .vault import PREFIX, Credential, Secrets, Vault

VARIABLE = "VIVAVOCE_API_KEYS"
OPEN_OWNER = "anyone"


class Keys:
    """The API keys of a server, and the client secrets made with them. Without API keys, anyone may do anything."""

    def __init__(self, keys: Iterable[str] = (), secrets: Secrets | None = None) -> None:
        """`secrets`: where client secrets are kept; here, if not given. Raises BadInput for an unusable key."""
        self._salt = os.urandom(32)
        self._keys = tuple(self._hash(_usable(key)) for key in dict.fromkeys(keys))
        self.secrets: Secrets = Vault() if secrets is None else secrets

    def __repr__(self) -> str:
        return f"<{len(self._keys)} API keys, {self.secrets!r}>"

    @property
    def open(self) -> bool:
        """Is no API key configured?"""
        return not self._keys

    async def find(self, key: str | None) -> Credential | None:
        """Whose key or client secret this is; None when it is nobody's. Without API keys, any other text is fine."""
        if key is not None and key.startswith(PREFIX):
            return await self.secrets.find(key)
        if self.open:
            return Credential(OPEN_OWNER)
        if key is None:
            return None
        given = self._hash(key)
        matches = [hmac.compare_digest(given, known) for known in self._keys]
        return Credential(f"key_{matches.index(True) + 1}") if any(matches) else None

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
    if key.startswith(PREFIX):
        raise BadInput(f"an API key begins with {PREFIX}, as client secrets do; fix: choose another")
    if not key or not all("!" <= letter <= "~" and letter != "," for letter in key):
        raise BadInput("an API key is empty or has spaces, commas or unusual letters; fix: choose another")
    return key
