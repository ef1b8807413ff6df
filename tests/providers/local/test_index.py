"""Files by name from whatever index pip is set to: pages of both kinds, links of every shape, whose password it is."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import Any

import pytest
from tests.providers.local.shelf import Shelf

from vivavoce.providers.local import index

JSON = "application/vnd.pypi.simple.v1+json"


def env(shelf: Shelf, name: str = "", more: str = "/simple") -> dict[str, str]:
    return {"PIP_INDEX_URL": shelf.url.replace("//", f"//{name}") + more}


def found(shelf: Shelf, file: str = "tiny-1.0.whl", **more: str) -> str:
    return index.address("tiny", file, 5.0, env(shelf, **more))


def listed(shelf: Shelf, body: Any, kind: str = JSON) -> None:
    shelf.files["simple/tiny/"] = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    shelf.kinds["simple/tiny/"] = kind


def test_the_public_one_unless_pip_is_told_otherwise() -> None:
    assert index.page("tiny", {}) == "https://pypi.org/simple/tiny/"
    assert index.page("tiny", {"PIP_INDEX_URL": " "}) == "https://pypi.org/simple/tiny/"
    assert index.page("tiny", {"PIP_INDEX_URL": "http://h:8/a/"}) == "http://h:8/a/tiny/"


@pytest.mark.parametrize("more", ["/simple", "/simple/"])
def test_a_page_of_json(shelf: Shelf, more: str) -> None:
    files = [{"filename": "tiny-0.9.whl", "url": "x"}, {"filename": "tiny-1.0.whl", "url": "https://far/tiny-1.0.whl"}]
    listed(shelf, {"meta": {"api-version": "1.1"}, "files": files})
    assert found(shelf, more=more) == "https://far/tiny-1.0.whl"


@pytest.mark.parametrize(
    ("link", "where"),
    [
        ("https://far/a/tiny-1.0.whl#sha256=00", "https://far/a/tiny-1.0.whl"),
        ("../../a/tiny-1.0.whl", "{shelf}/a/tiny-1.0.whl"),
        ("/a?b=1&amp;c=2", "{shelf}/a?b=1&c=2"),
    ],
)
def test_a_page_of_html(shelf: Shelf, link: str, where: str) -> None:
    page = f'<!DOCTYPE html><h1>Links</h1><a href="no">tiny-0.9.whl</a><br><A data-x HREF="{link}"> tiny-1.0.whl </A>'
    listed(shelf, page, "text/html; charset=utf-8")
    assert found(shelf) == where.replace("{shelf}", shelf.url)


def test_what_it_does_not_have(shelf: Shelf) -> None:
    listed(shelf, {"files": []})
    with pytest.raises(LookupError, match=r"does not list tiny-1\.0\.whl"):
        found(shelf)


@pytest.mark.parametrize("body", ["<html>", {"files": 7}, []])
def test_what_is_no_page(shelf: Shelf, body: Any) -> None:
    listed(shelf, body)
    with pytest.raises(ValueError):
        found(shelf)


def test_name_and_password_are_for_that_host_only(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(shelf, {"files": [{"filename": "tiny-1.0.whl", "url": "/big.bin"}]})
    for variable in ("http_proxy", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    assert found(shelf, name="ann:s%40cret@") == f"{shelf.url}/big.bin"
    assert shelf.names == [f"Basic {base64.b64encode(b'ann:s@cret').decode()}"]
    assert index.page("tiny", env(shelf, "ann:s%40cret@")) == f"{shelf.url}/simple/tiny/"
    opener = index.opener(env(shelf, "ann:s%40cret@"))
    for url, asked in ((f"{shelf.url}/small.txt", 2), (shelf.url.replace("127.0.0.1", "localhost") + "/small.txt", 2)):
        with opener.open(urllib.request.Request(url), timeout=5) as answer:
            assert answer.read() == b"small"
        assert len(shelf.names) == asked
