"""What engines cost: a dated table in `prices.toml`, and the user's own on top of it."""

from __future__ import annotations

from .table import PriceTable, load_prices

__all__ = ["PriceTable", "load_prices"]
