from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from vivavoce.app import worker
from vivavoce.app.http.board import Board, Column
from vivavoce.app.worker import BOARD, VARIABLE, Orders, Row, again, count_of, give_orders, take_place
from vivavoce.core.errors import BadInput


def test_a_worker_takes_its_orders_once(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    orders = Orders(2, 3, str(tmp_path), ("key-one", "key-two"), ("cert", "key", "AB:CD"))
    env = {VARIABLE: str(os.dup(theirs.fileno())), "OTHER": "x"}
    give_orders(ours, orders)
    theirs.close()
    place = take_place(env)
    assert place is not None
    assert place.orders == orders
    assert place.tls is not None
    assert (place.tls.cert, place.tls.fingerprint) == (Path("cert"), "AB:CD")
    assert not os.get_inheritable(place.control.fileno())
    # What it starts is no worker.
    assert env == {"OTHER": "x"}
    assert take_place(env) is None
    ours.close()
    assert place.control.recv(1) == b""
    place.control.close()


def test_a_worker_whose_parent_is_gone_ends() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with pytest.raises(SystemExit, match="the parent of this process is gone"):
        take_place({VARIABLE: str(theirs.detach())})


def test_its_numbers_are_on_the_board(tmp_path: Path) -> None:
    board = Board.make(tmp_path / BOARD, 2)
    board.put(1, Column.CALLS, 4)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        row = Row(worker.Place(Orders(2, 2, str(tmp_path), (), None), theirs))
        row.put(calls=3, peers=1)
        row.look(closed=7, busy=True)
        assert row.total() == 7
    assert [board.get(2, column) for column in Column] == [3, 1, 7, 1]
    board.close()


@pytest.mark.parametrize("workers", ["", "0", "-1", "two", "1.5", "9999", "٣"])
def test_a_number_that_cannot_be(workers: str) -> None:
    with pytest.raises(BadInput, match="--workers is a number from 1 to 3843, or auto"):
        count_of(workers)


def test_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (count_of("1"), count_of("12"), count_of("auto")) == (1, 12, worker.cores())
    monkeypatch.delattr(socket, "send_fds")
    assert (count_of("1"), count_of("auto")) == (1, 1)
    with pytest.raises(BadInput, match="needs Linux or macOS"):
        count_of("2")


def test_a_worker_is_the_same_program_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert again(["serve", "--port", "1"]) == [sys.executable, "-m", "vivavoce", "serve", "--port", "1"]
    monkeypatch.setattr(sys, "orig_argv", ["python", "-X", "dev", "office.py", "--workers", "2"])
    assert again() == [sys.executable, "-X", "dev", "office.py", "--workers", "2"]
