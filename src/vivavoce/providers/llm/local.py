"""Is a language model served on this machine? Asked of the usual ports, all at once, in a fraction of a second.

Without a library on purpose: this runs at every start, also where the extra is not installed, and importing an HTTP
client costs more than the whole question.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_PORTS: Mapping[str, int] = {"Ollama": 11434, "llama.cpp": 8080, "vLLM": 8000, "LM Studio": 1234}
"""Where such servers listen unless told otherwise; the first that answers in this order is taken."""
TIMEOUT_S = 0.15
_HOST = "127.0.0.1"
_MOST_BYTES = 1 << 20
_LONGEST_NAME = 200
_NO_CHAT = ("embed", "rerank", "whisper", "tts", "bge-", "clip")
"""Parts of the names of models that do not hold a conversation."""
_OURS = "vivavoce"
"""Owner of what our own server lists: it takes calls, and is no language model."""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """An OpenAI-compatible server on this machine."""

    name: str
    """What usually listens on that port."""
    url: str
    """Base address, as in `http://127.0.0.1:11434/v1`."""
    model: str
    """The first model it offers that can talk."""


async def find_local_server(
    candidates: Mapping[str, int] = DEFAULT_PORTS, timeout_s: float = TIMEOUT_S
) -> LocalServer | None:
    """The first candidate (name to port) that lists a model within `timeout_s` seconds; None when none does."""
    found = await asyncio.gather(*(_probe(name, port, timeout_s) for name, port in candidates.items()))
    return next((server for server in found if server is not None), None)


async def _probe(name: str, port: int, timeout_s: float) -> LocalServer | None:
    try:
        async with asyncio.timeout(timeout_s):
            answer = await _get(port)
    except (TimeoutError, OSError):
        return None
    models = _models(answer)
    return LocalServer(name, f"http://{_HOST}:{port}/v1", models[0]) if models else None


async def _get(port: int) -> bytes:
    """The whole answer to GET /v1/models; HTTP/1.0, so that it ends where the connection does."""
    reader, writer = await asyncio.open_connection(_HOST, port)
    try:
        writer.write(
            f"GET /v1/models HTTP/1.0\r\nHost: {_HOST}:{port}\r\nAccept: application/json\r\n\r\n".encode("ascii")
        )
        await writer.drain()
        answer = b""
        while len(answer) <= _MOST_BYTES and not _is_complete(answer) and (more := await reader.read(65536)):
            answer += more
        return answer
    finally:
        writer.close()


def _is_complete(answer: bytes) -> bool:
    """Has the announced length arrived? Some servers keep the connection open all the same."""
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    lengths = [line.partition(b":")[2].strip() for line in head.lower().split(b"\r\n") if b"content-length:" in line]
    return bool(lengths) and lengths[0].isdigit() and len(body) >= int(lengths[0])


def _models(answer: bytes) -> list[str]:
    """Names of the models that can talk; empty unless this is a sane OpenAI-style list."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b"\r\n")[0].split()
    if len(status) < 2 or not status[0].startswith(b"HTTP/1") or status[1] != b"200" or len(body) > _MOST_BYTES:
        return []
    try:
        listed = json.loads(body)
    except ValueError:
        return []
    rows = listed.get("data") if isinstance(listed, dict) and listed.get("object", "list") == "list" else None
    names = [_name(row) for row in rows] if isinstance(rows, list) else []
    return [n for n in names if n and not any(part in n.lower() for part in _NO_CHAT)]


def _name(row: object) -> str:
    name = row.get("id") if isinstance(row, dict) and row.get("owned_by") != _OURS else None
    return name if isinstance(name, str) and len(name) <= _LONGEST_NAME and name.isprintable() else ""
