"""An OpenAI-compatible server of the plainest kind, on a socket of this machine, that answers as told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

STALL = "stall"
"""Step: send nothing more, and wait for the client to hang up."""
DROP = "drop"
"""Step: cut the connection in the middle of the answer."""
DONE = "[DONE]"
Step = dict | str | bytes


@dataclass
class Reply:
    """One HTTP answer. `steps` are streamed as server-sent events, unless `body` is given."""

    steps: Sequence[Step] = ()
    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


def chunk(delta: dict | None = None, finish: str | None = None, usage: dict | None = None) -> dict:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    made = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "fake", "choices": choices}
    return made | ({"usage": usage} if usage else {})


def words(*texts: str) -> list[Step]:
    """A whole answer in pieces, with usage at its end."""
    usage = {"prompt_tokens": 12, "completion_tokens": len(texts), "total_tokens": 12 + len(texts)}
    opening = chunk({"role": "assistant", "content": ""})
    return [opening, *(chunk({"content": t}) for t in texts), chunk({}, "stop"), chunk(usage=usage), DONE]


def error(status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    body = json.dumps({"error": {"message": message, "type": "error", "code": code}}).encode()
    return Reply(status=status, body=body, headers=headers)


class FakeServer:
    """Answers the n-th request with the n-th reply; `hung_up` is set when a client closes during an answer.

    Leaving it fails when a client has kept a connection open.
    """

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[tuple[str, dict[str, str], dict]] = []
        self.asked = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.connections: set[asyncio.Task] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> FakeServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        await self._server.wait_closed()
        if self.connections:
            await asyncio.wait_for(asyncio.gather(*self.connections), 1)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self.connections.add(task)
        try:
            while await self._answer(reader, writer):
                pass
        except ConnectionError:
            self.hung_up.set()
        finally:
            self.connections.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        except asyncio.IncompleteReadError:
            return False
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((head[0], headers, json.loads(body) if body else {}))
        self.asked.set()
        reply = self.replies.pop(0)
        return await self._send(reply, reader, writer)

    async def _send(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        extra = "".join(f"{k}: {v}\r\n" for k, v in reply.headers.items())
        if reply.body is not None:
            length = f"content-type: application/json\r\ncontent-length: {len(reply.body)}\r\n"
            writer.write(f"HTTP/1.1 {reply.status} X\r\n{length}{extra}\r\n".encode() + reply.body)
            await writer.drain()
            return True
        kind = "content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
        writer.write(f"HTTP/1.1 {reply.status} OK\r\n{kind}{extra}\r\n".encode())
        for step in reply.steps:
            if step == STALL:
                await writer.drain()
                await reader.read()
                self.hung_up.set()
                return False
            if step == DROP:
                await writer.drain()
                return False
            event = step if isinstance(step, bytes) else f"data: {_text(step)}\n\n".encode()
            writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def _text(step: Step) -> str:
    return json.dumps(step) if isinstance(step, dict) else str(step)
