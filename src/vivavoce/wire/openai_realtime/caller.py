"""The caller's side of the protocol, as a machine without sockets and clocks.

A server sends its voice faster than it is spoken. What has come is played, 20 ms in each `frame`; when the server hears
the caller speak, or gives an answer up, the rest of it is dropped and the server is told how much was heard.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from ...audio.fifo import Fifo
from ...audio.pcm import Pcm, fade_out, to_bytes
from ...core import heard
from ...core.units import OUT_RATE, out_ms, out_samples
from .audio import decode
from .config import Pcm as PcmFormat
from .refusal import Refusal

FRAME = out_samples(20)
LONGEST_S = 1_800
"""Unplayed audio of one item that is kept."""
_FADE = out_samples(5)
_PCM = {"type": "audio/pcm", "rate": OUT_RATE}
_DEAD = 64
"""Most answers remembered of which nothing more is played."""


class NoEvent(Exception):
    """The server sent something that is no event of the protocol. The message never quotes it."""


@dataclass(frozen=True, slots=True)
class Send:
    """An event for the server."""

    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Opened:
    """The server has told of the session. Once."""


@dataclass(frozen=True, slots=True)
class Began:
    """The first sample of an item is in the frame that was just made."""

    item: str


@dataclass(frozen=True, slots=True)
class Said:
    """An item of which nothing more will be heard; it began."""

    item: str
    text: str
    """All its words, as far as the server told them."""
    heard: str
    """Those that were played; apportioned by duration where it was cut."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The server reports an error. The call may go on."""

    code: str
    detail: str


Effect = Send | Opened | Began | Said | Failed


class _Kind(Struct):
    type: str


class _Session(Struct):
    session: dict[str, Any]


class _Audio(Struct):
    response_id: str
    item_id: str
    delta: str
    content_index: int = 0


class _Words(Struct):
    item_id: str
    delta: str
    response_id: str = ""
    content_index: int = 0


class _AllWords(Struct):
    item_id: str
    transcript: str
    response_id: str = ""
    content_index: int = 0


class _Problem(Struct):
    code: str | None = None
    type: str | None = None
    message: str | None = None

    def failed(self) -> Failed:
        return Failed(self.code or self.type or "error", self.message or "the server gave no reason")


class _Details(Struct):
    error: _Problem | None = None


class _Answer(Struct):
    id: str
    status: str | None = None
    status_details: _Details | None = None


class _Response(Struct):
    response: _Answer


class _Error(Struct):
    error: _Problem


