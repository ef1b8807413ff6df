"""The server's HTTP side: routes, keys, TLS and sockets. Everything that a conversation says is the handler's.

The names below are imported when first asked for, so that the package costs nothing where no server runs.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from ...core.errors import BadInput

if TYPE_CHECKING:
    from .errors import BadSession
    from .keys import Keys, read_keys
    from .run import serve
    from .server import make_app
    from .socket import Calls, Handler, Opening
    from .tls import Tls, load, self_signed

__all__ = [
    "BadSession",
    "Calls",
    "Handler",
    "Keys",
    "Opening",
    "Tls",
    "load",
    "make_app",
    "read_keys",
    "require_packages",
    "self_signed",
    "serve",
]

PACKAGES = ("starlette", "uvicorn", "websockets", "python_multipart", "cryptography")
_HOMES = {
    "BadSession": "errors",
    "Calls": "socket",
    "Handler": "socket",
    "Keys": "keys",
    "Opening": "socket",
    "Tls": "tls",
    "load": "tls",
    "make_app": "server",
    "read_keys": "keys",
    "self_signed": "tls",
    "serve": "run",
}


def require_packages() -> None:
    """Raises BadInput when a package that the server needs is missing."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise BadInput(f"the server needs {', '.join(missing)}; fix: pip install 'vivavoce[server]'")


def __getattr__(name: str) -> Any:
    """The public names. Raises BadInput when a package is missing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    require_packages()
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
