"""What the package genai-prices, which comes with the language models, knows of their prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

_FIELDS = {
    "per_1m_input_tokens": "input_mtok",
    "per_1m_cached_input_tokens": "cache_read_mtok",
    "per_1m_cache_write_tokens": "cache_write_mtok",
    "per_1m_output_tokens": "output_mtok",
}


@dataclass(frozen=True, slots=True)
class Known:
    """Prices in USD, as a file has them."""

    printed: Mapping[str, float]
    source: str


def language_model(model: str, when: datetime) -> Known | None:
    """A model `VENDOR:MODEL` at a time; None where the package is not installed or knows no price for all of it.

    Where long requests cost more, it is the price of short ones.
    """
    vendor, colon, name = model.partition(":")
    if not colon:
        return None
    try:
        from genai_prices.data_snapshot import get_snapshot
    except ImportError:
        return None
    try:
        _, found = get_snapshot().find_provider_model(name, None, vendor, None)
    except LookupError:
        return None
    prices = found.get_prices(when)
    printed = {key: _usd(value) for key, at in _FIELDS.items() if (value := getattr(prices, at, None)) is not None}
    if not printed.keys() >= {"per_1m_input_tokens", "per_1m_output_tokens"}:
        return None
    return Known(printed, f"genai-prices {version('genai-prices')}")


def _usd(price: Any) -> float:
    """Some prices have steps."""
    return float(getattr(price, "base", price))
