"""A long conversation over the Realtime protocol, on a virtual clock: does the memory of the model hold what was heard?

The client speaks in real time, plays what it gets from its own buffer, and every third time interrupts the answer: it
then reports how much it had played. Each word of the voice lasts 300 ms, so that what was heard is known to the word.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vivavoce.app.http.socket import Opening
from vivavoce.app.instant import ANSWER, WORD_MS, InstantLlm
from vivavoce.app.realtime import RealtimeCalls, Settings
from vivavoce.core.commands import Message
from vivavoce.runtime.clock import run

from .instant import engines
from .realtime import sound

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = tuple[str, str, str]
CHUNK_MS = 100
PAUSE_MS = 500
SPEECH_MS = 1_200
WORDS = ANSWER.split()


@dataclass
class Outcome:
    """What the client knows, and what the model was told at the end."""

    turns: int = 0
    interruptions: int = 0
    heard: list[str] = field(default_factory=list)
    """The agent's words of each answer as far as the client played them."""
    shown: list[str] = field(default_factory=list)
    """The same as `conversation.item.retrieve` gave them."""
    remembered: list[str] = field(default_factory=list)
    """The agent's messages in the last request to the model."""
    grown_kb: float = 0.0
    """Memory of the process since the tenth turn."""
    minutes: float = 0.0
    """Of the conversation."""


