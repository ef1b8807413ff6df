"""Writes a call's audio to a WAV file while it goes on; the file appears whole, at the end, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import IO

import numpy as np

from ..audio.mix import stereo
from ..audio.pcm import Pcm
from ..audio.resample import Resampler
from ..audio.wav import wav_header
from ..core.errors import BadInput
from ..core.units import IN_RATE, OUT_RATE
from ..runtime.observe import Observer

_BLOCK = 1 << 16


def check_writable(path: Path) -> None:
    """Raises BadInput."""
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise BadInput(f"cannot write {path}; fix: name a file in a folder that exists and may be written")


class Tracks(Observer):
    """The agent's side at 24 kHz, or with `stereo` the caller on the left and the agent on the right."""

    def __init__(self, path: Path, stereo: bool) -> None:
        """Raises BadInput at once when the file cannot be written."""
        check_writable(path)
        self._path = path
        self._stereo = stereo
        self._agent = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        self._caller = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        self._up = Resampler(IN_RATE, OUT_RATE)

    def heard(self, now: int, pcm: Pcm) -> None:
        if self._stereo:
            self.said(self._up.push(pcm))

    def said(self, pcm: Pcm) -> None:
        """The caller's next samples, where they are known at 24 kHz."""
        self._caller.write(pcm.tobytes())

    def played(self, position: int, pcm: Pcm) -> None:
        self._agent.seek(2 * position)
        self._agent.write(pcm.tobytes())

    def close(self) -> None:
        """Put the file in its place."""
        unfinished = self._path.with_name(f".{self._path.name}.part")
        try:
            self._write(unfinished)
            unfinished.replace(self._path)
        finally:
            unfinished.unlink(missing_ok=True)
            self._agent.close()
            self._caller.close()

    def _write(self, path: Path) -> None:
        self._caller.write(self._up.flush().tobytes())
        frames = max(f.seek(0, os.SEEK_END) for f in (self._agent, self._caller)) // 2
        self._agent.seek(0)
        self._caller.seek(0)
        with path.open("wb") as out:
            out.write(wav_header(OUT_RATE, 2 if self._stereo else 1, frames))
            for at in range(0, frames, _BLOCK):
                count = min(_BLOCK, frames - at)
                agent, caller = (_read(f, count) for f in (self._agent, self._caller))
                out.write((stereo(caller, agent) if self._stereo else agent).tobytes())


def _read(file: IO[bytes], count: int) -> Pcm:
    """`count` samples, silence where the file is over."""
    data = file.read(2 * count)
    pcm = np.zeros(count, dtype=np.int16)
    pcm[: len(data) // 2] = np.frombuffer(data, dtype=np.int16)
    return pcm
