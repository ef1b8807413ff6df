from __future__ import annotations

import re

import pytest

from vivavoce.core.commands import Role
from vivavoce.providers.local.models import MODELS, models, named


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_is_whole(model):
    assert named(model.name) is model
    assert model.model in models(model.role, model.vendor)
    assert model.licence
    assert model.disk >= sum(file.size for file in model.files if not file.unpack)
    assert bool(model.rate) == bool(model.voices) == (model.role is Role.TTS)
    assert len(set(model.voices)) == len(model.voices)
    for file in model.files:
        assert file.url.startswith("https://")
        assert re.fullmatch(r"[0-9a-f]{64}|", file.sha256)
        assert file.sha256 or file.size < 10_000_000, "what is big is verified"


def test_names_are_unique():
    assert len({model.name for model in MODELS}) == len(MODELS)
