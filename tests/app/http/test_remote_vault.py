from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from vivavoce.app.http import post
from vivavoce.app.http.errors import Refused
from vivavoce.app.http.keys import Keys
from vivavoce.app.http.remote_vault import RemoteVault, answer_for
from vivavoce.app.http.vault import Vault


@asynccontextmanager
async def kept(path: Path, vault: Vault) -> AsyncIterator[None]:
    async def attend(wire: post.Wire) -> None:
        await wire.send(await answer_for(vault, await wire.receive()))

    async with await post.listen(path, attend):
        yield


async def test_a_secret_is_the_same_everywhere_until_it_expires(tmp_path: Path) -> None:
    now = [1_000.0]
    session = {"type": "realtime", "instructions": "Sing, é! " * 20_000}
    async with kept(tmp_path / "parent", Vault(now=lambda: now[0])):
        one, other = (Keys(["k"], RemoteVault(tmp_path / "parent")) for _ in range(2))
        secret = await one.secrets.mint("key_1", 60, session, "user-7")
        assert secret.expires_at == 1_060
        found = await other.find(secret.value)
        assert found is not None
        assert (found.owner, found.is_secret, found.safety_id) == ("key_1", True, "user-7")
        assert found.session_dict() == session
        assert await other.find("ek_of_nobody") is None
        now[0] = 1_060
        assert await other.find(secret.value) is None


async def test_there_are_at_most_so_many_in_all_processes_together(tmp_path: Path) -> None:
    async with kept(tmp_path / "parent", Vault(most=2)):
        for _ in range(2):
            await RemoteVault(tmp_path / "parent").mint("key_1", 60, {})
        with pytest.raises(Refused, match="Too many client secrets") as refused:
            await RemoteVault(tmp_path / "parent").mint("key_1", 60, {})
        assert (refused.value.status, refused.value.code) == (429, "rate_limit_exceeded")


async def test_other_questions_get_no_answer() -> None:
    assert await answer_for(Vault(), {"do": "sing"}) is None
