"""Engines by name: each row can be chosen, and what cannot be used is said with its fix."""

from __future__ import annotations

from itertools import combinations

import pytest

from vivavoce.core.commands import Role
from vivavoce.providers.base import ProviderError
from vivavoce.providers.catalogue import ROWS, choose, make_stt, make_tts, make_turn
from vivavoce.providers.profile import SttProfile, TtsProfile, TurnProfile

NAMED = [(row, model) for row in ROWS for model in row.models]


@pytest.mark.parametrize(("row", "model"), NAMED, ids=[f"{row.role.value}-{row.vendor}-{m}" for row, m in NAMED])
def test_every_model_of_every_row_is_found_by_its_name(row, model):
    choice = choose(row.role, f"{row.vendor}:{model}")
    assert (choice.row, choice.model) == (row, model)
    assert choice.name == f"{row.vendor}:{model}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.role.value}-{row.vendor}-{row.prefix}")
def test_rows_are_whole(row):
    assert isinstance(row.profile, {Role.STT: SttProfile, Role.TTS: TtsProfile, Role.TURN: TurnProfile}[row.role])
    assert row.models
    assert all(model.startswith(row.prefix) for model in row.models)
    assert row.extra
    assert row.modules


def test_no_two_rows_mean_the_same():
    for one, other in combinations(ROWS, 2):
        assert (one.role, one.vendor, one.prefix) != (other.role, other.vendor, other.prefix)


def test_a_vendor_alone_takes_its_first_model():
    assert choose(Role.TTS, "offline").model == "espeak"


def test_an_unknown_vendor_is_told_which_there_are():
    with pytest.raises(ProviderError, match=r"'ofline:espeak' names no engine for tts; vendors are .*offline") as error:
        choose(Role.TTS, "ofline:espeak")
    assert error.value.code == "not_found"


def test_an_unknown_model_of_a_closed_row_is_told_which_there_are():
    with pytest.raises(ProviderError, match="offline has no model 'espresso' for tts; choose espeak"):
        choose(Role.TTS, "offline:espresso")


def test_a_missing_package_is_said_before_a_missing_key(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ProviderError, match=r"pip install 'vivavoce\[offline\]'") as error:
        make_stt("offline", {})
    assert error.value.code == "missing"


def test_a_turn_model_that_is_not_here_says_how_to_get_it(tmp_path):
    with pytest.raises(ProviderError, match="vivavoce pull smart-turn") as error:
        make_turn("smart-turn", {"VIVAVOCE_MODELS": str(tmp_path)})
    assert error.value.code == "missing"


@pytest.mark.offline
def test_the_embedded_engines_are_made():
    assert make_stt("offline:pocketsphinx", {}).model == "offline:pocketsphinx"
    assert make_tts("offline:espeak", {}).model == "offline:espeak"
