"""Deepgram's, Cartesia's and ElevenLabs' WebSockets, as far as their synthesisers go."""

from __future__ import annotations

import asyncio
import base64
import json
from abc import abstractmethod
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from .script import CHAR, RATE, FakeVoice, Request, Script, pieces, words

UNKNOWN = json.dumps({"type": "Novelty", "context_id": "?", "what": [1, 2, 3]})
GARBAGE = "<html>this is no answer"


class SocketVoice(FakeVoice):
    path = ""
    _server: Server

    async def serve(self) -> int:
        self._server = await serve(self._main, "127.0.0.1", 0, process_request=self._admit)
        return self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    def _admit(self, connection: ServerConnection, request):
        self.keys.append(request.headers.get("Authorization", ""))
        if self.script.status:
            return connection.respond(HTTPStatus(self.script.status), "no")
        return None if urlsplit(request.path).path == self.path else connection.respond(HTTPStatus.NOT_FOUND, "")

    async def _main(self, connection: ServerConnection) -> None:
        self.came()
        speech: asyncio.Task | None = None
        try:
            await self.hello(connection)
            async for message in connection:
                speech = await self.take(connection, json.loads(message), speech)
        except ConnectionClosed:
            pass
        finally:
            self.went()
            if speech is not None and not speech.done():
                self.cancelled.set()
                speech.cancel()

    async def hello(self, connection: ServerConnection) -> None: ...

    @abstractmethod
    async def take(self, connection, message: dict, speech: asyncio.Task | None) -> asyncio.Task | None:
        """One message of the client; what is being spoken afterwards."""

    async def misbehave(self, connection: ServerConnection, piece: int, script: Script) -> None:
        if piece == script.cut_at:
            connection.transport.abort()
            raise asyncio.CancelledError
        if piece == script.close_at:
            await connection.close(1011, "NET-0001")
        if piece == script.garbage_at:
            await connection.send(GARBAGE)
        if script.unknown:
            await connection.send(UNKNOWN)


class FakeAura(SocketVoice):
    """`/v1/speak`. The voice and the speed are of the connection."""

    path = "/v1/speak"

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[ServerConnection, str] = {}
        self.flushes = 0

    async def hello(self, connection: ServerConnection) -> None:
        model = self.query(connection)["model"]
        told = {"type": "Metadata", "request_id": "r", "model_name": model, "model_version": "1", "model_uuid": "u"}
        await connection.send(json.dumps(told))

    def query(self, connection: ServerConnection) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(connection.request.path).query).items()}

    async def take(self, connection, message: dict, speech: asyncio.Task | None) -> asyncio.Task | None:
        match message["type"]:
            case "Speak":
                assert len(message["text"]) <= 2000
                self.texts[connection] = self.texts.get(connection, "") + message["text"]
            case "Flush":
                text = self.texts.pop(connection)
                query = self.query(connection)
                self.seen(Request(text, query["model"], float(query.get("speed", 1)), raw=query))
                return asyncio.create_task(self._speak(connection, text))
            case "Clear":
                if speech is not None and not speech.done():
                    speech.cancel()
                self.cancelled.set()
                if not self.script.deaf:
                    await connection.send(json.dumps({"type": "Cleared", "sequence_id": 1}))
            case "Close":
                await connection.close()
        return speech

    async def _speak(self, connection: ServerConnection, text: str) -> None:
        script = self.script
        with suppress(ConnectionClosed):
            for n, piece in enumerate(() if script.silent else pieces(text)):
                await self.misbehave(connection, n, script)
                await self.wait(n)
                await connection.send(piece)
            self.flushes += 1
            await connection.send(json.dumps({"type": "Flushed", "sequence_id": self.flushes}))
            self.done.set()


