"""ElevenLabs' and OpenAI's HTTP, as far as their synthesisers go."""

from __future__ import annotations

import asyncio
import base64
import json
from abc import abstractmethod
from collections.abc import Iterator

from .script import CHAR, RATE, FakeVoice, Request, pieces

GARBAGE = b"\x00<html>this is no answer\n"


class HttpVoice(FakeVoice):
    """Answers POST with a chunked body, and notices when the client hangs up."""

    kind = "application/json"
    _server: asyncio.Server

    async def serve(self) -> int:
        self._server = await asyncio.start_server(self._main, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _main(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came()
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.went()
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        except asyncio.IncompleteReadError:
            return False
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        request = self.request(head[0].split(" ")[1], headers, body)
        self.seen(request)
        if self.script.status:
            await self._refuse(writer)
            return True
        speech = asyncio.create_task(self._speak(writer, request.text))
        gone = asyncio.create_task(reader.read(1))
        done, _ = await asyncio.wait({speech, gone}, return_when=asyncio.FIRST_COMPLETED)
        if speech not in done or speech.exception():
            self.cancelled.set()
        for task in (speech, gone):
            task.cancel()
        await asyncio.wait({speech, gone})
        # What `gone` waited for never came: the next request is still to be read.
        return speech in done and not speech.cancelled() and speech.result()

    async def _refuse(self, writer: asyncio.StreamWriter) -> None:
        # Services quote the key in such an answer.
        told = json.dumps(self.refusal(self.script.code)).encode()
        writer.write(
            f"HTTP/1.1 {self.script.status} X\r\ncontent-type: application/json\r\n"
            f"content-length: {len(told)}\r\n\r\n".encode()
            + told
        )
        await writer.drain()

    async def _speak(self, writer: asyncio.StreamWriter, text: str) -> bool:
        """Is the connection still good?"""
        script = self.script
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {self.kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        writer.write(head)
        for n, piece in enumerate(() if script.silent else self.messages(text)):
            if n == script.cut_at:
                writer.transport.abort()
                return False
            if n == script.garbage_at:
                # Not even HTTP: the length of a chunk must be a number.
                writer.write(b"zz\r\n" + GARBAGE)
            if script.unknown and self.novelty:
                self._chunk(writer, self.novelty)
            await self.wait(n)
            self._chunk(writer, piece)
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        self.done.set()
        return True

    novelty = b""

    @staticmethod
    def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    @abstractmethod
    def request(self, path: str, headers: dict[str, str], body: dict) -> Request: ...

    @abstractmethod
    def messages(self, text: str) -> Iterator[bytes]: ...

    def refusal(self, code: str) -> dict:
        return {"error": {"message": f"Incorrect API key provided: {self.keys[-1]}", "code": code}}


class FakeSpeech(HttpVoice):
    """OpenAI's `audio/speech` with `response_format` pcm."""

    kind = "audio/pcm"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def request(self, path: str, headers: dict[str, str], body: dict) -> Request:
        assert path == "/v1/audio/speech"
        self.keys.append(headers["authorization"])
        return Request(body["input"], body["voice"], body.get("speed", 1.0), raw=body)

    def messages(self, text: str) -> Iterator[bytes]:
        return pieces(text)


class FakeEleven(HttpVoice):
    """`/v1/text-to-speech/{voice}/stream/with-timestamps`: lines of JSON; times count from the request's beginning."""

    novelty = json.dumps({"novelty": [1, 2, 3]}).encode() + b"\n"

    def request(self, path: str, headers: dict[str, str], body: dict) -> Request:
        where, _, query = path.partition("?")
        assert where.endswith("/stream/with-timestamps")
        assert query == "output_format=pcm_24000"
        self.keys.append(headers["xi-api-key"])
        speed = (body.get("voice_settings") or {}).get("speed", 1.0)
        return Request(body["text"], where.split("/")[3], speed, body.get("previous_text") or "", body)

    def messages(self, text: str) -> Iterator[bytes]:
        told, second = 0, CHAR / RATE
        for n, piece in enumerate(pieces(text)):
            upto = min(len(text), told + 6) if n else min(len(text), 7)
            if (n + 1) * 4801 >= CHAR * 2 * len(text):
                upto = len(text)
            times = {
                "characters": list(text[told:upto]),
                "character_start_times_seconds": [at * second for at in range(told, upto)],
                "character_end_times_seconds": [(at + 1) * second for at in range(told, upto)],
            }
            line = {"audio_base64": base64.b64encode(piece).decode(), "alignment": times if upto > told else None}
            told = upto
            yield json.dumps(line).encode() + b"\n"

    def refusal(self, code: str) -> dict:
        return {"detail": {"status": code or "invalid_api_key", "message": f"Invalid API key {self.keys[-1]}"}}
