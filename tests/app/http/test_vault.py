from __future__ import annotations

import pickle

import pytest

from vivavoce.app.http import vault as module
from vivavoce.app.http.errors import Refused
from vivavoce.app.http.vault import Vault


class Time:
    now = 1_000.5

    def __call__(self):
        return self.now


async def test_no_secret_is_kept_in_memory():
    vault = Vault(now=Time(), choice=lambda letters: letters[10])
    value = (await vault.mint("key_1", 60, {})).value
    kept = pickle.dumps({k: v for k, v in vars(vault).items() if not callable(v)})
    assert value.encode() not in kept
    assert value not in repr(vault)


async def test_a_client_secret_is_good_for_several_sessions_until_it_expires():
    time = Time()
    vault = Vault(now=time)
    secret = await vault.mint("key_1", 60, {"type": "realtime"}, "user-7")
    assert secret.value.startswith("ek_")
    assert secret.expires_at == 1_060
    time.now = 1_059.9
    for _ in range(2):
        found = await vault.find(secret.value)
        assert (found.owner, found.is_secret, found.safety_id) == ("key_1", True, "user-7")
        found.session_dict()["type"] = "changed"
        assert found.session_dict() == {"type": "realtime"}
    time.now = 1_060
    assert await vault.find(secret.value) is None


async def test_the_number_of_client_secrets_is_bounded_and_expired_ones_make_room():
    time = Time()
    vault = Vault(now=time, most=2)
    await vault.mint("key_1", 10, {})
    lasting = await vault.mint("key_1", 60, {})
    with pytest.raises(Refused) as refused:
        await vault.mint("key_1", 10, {})
    assert refused.value.status == 429
    time.now += 11
    await vault.mint("key_1", 10, {})
    assert await vault.find(lasting.value) is not None
    assert len(vault) == 2


async def test_the_sessions_of_client_secrets_are_bounded_together(monkeypatch):
    monkeypatch.setattr(module, "_MOST_SESSION_BYTES", 100)
    time = Time()
    vault = Vault(now=time)
    await vault.mint("key_1", 10, {"instructions": "x" * 60})
    with pytest.raises(Refused):
        await vault.mint("key_1", 10, {"instructions": "x" * 60})
    time.now += 11
    await vault.mint("key_1", 10, {"instructions": "x" * 60})


async def test_secrets_are_random():
    vault = Vault()
    assert len({(await vault.mint("key_1", 10, {})).value for _ in range(20)}) == 20
