"""A real server on a free port, and real clients."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket as sockets
import ssl
import threading
from contextlib import asynccontextmanager

import pytest
from tests.app.http.conftest import KEY
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from vivavoce.app.http import run, socket
from vivavoce.app.http.keys import Keys
from vivavoce.app.http.run import serve, serve_handed
from vivavoce.app.http.tls import self_signed
from vivavoce.core.errors import BadInput

BEARER = {"Authorization": f"Bearer {KEY}"}


@asynccontextmanager
async def running(app, host="127.0.0.1", tls=None):
    """The base URL of a server that runs meanwhile."""
    ready = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(serve(app, host=host, port=0, tls=tls, on_ready=ready.set_result))
    await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED)
    try:
        yield await ready if not task.done() else await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def client(url, path="/v1/realtime?model=viva", headers=BEARER, **options):
    return connect(url.replace("http", "ws", 1) + path, additional_headers=headers, **options)


def test_a_conversation_with_a_real_client(make, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    secret = "sk-in-the-query"

    async def main():
        served = make()
        async with running(served.app) as url:
            offered = ["realtime", f"openai-insecure-api-key.{KEY}"]
            async with client(url, f"/v1/realtime?key={secret}", {}, subprotocols=offered, max_size=None) as peer:
                assert peer.subprotocol == "realtime"
                assert "Sec-WebSocket-Extensions" not in peer.response.headers
                await peer.send("a")
                assert await peer.recv() == "echo a"
                await peer.send("x" * (17 << 20))
                assert len(await peer.recv()) == (17 << 20) + 5
            with pytest.raises(InvalidStatus) as refused:
                await client(url, "/v1/realtime?call_id=rtc_gone&key=" + secret)
            assert refused.value.response.status_code == 404
            assert b"call_id_not_found" in refused.value.response.body
        assert served.handler.ended == 1

    asyncio.run(main())
    # The client logs its own headers, the server must not.
    logged = "".join(r.getMessage() for r in caplog.records if not r.name.startswith("websockets.client"))
    shown = "".join(capfd.readouterr())
    for key in (KEY, secret):
        assert key not in logged
        assert key not in shown


def test_a_message_that_is_too_large_ends_the_conversation(make, monkeypatch):
    monkeypatch.setattr(run, "MOST_MESSAGE_BYTES", 1000)

    async def main():
        served = make()
        async with running(served.app) as url, client(url) as peer:
            await peer.send("x" * 1001)
            with pytest.raises(ConnectionClosed) as closed:
                await peer.recv()
            assert closed.value.rcvd.code == 1009
        assert served.handler.ended == 1

    asyncio.run(main())


def test_limits_are_what_they_should_be(make):
    config = run._config(make().app, None)
    assert config.ws_max_size == 24 << 20
    assert (config.ws_ping_interval, config.ws_ping_timeout) == (20, 20)
    assert not config.ws_per_message_deflate
    assert not config.access_log


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals need the main thread")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_every_socket_and_lets_conversations_end(make, number):
    async def main():
        served = make()
        ready = asyncio.get_running_loop().create_future()
        serving = asyncio.ensure_future(serve(served.app, host="127.0.0.1", port=0, on_ready=ready.set_result))
        async with client(await ready) as peer:
            await peer.send("a")
            await peer.recv()
            os.kill(os.getpid(), number)
            with pytest.raises(ConnectionClosed) as closed:
                await peer.recv()
            assert closed.value.rcvd.code == 1001
        await serving
        assert served.handler.ended == 1

    asyncio.run(main())


def test_a_conversation_that_does_not_end_is_cancelled_quietly(make, monkeypatch, caplog):
    monkeypatch.setattr(run, "GRACE_S", 0.01)

    async def forever(opening, peer):
        await peer.send("here")
        await asyncio.Event().wait()

    async def main():
        async with running(make(handler=forever).app) as url:
            peer = await client(url)
            assert await peer.recv() == "here"
        with pytest.raises(ConnectionClosed) as closed:
            await peer.recv()
        assert closed.value.rcvd.code == 1001

    asyncio.run(main())
    assert caplog.text == ""


def test_a_peer_that_does_not_read_is_cut_off(make, monkeypatch):
    monkeypatch.setattr(socket.AsgiSocket.__init__, "__kwdefaults__", {"most_pending_bytes": 1 << 20, "stall_s": 0.05})
    over = asyncio.Event()
    received = []

    async def flood(opening, peer):
        for _ in range(64):
            await peer.send("x" * (1 << 20))
        received.append(await peer.receive())
        over.set()

    async def main():
        async with running(make(handler=flood).app) as url:
            peer = await client(url, max_queue=1, max_size=None)
            await asyncio.wait_for(over.wait(), 5)
            peer.transport.abort()
        assert received == [None]

    asyncio.run(main())


def test_tls_with_a_certificate_of_our_own(make):
    async def main():
        with self_signed("localhost") as tls:
            async with running(make().app, tls=tls) as url:
                assert url.startswith("https://127.0.0.1:")
                trust = ssl.create_default_context(cafile=str(tls.cert))
                trust.verify_flags |= ssl.VERIFY_X509_STRICT
                async with client(url, ssl=trust) as peer:
                    await peer.send("a")
                    assert await peer.recv() == "echo a"

    asyncio.run(main())


def test_a_name_is_served_on_all_its_addresses(make):
    async def main():
        async with running(make().app, host="localhost") as url:
            assert url.startswith("http://localhost:")
            async with client(url) as peer:
                await peer.send("a")
                assert await peer.recv() == "echo a"

    asyncio.run(main())


@pytest.mark.parametrize("host", ["0.0.0.0", "", "192.0.2.1"])
def test_without_keys_only_this_machine_is_served(make, host):
    with pytest.raises(BadInput, match=r"fix: set VIVAVOCE_API_KEYS, or use --host 127\.0\.0\.1"):
        asyncio.run(serve(make(keys=()).app, host=host, port=0))
    assert Keys().open


def test_an_address_that_cannot_be_used_is_named_with_the_fix(make):
    with sockets.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"{port} is in use .*fix: choose another --port"):
            asyncio.run(serve(make().app, host="127.0.0.1", port=port))
    with pytest.raises(BadInput, match=r"cannot listen on 192\.0\.2\.1"):
        asyncio.run(serve(make().app, host="192.0.2.1", port=0))


def test_an_address_of_all_is_shown_as_one_that_works(make):
    async def main():
        async with running(make().app, host="0.0.0.0") as url, client(url) as peer:
            assert url.startswith("http://127.0.0.1:")
            await peer.send("a")
            assert await peer.recv() == "echo a"

    asyncio.run(main())


async def raw(url, then=b""):
    """A peer that shakes hands, says something, and never answers a ping."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    lines = ["GET /v1/realtime HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", f"api-key: {KEY}"]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    writer.write(then)
    return reader, writer


