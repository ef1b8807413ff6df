"""Every setting of a program, as data: what it is called in a file, in the environment and on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ...core.policy import BROWSER, PRESETS, keys
from ...transports.webrtc.choose import BACKENDS


class Kind(Enum):
    """What a value is. The texts are what a user is told is expected."""

    TEXT = "text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    SWITCH = "true or false"
    PATH = "the path of a file or folder"
    COUNT = "a whole number, or auto"
    NAMES = "the name of an engine, or a list of names"
    TEXTS = "a list of texts"


@dataclass(frozen=True, slots=True)
class Setting:
    key: str
    """As in `vivavoce.toml`; the part before the first dot is its table there."""
    kind: Kind
    meaning: str
    default: Any = None
    """None where it depends on the rest."""
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    tunes: bool = False
    """A key of the policy; the command line sets all of them with --policy."""

    @property
    def variable(self) -> str:
        """Its environment variable; those of engines and costs are the short ones."""
        short = self.key.removeprefix("engines.").removeprefix("costs.")
        return f"VIVAVOCE_{short.replace('.', '_').upper()}"

    @property
    def option(self) -> str:
        """Its name among the parsed options; empty when it has none of its own."""
        return "" if self.tunes else self.key.rpartition(".")[2]

    @property
    def commands(self) -> tuple[str, ...]:
        """Those that heed it."""
        return COMMANDS[self.key.partition(".")[0]]


COMMANDS: Mapping[str, tuple[str, ...]] = {
    "engines": ("talk", "serve", "doctor"),
    "costs": ("talk", "serve"),
    "agent": ("talk", "serve", "doctor"),
    "policy": ("talk", "serve", "doctor"),
    "server": ("serve",),
}
"""Who heeds the settings of each table of the file."""

ABOUT: Mapping[str, str] = {
    "engines": "Which engines a call has. An Agent that names its own keeps them.",
    "costs": "What the engines cost: [costs](costs.md).",
    "agent": "Who speaks in `talk` and `serve` where no APP.py says so.",
    "policy": "How calls are tuned. An Agent with a policy of its own keeps it.",
    "server": "Where and how calls are taken.",
}

_KINDS = {int: Kind.WHOLE, float: Kind.NUMBER, bool: Kind.SWITCH, tuple: Kind.TEXTS}


def _policy_key(key: str, value: Any) -> Setting:
    choices = tuple(str(member.value) for member in type(value)) if isinstance(value, Enum) else ()
    return Setting(f"policy.{key}", _KINDS.get(type(value), Kind.TEXT), "", choices=choices, tunes=True)


SETTINGS: tuple[Setting, ...] = (
    Setting("engines.llm", Kind.NAMES, "language model, as `openai:gpt-5-mini`; later ones stand in for earlier ones"),
    Setting("engines.stt", Kind.NAMES, "recogniser, as `deepgram:nova-3`"),
    Setting("engines.tts", Kind.NAMES, "synthesiser, as `cartesia:sonic-3`"),
    Setting("engines.turn", Kind.TEXT, "turn model, as `smart-turn`; `none` for none"),
    Setting("costs.prices", Kind.PATH, "file of prices, which outrank ours"),
    Setting("agent.instructions", Kind.TEXT, "what the model is told"),
    Setting("agent.voice", Kind.TEXT, "a voice of the synthesiser"),
    Setting("agent.greeting", Kind.TEXT, "the agent's first words; empty for none"),
    Setting("agent.speed", Kind.NUMBER, "of the voice", 1.0, least=0.5, most=2.0),
    Setting("agent.language", Kind.TEXT, "of what is spoken, as `en`", "en"),
    Setting("agent.expect", Kind.TEXTS, "phrases that callers may well say", ()),
    Setting("agent.max_tokens", Kind.WHOLE, "longest answer of the model, in tokens", least=1),
    Setting("policy.preset", Kind.TEXT, "the policy to start from", "browser", choices=tuple(PRESETS)),
    *(_policy_key(key, value) for key, value in keys(BROWSER).items()),
    Setting("server.host", Kind.TEXT, "address to listen on", "127.0.0.1"),
    Setting("server.port", Kind.WHOLE, "port; 0 for a free one", 8080, least=0, most=65_535),
    Setting("server.keys", Kind.PATH, "file of the API keys of callers, one a line"),
    Setting("server.allow_origins", Kind.TEXTS, "sites that may call", ()),
    Setting("server.tls_cert", Kind.PATH, "certificate (PEM), with `tls_key`"),
    Setting("server.tls_key", Kind.PATH, "file of the private key (PEM)"),
    Setting("server.max_session", Kind.WHOLE, "longest session, in seconds", 24 * 3600, least=1),
    Setting("server.max_connections", Kind.WHOLE, "connections at once", 100, least=1),
    Setting("server.workers", Kind.COUNT, "processes that serve the port, or `auto`: [capacity](capacity.md)", "1"),
    Setting(
        "server.admit",
        Kind.TEXT,
        "refuse new calls when those that are there would suffer, or never",
        "measured",
        choices=("measured", "always"),
    ),
    Setting("server.self_test", Kind.SWITCH, "measure at the start how many calls fit", True),
    Setting("server.record", Kind.PATH, "folder in which every session is recorded"),
    Setting("server.webrtc", Kind.TEXT, "the WebRTC library, or `off`", choices=(*BACKENDS, "off")),
    Setting("server.udp_ports", Kind.TEXT, "UDP ports for WebRTC, FIRST-LAST; empty for any", ""),
    Setting("server.ice_servers", Kind.TEXTS, "STUN and TURN servers", ()),
    Setting("server.browser_ice_servers", Kind.TEXTS, "the same, for the browsers that call", ()),
)

TABLE: Mapping[str, Setting] = {setting.key: setting for setting in SETTINGS}
