"""Where pip would get a file from: the index that it is set to, asked by the simple API, as JSON or as HTML."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from urllib.parse import SplitResult, unquote, urldefrag, urljoin, urlsplit

VARIABLE = "PIP_INDEX_URL"
"""pip's own setting; it may have a name and a password."""
PUBLIC = "https://pypi.org/simple"
_JSON = "application/vnd.pypi.simple.v1+json"
_LONGEST = 1 << 26
"""Bytes of a page."""


def page(project: str, env: Mapping[str, str] | None = None) -> str:
    """The address of a project's list of files, without name and password."""
    index = _index(env)
    return f"{index.scheme}://{_host(index)}{index.path.rstrip('/')}/{project}/"


def address(project: str, name: str, timeout_s: float, env: Mapping[str, str] | None = None) -> str:
    """Where a project's file of that name is. Raises `OSError` and `http.client.HTTPException` as urllib does,
    `ValueError` for what is no such page, `LookupError` when it is not there."""
    headers = {"User-Agent": "vivavoce", "Accept": f"{_JSON}, text/html;q=0.5"}
    request = urllib.request.Request(page(project, env), headers=headers)
    try:
        answer = opener(env).open(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        error.close()
        raise
    with answer:
        body, there = answer.read(_LONGEST), str(answer.url)
        links = _of_json(body) if answer.headers.get_content_type() == _JSON else _of_html(body)
    for known, link in links:
        if known == name:
            return urldefrag(urljoin(there, link)).url
    raise LookupError(f"it does not list {name}")


def opener(env: Mapping[str, str] | None = None) -> urllib.request.OpenerDirector:
    """Reaches any address; the host of the index with the name and password that it was set to.

    One of its own for each use, as urllib's keeps the proxies of its first.
    """
    index = _index(env)
    if index.username is None:
        return urllib.request.build_opener()
    known = urllib.request.HTTPPasswordMgrWithPriorAuth()
    root = f"{index.scheme}://{_host(index)}/"
    known.add_password(None, root, unquote(index.username), unquote(index.password or ""), is_authenticated=True)
    return urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(known))


def _index(env: Mapping[str, str] | None) -> SplitResult:
    return urlsplit((os.environ if env is None else env).get(VARIABLE, "").strip() or PUBLIC)


def _host(index: SplitResult) -> str:
    return index.netloc.rpartition("@")[2]


def _of_json(body: bytes) -> Iterable[tuple[str, str]]:
    found = json.loads(body)
    files = found.get("files") if isinstance(found, dict) else None
    if not isinstance(files, list):
        raise ValueError("it is no list of files")
    return [(str(file.get("filename")), str(file.get("url"))) for file in files if isinstance(file, dict)]


def _of_html(body: bytes) -> Iterable[tuple[str, str]]:
    found = _Links()
    found.feed(body.decode("utf-8", "replace"))
    return ((text.strip(), link) for text, link in found.links)


class _Links(HTMLParser):
    """The texts of links, and where they lead."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self._open: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open = dict(attrs).get("href")

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.links.append((data, self._open))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._open = None
