import asyncio
import json

import pytest
from fake_server import FakeServer, Reply

from vivavoce.providers.llm import LocalServer, find_local_server


def models(*names, **extra):
    return Reply(body=json.dumps({"object": "list", "data": [{"id": n} for n in names]} | extra).encode())


def found(*replies, timeout_s=5.0):
    async def run():
        async with FakeServer(*replies) as server:
            return await find_local_server({"Ollama": server.port}, timeout_s), server

    return asyncio.run(run())


def test_the_first_model_is_taken():
    server, fake = found(models("llama3", "qwen"))
    assert server == LocalServer("Ollama", fake.url, "llama3")
    assert fake.requests[0][0] == "GET /v1/models HTTP/1.0"


def test_models_that_do_not_talk_are_passed_over():
    assert found(models("nomic-embed-text", "whisper-1", "llama3"))[0].model == "llama3"
    assert found(models("nomic-embed-text"))[0] is None


def test_our_own_server_is_no_language_model():
    ours = {"id": "offline:script", "object": "model", "created": 0, "owned_by": "vivavoce"}
    assert found(models(data=[ours]))[0] is None
    assert found(models(data=[ours, {"id": "llama3", "owned_by": "library"}]))[0].model == "llama3"


@pytest.mark.parametrize(
    "reply",
    [
        models(),
        Reply(body=b'{"object":"list","data":null}'),
        Reply(body=b'{"object":"error","data":[{"id":"x"}]}'),
        Reply(body=b'{"data":[{"id":7},{"name":"x"},"y",{"id":""},{"id":"a\\nb"}]}'),
        Reply(body=json.dumps({"data": [{"id": "x" * 500}]}).encode()),
        Reply(body=b"[1]"),
        Reply(body=b"<html>hello</html>"),
        Reply(body=b"{"),
        Reply(body=b"\xff\xfe"),
        Reply(body=b'{"data":[{"id":"x"}]}', status=404),
        Reply(body=b'{"data":[{"id":"x"}]}', status=500),
    ],
)
def test_anything_else_is_no_server(reply):
    assert found(reply)[0] is None


def test_a_server_that_says_nothing_is_not_waited_for():
    async def run():
        async def silent(reader, writer):
            await reader.read()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        began = asyncio.get_running_loop().time()
        nothing = await find_local_server({"a": port, "b": port, "c": port}, timeout_s=0.05)
        took = asyncio.get_running_loop().time() - began
        server.close()
        await server.wait_closed()
        return nothing, took

    nothing, took = asyncio.run(run())
    assert nothing is None
    assert took < 0.15


def test_a_port_where_nobody_listens():
    async def run():
        async with FakeServer() as server:
            pass
        return await find_local_server({"Ollama": server.port})

    assert asyncio.run(run()) is None


def test_the_order_of_candidates_decides():
    async def run():
        async with FakeServer(models("one")) as first, FakeServer(models("two")) as second:
            return await find_local_server({"LM Studio": second.port, "Ollama": first.port}, timeout_s=5)

    assert asyncio.run(run()).name == "LM Studio"


def test_an_endless_answer_is_cut_off():
    async def run():
        async def endless(reader, writer):
            try:
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                while True:
                    writer.write(b" " * 65536)
                    await writer.drain()
            except ConnectionError:
                writer.close()

        server = await asyncio.start_server(endless, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        nothing = await find_local_server({"x": port}, timeout_s=5)
        server.close()
        return nothing

    assert asyncio.run(run()) is None
