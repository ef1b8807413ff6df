from __future__ import annotations

from pathlib import Path

import pytest

from vivavoce.providers.base import ProviderError
from vivavoce.providers.local import store
from vivavoce.providers.local.models import named

SMALL = named("whisper:small")
assert SMALL is not None


@pytest.mark.parametrize(
    ("env", "folder"),
    [
        ({"VIVAVOCE_MODELS": "/models"}, Path("/models")),
        ({"VIVAVOCE_MODELS": "~/m"}, Path.home() / "m"),
        ({"XDG_CACHE_HOME": "/cache"}, Path("/cache/vivavoce/models")),
        ({"XDG_CACHE_HOME": "relative"}, Path.home() / ".cache/vivavoce/models"),
        ({}, Path.home() / ".cache/vivavoce/models"),
    ],
)
def test_where_models_are(env: dict[str, str], folder: Path) -> None:
    assert store.folder(env) == folder


def test_a_model_that_is_not_here_is_told_with_its_remedy(home: Path) -> None:
    with pytest.raises(ProviderError, match="whisper:small is not here yet: vivavoce pull whisper:small") as caught:
        store.find("whisper:small")
    assert caught.value.code == "missing"
    store.place(SMALL).mkdir(parents=True)
    assert store.find("whisper:small") == (SMALL, home / "whisper" / "small")
    assert store.lacking("whisper:small") == ""


def test_a_model_that_nobody_knows(home: Path) -> None:
    with pytest.raises(ProviderError, match="there is no model 'whisper:enormous'"):
        store.find("whisper:enormous")


def test_a_model_is_removed_with_what_has_arrived_of_it(home: Path) -> None:
    for path in (store.place(SMALL), store.incoming(SMALL)):
        path.mkdir(parents=True)
        (path / "model.bin").write_bytes(b"x")
    assert store.remove(SMALL)
    assert not store.here(SMALL)
    assert not store.incoming(SMALL).exists()
    assert not store.remove(SMALL)
