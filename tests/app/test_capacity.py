from __future__ import annotations

import asyncio

import pytest

from vivavoce.app import capacity
from vivavoce.app.capacity import USABLE, Found, measure, rounded, sentence, tell_capacity


@pytest.mark.parametrize(("calls", "said"), [(3.9, 3), (19.9, 19), (24.9, 20), (52, 50), (99, 95), (128, 120)])
def test_no_more_is_said_than_is_known(calls: float, said: int) -> None:
    assert rounded(calls) == said


@pytest.mark.parametrize(
    ("found", "workers", "free", "said"),
    [
        (Found(1.0, 100.0, 100.0), 1, 8, "capacity: about 75 calls a process, measured in 2 s without the engines"),
        (Found(1.0, 100.0, 100.0), 4, 8, "about 75 calls a process (4 workers: 300), measured"),
        # More workers than cores carry no more.
        (Found(1.0, 100.0, 100.0), 4, 2, "about 75 calls a process (4 workers: 150), measured"),
        (Found(0.2, 20.0, 100.0), 1, 8, "not measured: this machine has other work"),
        (Found(0.0, 0.0, 100.0), 1, 8, "not measured: this machine has other work"),
    ],
)
def test_what_is_said(found: Found, workers: int, free: int, said: str) -> None:
    assert USABLE == 0.75
    assert said in sentence(found, workers, free)


@pytest.mark.offline
async def test_callers_are_heard_and_answered_by_the_real_server() -> None:
    found = await measure(calls=4, seconds=0.5)
    assert found.cpu_s > 0
    assert found.heard_s > 0
    assert found.said_s >= 4 * 0.5


@pytest.mark.offline
@pytest.mark.slow
async def test_it_is_said_when_it_is_done() -> None:
    said: list[str] = []
    await tell_capacity(1, lambda: 0, said.append)
    assert len(said) == 1
    assert said[0].startswith("capacity: ")
    assert "the self-test ended" not in said[0]


async def test_nothing_is_measured_while_somebody_calls() -> None:
    said: list[str] = []
    await tell_capacity(1, lambda: 1, said.append)
    assert said == ["capacity: not measured: somebody calls; python -m vivavoce.app.capacity does it when nobody does"]


async def test_a_self_test_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "_MODULE", "vivavoce.no_such_module")
    said: list[str] = []
    await tell_capacity(1, lambda: 0, said.append)
    assert "No module named vivavoce.no_such_module" in said[0]


async def test_it_ends_with_the_server() -> None:
    task = asyncio.create_task(tell_capacity(1, lambda: 0, print))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
