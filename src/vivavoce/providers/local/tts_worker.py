"""A voice's worker process: `python -m vivavoce.providers.local.tts_worker NAME`, spoken to by `tts`.

A process of its own although sherpa-onnx lets go of the GIL, because it ends the process it is in when a model is bad,
and because espeak-ng, which spells for it, is a program under another licence.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ..offline.espeak import Espeak
from ..offline.serving import Job, Refused, serve
from .models import Model
from .spelling import sentences
from .store import find

_PIECE = 1 << 14
"""Samples of one part of the answer at most."""
_THREADS = 4
"""More do not help one voice."""
_ACCENTS = {False: ("gmw/en-US", "m3", "en-us"), True: ("gmw/en", "m3", "en-gb")}


class Say(msgspec.Struct, frozen=True):
    """Synthesise `text`. Answered with int16 mono, sentence by sentence."""

    text: str
    speaker: int
    british: bool
    speed: float


def load(model: Model, folder: Path) -> Any:
    """The voice of a model that is here."""
    import sherpa_onnx as sherpa

    (weights,) = folder.glob("*.onnx")
    files = {"model": str(weights), "tokens": str(folder / "tokens.txt")}
    kinds: dict[str, Callable[[], dict[str, Any]]] = {
        "vits": lambda: {"vits": sherpa.OfflineTtsVitsModelConfig(**files)},
        "kokoro": lambda: {
            "kokoro": sherpa.OfflineTtsKokoroModelConfig(**files, voices=str(folder / "voices.bin")),
        },
    }
    threads = min(_THREADS, os.cpu_count() or 1)
    settings = sherpa.OfflineTtsModelConfig(num_threads=threads, **kinds[model.kind]())
    config = sherpa.OfflineTtsConfig(model=settings, max_num_sentences=1)
    if not config.validate():
        raise ValueError(f"{folder} is no model; vivavoce pull --remove {model.name}, and pull it again")
    return sherpa.OfflineTts(config)


class Voice:
    """All speakers of one model."""

    def __init__(self, model: Model, folder: Path) -> None:
        import sherpa_onnx as sherpa

        self._settings = sherpa.GenerationConfig
        self._tts = load(model, folder)
        if self._tts.sample_rate != model.rate:
            raise ValueError(f"{model.name} speaks at {self._tts.sample_rate} Hz, not at {model.rate}")
        self._espeak = Espeak()

    def say(self, say: Say, job: Job) -> bytes:
        accent, variant, language = _ACCENTS[say.british]
        self._espeak.voice(accent, variant, language, female=False)
        for sentence in sentences(self._espeak.phonemes, say.text):
            if job.cancelled:
                break
            self._speak(sentence, say, job)
        return b""

    def _speak(self, sentence: str, say: Say, job: Job) -> None:
        settings = self._settings()
        settings.sid, settings.speed = say.speaker, say.speed
        settings.phoneme_codepoints = [[ord(phoneme) for phoneme in sentence]]
        parts = 0

        def sink(samples: Any, progress: float) -> int:
            nonlocal parts
            parts += 1
            _send(samples, job)
            return int(not job.cancelled)

        self._tts.generate("", settings, callback=sink)
        if not parts and not job.cancelled:
            raise Refused("failed", f"the model has no sound for {sentence!r}")


def _send(samples: Any, job: Job) -> None:
    """The samples are the callee's: they are copied here."""
    pcm = (np.clip(np.asarray(samples, np.float32), -1.0, 1.0) * 32767).astype(np.int16)
    for at in range(0, len(pcm), _PIECE):
        if job.cancelled:
            return
        job.part(pcm[at : at + _PIECE].tobytes())


def prepare() -> Callable[[Say, Job], bytes]:
    """Load the model; gives the handler of `Say`."""
    return Voice(*find(sys.argv[1])).say


if __name__ == "__main__":
    serve(Say, prepare)