class FakeSonic(SocketVoice):
    """`/tts/websocket`. Every message names its context."""

    path = "/tts/websocket"

    def __init__(self) -> None:
        super().__init__()
        self.error: dict | None = None
        """Sent instead of an answer."""

    async def take(self, connection, message: dict, speech: asyncio.Task | None) -> asyncio.Task | None:
        context = message["context_id"]
        if message.get("cancel"):
            self.cancelled.set()
            if speech is not None and not self.script.deaf:
                speech.cancel()
            return speech
        speed = message.get("generation_config", {}).get("speed", 1.0)
        self.seen(Request(message["transcript"], message["voice"]["id"], speed, raw=message))
        return asyncio.create_task(self._speak(connection, context, message["transcript"]))

    async def _speak(self, connection: ServerConnection, context: str, text: str) -> None:
        script = self.script

        async def send(kind: str, status: int, **more: object) -> None:
            told = {"type": kind, "context_id": context, "done": kind == "done", "status_code": status} | more
            await connection.send(json.dumps(told))

        with suppress(ConnectionClosed):
            if self.error is not None:
                await send("error", 400, **self.error)
                return
            for n, piece in enumerate(() if script.silent else pieces(text)):
                await self.misbehave(connection, n, script)
                await self.wait(n)
                await send("chunk", 206, data=base64.b64encode(piece).decode(), step_time=1.0)
                if n == 0:
                    said, begin, end = zip(*words(text), strict=True)
                    times = {"words": said, "start": begin, "end": end}
                    await send("timestamps", 206, word_timestamps=times)
            await send("done", 200)
            self.done.set()


class FakeElevenSocket(SocketVoice):
    """`/v1/text-to-speech/VOICE/multi-stream-input`. The voice is of the connection, the speed of the context."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.settings: dict[str, dict] = {}
        self.absolute = False
        """Times count from the beginning of the speech, not of the message."""
        self.error: dict | None = None

    def _admit(self, connection: ServerConnection, request):
        self.keys.append(request.headers.get("xi-api-key", ""))
        if self.script.status:
            return connection.respond(HTTPStatus(self.script.status), "no")
        path = urlsplit(request.path).path
        return None if path.endswith("/multi-stream-input") else connection.respond(HTTPStatus.NOT_FOUND, "")

    async def take(self, connection, message: dict, speech: asyncio.Task | None) -> asyncio.Task | None:
        context = message["context_id"]
        if message.get("close_context"):
            if speech is not None and not speech.done() and context not in self.texts:
                self.cancelled.set()
                if not self.script.deaf:
                    speech.cancel()
            elif context in self.texts:
                # A blank opens the context, and one closes each text.
                text = self.texts.pop(context)[1:-1]
                path = urlsplit(connection.request.path)
                query = {name: values[0] for name, values in parse_qs(path.query).items()}
                speed = self.settings.pop(context).get("speed", 1.0)
                self.seen(Request(text, path.path.split("/")[3], speed, raw=query))
                return asyncio.create_task(self._speak(connection, context, text))
        else:
            self.settings.setdefault(context, message.get("voice_settings", {}))
            self.texts[context] = self.texts.get(context, "") + message["text"]
        return speech

    async def _speak(self, connection: ServerConnection, context: str, text: str) -> None:
        script, size = self.script, 0

        async def send(**message: object) -> None:
            await connection.send(json.dumps({"contextId": context} | message))

        with suppress(ConnectionClosed):
            if self.error is not None:
                await connection.send(json.dumps(self.error))
                return
            told = 0
            for n, piece in enumerate(() if script.silent else pieces(text)):
                await self.misbehave(connection, n, script)
                await self.wait(n)
                upto = min(len(text), -(-(size + len(piece)) // (2 * CHAR)))
                base = 0 if self.absolute else size * 1000 // (2 * RATE)
                chars = list(text[told:upto])
                starts = [20 * (told + k) - base for k in range(len(chars))]
                times = {"chars": chars, "charStartTimesMs": starts, "charDurationsMs": [20] * len(chars)}
                await send(audio=base64.b64encode(piece).decode(), alignment=times if chars else None)
                told, size = upto, size + len(piece)
            await send(isFinal=True)
            self.done.set()
