from __future__ import annotations

import asyncio

import pytest

from vivavoce.app.http.connections import Connections, Kind
from vivavoce.app.http.errors import Refused
from vivavoce.app.http.socket import AsgiSocket


async def converse(connections, socket, stubborn=False):
    with connections.enter():
        await connections.opened(socket)
        while await socket.receive() is not None:
            pass
        if stubborn:
            await asyncio.Event().wait()


def test_there_is_room_for_so_many():
    async def main():
        connections = Connections(1)
        with connections.enter():
            assert len(connections) == 1
            with pytest.raises(Refused) as refused:
                connections.enter().__enter__()
            assert refused.value.status == 503
            assert "Retry-After" in refused.value.headers
        with connections.enter():
            pass
        assert len(connections) == 0

    asyncio.run(main())


def test_closing_ends_willing_conversations_and_cancels_the_others():
    async def main():
        sent = []

        async def send(message):
            sent.append(message)

        connections = Connections()
        sockets = [AsgiSocket(asyncio.Queue().get, send) for _ in range(2)]
        tasks = [asyncio.ensure_future(converse(connections, s, stubborn=n == 1)) for n, s in enumerate(sockets)]
        await asyncio.sleep(0)
        await connections.close(0.05)
        assert [message["code"] for message in sent] == [1001, 1001]
        assert tasks[0].done()
        assert not tasks[0].cancelled()
        assert tasks[1].cancelled()
        with pytest.raises(Refused) as refused:
            connections.enter().__enter__()
        assert refused.value.status == 503

    asyncio.run(main())


async def test_a_busy_process_takes_no_new_call_but_listeners_and_the_first_one():
    waits = []
    connections = Connections(10, busy_s=lambda calls: waits.append(calls) or 1.2)
    with connections.enter():
        for kind in (Kind.CALL, Kind.PEER):
            with pytest.raises(Refused) as refused:
                connections.enter(kind).__enter__()
            assert (refused.value.status, refused.value.code) == (503, "server_overloaded")
            assert refused.value.headers["Retry-After"] == "2"
        assert waits == [1, 1]
        task = asyncio.ensure_future(joined(connections))
        assert await task == 2
    assert connections.busy_s == 0


async def joined(connections):
    with connections.enter(Kind.LISTENER):
        return len(connections)


class Tallied:
    """Other processes have `others`."""

    def __init__(self, others):
        self.others = others
        self.put_in = []

    def put(self, calls, peers):
        self.put_in.append((calls, peers))

    def total(self):
        return self.others + self.put_in[-1][0] if self.put_in else self.others


async def test_room_is_counted_over_all_processes():
    tally = Tallied(others=2)
    connections = Connections(3, tally)
    with connections.enter(Kind.PEER):
        assert connections.total == 3
        assert tally.put_in == [(1, 1)]
    tally.others = 3
    with pytest.raises(Refused) as refused:
        connections.enter().__enter__()
    assert refused.value.headers["Retry-After"] == "5"
    assert tally.put_in[-1] == (0, 0)


async def test_one_place_is_not_given_away_twice():
    class Racing(Tallied):
        def put(self, calls, peers):
            super().put(calls, peers)
            # Another process was as fast.
            self.others = 3

    tally = Racing(others=2)
    with pytest.raises(Refused):
        Connections(3, tally).enter().__enter__()
    assert tally.put_in == [(1, 0), (0, 0)]
