from __future__ import annotations

import hmac
import pickle

import pytest

from vivavoce.app.http import keys as module
from vivavoce.app.http.errors import Refused
from vivavoce.app.http.keys import Keys, read_keys
from vivavoce.core.errors import BadInput


class Time:
    now = 1_000.5

    def __call__(self):
        return self.now


def test_a_key_is_found_by_its_text_and_named_by_its_place():
    keys = Keys(["first-key", "second-key"])
    assert not keys.open
    assert keys.find("second-key").owner == "key_2"
    for wrong in (None, "", "first-ke", "first-keyy", "First-key", "ek_none", "\udcff"):
        assert keys.find(wrong) is None


def test_without_keys_anyone_comes_in_but_not_with_a_stale_client_secret():
    keys = Keys()
    assert keys.open
    assert keys.find(None).owner == keys.find("anything").owner == "anyone"
    assert keys.find("ek_gone") is None


def test_every_key_is_compared_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr(
        module.hmac, "compare_digest", lambda a, b, real=hmac.compare_digest: compared.append(b) or real(a, b)
    )
    keys = Keys(["one", "two", "three"])
    keys.find("one")
    assert len(compared) == 3


def test_no_key_is_kept_in_memory():
    keys = Keys(["a-secret-key"], now=Time(), choice=lambda letters: letters[10])
    value = keys.mint("key_1", 60, {}).value
    kept = pickle.dumps({k: v for k, v in vars(keys).items() if not callable(v)})
    for text in ("a-secret-key", value):
        assert text.encode() not in kept
        assert text not in repr(keys)


def test_a_client_secret_is_good_for_several_sessions_until_it_expires():
    time = Time()
    keys = Keys(["k"], now=time)
    secret = keys.mint("key_1", 60, {"type": "realtime"}, "user-7")
    assert secret.value.startswith("ek_")
    assert secret.expires_at == 1_060
    time.now = 1_059.9
    for _ in range(2):
        found = keys.find(secret.value)
        assert (found.owner, found.is_secret, found.safety_id) == ("key_1", True, "user-7")
        found.session_dict()["type"] = "changed"
        assert found.session_dict() == {"type": "realtime"}
    time.now = 1_060
    assert keys.find(secret.value) is None


def test_the_number_of_client_secrets_is_bounded_and_expired_ones_make_room():
    time = Time()
    keys = Keys(["k"], now=time, most_secrets=2)
    keys.mint("key_1", 10, {})
    lasting = keys.mint("key_1", 60, {})
    with pytest.raises(Refused) as refused:
        keys.mint("key_1", 10, {})
    assert refused.value.status == 429
    time.now += 11
    keys.mint("key_1", 10, {})
    assert keys.find(lasting.value) is not None
    assert len(keys._secrets) == 2


def test_the_sessions_of_client_secrets_are_bounded_together(monkeypatch):
    monkeypatch.setattr(module, "_MOST_SESSION_BYTES", 100)
    time = Time()
    keys = Keys(["k"], now=time)
    keys.mint("key_1", 10, {"instructions": "x" * 60})
    with pytest.raises(Refused):
        keys.mint("key_1", 10, {"instructions": "x" * 60})
    time.now += 11
    keys.mint("key_1", 10, {"instructions": "x" * 60})


def test_secrets_are_random():
    keys = Keys(["k"])
    assert len({keys.mint("key_1", 10, {}).value for _ in range(20)}) == 20


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
