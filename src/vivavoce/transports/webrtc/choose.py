"""Which library carries a call over WebRTC. Nothing is imported before somebody asks."""

from __future__ import annotations

import importlib

from ...core.errors import BadInput
from .peer import MakePeer

BACKENDS = {"libwebrtc": ("wrtc", "webrtc"), "aiortc": ("aiortc", "aiortc")}
"""The module and the extra of each, the default first; docs/webrtc-backends.md tells why."""


def make_peer(backend: str | None = None) -> MakePeer:
    """How to make peers: on the library named, or on the best one that is installed. Raises BadInput."""
    if backend is None:
        for name in BACKENDS:
            if _installed(name):
                return _load(name)
        raise BadInput("calls over WebRTC need a library that is not installed; fix: pip install 'vivavoce[webrtc]'")
    if backend not in BACKENDS:
        raise BadInput(f"there is no WebRTC library {backend!r}; use one of: {', '.join(BACKENDS)}")
    if not _installed(backend):
        extra = BACKENDS[backend][1]
        raise BadInput(f"the WebRTC library {backend} is not installed; fix: pip install 'vivavoce[{extra}]'")
    return _load(backend)


def _installed(backend: str) -> bool:
    # Not only looked for: native code may be there for another system.
    try:
        importlib.import_module(BACKENDS[backend][0])
    except ImportError:
        return False
    return True


def _load(backend: str) -> MakePeer:
    if backend == "libwebrtc":
        from .libwebrtc import LibWebrtcPeer

        return LibWebrtcPeer
    from .aiortc import AiortcPeer

    return AiortcPeer
