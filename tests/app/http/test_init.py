from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from vivavoce.app import http
from vivavoce.core.errors import BadInput


def test_every_public_name_is_there():
    for name in http.__all__:
        assert getattr(http, name) is not None
    with pytest.raises(AttributeError):
        http.nothing  # noqa: B018


def test_a_missing_package_is_named_with_the_fix(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else found(name))
    with pytest.raises(BadInput, match=r"uvicorn; fix: pip install 'vivavoce\[server\]'"):
        _ = http.make_app


def test_nothing_heavy_is_imported_before_it_is_asked_for():
    code = (
        "import sys, vivavoce, vivavoce.app.cli, vivavoce.app.http; vivavoce.app.cli.parser();"
        "print([name for name in ('starlette', 'uvicorn', 'websockets', 'cryptography') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
