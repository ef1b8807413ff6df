from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.providers.local.shelf import Shelf, serving


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of models of this test."""
    monkeypatch.setenv("VIVAVOCE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def shelf(home: Path) -> Iterator[Shelf]:
    with serving(Shelf({"big.bin": bytes(range(256)) * 2000, "small.txt": b"small"})) as shelf:
        yield shelf


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with tiny ones in the places of real ones."""
    pytest.importorskip("onnx")
    pytest.importorskip("sherpa_onnx")
    pytest.importorskip("espeakng_loader")
    from tests.providers.local import tiny

    folder = tmp_path_factory.mktemp("models")
    tiny.zipformer(folder / "sherpa" / "zipformer-en-2023-06-26")
    tiny.vits(folder / "sherpa" / "vits-piper-en_US-ljspeech-medium")
    tiny.kokoro(folder / "sherpa" / "kokoro-en-v0_19", 11)
    return folder


@pytest.fixture
def tiny_here(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIVAVOCE_MODELS", str(tiny_models))
    return tiny_models