class Wire:
    """A socket in memory, from both sides."""

    def __init__(self) -> None:
        self._to_server: asyncio.Queue[str | None] = asyncio.Queue()
        self._to_client: asyncio.Queue[str] = asyncio.Queue()

    async def receive(self) -> str | None:
        return await self._to_server.get()

    async def send(self, text: str) -> None:
        self._to_client.put_nowait(text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._to_server.put_nowait(None)

    def tell(self, kind: str, **fields: Any) -> None:
        """The client sends an event."""
        self._to_server.put_nowait(json.dumps({"type": kind, **fields}))

    def hang_up(self) -> None:
        self._to_server.put_nowait(None)

    async def event(self) -> dict[str, Any]:
        """The next event for the client."""
        return dict(json.loads(await self._to_client.get()))


class Caller:
    """Speaks, plays, interrupts and reports."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._events: dict[str, asyncio.Event] = {}
        self._item = ""
        self._first_at = 0.0
        self._received_ms = 0
        self._retrieved = ""

    async def listen(self) -> None:
        """Take what the server sends."""
        while True:
            event = await self._wire.event()
            kind = event["type"]
            if kind == "error":
                raise AssertionError(event)
            if kind == "response.output_audio.delta":
                if event["item_id"] != self._item:
                    self._item, self._first_at, self._received_ms = event["item_id"], self._now(), 0
                self._received_ms += len(base64.b64decode(event["delta"])) // 48
            if kind == "conversation.item.retrieved":
                self._retrieved = event["item"]["content"][0]["transcript"]
            self._got(kind).set()

    def _got(self, kind: str) -> asyncio.Event:
        return self._events.setdefault(kind, asyncio.Event())

    async def _wait(self, kind: str) -> None:
        await asyncio.wait_for(self._got(kind).wait(), 30)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def send(self, pcm: bytes) -> None:
        """Audio, in time."""
        for at in range(0, len(pcm), CHUNK_MS * 48):
            await asyncio.sleep(CHUNK_MS / 1000)
            chunk = base64.b64encode(pcm[at : at + CHUNK_MS * 48]).decode()
            self._wire.tell("input_audio_buffer.append", audio=chunk)

    async def turn(self, cut_after_ms: int | None) -> tuple[str, str]:
        """Say something and hear the answer, up to its end or for so long: what was played, and what is shown."""
        for kind in ("response.output_audio.delta", "response.done"):
            self._got(kind).clear()
        speaking = sound(SPEECH_MS) + bytes(48 * PAUSE_MS)
        await self.send(speaking)
        while not self._got("response.output_audio.delta").is_set():
            await self.send(bytes(48 * CHUNK_MS))
        await self._wait("response.done")
        played_ms = len(WORDS) * WORD_MS if cut_after_ms is None else cut_after_ms
        while (self._now() - self._first_at) * 1000 < played_ms:
            await self.send(bytes(48 * CHUNK_MS))
        if cut_after_ms is None:
            return " ".join(WORDS), await self.shown()
        return await self._interrupt()

    async def _interrupt(self) -> tuple[str, str]:
        self._got("input_audio_buffer.speech_started").clear()
        self._got("conversation.item.truncated").clear()
        speaking = asyncio.create_task(self.send(sound(SPEECH_MS) + bytes(48 * PAUSE_MS)))
        await self._wait("input_audio_buffer.speech_started")
        heard_ms = min(round((self._now() - self._first_at) * 1000), self._received_ms)
        self._wire.tell("conversation.item.truncate", item_id=self._item, content_index=0, audio_end_ms=heard_ms)
        await self._wait("conversation.item.truncated")
        shown = await self.shown()
        self._got("response.done").clear()
        await speaking
        return " ".join(WORDS[: heard_ms // WORD_MS]), shown

    async def shown(self) -> str:
        """The words of the last answer as the server has them."""
        self._got("conversation.item.retrieved").clear()
        self._wire.tell("conversation.item.retrieve", item_id=self._item)
        await self._wait("conversation.item.retrieved")
        return self._retrieved.strip()

    async def one_more(self) -> None:
        """Let the model be asked once more."""
        self._got("response.done").clear()
        self._wire.tell("response.create", response={"output_modalities": ["text"]})
        await self._wait("response.done")

    async def after(self) -> None:
        """Let the answer to an interruption be made and played."""
        while not self._got("response.done").is_set():
            await self.send(bytes(48 * CHUNK_MS))
        await self.send(bytes(48 * (len(WORDS) * WORD_MS + 500)))


async def _converse(turns: int, memory: Any) -> Outcome:
    outcome, llm, wire = Outcome(), InstantLlm(), Wire()
    calls = RealtimeCalls(engines(llm), Settings("instant", "", ("tone",)))
    opening = Opening("m", "realtime", None, {}, "", "")
    serving = asyncio.create_task(calls.handle(opening, wire))
    caller = Caller(wire)
    listening = asyncio.create_task(caller.listen())
    start, begun = asyncio.get_running_loop().time(), 0.0
    detection = {"type": "server_vad", "silence_duration_ms": 300}
    wire.tell("session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": detection}}})
    while outcome.turns < turns:
        cut = 700 + 437 * outcome.turns % 9_000 if outcome.turns % 3 == 2 else None
        heard, shown = await caller.turn(cut)
        outcome.turns += 1
        outcome.heard.append(heard)
        outcome.shown.append(shown)
        if cut is not None:
            outcome.interruptions += 1
            outcome.turns += 1
            await caller.after()
            outcome.heard.append(" ".join(WORDS))
            outcome.shown.append(await caller.shown())
        if begun == 0.0 and outcome.turns >= 10:
            begun = memory()
    outcome.grown_kb = memory() - begun
    await caller.one_more()
    assert llm.asked is not None
    outcome.remembered = [i.text for i in llm.asked.items if isinstance(i, Message) and i.role == "agent"]
    outcome.minutes = (asyncio.get_running_loop().time() - start) / 60
    wire.hang_up()
    await serving
    listening.cancel()
    return outcome


def converse(turns: int) -> Outcome:
    """So many turns of the caller, a quarter of them interruptions."""
    import psutil

    process = psutil.Process()

    def memory() -> float:
        gc.collect()
        return float(process.memory_info().rss) / 1024

    outcome: Outcome = run(_converse(turns, memory), realtime=False)
    return outcome


def measure(quick: bool) -> Iterator[Row]:
    """Rows of the table."""
    outcome = converse(12 if quick else 80)
    what = f"realtime conversation of {outcome.minutes:.0f} minutes, {outcome.turns} turns, {outcome.interruptions} cut"
    wrong = sum(a != b for a, b in zip(outcome.heard, outcome.shown, strict=True))
    kept = [text for text in outcome.heard if text]
    wrong += sum(a != b for a, b in zip(kept, outcome.remembered, strict=True))
    yield f"{what}: answers remembered or shown otherwise than heard", str(wrong), "0"
    yield f"{what}: memory grown since the tenth turn", f"{outcome.grown_kb / 1024:.1f} MB", "flat"
