"""Which models cost nothing, because they run on this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from ...providers.catalogue import ROWS

_HERE = frozenset(row.vendor for row in ROWS if row.local)


def is_free(model: str, env: Mapping[str, str]) -> bool:
    """By the name of the model: `whisper:...`, `ollama:...`, or `http://127.0.0.1...#...`."""
    if model.startswith(("http://", "https://")):
        return _is_here(model)
    vendor = model.partition(":")[0]
    if vendor == "ollama":
        # Models whose names end so are only passed on by the server, and cost money.
        url = env.get("OLLAMA_BASE_URL", "")
        return not model.endswith("cloud") and (not url or _is_here(url))
    return vendor in _HERE


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