def test_a_peer_that_answers_no_ping_is_gone(make, monkeypatch):
    monkeypatch.setattr(run, "PING_S", 0.05)

    async def main():
        served = make()
        async with running(served.app) as url:
            reader, writer = await raw(url)
            assert b"keepalive ping timeout" in await asyncio.wait_for(reader.read(), 5)
            writer.close()
        assert served.handler.ended == 1

    asyncio.run(main())


def test_a_peer_that_asks_for_pongs_without_reading_them_is_cut_off(make, monkeypatch):
    monkeypatch.setattr(run, "_MOST_UNREAD_BYTES", -1)

    async def main():
        served = make()
        async with running(served.app) as url:
            reader, writer = await raw(url, then=b"\x89\x80\0\0\0\0")
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()
        assert served.handler.ended == 1

    asyncio.run(main())


def test_a_client_that_hangs_up_amid_a_request_is_nothing_to_report(make, caplog):
    async def main():
        async with running(make().app) as url:
            _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
            lines = ["POST /v1/realtime/client_secrets HTTP/1.1", "Host: x", f"api-key: {KEY}", "Content-Length: 100"]
            writer.write("\r\n".join([*lines, "", '{"session"']).encode())
            await writer.drain()
            async with client(url) as peer:
                # By now the request has begun.
                await peer.send("a")
                await peer.recv()
            writer.transport.abort()
            async with client(url) as peer:
                await peer.send("a")
                await peer.recv()

    asyncio.run(main())
    assert caplog.text == ""


def test_connections_that_another_process_accepts(make):
    async def main():
        served, looks = make(), asyncio.Queue()
        ours, theirs = sockets.socketpair(sockets.AF_UNIX)
        ready = asyncio.Event()
        serving = asyncio.ensure_future(serve_handed(served.app, theirs, on_ready=ready.set, on_look=looks.put_nowait))
        await ready.wait()
        with sockets.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            loop = asyncio.get_running_loop()
            dialling = [asyncio.ensure_future(client(url).__aenter__()) for _ in range(3)]
            for _ in dialling:
                connection, _ = await loop.run_in_executor(None, listener.accept)
                sockets.send_fds(ours, [b"\0"], [connection.fileno()])
                connection.close()
            peers = await asyncio.gather(*dialling)
        for peer in peers:
            await peer.send("a")
            assert await peer.recv() == "echo a"
        await peers[0].close()
        while await looks.get() != 1:
            pass
        # Whoever accepts is gone, and so is all he gave.
        ours.close()
        with pytest.raises(ConnectionClosed) as gone:
            await peers[1].recv()
        assert gone.value.rcvd.code == 1001
        await serving
        theirs.close()
        assert served.handler.ended == 3

    asyncio.run(main())
