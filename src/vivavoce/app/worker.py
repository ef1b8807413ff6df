"""One of several processes that serve one port: what its parent gives it, and how it says that it is there."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ..core.errors import BadInput
from .http.board import Board, Column
from .http.marks import MOST_WORKERS
from .http.tls import Tls

VARIABLE = "VIVAVOCE_WORKER"
"""Its presence makes a process a worker: the descriptor of the socket to its parent."""
BOARD, PARENT = "board", "parent"
"""Files of the folder: the shared numbers, and the parent's socket."""
_LENGTH_BYTES = 4


class Orders(msgspec.Struct, frozen=True):
    """What a worker is told."""

    worker: int
    """Its number, from 1."""
    workers: int
    folder: str
    """Where the processes find each other; nobody else may enter it."""
    keys: tuple[str, ...]
    """The API keys."""
    tls: tuple[str, str, str] | None
    """Files of the certificate and its key, and the fingerprint."""


@dataclass(frozen=True, slots=True)
class Place:
    """A worker's place among the others."""

    orders: Orders
    control: socket.socket
    """Brings connections. Its end is the parent's."""

    @property
    def folder(self) -> Path:
        return Path(self.orders.folder)

    @property
    def parent(self) -> Path:
        """The parent's socket."""
        return self.folder / PARENT

    @property
    def tls(self) -> Tls | None:
        if self.orders.tls is None:
            return None
        cert, key, fingerprint = self.orders.tls
        return Tls(Path(cert), Path(key), fingerprint)


class Row:
    """This worker's numbers on the board."""

    def __init__(self, place: Place) -> None:
        self._board = Board(place.folder / BOARD, place.orders.workers)
        self._worker = place.orders.worker

    def put(self, calls: int, peers: int) -> None:
        self._board.put(self._worker, Column.CALLS, calls)
        self._board.put(self._worker, Column.PEERS, peers)

    def total(self) -> int:
        """Calls in all processes."""
        return self._board.total(Column.CALLS)

    def look(self, closed: int, busy: bool) -> None:
        self._board.put(self._worker, Column.CLOSED, closed)
        self._board.put(self._worker, Column.BUSY, int(busy))


def give_orders(control: socket.socket, orders: Orders) -> None:
    """The parent's half of `take_place`. Short enough for any socket's buffer."""
    data = msgspec.json.encode(orders)
    control.sendall(len(data).to_bytes(_LENGTH_BYTES) + data)


def take_place(env: MutableMapping[str, str]) -> Place | None:
    """This process's place; None when it is no worker. Programs that it starts will not take themselves for it."""
    handle = env.pop(VARIABLE, "")
    if not handle:
        return None
    control = socket.socket(fileno=int(handle))
    os.set_inheritable(control.fileno(), False)
    size = int.from_bytes(_exactly(control, _LENGTH_BYTES))
    return Place(msgspec.json.decode(_exactly(control, size), type=Orders), control)


def _exactly(control: socket.socket, size: int) -> bytes:
    data = control.recv(size, socket.MSG_WAITALL)
    if len(data) < size:
        control.close()
        raise SystemExit("the parent of this process is gone")
    return data


def here(place: Place, page: bool) -> dict[str, Any]:
    """Tells the parent that connections may come. `page`: callers over WebRTC have one."""
    return {"do": "ready", "worker": place.orders.worker, "page": page}


def count_of(workers: str) -> int:
    """How many `--workers` asks for. Raises BadInput."""
    if workers == "auto":
        return cores() if hasattr(socket, "send_fds") else 1
    if not workers.isascii() or not workers.isdecimal() or not 1 <= int(workers) <= MOST_WORKERS:
        raise BadInput(f"--workers is a number from 1 to {MOST_WORKERS}, or auto, not {workers!r}")
    if int(workers) > 1 and not hasattr(socket, "send_fds"):
        raise BadInput("--workers needs Linux or macOS: connections cannot be handed over here; fix: leave it out")
    return int(workers)


def again(argv: Sequence[str] | None = None) -> list[str]:
    """The command of a worker: this program once more, or `vivavoce` with these arguments."""
    return [sys.executable, *sys.orig_argv[1:]] if argv is None else [sys.executable, "-m", "vivavoce", *argv]


def cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
