"""What one process carries; what it does among others is in test_workers.py."""

from __future__ import annotations

import asyncio

import pytest
from bench.instant import engines

from vivavoce.app.http.connections import Kind
from vivavoce.app.http.errors import Refused
from vivavoce.app.load import Load, load_of
from vivavoce.app.realtime import RealtimeCalls, Settings


def make_late(load: Load) -> None:
    """Everything was late for three seconds."""
    now = asyncio.get_running_loop().time()
    for n in range(150):
        load.admission.push(now - 3 + n * 0.02, 15.0, 1)


async def test_new_calls_are_refused_while_it_is_late() -> None:
    load = load_of(10, True, None)
    make_late(load)
    with load.connections.enter():
        with pytest.raises(Refused) as refused:
            load.connections.enter().__enter__()
        assert (refused.value.status, refused.value.code) == (503, "server_overloaded")
        assert 1 <= int(refused.value.headers["Retry-After"]) <= 2

        async def join() -> int:
            with load.connections.enter(Kind.LISTENER):
                return len(load.connections)

        assert await asyncio.ensure_future(join()) == 2


async def test_the_first_call_comes_in_however_late_it_is() -> None:
    load = load_of(10, True, None)
    make_late(load)
    with load.connections.enter():
        assert len(load.connections) == 1


async def test_nobody_is_refused_where_nothing_is_to_be_measured() -> None:
    load = load_of(10, False, None)
    make_late(load)

    async def call() -> int:
        with load.connections.enter():
            return len(load.connections)

    with load.connections.enter():
        assert await asyncio.ensure_future(call()) == 2


async def test_alone_its_calls_are_all_there_are() -> None:
    load = load_of(10, True, None)
    calls = RealtimeCalls(engines(), Settings("m", "", ("tone",)))
    async with load.carried(calls) as found:
        assert found is calls
    assert load.mark == ""
