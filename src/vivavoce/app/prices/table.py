"""The table of prices: read from TOML, where a price is as its vendor prints it, into money for each metered unit."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ...core.commands import Role
from ...core.errors import BadInput
from ...core.meter import Prices
from .free import is_free
from .packaged import language_model

if TYPE_CHECKING:
    from ...runtime.engines import Engines

OURS = Path(__file__).with_name("prices.toml")
VARIABLE = "VIVAVOCE_PRICES"
METERED: Mapping[Role, tuple[str, ...]] = {
    Role.STT: ("seconds",),
    Role.TTS: ("characters", "seconds"),
    Role.LLM: ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens"),
}
"""What engines of each role are metered by. Of the input tokens, some were read from a cache or written to one."""
PRINTED: Mapping[str, tuple[str, float]] = {
    "per_minute": ("seconds", 60.0),
    "per_hour": ("seconds", 3600.0),
    "per_1k_characters": ("characters", 1e3),
    "per_1m_characters": ("characters", 1e6),
    **{f"per_1m_{unit}": (unit, 1e6) for unit in METERED[Role.LLM]},
}
"""How vendors print prices: the metered unit, and how many of it the price is for."""


class _Row(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a file may say of a model, in USD."""

    as_of: date | None = None
    per_minute: float | None = None
    per_hour: float | None = None
    per_1k_characters: float | None = None
    per_1m_characters: float | None = None
    per_1m_input_tokens: float | None = None
    per_1m_cached_input_tokens: float | None = None
    per_1m_cache_write_tokens: float | None = None
    per_1m_output_tokens: float | None = None


class _Vendor(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One heading of a file."""

    models: dict[str, dict[str, Any]]
    source: str = ""
    as_of: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """What one model costs."""

    units: Mapping[str, float]
    """USD for one of each metered unit. For tokens read from a cache or written to one it is the difference to plain
    ones, which may be below 0: the meter has them among the input tokens too."""
    source: str = ""
    """The page, or the file."""
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class PriceTable:
    """What is known of prices, by the names of models."""

    listed: Mapping[str, Price] = field(default_factory=dict)

    def price(self, model: str, when: datetime | None = None) -> Price | None:
        """Of a model at a time (now); None where it is not known.

        What is listed counts first. What runs on this machine is free. Of language models that are not listed,
        genai-prices knows many.
        """
        if (found := self.listed.get(model)) is not None:
            return found
        if is_free(model, os.environ):
            return Price({unit: 0.0 for units in METERED.values() for unit in units}, "runs on this machine")
        known = language_model(model, when or datetime.now(UTC))
        return None if known is None else Price(_units(known.printed, model), known.source)

    def of_models(self, models: Iterable[str]) -> Prices:
        """What the meter of a call with these models needs. Those without a price are left out, and so are embedded
        ones, of which the meter knows."""
        found = {model: self.price(model) for model in dict.fromkeys(models) if not model.startswith("offline:")}
        return {(model, unit): usd for model, price in found.items() if price for unit, usd in price.units.items()}

    def of(self, *engines: Engines) -> Prices:
        """What the meter of a call with these engines needs."""
        roles = [models for one in engines for models in (one.llms, one.stts, one.ttss)]
        return self.of_models(engine.model for models in roles for engine in models)


def load_prices(file: Path | None = None, env: Mapping[str, str] | None = None) -> PriceTable:
    """Our table; on top of it the models of `file`, else of the file that VIVAVOCE_PRICES names. A file is read once.

    Raises BadInput naming the file, the model and the fix.
    """
    env = os.environ if env is None else env
    named = file or (Path(env[VARIABLE]).expanduser() if env.get(VARIABLE, "").strip() else None)
    return PriceTable(_read(OURS) if named is None else {**_read(OURS), **_read(named.absolute())})


@cache
def _read(path: Path) -> Mapping[str, Price]:
    """Raises BadInput."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; fix: name a file of prices, as in docs/costs.md") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path} is not TOML: {error}; fix: write it as in docs/costs.md") from None
    prices: dict[str, Price] = {}
    for name, heading in found.items():
        vendor = _converted(heading, _Vendor, f"{path}: {name}")
        for model, said in vendor.models.items():
            where = f"{path}: {model}"
            row = _converted(said, _Row, where)
            printed = {key: usd for key in PRINTED if (usd := getattr(row, key)) is not None}
            prices[model] = Price(_units(printed, where), vendor.source or str(path), row.as_of or vendor.as_of)
    return prices


def _converted(given: Any, kind: type[Any], where: str) -> Any:
    """Raises BadInput, beginning with `where`."""
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        fields = ", ".join(kind.__struct_fields__)
        raise BadInput(f"{where}: {error}; fix: fields are {fields}; see docs/costs.md") from None


def _units(printed: Mapping[str, float], where: str) -> Mapping[str, float]:
    """Money for one of each metered unit. Raises BadInput, beginning with `where`."""
    units: dict[str, float] = {}
    for key, usd in printed.items():
        unit, number = PRINTED[key]
        if not math.isfinite(usd) or usd < 0:
            raise BadInput(f"{where}: {key} must be 0 or more, not {usd:g}; fix: write USD")
        if unit in units:
            raise BadInput(f"{where}: {key} prices {unit} for a second time; fix: leave one of them out")
        units[unit] = usd / number
    if not units:
        raise BadInput(f"{where} has no price; fix: write one of {', '.join(PRINTED)}")
    speech, tokens = METERED[Role.TTS], METERED[Role.LLM]
    if units.keys() & set(tokens):
        if lacking := [unit for unit in ("input_tokens", "output_tokens") if unit not in units]:
            raise BadInput(f"{where} has no price for {lacking[0]}; fix: add per_1m_{lacking[0]}")
        plain = units["input_tokens"]
        units |= {unit: units.get(unit, plain) - plain for unit in ("cached_input_tokens", "cache_write_tokens")}
    if units.keys() & set(speech):
        # Speech is metered by more than its vendor bills it by.
        units |= {unit: units.get(unit, 0.0) for unit in speech}
    return units
