from __future__ import annotations

import asyncio

from vivavoce.app.http.socket import AsgiSocket


class Peer:
    """The ASGI side of a connection. Sends wait while it does not read."""

    def __init__(self):
        self.inbox = asyncio.Queue()
        self.sent = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.error = None
        self.aborted = 0

    async def send(self, message):
        await self.reads.wait()
        if self.error:
            raise self.error
        self.sent.append(message.get("text", message["type"]))

    def abort(self):
        self.aborted += 1

    def socket(self, **options):
        return AsgiSocket(self.inbox.get, self.send, self.abort, **options)


def test_messages_come_in_order_and_none_at_the_end():
    async def main():
        peer = Peer()
        socket = peer.socket()
        peer.inbox.put_nowait({"type": "websocket.receive", "text": "a"})
        peer.inbox.put_nowait({"type": "websocket.receive", "bytes": b"b"})
        peer.inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})
        assert [await socket.receive() for _ in range(4)] == ["a", b"b", None, None]
        await socket.send("into the void")
        await socket.close()
        assert peer.sent == []

    asyncio.run(main())


def test_closing_twice_closes_once_and_wakes_the_reader():
    async def main():
        peer = Peer()
        socket = peer.socket()
        reading = asyncio.ensure_future(socket.receive())
        await asyncio.sleep(0)
        await socket.close(4000, "ü" * 100)
        await socket.close()
        await socket.send("late")
        assert await reading is None
        assert peer.sent == ["websocket.close"]

    asyncio.run(main())


def test_frames_keep_their_order_while_the_peer_is_slow():
    async def main():
        peer = Peer()
        peer.reads.clear()
        socket = peer.socket()
        sends = [asyncio.ensure_future(socket.send(str(n))) for n in range(5)]
        await asyncio.sleep(0)
        peer.reads.set()
        await asyncio.gather(*sends, socket.send("5"))
        assert peer.sent == list("012345")

    asyncio.run(main())


def test_a_peer_that_leaves_too_much_unread_is_dropped():
    async def main():
        peer = Peer()
        peer.reads.clear()
        socket = peer.socket(most_pending_bytes=100)
        reading = asyncio.ensure_future(socket.receive())
        waiting = asyncio.ensure_future(socket.send("x" * 90))
        await asyncio.sleep(0)
        await socket.send("y" * 20)
        assert peer.aborted == 1
        assert await reading is None
        assert await socket.receive() is None
        peer.reads.set()
        await waiting

    asyncio.run(main())


def test_one_large_message_is_not_too_much():
    async def main():
        peer = Peer()
        await peer.socket(most_pending_bytes=10).send("x" * 90)
        assert peer.sent == ["x" * 90]
        assert peer.aborted == 0

    asyncio.run(main())


def test_a_peer_that_does_not_read_for_long_is_dropped():
    async def main():
        peer = Peer()
        peer.reads.clear()
        socket = peer.socket(stall_s=0.01)
        reading = asyncio.ensure_future(socket.receive())
        await socket.send("x")
        assert peer.aborted == 1
        assert await reading is None

    asyncio.run(main())


def test_sending_is_silent_when_the_server_says_that_the_peer_is_gone():
    async def main():
        for error in (ConnectionResetError(), RuntimeError("after close")):
            peer = Peer()
            peer.error = error
            socket = peer.socket()
            await socket.send("x")
            await socket.close()
            assert await socket.receive() is None

    asyncio.run(main())


def test_a_connection_that_does_not_end_is_cut():
    async def main():
        peer = Peer()
        peer.socket().abort_later(0)
        AsgiSocket(peer.inbox.get, peer.send).abort_later(0)
        await asyncio.sleep(0.001)
        assert peer.aborted == 1

    asyncio.run(main())
