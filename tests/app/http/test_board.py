from __future__ import annotations

from pathlib import Path

import pytest

from vivavoce.app.http.board import Board, Column


def test_what_one_process_writes_all_see(tmp_path: Path) -> None:
    ours = Board.make(tmp_path / "board", 3)
    theirs = Board(tmp_path / "board", 3)
    theirs.put(1, Column.CALLS, 7)
    theirs.put(3, Column.CALLS, 5)
    theirs.put(3, Column.PEERS, 2)
    assert ours.get(1, Column.CALLS) == 7
    assert (ours.total(Column.CALLS), ours.total(Column.PEERS), ours.total(Column.BUSY)) == (12, 2, 0)
    ours.clear(3)
    assert (theirs.total(Column.CALLS), theirs.total(Column.PEERS)) == (7, 0)
    for board in (ours, theirs):
        board.close()


@pytest.mark.parametrize("worker", [0, 4, -1])
def test_there_are_no_other_rows(tmp_path: Path, worker: int) -> None:
    board = Board.make(tmp_path / "board", 3)
    with pytest.raises(IndexError):
        board.put(worker, Column.CALLS, 1)
    board.close()
