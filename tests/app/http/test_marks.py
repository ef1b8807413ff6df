from __future__ import annotations

import pytest

from vivavoce.app.http.marks import LENGTH, MOST_WORKERS, mark_of, worker_of


@pytest.mark.parametrize("worker", [1, 2, 61, 62, 63, 1_000, MOST_WORKERS])
def test_an_id_names_its_worker(worker: int) -> None:
    assert len(mark_of(worker)) == LENGTH
    assert worker_of(f"rtc_{mark_of(worker)}abcdefghijklmn") == worker
    assert worker_of(f"sess_{mark_of(worker)}x") == worker


@pytest.mark.parametrize("call_id", ["", "rtc_", "rtc_0", "rtc", "rtc_-1abc", "rtc_../x", "rtc_00abc", "é_éé"])
def test_what_names_nobody(call_id: str) -> None:
    assert worker_of(call_id) == 0
