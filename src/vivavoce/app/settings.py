"""Settings as users write them on a command line."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import PolicyError


def policy_settings(pairs: Sequence[str]) -> dict[str, str]:
    """`["a.b=1"]` as a mapping. Raises PolicyError for anything that is no KEY=VALUE."""
    settings = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key.strip():
            raise PolicyError(f"{pair!r} is no policy setting; write KEY=VALUE, as barge_in.stop_after_ms=200")
        settings[key.strip()] = value
    return settings
