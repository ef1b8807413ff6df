"""Every recogniser, synthesiser and turn model that can be chosen by name, as data; its code is imported when it is
used.

An engine is named `VENDOR:MODEL`, such as `deepgram:nova-3` or `offline:espeak`; `VENDOR` alone takes its first model.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from ..core.commands import Role
from .base import Busy, ProviderError, Stt, Tts, TurnScorer
from .local import models, store
from .profile import Profile, SttProfile, TtsProfile, TurnProfile


@dataclass(frozen=True, slots=True)
class Row:
    """One vendor's engines of one role."""

    role: Role
    vendor: str
    home: str
    """`module:callable` below this package; called with `model`, and with `key`, or on this machine with `busy`."""
    models: tuple[str, ...]
    """Models known to work, the default first; others are passed on, unless `closed`."""
    profile: Profile
    extra: str
    """The extra of the `vivavoce` package that installs it."""
    modules: tuple[str, ...]
    """What must be importable."""
    key: str = ""
    """The environment variable of its key; empty for an engine on this machine."""
    prefix: str = ""
    """Only models that begin so are meant; of two rows of one vendor the more exact one wins."""
    closed: bool = False
    """There are no models but these."""
    pulled: bool = False
    """Its models are downloaded first, with `vivavoce pull`."""

    @property
    def local(self) -> bool:
        return not self.key


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine that was named: its row and its model."""

    row: Row
    model: str

    @property
    def name(self) -> str:
        return f"{self.row.vendor}:{self.model}"

    def lacks(self, env: Mapping[str, str]) -> str:
        """What keeps it from being used here, with the fix; empty when nothing does."""
        if any(importlib.util.find_spec(module.partition(".")[0]) is None for module in self.row.modules):
            return f"{self.name} needs an extra: pip install 'vivavoce[{self.row.extra}]'"
        if self.row.pulled and (lacking := store.lacking(self.name, env)):
            return lacking
        if self.row.key and not env.get(self.row.key, "").strip():
            return f"{self.name} needs a key; set the environment variable {self.row.key}"
        return ""


def choose(role: Role, name: str) -> Choice:
    """The engine of that name. Raises `ProviderError` code `not_found`, naming what there is."""
    vendor, _, model = name.strip().partition(":")
    rows = [row for row in ROWS if row.role is role and row.vendor == vendor]
    if not rows:
        known = ", ".join(sorted({row.vendor for row in ROWS if row.role is role}))
        raise ProviderError("not_found", f"{name!r} names no engine for {role.value}; vendors are {known}")
    fitting = [row for row in rows if model.startswith(row.prefix)] if model else rows[:1]
    row = max(fitting, key=lambda row: len(row.prefix), default=None)
    if row is None or (row.closed and model and model not in row.models):
        models = ", ".join(m for row in rows for m in row.models)
        raise ProviderError("not_found", f"{vendor} has no model {model!r} for {role.value}; choose {models}")
    return Choice(row, model or row.models[0])


def make_stt(name: str, env: Mapping[str, str], busy: Busy | None = None) -> Stt:
    """The recogniser of that name, not yet connected. `busy` is told of work on this machine outside the loop.

    Raises `ProviderError`: `not_found`, `missing`, `refused`.
    """
    return cast(Stt, _make(choose(Role.STT, name), env, busy))


def make_tts(name: str, env: Mapping[str, str], busy: Busy | None = None) -> Tts:
    """The synthesiser of that name, not yet connected; see `make_stt`."""
    return cast(Tts, _make(choose(Role.TTS, name), env, busy))


def make_turn(name: str, env: Mapping[str, str], busy: Busy | None = None) -> TurnScorer:
    """The turn model of that name; see `make_stt`."""
    return cast(TurnScorer, _make(choose(Role.TURN, name), env, busy))


def _make(choice: Choice, env: Mapping[str, str], busy: Busy | None) -> Any:
    if lacking := choice.lacks(env):
        raise ProviderError("refused" if "needs a key" in lacking else "missing", lacking)
    module, _, attribute = choice.row.home.partition(":")
    make = getattr(importlib.import_module(f"{__package__}.{module}"), attribute)
    if choice.row.key:
        return make(model=choice.model, key=env[choice.row.key].strip())
    return make(model=choice.model, busy=busy)


ROWS: tuple[Row, ...] = (
    # speech to text
    Row(
        Role.STT,
        "offline",
        "offline.stt:PocketsphinxStt",
        ("pocketsphinx",),
        SttProfile(word_times=False, phrases=2000, languages=("en-us",)),
        "offline",
        ("pocketsphinx",),
        closed=True,
    ),
    Row(
        Role.STT,
        "deepgram",
        "deepgram.stt:DeepgramStt",
        ("nova-3", "nova-2"),
        SttProfile(word_times=True, phrases=100),
        "deepgram",
        ("deepgram",),
        "DEEPGRAM_API_KEY",
    ),
    Row(
        Role.STT,
        "deepgram",
        "deepgram.flux:FluxStt",
        ("flux-general-en", "flux-general-multi"),
        SttProfile(word_times=True, turns=True, phrases=100),
        "deepgram",
        ("deepgram",),
        "DEEPGRAM_API_KEY",
        prefix="flux",
    ),
    Row(
        Role.STT,
        "assemblyai",
        "assemblyai.stt:AssemblyAiStt",
        ("universal-streaming-english", "universal-streaming-multilingual"),
        SttProfile(word_times=True, turns=True, phrases=100),
        "assemblyai",
        ("assemblyai",),
        "ASSEMBLYAI_API_KEY",
    ),
    Row(
        Role.STT,
        "elevenlabs",
        "elevenlabs.stt:ScribeStt",
        ("scribe_v2_realtime",),
        SttProfile(word_times=True, phrases=50),
        "elevenlabs",
        ("elevenlabs",),
        "ELEVENLABS_API_KEY",
    ),
    Row(
        Role.STT,
        "openai",
        "openai.stt:OpenAiStt",
        ("gpt-live-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"),
        SttProfile(phrases=100),
        "openai",
        ("openai", "websockets"),
        "OPENAI_API_KEY",
    ),
    Row(
        Role.STT,
        "cartesia",
        "cartesia.stt:CartesiaStt",
        ("ink-2",),
        SttProfile(turns=True, phrases=100),
        "cartesia",
        ("cartesia", "websockets"),
        "CARTESIA_API_KEY",
    ),
    Row(
        Role.STT,
        "sherpa",
        "local.stt:SherpaStt",
        models.models(Role.STT, "sherpa"),
        SttProfile(word_times=True, languages=("en",)),
        "sherpa",
        ("sherpa_onnx",),
        closed=True,
        pulled=True,
    ),
    Row(
        Role.STT,
        "whisper",
        "local.stt:WhisperStt",
        models.models(Role.STT, "whisper"),
        SttProfile(word_times=True),
        "whisper",
        ("faster_whisper",),
        closed=True,
        pulled=True,
    ),
    # text to speech
    Row(
        Role.TTS,
        "offline",
        "offline.tts:EspeakTts",
        ("espeak",),
        TtsProfile(word_times=True, slowest=0.5, fastest=2.0, languages=("en",)),
        "offline",
        ("espeakng_loader",),
        closed=True,
    ),
    Row(
        Role.TTS,
        "sherpa",
        "local.tts:SherpaTts",
        models.models(Role.TTS, "sherpa"),
        TtsProfile(slowest=0.5, fastest=2.0, languages=("en",)),
        "sherpa",
        ("sherpa_onnx", "espeakng_loader"),
        closed=True,
        pulled=True,
    ),
    Row(
        Role.TTS,
        "deepgram",
        "deepgram.tts:AuraTts",
        ("aura-2",),
        TtsProfile(slowest=0.7, fastest=1.5),
        "deepgram",
        ("deepgram",),
        "DEEPGRAM_API_KEY",
    ),
    Row(
        Role.TTS,
        "elevenlabs",
        "elevenlabs.tts:ElevenLabsTts",
        ("eleven_flash_v2_5", "eleven_multilingual_v2", "eleven_v3"),
        TtsProfile(word_times=True, slowest=0.7, fastest=1.2),
        "elevenlabs",
        ("elevenlabs",),
        "ELEVENLABS_API_KEY",
    ),
    Row(
        Role.TTS,
        "elevenlabs-ws",
        "elevenlabs.socket_tts:ElevenLabsSocketTts",
        ("eleven_flash_v2_5", "eleven_multilingual_v2"),
        TtsProfile(word_times=True, slowest=0.7, fastest=1.2),
        "elevenlabs",
        ("websockets",),
        "ELEVENLABS_API_KEY",
    ),
    Row(
        Role.TTS,
        "cartesia",
        "cartesia.tts:CartesiaTts",
        ("sonic-3",),
        TtsProfile(word_times=True, slowest=0.6, fastest=1.5),
        "cartesia",
        ("cartesia", "websockets"),
        "CARTESIA_API_KEY",
    ),
    Row(
        Role.TTS,
        "openai",
        "openai.tts:OpenAiTts",
        ("gpt-4o-mini-tts", "tts-1", "tts-1-hd"),
        TtsProfile(slowest=0.25, fastest=4.0),
        "openai",
        ("openai",),
        "OPENAI_API_KEY",
    ),
    # turn models
    Row(
        Role.TURN,
        "smart-turn",
        "local.turn:SmartTurn",
        models.models(Role.TURN, "smart-turn"),
        TurnProfile(hears_s=8),
        "turn",
        ("onnxruntime",),
        closed=True,
        pulled=True,
    ),
)
