"""Language models that the package knows: by any of their names, at a time, and as our own table has them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest

from vivavoce.app.prices import load_prices
from vivavoce.app.prices.packaged import language_model
from vivavoce.app.prices.table import PRINTED

WHEN = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "model",
    ["openai-chat:gpt-5-mini", "openai-responses:gpt-5-mini", "google-cloud:gemini-2.5-flash", "azure:gpt-4o"],
)
def test_other_names_of_a_vendor_are_known(model: str) -> None:
    known = language_model(model, WHEN)
    assert known is not None
    assert known.printed.keys() <= PRINTED.keys()
    assert all(usd > 0 for usd in known.printed.values())


@pytest.mark.parametrize("model", ["gpt-5-mini", "openai:no-such", "nobody:gpt-5", "https://host/v1#gpt-5", ""])
def test_what_is_not_known_has_no_price(model: str) -> None:
    assert language_model(model, WHEN) is None


def test_what_is_not_billed_by_tokens_has_none_here() -> None:
    assert language_model("openai:tts-1", WHEN) is None


def test_long_requests_count_as_short_ones() -> None:
    known = language_model("google:gemini-2.5-pro", WHEN)
    assert known is not None
    assert known.printed["per_1m_input_tokens"] == 1.25


def test_a_price_is_that_of_its_day() -> None:
    before, after = (language_model("openai:o3", datetime(2025, month, 20, tzinfo=UTC)) for month in (5, 7))
    assert before is not None
    assert after is not None
    assert before.printed["per_1m_input_tokens"] > after.printed["per_1m_input_tokens"]


def test_our_table_says_the_same_for_its_day() -> None:
    """A typing error in the table, or a figure that has been found to be wrong since."""
    wrong = []
    for model, price in load_prices(env={}).listed.items():
        if "input_tokens" not in price.units or price.as_of is None:
            continue
        known = language_model(model, datetime(price.as_of.year, price.as_of.month, price.as_of.day, 12, tzinfo=UTC))
        assert known is not None, model
        plain = price.units["input_tokens"]
        for key, usd in known.printed.items():
            unit, number = PRINTED[key]
            extra = plain if unit in ("cached_input_tokens", "cache_write_tokens") else 0.0
            if (price.units[unit] + extra) * number != pytest.approx(usd):
                wrong.append((model, unit))
    assert wrong == []


def test_without_the_package_there_is_no_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices.data_snapshot", None)
    assert language_model("openai:gpt-5-mini", WHEN) is None
