"""Recording a call: what was decided and why, and both voices. Streams to disk; nothing half-written is left behind."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..audio.pcm import Pcm, to_bytes
from ..audio.wav import wav_header
from ..core.commands import Command
from ..core.conversation import Conversation
from ..core.errors import BadInput
from ..core.events import Event
from ..core.units import IN_RATE, OUT_RATE, in_ms, out_ms
from ..wire.capture import End, Header, encode_end, encode_header, encode_step
from .observe import Observer

CAPTURE, CALLER, AGENT = "capture.jsonl", "caller.wav", "agent.wav"
_GAP_MS = 100
"""A shift between the caller's samples and the session clock from which on the alignment is noted anew."""
_MAX_GAPS = 10_000


class Recorder(Observer):
    """Writes `capture.jsonl`, `caller.wav` (16 kHz, as the engines heard it) and `agent.wav` (24 kHz, as it was played,
    silence included) into a folder. Under temporary names until `close`, which gives them their own.

    These files hold a person's voice and words.
    """

    def __init__(self, folder: Path, overwrite: bool = False, started: str | None = None) -> None:
        """Raises `BadInput` when the folder cannot be made or holds a recording already. `started`: the wall clock's
        time on the record, by default now."""
        self.folder = folder
        self._started = started or datetime.now(UTC).isoformat(timespec="seconds")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"cannot record into {folder}: {error.strerror}; give another folder") from None
        present = [name for name in (CAPTURE, CALLER, AGENT) if (folder / name).exists()]
        if present and not overwrite:
            raise BadInput(
                f"{folder} holds a recording already ({present[0]}); give another folder, or allow overwriting"
            )
        self._capture: _Part | None = None
        self._caller: _Wav | None = None
        self._agent: _Wav | None = None
        self._now = 0
        self._gaps: list[tuple[int, int]] = []

    def opened(self, conversation: Conversation, agent: str) -> None:
        prices = conversation.context.meter.prices
        header = Header(version("vivavoce"), self._started, agent, conversation.policy, prices)
        self._capture = _Part(self.folder / CAPTURE)
        self._capture.write(encode_header(header))
        self._caller = _Wav(self.folder / CALLER, IN_RATE)
        self._agent = _Wav(self.folder / AGENT, OUT_RATE)

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        assert self._capture is not None
        self._now = now
        self._capture.write(encode_step(now, event, commands))

    def heard(self, now: int, pcm: Pcm) -> None:
        assert self._caller is not None
        self._note_gap(self._caller.samples, now - in_ms(pcm.size))
        self._caller.append(pcm)

    def played(self, position: int, pcm: Pcm) -> None:
        assert self._agent is not None
        while (missing := position - self._agent.samples) > 0:
            self._agent.append(np.zeros(min(missing, OUT_RATE), dtype=np.int16))
        self._agent.append(pcm)

    def close(self) -> None:
        """Complete the files and give them their names, or, after an error, remove them all. Raises `OSError`."""
        capture, caller, agent = self._capture, self._caller, self._agent
        parts = [p for p in (capture, caller, agent) if p is not None]
        self._capture = self._caller = self._agent = None
        with ExitStack() as stack:
            for part in parts:
                stack.callback(part.discard)
            if capture is None or caller is None or agent is None or any(p.broken for p in parts):
                return
            duration = max(self._now, out_ms(agent.samples))
            capture.write(encode_end(End(duration, caller.samples, agent.samples, caller_at=tuple(self._gaps))))
            for part in parts:
                part.complete()
            for part in parts:
                part.publish()

    def _note_gap(self, sample: int, spoken: int) -> None:
        """Note where the caller's samples and the session clock begin to go together, or part ways."""
        if self._gaps:
            first, at = self._gaps[-1]
            shift = spoken - (at + in_ms(sample - first))
            if -_GAP_MS < shift < _GAP_MS or len(self._gaps) >= _MAX_GAPS:
                return
        self._gaps.append((sample, max(0, spoken)))


class _Part:
    """A file under a temporary name beside its own."""

    def __init__(self, path: Path) -> None:
        self.broken = False
        """A write failed: it has a hole."""
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._file: BinaryIO = self._temporary.open("wb")

    def write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError:
            self.broken = True
            raise

    def complete(self) -> None:
        self._file.close()

    def publish(self) -> None:
        os.replace(self._temporary, self._path)

    def discard(self) -> None:
        """Remove it if it was not published."""
        self._temporary.unlink(missing_ok=True)
        self._file.close()


class _Wav(_Part):
    """A WAV whose length is known only at the end."""

    def __init__(self, path: Path, rate: int) -> None:
        super().__init__(path)
        self._rate = rate
        self.samples = 0
        self.write(wav_header(rate, 1, None))

    def append(self, pcm: Pcm) -> None:
        self.write(to_bytes(pcm))
        self.samples += pcm.size

    def complete(self) -> None:
        self._file.seek(0)
        self._file.write(wav_header(self._rate, 1, self.samples))
        super().complete()
