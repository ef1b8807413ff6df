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
