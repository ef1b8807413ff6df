from __future__ import annotations

import asyncio

import pytest

from vivavoce.app.http.connections import Connections
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
