"""Vivavoce: realtime voice conversation between people and machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app.agent.agent import Agent
    from .app.agent.call import Call
    from .app.agent.simulate import Script

__version__ = "0.1.0"
__all__ = ["Agent", "Call", "Script", "__version__"]
_HOMES = {"Agent": "agent", "Call": "call", "Script": "simulate"}


def __getattr__(name: str) -> Any:
    """Imported when first asked for, so that the package itself costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    found = getattr(importlib.import_module(f"{__name__}.app.agent.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
