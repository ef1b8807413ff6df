from __future__ import annotations

import hmac
import pickle

import pytest

from vivavoce.app.http import keys as module
from vivavoce.app.http.keys import Keys, read_keys
from vivavoce.core.errors import BadInput


async def test_a_key_is_found_by_its_text_and_named_by_its_place():
    keys = Keys(["first-key", "second-key"])
    assert not keys.open
    assert (await keys.find("second-key")).owner == "key_2"
    for wrong in (None, "", "first-ke", "first-keyy", "First-key", "ek_none", "\udcff"):
        assert await keys.find(wrong) is None


async def test_without_keys_anyone_comes_in_but_not_with_a_stale_client_secret():
    keys = Keys()
    assert keys.open
    assert (await keys.find(None)).owner == (await keys.find("anything")).owner == "anyone"
    assert await keys.find("ek_gone") is None


async def test_every_key_is_compared_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr(
        module.hmac, "compare_digest", lambda a, b, real=hmac.compare_digest: compared.append(b) or real(a, b)
    )
    keys = Keys(["one", "two", "three"])
    await keys.find("one")
    assert len(compared) == 3


def test_no_key_is_kept_in_memory():
    keys = Keys(["a-secret-key"])
    kept = pickle.dumps([keys._salt, keys._keys])
    assert b"a-secret-key" not in kept
    assert "a-secret-key" not in repr(keys)


async def test_client_secrets_are_looked_up_where_they_are_kept():
    keys = Keys(["k"])
    secret = await keys.secrets.mint("key_1", 60, {})
    assert (await keys.find(secret.value)).owner == "key_1"
    assert await Keys(["k"]).find(secret.value) is None
    assert (await Keys([], keys.secrets).find(secret.value)).owner == "key_1"


@pytest.mark.parametrize("bad", ["ek_mine", "two words", "a,b", "schlüssel", "tab\t"])
def test_an_unusable_key_is_refused_without_being_repeated(bad):
    with pytest.raises(BadInput, match="fix:") as error:
        Keys([bad])
    assert bad not in str(error.value)


def test_keys_come_from_the_environment_and_a_file(tmp_path):
    path = tmp_path / "keys"
    path.write_text("# ours\n\n key-c \n")
    path.chmod(0o600)
    assert read_keys({"VIVAVOCE_API_KEYS": "key-a, key-b,"}, path) == (("key-a", "key-b", "key-c"), "")
    assert read_keys({}) == ((), "")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_file_that_others_may_read_is_warned_about(tmp_path, mode):
    path = tmp_path / "keys"
    path.write_text("key-c\n")
    path.chmod(mode)
    keys, note = read_keys({}, path)
    assert keys == ("key-c",)
    assert f"chmod 600 {path}" in note


@pytest.mark.parametrize("content", [None, b"# nothing\n", b"\xff\xfe\x00"])
def test_an_unusable_key_file_is_named(tmp_path, content):
    path = tmp_path / "keys"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=r"keys .*fix:"):
        read_keys({}, path)
