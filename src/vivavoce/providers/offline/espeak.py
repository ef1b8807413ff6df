"""espeak-ng through ctypes: one utterance at a time, on one thread, in a process of its own (it is not thread-safe,
and a separate program under the GPL)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .serving import Refused

RATE = 22_050
_BUFFER_MS = 60

_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_UTF8 = 1
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_LIST_END, _WORD = 0, 1
_IPA = 2

Pcm = NDArray[np.int16]
OnSound = Callable[[Pcm, list[tuple[int, int]]], bool]
"""Gets samples, and the words (character, sample) that begin in or near them; True stops the synthesis."""


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """The engine. Raises `Refused` when it does not do as told."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lib: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        self._lib.espeak_GetCurrentVoice.restype = ctypes.POINTER(_Voice)
        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
        data = espeakng_loader.get_data_path().encode()
        rate = self._lib.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, data, _DONT_EXIT)
        if rate != RATE:
            raise RuntimeError(f"espeak_Initialize gave {rate}, not a rate of {RATE}")
        self._callback = _Callback(self._on_sound)
        self._lib.espeak_SetSynthCallback(self._callback)
        self._sink: OnSound | None = None
        self._voice = ("", "")

    def voice(self, accent: str, variant: str, language: str, female: bool) -> None:
        """Choose the voice. Unknown names are silently ignored by espeak, so what it then has is read back."""
        if self._voice == (accent, variant):
            return
        wanted = f"{accent}+{variant}".encode()
        set_to = self._lib.espeak_SetVoiceByName(wanted)
        if set_to != 0 or self._lib.espeak_GetCurrentVoice().contents.identifier != wanted:
            like = _Voice(languages=language.encode(), gender=2 if female else 1)
            if self._lib.espeak_SetVoiceByProperties(ctypes.byref(like)) != 0:
                self._voice = ("", "")
                raise Refused("refused", f"espeak-ng has neither {accent}+{variant} nor anything like {language}")
        self._voice = (accent, variant)

    def tune(self, words_per_minute: int, pitch: int, lilt: int, volume: int) -> None:
        """80 to 450 words per minute; the others 0 to 100."""
        for parameter, value in (
            (_RATE, words_per_minute),
            (_PITCH, pitch),
            (_RANGE, lilt),
            (_VOLUME, volume),
        ):
            if self._lib.espeak_SetParameter(parameter, value, 0) != 0:
                raise Refused("refused", f"espeak-ng does not take {value} for parameter {parameter}")

    def say(self, text: str, sink: OnSound) -> None:
        """Synthesise plain text: neither SSML nor phoneme markup is looked for. `sink` gets 60 ms at a time."""
        encoded = text.encode()
        self._sink = sink
        try:
            status = self._lib.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _UTF8, None, None)
        finally:
            self._sink = None
        if status != 0:
            raise Refused("failed", f"espeak_Synth gave {status}")

    def phonemes(self, text: str) -> Iterator[tuple[str, str]]:
        """Clause by clause, in the voice's language: IPA, and what was read for it, which may include one character of
        the next clause."""
        encoded = text.encode()
        buffer = ctypes.create_string_buffer(encoded)
        base = ctypes.addressof(buffer)
        rest, at = ctypes.c_void_p(base), 0
        while rest.value is not None:
            ipa = self._lib.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA)
            end = len(encoded) if rest.value is None else rest.value - base
            yield ipa.decode(), encoded[at:end].decode(errors="ignore")
            at = end

    def _on_sound(self, wav: Any, samples: int, events: Any) -> int:
        words = []
        at = 0
        while events[at].type != _LIST_END:
            if events[at].type == _WORD:
                words.append((events[at].text_position - 1, events[at].sample))
            at += 1
        if not wav or self._sink is None:
            return 0
        pcm = np.frombuffer(ctypes.string_at(wav, samples * 2), dtype=np.int16)
        return int(self._sink(pcm, words))
