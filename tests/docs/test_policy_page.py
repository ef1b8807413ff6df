"""The page about the policy is made from the code and must not fall behind it."""

from __future__ import annotations

from types import ModuleType

import pytest
from tests.docs.generators import loaded

from vivavoce.core.policy import BROWSER, PHONE, keys


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    return loaded("generate_policy")


def test_the_page_says_what_the_code_says(generator: ModuleType) -> None:
    written = generator.PAGE.read_text(encoding="utf-8")
    assert written == generator.page(), "docs/policy.md is stale; run: python docs/generate_policy.py"


def test_every_key_has_a_row_with_its_default(generator: ModuleType) -> None:
    rows = {line.split("|")[1].strip(): line for line in generator.page().splitlines() if line.startswith("| `")}
    assert set(rows) == {f"`{key}`" for key in keys(BROWSER)}
    assert "| 640 |" in rows["`barge_in.hold_after_ms`"]
    assert all(line.rstrip(" |").count("|") >= 5 for line in rows.values())


def test_a_preset_that_differs_is_named(generator: ModuleType) -> None:
    row = next(line for line in generator.page().splitlines() if line.startswith("| `endpoint.patience`"))
    assert f"phone {PHONE.endpoint.patience:g}" in row
    assert "browser" not in row
