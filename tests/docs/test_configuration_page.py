"""The page about the settings is made from their table and must not fall behind it; its examples load."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
from tests.docs.generators import loaded

from vivavoce.app.config.load import load
from vivavoce.app.config.table import SETTINGS

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    return loaded("generate_configuration")


def test_the_page_says_what_the_table_says(generator: ModuleType) -> None:
    written = generator.PAGE.read_text(encoding="utf-8")
    assert written == generator.page(), "docs/configuration.md is stale; run: python docs/generate_configuration.py"


def test_every_setting_has_a_row(generator: ModuleType) -> None:
    rows = {line.split("|")[1].strip() for line in generator.page().splitlines() if line.startswith("| `")}
    assert rows == {f"`{setting.key}`" for setting in SETTINGS if not setting.tunes}


def test_the_examples_load(tmp_path: Path) -> None:
    for page in (DOCS / "configuration.md", DOCS.parent / "README.md"):
        for example in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            file = tmp_path / "vivavoce.toml"
            file.write_text(example)
            assert load({}, file).found
