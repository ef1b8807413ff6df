"""The client secrets of a server with several processes: kept by their parent, which outlives any of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import post
from .errors import Refused
from .vault import Credential, Secret, Secrets


class RemoteVault:
    """Asks the parent."""

    def __init__(self, path: Path) -> None:
        """`path`: its socket."""
        self._path = path

    async def find(self, value: str) -> Credential | None:
        found = await post.ask(self._path, {"do": "find", "value": value})
        return Credential(**found["credential"]) if found["credential"] else None

    async def mint(self, owner: str, seconds: int, session: Mapping[str, Any], safety_id: str = "") -> Secret:
        asked = {"do": "mint", "owner": owner, "seconds": seconds, "session": session, "safety_id": safety_id}
        match await post.ask(self._path, asked):
            case {"secret": {"value": str(value), "expires_at": int(expires_at)}}:
                return Secret(value, expires_at)
            case {"refused": [int(status), str(code), str(message)]}:
                raise Refused(status, code, message)
        raise AssertionError("the parent answered something else")


async def answer_for(vault: Secrets, question: Any) -> Any:
    """What the parent answers to a RemoteVault; None to anything else."""
    match question:
        case {"do": "find", "value": str(value)}:
            return {"credential": await vault.find(value)}
        case {"do": "mint", "owner": str(owner), "seconds": int(seconds), "session": session, "safety_id": str(name)}:
            try:
                return {"secret": await vault.mint(owner, seconds, session, name)}
            except Refused as refused:
                return {"refused": [refused.status, refused.code, refused.message]}
    return None
