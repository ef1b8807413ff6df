"""Which packages the embedded engines need, and what to say when they are not there."""

from __future__ import annotations

from importlib.util import find_spec

from ..base import ProviderError

PACKAGES = {
    "pocketsphinx": "pocketsphinx",
    "espeakng_loader": "espeakng-loader",
}
"""Module to package, as pip names it."""


def missing(*modules: str) -> list[str]:
    """The packages, of those for `modules` (default: of all), that are not installed."""
    return [PACKAGES[module] for module in modules or PACKAGES if find_spec(module) is None]


def require(*modules: str) -> None:
    """Raises `ProviderError` code `missing` unless these (default: all) are installed."""
    if lacking := missing(*modules):
        raise ProviderError("missing", f"{', '.join(lacking)} not installed: pip install 'vivavoce[offline]'")
