"""A server of files on this machine, with the habits of servers, and models to pull from it."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from vivavoce.core.commands import Role
from vivavoce.providers.local.models import File, Model


@dataclass
class Shelf:
    """Serves `files`; the rest is how it behaves and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    etag: str = '"one"'
    status: int = 200
    cut_after: int | None = None
    """Bytes after which each answer breaks off."""
    each_s: float = 0.0
    """Pause after each 16 KiB."""
    kinds: dict[str, str] = field(default_factory=dict)
    """Content types of some of its files."""
    names: list[str] = field(default_factory=list)
    """What was asked with a name and password."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """(path, Range) of each request."""
    url: str = ""

    def model(self, *names: str, sha256: bool = True, unpack: bool = False) -> Model:
        """A model of some of its files."""
        files = tuple(
            File(
                f"{self.url}/{name}",
                name,
                len(self.files[name]),
                hashlib.sha256(self.files[name]).hexdigest() if sha256 else "",
                unpack,
            )
            for name in names
        )
        return Model(Role.TTS, "shelf", "tiny", "vits", files, 1000, "CC0-1.0", ("en",))


def zipped(**files: bytes) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def packed(folder: str = "tiny-1.0/", **files: bytes) -> bytes:
    """A tar archive of one folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:bz2") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"{folder}{name}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


@contextmanager
def serving(shelf: Shelf) -> Iterator[Shelf]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            _answer(self, shelf)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shelf.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield shelf
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(handler: BaseHTTPRequestHandler, shelf: Shelf) -> None:
    wanted = handler.headers.get("Range", "")
    shelf.asked.append((handler.path, wanted))
    if name := handler.headers.get("Authorization"):
        shelf.names.append(name)
    data = shelf.files.get(handler.path[1:])
    handler.close_connection = True
    if shelf.status != 200 or data is None:
        handler.send_error(shelf.status if shelf.status != 200 else 404)
        return
    at = int(wanted.removeprefix("bytes=").removesuffix("-") or 0)
    if not shelf.ranges or handler.headers.get("If-Range") != shelf.etag:
        at = 0
    if at and at >= len(data):
        handler.send_response(416)
        handler.send_header("Content-Range", f"bytes */{len(data)}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    handler.send_response(206 if at else 200)
    if at:
        handler.send_header("Content-Range", f"bytes {at}-{len(data) - 1}/{len(data)}")
    handler.send_header("ETag", shelf.etag)
    handler.send_header("Content-Type", shelf.kinds.get(handler.path[1:], "application/octet-stream"))
    handler.send_header("Content-Length", str(len(data) - at))
    handler.end_headers()
    _send(handler, shelf, data[at : None if shelf.cut_after is None else at + shelf.cut_after])


def _send(handler: BaseHTTPRequestHandler, shelf: Shelf, data: bytes) -> None:
    try:
        for at in range(0, len(data), 1 << 14):
            handler.wfile.write(data[at : at + (1 << 14)])
            time.sleep(shelf.each_s)
    except (BrokenPipeError, ConnectionResetError):
        pass
