from __future__ import annotations

import re
from pathlib import Path

import pytest

from vivavoce.core.commands import Role
from vivavoce.providers.local.models import MODELS, models, named


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_is_whole(model):
    assert named(model.name) is model
    assert model.model in models(model.role, model.vendor)
    assert model.licence
    assert model.disk >= sum(file.size for file in model.files if not file.packed)
    assert bool(model.rate) == bool(model.voices) == (model.role is Role.TTS)
    assert len(set(model.voices)) == len(model.voices)
    for file in model.files:
        assert file.url.startswith(("https://", "pypi:"))
        assert re.fullmatch(r"[0-9a-f]{64}|", file.sha256)
        assert file.sha256 or file.size < 10_000_000, "what is big is verified"
        assert all(re.fullmatch(r"[0-9a-f]{64}", taken.sha256) for taken in file.take)


def test_a_vendor_with_one_model_is_name_enough():
    assert named("smart-turn") is named("smart-turn:v3.2") is not None
    assert named("whisper") is None


def test_names_are_unique():
    assert len({model.name for model in MODELS}) == len(MODELS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_page_about_engines_names_it(model):
    page = (Path(__file__).parents[3] / "docs" / "engines.md").read_text(encoding="utf-8")
    (row,) = (line for line in page.splitlines() if line.startswith(f"| `{model.name}` |"))
    assert f"| {model.licence} |" in row
    assert all(f"`{voice}`" in row for voice in model.voices)
