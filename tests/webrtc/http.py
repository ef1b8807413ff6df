"""Requests as plain as they can be: many at once, and with bodies that no client library would send."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

WAIT_S = 30.0
_BOUNDARY = "0123456789"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered."""

    status: int
    """0 when the connection was cut."""
    headers: dict[str, str]
    text: str

    @property
    def error(self) -> dict[str, Any]:
        found = json.loads(self.text)["error"]
        assert isinstance(found, dict)
        return found

    @property
    def call_id(self) -> str:
        """Of a call that was answered."""
        assert self.status == 201, (self.status, self.text)
        return self.headers["location"].rpartition("/")[2]


async def request(method: str, url: str, body: bytes = b"", kind: str = "application/sdp") -> Reply:
    """One request on a connection of its own."""
    at = urlsplit(url)
    head = f"{method} {at.path} HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Type: {kind}\r\n"
    head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    async with asyncio.timeout(WAIT_S):
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        try:
            # The server may answer and close before it has read all.
            with suppress(ConnectionError):
                writer.write(head.encode() + body)
                await writer.drain()
            answer = b""
            with suppress(ConnectionError):
                answer = await reader.read()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
    if not answer:
        return Reply(0, {}, "")
    top, _, text = answer.decode().partition("\r\n\r\n")
    status, *lines = top.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Reply(int(status.split()[1]), headers, text)


async def offer(url: str, sdp: str | bytes, session: dict[str, Any] | None = None) -> Reply:
    """Place a call. `url`: of the API, with /v1."""
    data = sdp.encode() if isinstance(sdp, str) else sdp
    if session is None:
        return await request("POST", f"{url}/realtime/calls", data)
    parts = {"sdp": data, "session": json.dumps(session).encode()}
    body = b"".join(
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (_BOUNDARY.encode(), name.encode(), value)
        for name, value in parts.items()
    )
    body += b"--%b--\r\n" % _BOUNDARY.encode()
    return await request("POST", f"{url}/realtime/calls", body, f"multipart/form-data; boundary={_BOUNDARY}")


async def hang_up(url: str, call_id: str) -> Reply:
    return await request("POST", f"{url}/realtime/calls/{call_id}/hangup", kind="application/json")


async def calls(url: str) -> int:
    """How many calls the server has."""
    found = json.loads((await request("GET", f"{url.removesuffix('/v1')}/healthz")).text)
    return int(found["calls"])


async def until_calls(url: str, count: int, within_s: float) -> float:
    """Wait until the server has so many calls; how long it took."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while (now := await calls(url)) != count:
        waited = loop.time() - begun
        assert waited < within_s, f"{now} calls after {waited:.1f} s, not {count}"
        await asyncio.sleep(0.05)
    return loop.time() - begun
