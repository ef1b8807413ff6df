"""The session object: what a client may set, its defaults, and how an update changes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from .refusal import Refusal, refused
from .tools import check_tools

MAX_INSTRUCTIONS = 1 << 20
MAX_TOOLS = 128
TRANSCRIBER = "whisper-1"
"""What a transcription session shows as its model until a client names one; the words are the engine's own."""
_Share = Annotated[float, Meta(ge=0, le=1)]
_Ms = Annotated[int, Meta(ge=0, le=60_000)]


class Pcm(Struct, frozen=True, tag="audio/pcm"):
    rate: Literal[24000] = 24000


class Ulaw(Struct, frozen=True, tag="audio/pcmu"):
    """8 kHz."""


class Alaw(Struct, frozen=True, tag="audio/pcma"):
    """8 kHz."""


Format = Pcm | Ulaw | Alaw


class Transcription(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Every model name is accepted: the words come from the engine's own recogniser."""

    model: str | None = None
    language: str | None = None
    languages: list[str] | None = None
    prompt: str | None = None
    keywords: list[str] | None = None
    delay: str | None = None


class NoiseReduction(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["near_field", "far_field"]
    strength: float | UnsetType = UNSET


class ServerVad(Struct, frozen=True, tag="server_vad"):
    threshold: _Share = 0.5
    prefix_padding_ms: _Ms = 300
    silence_duration_ms: _Ms = 500
    idle_timeout_ms: Annotated[int, Meta(ge=5_000, le=30_000)] | None = None
    create_response: bool = True
    interrupt_response: bool = True


class SemanticVad(Struct, frozen=True, tag="semantic_vad"):
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


class AudioInput(Struct, frozen=True, forbid_unknown_fields=True):
    format: Format = Pcm()
    transcription: Transcription | None = None
    noise_reduction: NoiseReduction | None = None
    turn_detection: ServerVad | SemanticVad | None = ServerVad()


class CustomVoice(Struct, frozen=True, forbid_unknown_fields=True):
    id: str


class AudioOutput(Struct, frozen=True, forbid_unknown_fields=True):
    format: Format = Pcm()
    voice: str | CustomVoice = "alloy"
    speed: Annotated[float, Meta(ge=0.25, le=1.5)] = 1.0


class Audio(Struct, frozen=True, forbid_unknown_fields=True):
    input: AudioInput = AudioInput()
    output: AudioOutput = AudioOutput()


class TokenLimits(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    post_instructions: Annotated[int, Meta(ge=0)] | None = None


class RetentionRatio(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    type: Literal["retention_ratio"]
    retention_ratio: _Share
    token_limits: TokenLimits | None = None


class Tracing(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    workflow_name: str | None = None
    group_id: str | None = None
    metadata: Any = None


class Session(Struct, frozen=True, forbid_unknown_fields=True):
    """Of both kinds; a transcription session shows fewer fields."""

    type: Literal["realtime", "transcription"] = "realtime"
    model: str = ""
    output_modalities: list[Literal["audio", "text"]] = field(default_factory=lambda: ["audio"])
    instructions: Annotated[str, Meta(max_length=MAX_INSTRUCTIONS)] = ""
    tools: list[dict[str, Any]] = field(default_factory=list)
    tool_choice: str | dict[str, Any] = "auto"
    max_output_tokens: Annotated[int, Meta(ge=1, le=4096)] | str = "inf"
    tracing: Literal["auto"] | Tracing | None = None
    truncation: Literal["auto", "disabled"] | RetentionRatio = "auto"
    prompt: dict[str, Any] | None = None
    audio: Audio = Audio()
    include: list[Literal["item.input_audio_transcription.logprobs"]] | None = None
    reasoning: dict[str, Any] | UnsetType = UNSET
    parallel_tool_calls: bool | UnsetType = UNSET

    @property
    def spoken(self) -> bool:
        """Answers are spoken, not only written."""
        return self.output_modalities == ["audio"]

    @property
    def voice(self) -> str:
        return voice_name(self.audio.output.voice)


_MERGED = {
    "": {"audio"},
    "audio": {"input", "output"},
    "audio.input": {"format", "transcription", "noise_reduction", "turn_detection"},
    "audio.output": {"format"},
}
"""The objects in which an update replaces single fields; everywhere else it replaces the whole value."""
_FIXED = ("id", "object", "expires_at")
"""Fields that only the server sets; clients that send back what they got are forgiven."""
_UNSET_BY_NULL = ("reasoning", "parallel_tool_calls", "truncation")
"""Fields that have no null, but a default, which clients mean by it."""
_TRANSCRIPTION = ("type", "audio", "include")
"""The fields of a transcription session; also `model`, which clients repeat from the URL."""


def voice_name(voice: str | CustomVoice) -> str:
    """A voice as it is shown in responses."""
    return voice if isinstance(voice, str) else voice.id


def updated(session: Session, given: object, speaking: bool = False, spoke: bool = False) -> Session:
    """The session after a `session.update` with `given`. Raises `Refusal`, and then nothing has changed.

    `speaking`: a response is being made; `spoke`: there was audio of the agent already.
    """
    if not isinstance(given, dict):
        raise Refusal("invalid_type", "Invalid type for 'session': expected an object.", "session")
    if "type" not in given:
        raise Refusal("missing_required_parameter", "Missing required parameter: 'session.type'.", "session.type")
    given = {key: value for key, value in given.items() if key not in _FIXED}
    if session.model or session.type == "transcription":
        # The model of a session never changes; clients repeat it, or name the one they know by default.
        given.pop("model", None)
    if session.type == "transcription":
        _check_transcription(given)
    merged = _merge(msgspec.to_builtins(session), given, "")
    for key in _UNSET_BY_NULL:
        if merged.get(key, "") is None:
            del merged[key]
    new = _checked(merged)
    if new.type != session.type:
        raise Refusal("invalid_value", "The type of a session cannot be changed.", "session.type")
    if spoke and new.audio.output.voice != session.audio.output.voice:
        message = "Cannot update a conversation's voice if assistant audio is present."
        raise Refusal("cannot_update_voice", message, "session.audio.output.voice")
    if speaking and new.audio.output.speed != session.audio.output.speed:
        message = "The speed can be changed between responses only; wait for 'response.done'."
        raise Refusal("invalid_value", message, "session.audio.output.speed")
    if session.tracing is not None and "tracing" in given and new.tracing != session.tracing:
        raise Refusal("invalid_value", "Tracing cannot be changed once it is set.", "session.tracing")
    return new


def _check_transcription(given: dict[str, Any]) -> None:
    """Nothing answers in a transcription session. Raises `Refusal`."""
    audio = given.get("audio")
    beside = [key for key in given if key not in _TRANSCRIPTION]
    beside += [f"audio.{key}" for key in audio if key != "input"] if isinstance(audio, dict) else []
    if beside:
        message = f"Unknown parameter: 'session.{beside[0]}'. A transcription session has no answers."
        raise Refusal("unknown_parameter", message, f"session.{beside[0]}")


def _merge(base: dict[str, Any], given: dict[str, Any], path: str) -> dict[str, Any]:
    merged = dict(base)
    for key, value in given.items():
        old = base.get(key)
        inner = f"{path}.{key}" if path else key
        if key in _MERGED.get(path, ()) and isinstance(value, dict) and isinstance(old, dict):
            other = "type" in value and "type" in old and value["type"] != old["type"]
            merged[key] = value if other else _merge(old, value, inner)
        else:
            merged[key] = value
        if inner == "audio.input.turn_detection" and isinstance(merged[key], dict):
            merged[key] = {name: whole(found) for name, found in merged[key].items()}
    return merged


def whole(value: Any) -> Any:
    """A number that has nothing behind its point is a whole one; clients whose numbers all have one send such."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _checked(values: dict[str, Any]) -> Session:
    """Raises `Refusal`."""
    try:
        session = msgspec.convert(values, Session)
    except msgspec.ValidationError as error:
        raise refused(error, "session") from None
    if session.output_modalities not in (["audio"], ["text"]):
        message = 'Invalid value for \'session.output_modalities\': use ["audio"] or ["text"], not both.'
        raise Refusal("invalid_value", message, "session.output_modalities")
    check_max_tokens(session.max_output_tokens, "session.max_output_tokens")
    check_tools(session.tools, session.tool_choice, "session")
    return session


def check_max_tokens(value: int | str, param: str) -> int | None:
    """The limit, None for none. Raises `Refusal`."""
    if isinstance(value, str) and value != "inf":
        raise Refusal("invalid_value", f"Invalid value for '{param}': use 1 to 4096, or 'inf'.", param)
    return value if isinstance(value, int) else None


def echo(session: Session, ident: str, expires_at: int) -> dict[str, Any]:
    """The whole effective session as the protocol shows it, unset options as explicit nulls."""
    plain = msgspec.to_builtins(session)
    if session.type == "transcription":
        shown = {key: plain[key] for key in _TRANSCRIPTION}
        head = {"type": "transcription", "object": "realtime.transcription_session", "id": ident}
        return {
            **head,
            "expires_at": expires_at,
            "audio": {"input": shown["audio"]["input"]},
            "include": shown["include"],
        }
    del plain["type"]
    head = {"type": "realtime", "object": "realtime.session", "id": ident}
    return {**head, **plain, "expires_at": expires_at}


def first(model: str, kind: str, instructions: str, bound: Mapping[str, Any], voice: str = "alloy") -> Session:
    """The session of a new connection; `bound` is what its client secret prescribes, `voice` speaks unless a client
    names another. Raises `Refusal`."""
    if kind == "transcription":
        session = Session("transcription", audio=Audio(AudioInput(transcription=Transcription(TRANSCRIBER))))
    else:
        session = Session(instructions=instructions, audio=Audio(output=AudioOutput(voice=voice)))
    if bound:
        session = updated(session, {"type": session.type, **bound})
    return msgspec.structs.replace(session, model=model or session.model)