@dataclass(slots=True)
class _Part:
    """One spoken content part of an item."""

    response: str
    item: str
    index: int
    text: str = ""
    received: int = 0
    played: int = 0
    complete: bool = False
    """No more audio will come."""
    waiting: Fifo = field(default_factory=lambda: Fifo(LONGEST_S * OUT_RATE, OUT_RATE // 10))

    @property
    def heard(self) -> str:
        reached, _ = heard.Part(self.text, self.received, self.complete).chars_at(self.played)
        return self.text[:reached].strip()


class Caller:
    """Give it every message of the server and ask it for a frame every 20 ms; carry out the effects in order."""

    def __init__(self) -> None:
        self._opened = False
        self._yields = True
        """The server stops speaking when it hears the caller."""
        self._running: set[str] = set()
        """Answers that are being made."""
        self._dead: deque[str] = deque(maxlen=_DEAD)
        self._line: list[_Part] = []
        """What is being played and what is to be played after it."""
        self._tail: Pcm = np.zeros(0, dtype=np.int16)
        """The fade at the end of what was cut."""
        self._effects: list[Effect] = []

    # what the server says

    def receive(self, message: str | bytes) -> list[Effect]:
        """One message. Types that are not known are passed over. Raises NoEvent."""
        try:
            found = _EVENTS.get(msgspec.json.decode(message, type=_Kind).type)
            if found is not None:
                shape, handle = found
                handle(self, msgspec.json.decode(message, type=shape))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Refusal):
            raise NoEvent("it sent something that is no event of the protocol") from None
        return self._take()

    def _session(self, event: _Session) -> None:
        hears, says = (_inside(event.session, "audio", way) for way in ("input", "output"))
        detection = hears.get("turn_detection")
        if isinstance(detection, dict):
            self._yields = detection.get("interrupt_response") is not False
        if self._opened:
            return
        self._opened = True
        self._effects.append(Opened())
        wanted: dict[str, Any] = {}
        if hears.get("format") not in (None, _PCM):
            wanted.setdefault("audio", {}).setdefault("input", {})["format"] = _PCM
        if "turn_detection" in hears and detection is None:
            # Nobody here presses a button to talk.
            wanted.setdefault("audio", {}).setdefault("input", {})["turn_detection"] = {"type": "server_vad"}
        if says.get("format") not in (None, _PCM):
            wanted.setdefault("audio", {})["output"] = {"format": _PCM}
        if event.session.get("output_modalities") == ["text"]:
            wanted["output_modalities"] = ["audio"]
        if wanted:
            self._send("session.update", session={"type": "realtime", **wanted})

    def _created(self, event: _Response) -> None:
        self._running.add(event.response.id)

    def _done(self, event: _Response) -> None:
        answer = event.response
        self._running.discard(answer.id)
        if answer.status == "cancelled":
            self._dead.append(answer.id)
            self._drop([part for part in self._line if part.response == answer.id])
        elif answer.status == "failed":
            details = answer.status_details
            self._effects.append(((details and details.error) or _Problem()).failed())
        for part in self._line:
            part.complete = part.complete or part.response == answer.id
        self._settle()

    def _audio(self, event: _Audio) -> None:
        _, pcm = decode(event.delta, PcmFormat())
        part = self._part(event.response_id, event.item_id, event.content_index)
        if part is None:
            return
        taken = part.waiting.write(pcm)
        part.received += taken
        if taken < pcm.size:
            self._effects.append(Failed("overflow", f"more than {LONGEST_S} s of unplayed speech; the rest is dropped"))
            self._dead.append(event.response_id)

    def _words(self, event: _Words) -> None:
        if part := self._part(event.response_id, event.item_id, event.content_index):
            part.text += event.delta

    def _all_words(self, event: _AllWords) -> None:
        if part := self._part(event.response_id, event.item_id, event.content_index):
            part.text = event.transcript

    def _speech_started(self, event: _Kind) -> None:
        if self._yields:
            self._dead.extend(self._running)
            self._drop(self._line)

    def _error(self, event: _Error) -> None:
        self._effects.append(event.error.failed())

    def _part(self, response: str, item: str, index: int) -> _Part | None:
        """The part that an event is about; None when it is not to be heard any more."""
        for part in self._line:
            if (part.item, part.index) == (item, index):
                return part
        if response in self._dead:
            return None
        self._line.append(_Part(response, item, index))
        return self._line[-1]

    # what the caller hears

    @property
    def silent(self) -> bool:
        """Nothing is left to be played."""
        return not self._tail.size and not any(len(part.waiting) for part in self._line)

    def frame(self) -> tuple[Pcm, list[Effect]]:
        """The next 20 ms: 480 samples at 24 kHz, silence where there is nothing."""
        pcm = np.zeros(FRAME, dtype=np.int16)
        at = self._tail.size
        pcm[:at] = self._tail
        self._tail = self._tail[:0]
        while self._line and at < FRAME:
            part = self._line[0]
            got = part.waiting.read(pcm[at:])
            if got and not part.played:
                self._effects.append(Began(part.item))
            part.played += got
            at += got
            self._settle()
            if self._line and self._line[0] is part:
                break
        return pcm, self._take()

    def _settle(self) -> None:
        """What was played to its end is over. Once the next part is there, the one before it is complete."""
        while self._line and not len(self._line[0].waiting) and (self._line[0].complete or self._next_sounds()):
            self._said(self._line.pop(0))

    def _next_sounds(self) -> bool:
        return len(self._line) > 1 and self._line[1].received > 0

    def _drop(self, parts: list[_Part]) -> None:
        """Play no more of these. The server cannot know how much of them was heard, and so it is told."""
        for part in list(parts):
            if part.played and part is self._line[0]:
                rest = np.zeros(min(_FADE, len(part.waiting)), dtype=np.int16)
                part.played += part.waiting.read(rest)
                self._tail = fade_out(rest, rest.size)
            self._line.remove(part)
            self._dead.append(part.response)
            if part.received and (len(part.waiting) or not part.complete):
                heard_ms = out_ms(part.played)
                self._send(
                    "conversation.item.truncate", item_id=part.item, content_index=part.index, audio_end_ms=heard_ms
                )
            self._said(part)

    def _said(self, part: _Part) -> None:
        if part.played:
            whole = part.played == part.received and part.complete
            self._effects.append(Said(part.item, part.text.strip(), part.text.strip() if whole else part.heard))

    # what the caller says and does

    def append(self, pcm: Pcm) -> Send:
        """The caller's next samples (24 kHz), silence too: by it the server knows that a turn is over."""
        audio = base64.b64encode(to_bytes(pcm)).decode("ascii")
        return Send({"type": "input_audio_buffer.append", "audio": audio})

    def ask(self, text: str) -> list[Effect]:
        """A written turn of the caller, to be answered."""
        content = [{"type": "input_text", "text": text}]
        self._send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
        self._send("response.create")
        return self._take()

    def close(self) -> list[Effect]:
        """The call is over; of what is being played no more is heard."""
        line, self._line = self._line, []
        for part in line:
            self._said(part)
        return self._take()

    def _send(self, kind: str, **fields: Any) -> None:
        self._effects.append(Send({"type": kind, **fields}))

    def _take(self) -> list[Effect]:
        effects, self._effects = self._effects, []
        return effects


def _inside(found: Any, *path: str) -> dict[str, Any]:
    """A mapping within mappings; empty where a server leaves it out."""
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


_EVENTS: dict[str, tuple[type[Struct], Callable[[Caller, Any], None]]] = {
    "session.created": (_Session, Caller._session),
    "session.updated": (_Session, Caller._session),
    "input_audio_buffer.speech_started": (_Kind, Caller._speech_started),
    "response.created": (_Response, Caller._created),
    "response.output_audio.delta": (_Audio, Caller._audio),
    "response.output_audio_transcript.delta": (_Words, Caller._words),
    "response.output_audio_transcript.done": (_AllWords, Caller._all_words),
    "response.done": (_Response, Caller._done),
    "error": (_Error, Caller._error),
}
