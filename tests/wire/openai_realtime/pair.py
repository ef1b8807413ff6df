"""A client wired to the server machine and a real conversation, without sockets: every frame is checked both ways."""

from __future__ import annotations

import base64
import json
from collections import deque
from functools import cache, partial
from typing import Any

import numpy as np
from tests.conformance.order import OrderChecker
from tests.conformance.schema import SchemaChecker

from vivavoce.audio.pcm import Pcm
from vivavoce.core import commands as c
from vivavoce.core import events as e
from vivavoce.core.units import OUT_RATE
from vivavoce.wire.openai_realtime import config
from vivavoce.wire.openai_realtime.effects import Act, Configure, Connect, Effect, Hear, Recognise, Send, Shut
from vivavoce.wire.openai_realtime.server import Server

from .world import Faults, World

Wire = dict[str, Any]
_LINE_RATE = 48_000
EPOCH = 1_800_000_000.5
"""When the clock of the tests was at 0."""


class Pair(World):
    """The client's calls are `send` and `say`; what it was told is in `told`."""

    def __init__(
        self, session: Wire | None = None, faults: Faults | None = None, kind: str = "realtime", plays: bool = False
    ) -> None:
        """`plays`: the audio of both sides is not in the messages, as in WebRTC."""
        super().__init__(faults, plays)
        self.plays = plays
        self.server = Server("abc", config.first("fake", kind, "Be kind.", session or {}), 2_000_000_000, plays, EPOCH)
        self.order = OrderChecker()
        self.schema = SchemaChecker()
        self.told: list[Wire] = []
        self._lines: list[tuple[int, str, object]] = []
        self.placed: set[str] = set()
        """Items that the client put behind another, and audio that it created: the conversation has that once its words
        are known, behind turns that ended meanwhile."""
        self.shut: Shut | None = None
        self.mcp: dict[str, list[Wire] | None] = {}
        """What the MCP servers answer."""
        self.agents: list[Configure] = []
        self._waiting: deque[Hear | Act | Configure | Recognise] = deque()
        self._recognising = False
        self._connecting = 0
        self._sounds = 0
        self._ids = 0
        self.post(e.CallStarted(client_plays=not plays, ids="abc"))
        self.perform(self.server.attach())
        self.drain()

    # the client

    def send(self, event: Wire, named: bool = True) -> list[Wire]:
        """One event; gives what the server says at once."""
        if named and "event_id" not in event:
            self._ids += 1
            event = {**event, "event_id": f"mine_{self._ids}"}
        self.order.sent(event)
        said = self._receive(json.dumps(event))
        if event.get("previous_item_id") not in (None, "root"):
            self.placed |= {told["item"]["id"] for told in said if told["type"] == "conversation.item.added"}
        return said

    def send_raw(self, frame: str | bytes) -> list[Wire]:
        """A frame that is no event."""
        self.order.sent_malformed()
        return self._receive(frame)

    def _receive(self, frame: str | bytes) -> list[Wire]:
        before = len(self.told)
        self._note(" > ", frame[:300])
        self.perform(self.server.receive(self.now / 1000, frame))
        self.drain()
        return self.told[before:]

    def append(self, ms: int, level: int = 0) -> None:
        """Audio in the session's format, or on a line of its own, in real time."""
        if self.plays:
            self._listen(ms, level)
            return
        event = _append(self.server.session.audio.input.format, level)
        for _ in range(ms // 100):
            self.order.sent(event)
            self._note(" > ", "100 ms of audio")
            self.perform(self.server.receive(self.now / 1000, _text(event["type"], event["audio"])))
            self.drain()
            self.until(self.now + 100)

    def _listen(self, ms: int, level: int) -> None:
        pcm = np.full(_LINE_RATE // 10, level, dtype=np.int16)
        for _ in range(ms // 100):
            self._note(" > ", "100 ms of audio")
            self.server.listen(pcm, _LINE_RATE)
            self.hear(pcm, _LINE_RATE)
            self.drain()
            self.until(self.now + 100)

    def say(self, text: str, ms: int = 800, silence_ms: int = 800) -> None:
        """The caller speaks, then is silent."""
        self.to_say.append(text)
        self.append(ms, 8_000)
        self.append(silence_ms)

    def rest(self, ms: int = 30_000) -> None:
        """Let everything come to its end."""
        self.until(self.now + ms)

    def hang_up(self) -> None:
        """Once nothing is on its way to the conversation, and no MCP server owes its tools."""
        while self._waiting or self._connecting:
            self.rest(100)
        self.post(e.CallEnded())
        self.drain()

    @property
    def transcript(self) -> list[str]:
        """What happened, a line each: `>` of the client, `<` of the server, further right in the conversation."""
        return [f"{now:>7}{mark}{str(what)[:600]}" for now, mark, what in self._lines]

    def _note(self, mark: str, what: object) -> None:
        self._lines.append((self.now, mark, what))

    def types(self) -> list[str]:
        return [event["type"] for event in self.told]

    def of(self, kind: str) -> list[Wire]:
        return [event for event in self.told if event["type"] == kind]

    def check(self, finished: bool = True) -> None:
        """Nobody has broken the protocol."""
        late = self.order.finish() if finished else []
        found = [*self.order.violations, *self.schema.violations, *late]
        assert not found, "\n".join([*found[:20], "", *self.transcript[-400:]])

    # the server's runner

    def perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(text, to):
                    if to in (None, 0):
                        self._told(text)
                case Shut():
                    self.shut = effect
                case Connect(server):
                    self._connecting += 1
                    self.later(50, partial(self._listed, server.label))
                case _:
                    self._waiting.append(effect)
        self._pump()

    def _listed(self, label: str) -> None:
        self._connecting -= 1
        tools = self.mcp.get(label)
        self.perform(self.server.listed(label, tools, "" if tools is not None else "nobody there"))

    def _told(self, text: str) -> None:
        event = json.loads(text)
        self.order.received(event)
        self._sounds += event["type"] == "response.output_audio.delta"
        if event["type"] != "response.output_audio.delta" or self._sounds < 4:
            self.schema.received(event, len(text))
        if event["type"] == "response.output_audio.delta":
            text = f"{event['type']} {event['response_id']} {len(event['delta'])}"
        self._note(" < ", text[:600])
        self.told.append(event)

    def _pump(self) -> None:
        while self._waiting and not self._recognising:
            effect = self._waiting.popleft()
            match effect:
                case Hear(pcm, rate):
                    self.hear(pcm, rate)
                case Act(event):
                    self.post(event)
                case Configure():
                    self.agents.append(effect)
                case Recognise():
                    self._recognising = True
                    self.placed.add(effect.item.id)
                    self.later(100, partial(self._recognised, effect))

    def _recognised(self, asked: Recognise) -> None:
        self._recognising = False
        text = "spoken words"
        for effect in self.server.recognised(asked.item.id, text, asked.pcm.size / asked.rate):
            assert isinstance(effect, Send)
            self._told(effect.text)
        item = c.Message(asked.item.id, asked.item.role, text, images=asked.item.images)
        self.post(e.ItemCreated(item, asked.after))
        self._pump()

    # the conversation

    def handle(self, event: e.Event) -> None:
        if not isinstance(event, e.UserSound | e.Played | e.Sent | e.Tick):
            self._note("     ", event)
        super().handle(event)

    def observe(self, told: c.Tell) -> None:
        self._note("   ", told.notice)
        self.perform(self.server.observe(self.now / 1000, told.notice, told.why))

    def take(self, reply: int, pcm: Pcm) -> bool:
        wanted, effects = self.server.take(reply, pcm)
        self.perform(effects)
        return wanted

    def seconds_of(self, response: str) -> float:
        """Audio (PCM) that came in a response."""
        found = [d for d in self.of("response.output_audio.delta") if d["response_id"] == response]
        return sum(len(base64.b64decode(d["delta"])) for d in found) / 2 / OUT_RATE


@cache
def _append(form: config.Format, level: int) -> Wire:
    """100 ms of sound or silence."""
    match form:
        case config.Pcm():
            data = np.full(2_400, level, dtype="<i2").tobytes()
        case config.Ulaw():
            data = bytes([0x80 if level else 0xFF]) * 800
        case config.Alaw():
            data = bytes([0xAA if level else 0xD5]) * 800
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(data).decode()}


@cache
def _text(kind: str, audio: str) -> str:
    return json.dumps({"type": kind, "audio": audio})
