"""What is here and what is not: engines, the parts of a call, versions. Nothing is measured, nothing reached but this
machine."""

from __future__ import annotations

import asyncio
import importlib.util
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ...core.commands import Role
from ...core.errors import BadInput
from ...providers.base import ProviderError
from ...providers.catalogue import ROWS, Choice, Row, choose
from ...providers.llm.local import LocalServer, find_local_server
from ...providers.scripted import MODEL as SCRIPT
from ...transports.webrtc.choose import BACKENDS, make_peer
from .. import embedded, http
from ..agent.names import NONE, EngineNames
from ..config.load import Config
from ..config.table import TABLE
from ..engines import EMBEDDED


@dataclass(frozen=True, slots=True)
class Engine:
    """One that can be chosen."""

    role: Role
    name: str
    needs: str = ""
    """What keeps it from being used here, with the fix; empty when nothing does."""
    chosen: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Something else that a call may need."""

    name: str
    detail: str = ""
    needs: str = ""
    required: bool = False
    """No call is possible without it."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """Of language models; pydantic-ai knows more of them."""

    name: str
    extra: str
    module: str
    keys: tuple[str, ...]
    """Environment variables, of which one is enough."""


VENDORS = (
    Vendor("openai", "llm", "openai", ("OPENAI_API_KEY",)),
    Vendor("anthropic", "anthropic", "anthropic", ("ANTHROPIC_API_KEY",)),
    Vendor("google", "google", "google.genai", ("GOOGLE_API_KEY", "GEMINI_API_KEY")),
    Vendor("mistral", "mistral", "mistralai", ("MISTRAL_API_KEY",)),
    Vendor("groq", "groq", "groq", ("GROQ_API_KEY",)),
    Vendor("bedrock", "bedrock", "boto3", ("AWS_BEARER_TOKEN_BEDROCK", "AWS_PROFILE", "AWS_ACCESS_KEY_ID")),
)

PACKAGES = (
    *("vivavoce", "numpy", "pocketsphinx", "espeakng-loader", "sherpa-onnx", "onnxruntime"),
    *("faster-whisper", "pydantic-ai-slim", "openai", "deepgram-sdk", "assemblyai", "elevenlabs", "cartesia"),
    *("starlette", "uvicorn", "websockets", "cryptography", "wrtc", "aiortc", "miniaudio", "mcp"),
)
"""Those whose versions matter when something does not work."""


def engines(names: EngineNames, env: Mapping[str, str]) -> list[Engine]:
    """Recognisers, synthesisers and turn models, the chosen ones marked. The first of several is the one used."""
    found = []
    for role in (Role.STT, Role.TTS, Role.TURN):
        wanted = getattr(names, role.value) or getattr(EMBEDDED, role.value)
        chosen = [_named(role, str(name), env) for name in wanted if name != NONE]
        taken = {engine.name for engine in chosen}
        others = [Engine(role, choice.name, choice.lacks(env)) for row in ROWS for choice in _choices(row, role)]
        found += [*chosen, *(engine for engine in others if engine.name not in taken)]
    return found


def _named(role: Role, name: str, env: Mapping[str, str]) -> Engine:
    try:
        choice = choose(role, name)
    except ProviderError as error:
        return Engine(role, name, error.detail, chosen=True)
    return Engine(role, choice.name, choice.lacks(env), chosen=True)


def _choices(row: Row, role: Role) -> Iterator[Choice]:
    """Each model that has to be downloaded may be missing by itself; of the others the first one tells for all."""
    if row.role is role:
        yield from (Choice(row, model) for model in (row.models if row.pulled else row.models[:1]))


def models(env: Mapping[str, str]) -> list[Engine]:
    """Language models that could be chosen. Not from a running loop."""
    server = asyncio.run(find_local_server())
    return [_of_this_machine(server), *(_of(vendor, env) for vendor in VENDORS), Engine(Role.LLM, SCRIPT, note=_SMALL)]


_SMALL = "a small script, not a language model"


def _of_this_machine(server: LocalServer | None) -> Engine:
    if server is None:
        return Engine(Role.LLM, "a server on this machine", "none answers; run Ollama, llama.cpp, vLLM or LM Studio")
    return Engine(Role.LLM, f"{server.url}#{server.model}", note=f"found on {server.name}")


def _of(vendor: Vendor, env: Mapping[str, str]) -> Engine:
    if not (_installed("pydantic_ai") and _installed(vendor.module)):
        return Engine(Role.LLM, vendor.name, f"needs an extra: pip install 'vivavoce[{vendor.extra}]'")
    if not any(env.get(key, "").strip() for key in vendor.keys):
        return Engine(Role.LLM, vendor.name, f"needs a key; set the environment variable {' or '.join(vendor.keys)}")
    return Engine(Role.LLM, vendor.name, note=f"write {vendor.name}:MODEL")


def parts(config: Config) -> list[Part]:
    """What a call needs besides its engines."""
    return [_part(name, look, required, config) for name, look, required in _PARTS]


def _part(name: str, look: Callable[[Config], str], required: bool, config: Config) -> Part:
    try:
        return Part(name, look(config), "", required)
    except BadInput as error:
        return Part(name, "", str(error), required)


def _vad(config: Config) -> str:
    embedded.detectors().open()
    return "Silero"


def _server(config: Config) -> str:
    http.require_packages()
    return "HTTP and WebSockets"


def _webrtc(config: Config) -> str:
    wanted = config.effective(TABLE["server.webrtc"]).value
    if wanted == "off":
        return "off, as configured"
    make = make_peer(wanted)
    return next((name for name in BACKENDS if make.__module__.endswith(f".{name}")), "here")


def _microphone(config: Config) -> str:
    from ...transports.mic import open_microphone

    async def look() -> None:
        await open_microphone().close()

    asyncio.run(look())
    return "a microphone and loudspeakers"


def _tls(config: Config) -> str:
    cert, key = (config.effective(TABLE[f"server.{name}"]).value for name in ("tls_cert", "tls_key"))
    tls = http.load(cert, key)
    return "--tls-self-signed makes a certificate" if tls is None else f"certificate {tls.cert}"


_PARTS: tuple[tuple[str, Callable[[Config], str], bool], ...] = (
    ("voice detector", _vad, True),
    ("microphone", _microphone, False),
    ("server", _server, False),
    ("WebRTC", _webrtc, False),
    ("TLS", _tls, False),
)
"""Name, what looks for it (raises BadInput), and whether no call is possible without it."""


def versions() -> dict[str, str]:
    """Of Python, the system, and the packages that are here."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def recording() -> Path:
    """The bundled recording that recognisers are asked to understand."""
    from ..recording import RECORDINGS

    return RECORDINGS / "conf-leaderhasleft.wav"


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
