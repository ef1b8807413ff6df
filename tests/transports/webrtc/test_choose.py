from __future__ import annotations

import subprocess
import sys

import pytest

from vivavoce.core.errors import BadInput
from vivavoce.transports.webrtc import choose
from vivavoce.transports.webrtc.choose import BACKENDS, make_peer


def only(monkeypatch, *installed):
    monkeypatch.setattr(choose, "_installed", lambda backend: backend in installed)


@pytest.mark.parametrize("backend", BACKENDS)
def test_by_name(backend):
    pytest.importorskip(BACKENDS[backend][0])
    assert make_peer(backend).__module__ == f"vivavoce.transports.webrtc.{backend}"


def test_the_first_is_the_default(monkeypatch):
    only(monkeypatch, *BACKENDS)
    assert make_peer() is make_peer(next(iter(BACKENDS)))


def test_what_is_installed_is_taken(monkeypatch):
    only(monkeypatch, "aiortc")
    assert make_peer().__name__ == "AiortcPeer"
    only(monkeypatch, "libwebrtc")
    assert make_peer().__name__ == "LibWebrtcPeer"


def test_what_is_missing_is_told(monkeypatch):
    only(monkeypatch)
    with pytest.raises(BadInput, match=r"fix: pip install 'vivavoce\[webrtc\]'"):
        make_peer()
    with pytest.raises(BadInput, match=r"libwebrtc is not installed; fix: pip install 'vivavoce\[webrtc\]'"):
        make_peer("libwebrtc")
    with pytest.raises(BadInput, match=r"aiortc is not installed; fix: pip install 'vivavoce\[aiortc\]'"):
        make_peer("aiortc")
    with pytest.raises(BadInput, match="use one of: libwebrtc, aiortc"):
        make_peer("pigeon")


def test_nothing_is_imported_before_somebody_asks():
    code = (
        "import sys, vivavoce, vivavoce.transports.webrtc.choose as c; "
        "heavy = {'wrtc', 'webrtc', 'aiortc', 'av'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
