"""The page that people talk with: the files of `app/web`, from memory, under headers that let nothing else in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "md": "text/plain; charset=utf-8",
    "LICENSE": "text/plain; charset=utf-8",
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self' blob: mediastream:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "Permissions-Policy": "microphone=(self), speaker-selection=(self), autoplay=(self), camera=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Asked for every time, answered by 304: a new version of the server never meets an old half of the page.
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    type: str
    tag: str


class Page:
    """The files of the page."""

    def __init__(self, root: Traversable) -> None:
        """Reads all of them."""
        self._files = dict(_read(root, ""))

    async def index(self, request: Request) -> Response:
        """The page itself."""
        return self._answer(request, "index.html")

    async def asset(self, request: Request) -> Response:
        """One of its files. Raises HTTPException."""
        return self._answer(request, request.path_params["path"])

    def _answer(self, request: Request, path: str) -> Response:
        file = self._files.get(path)
        if file is None:
            raise HTTPException(404)
        headers = HEADERS | {"ETag": file.tag}
        known = request.headers.get("if-none-match", "")
        if known == "*" or file.tag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
            return Response(status_code=304, headers=headers)
        return Response(file.body, headers=headers | {"Content-Type": file.type})


def routes() -> list[BaseRoute]:
    """The page at `/`, its files below `/assets/`."""
    page = Page(resources.files("vivavoce.app") / "web")
    return [Route("/", page.index), Route("/assets/{path:path}", page.asset)]


def _read(folder: Traversable, prefix: str) -> list[tuple[str, _File]]:
    found: list[tuple[str, _File]] = []
    for entry in folder.iterdir():
        path = prefix + entry.name
        if entry.is_dir():
            found += _read(entry, f"{path}/")
        elif kind := TYPES.get(entry.name.rpartition(".")[2]):
            body = entry.read_bytes()
            found.append((path, _File(body, kind, f'"{hashlib.sha256(body).hexdigest()[:20]}"')))
    return found
