from __future__ import annotations

import re
from importlib import resources
from pathlib import PurePosixPath

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from vivavoce.app.http import page

WEB = resources.files("vivavoce.app") / "web"
MOST_BYTES = 300_000
LOCAL = re.compile(r"""(?:from|import) ?\(?["'](\.[^"']+)["']|new URL\("([^"]+)", import""")


@pytest.fixture(scope="module")
def client():
    with TestClient(Starlette(routes=page.routes())) as client:
        yield client


def files(folder=WEB, prefix=""):
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from files(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/assets/main.js", "text/javascript; charset=utf-8"),
        ("/assets/css/base.css", "text/css; charset=utf-8"),
        ("/assets/icon.svg", "image/svg+xml"),
        ("/assets/vendor/preact.LICENSE", "text/plain; charset=utf-8"),
    ],
)
def test_each_file_has_its_type_and_the_headers_that_keep_others_out(client, path, kind):
    response = client.get(path)
    assert (response.status_code, response.headers["content-type"]) == (200, kind)
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "microphone=(self)" in response.headers["permissions-policy"]


def test_a_known_version_is_not_sent_again(client):
    first = client.get("/assets/main.js")
    assert first.headers["cache-control"] == "no-cache"
    for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = client.get("/assets/main.js", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    assert client.get("/assets/main.js", headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_sends_no_body(client):
    assert client.head("/").content == b""


@pytest.mark.parametrize(
    "path", ["/assets/", "/assets/none.js", "/assets/../page.py", "/assets/%2e%2e/__init__.py", "/x"]
)
def test_nothing_else_is_served(client, path):
    assert client.get(path).status_code == 404


def test_the_page_is_small_and_every_file_of_it_has_a_type():
    sizes = {name: len(entry.read_bytes()) for name, entry in files()}
    assert sum(sizes.values()) < MOST_BYTES, sizes
    for name in sizes:
        assert name.rpartition(".")[2] in page.TYPES, name


def test_modules_stay_short_and_import_only_what_is_there():
    names = {name for name, _ in files()}
    for name, entry in files():
        if not name.endswith((".js", ".css")) or name.startswith("vendor/"):
            continue
        text = entry.read_text()
        assert text.count("\n") < 300, name
        for found in LOCAL.findall(text):
            target = PurePosixPath(name).parent / (found[0] or found[1])
            assert str(target) in names, (name, target)


def test_every_module_is_asked_for_at_once(client):
    wanted = {f"/assets/{name}" for name, _ in files() if name.endswith(".js")}
    named = set(re.findall(r'(?:src|href)="([^"]+\.js)"', client.get("/").text))
    assert named == wanted - {"/assets/tap-worklet.js"}


def test_nothing_comes_from_elsewhere_and_nothing_is_inline(client):
    html = client.get("/").text
    for address in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert address.startswith("/assets/")
        assert client.get(address).status_code == 200
    assert not re.search(r"<script[^>]*>[^<]|style=|\son\w+=", html)
    for name, entry in files():
        # Libraries name the namespaces of SVG and MathML.
        if name.endswith((".js", ".css")) and not name.startswith("vendor/"):
            assert not re.search(r"""["'(]https?://""", entry.read_text()), name
