"""The session: created, changed, echoed."""

from __future__ import annotations

from typing import Any

from ..lab import WEATHER, Lab, alive, case, check, hearing, refused, reply, same, update
from ..reading import dig


@case("2.1")
async def created(lab: Lab) -> str:
    """The server speaks first, with the whole session and the model of the address."""
    client = await lab.connect(created=False)
    session = dig(await client.expect("session.created"), "session")
    same(dig(session, "type"), "realtime", "session.type")
    same(dig(session, "model"), lab.target.model, "session.model")
    return f"voice {dig(session, 'audio', 'output', 'voice')}"


@case("2.1")
async def two_sessions_differ(lab: Lab) -> None:
    """Two connections are two sessions."""
    first, second = await lab.connect(created=False), await lab.connect(created=False)
    ids = [dig(await client.expect("session.created"), "session", "id") for client in (first, second)]
    check(ids[0] != ids[1], f"both sessions are {ids[0]}")


@case("2.2")
async def update_shows_the_whole_session(lab: Lab) -> None:
    """session.updated carries everything, changed or not."""
    client = await lab.connect(created=False)
    before = dig(await client.expect("session.created"), "session")
    after = await update(client, instructions="Be brief.", tools=[WEATHER])
    same(after["instructions"], "Be brief.", "session.instructions")
    same(dig(after, "tools", 0, "name"), "get_weather", "session.tools.0.name")
    same(after["id"], before["id"], "session.id")
    same(sorted(set(before) - set(after)), [], "keys that went missing")


@case("2.2")
async def update_merges(lab: Lab) -> None:
    """What an update leaves out keeps its value, inside nested objects too."""
    client = await lab.session(instructions="Be brief.")
    await update(client, audio=hearing({"type": "server_vad", "threshold": 0.7, "silence_duration_ms": 900}))
    after = await update(client, audio={"output": {"speed": 1.25}})
    same(after["instructions"], "Be brief.", "session.instructions")
    same(dig(after, "audio", "output", "speed"), 1.25, "session.audio.output.speed")
    detection = dig(after, "audio", "input", "turn_detection")
    same(dig(detection, "threshold"), 0.7, "turn_detection.threshold")
    same(dig(detection, "silence_duration_ms"), 900, "turn_detection.silence_duration_ms")
    same(dig(after, "audio", "input", "format", "type"), "audio/pcm", "session.audio.input.format.type")


@case("2.2")
async def empty_values_clear(lab: Lab) -> None:
    """The empty string, the empty list and null switch things off."""
    listening = hearing({"type": "server_vad"}, transcription={"model": "whisper-1"})
    client = await lab.session(instructions="Be brief.", tools=[WEATHER], audio=listening)
    nothing = hearing(None, transcription=None, noise_reduction=None)
    after = await update(client, instructions="", tools=[], audio=nothing)
    same(after["instructions"], "", "session.instructions")
    same(after["tools"], [], "session.tools")
    for key in ("turn_detection", "transcription", "noise_reduction"):
        same(dig(after, "audio", "input", key), None, f"session.audio.input.{key}")


@case("2.1")
async def semantic_vad_is_shown_whole(lab: Lab) -> None:
    """A terse turn_detection comes back with every default filled in."""
    client = await lab.session(audio=hearing({"type": "semantic_vad"}))
    detection = dig(await alive(client), "audio", "input", "turn_detection")
    same(dig(detection, "type"), "semantic_vad", "turn_detection.type")
    check(dig(detection, "eagerness") in ("low", "medium", "high", "auto"), f"eagerness: {detection}")
    same(dig(detection, "interrupt_response"), True, "turn_detection.interrupt_response")


@case("2.1")
async def type_is_required(lab: Lab) -> None:
    """session.update without session.type is refused."""
    client = await lab.connect()
    error = await refused(client, "session.update", "missing_required_parameter", session={"instructions": "x"})
    same(error.get("param"), "session.type", "error.param")
    await alive(client)


@case("3")
async def unknown_parameter(lab: Lab) -> None:
    """An unknown key of the session is refused by its name."""
    client = await lab.connect()
    error = await refused(client, "session.update", "unknown_parameter", session={"type": "realtime", "foo": 1})
    same(error.get("param"), "session.foo", "error.param")
    await alive(client)


@case("2.2")
async def unknown_key_of_turn_detection_is_harmless(lab: Lab) -> None:
    """Agents SDKs send turn_detection.model_version."""
    await lab.session(audio=hearing({"type": "semantic_vad", "model_version": "default"}))


@case("2.2")
async def failed_update_changes_nothing(lab: Lab) -> None:
    """One error, and the session stays as it was."""
    client = await lab.session(instructions="Before.")
    bad = {"type": "realtime", "instructions": "After.", "output_modalities": ["audio", "text"]}
    await refused(client, "session.update", session=bad)
    same((await alive(client))["instructions"], "Before.", "session.instructions")


BAD: list[dict[str, Any]] = [
    {"output_modalities": ["video"]},
    {"max_output_tokens": 0},
    {"max_output_tokens": "many"},
    {"tool_choice": "sometimes"},
    {"tools": [{"type": "function"}]},
    {"audio": {"output": {"speed": 9}}},
    {"audio": {"output": {"format": {"type": "audio/mp3"}}}},
    {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}},
    {"audio": hearing({"type": "telepathy"})},
    {"audio": hearing({"type": "server_vad", "threshold": 7})},
    {"audio": hearing({"type": "server_vad", "idle_timeout_ms": 1})},
    {"audio": hearing({"type": "semantic_vad", "eagerness": "frantic"})},
]


@case("2.1")
async def impossible_values(lab: Lab) -> None:
    """Values outside the documented ranges are refused, one error each."""
    client = await lab.connect()
    for changes in BAD:
        await refused(client, "session.update", session={"type": "realtime", **changes})
    await alive(client)


SETTINGS: list[dict[str, Any]] = [
    {"tracing": "auto"},
    {"truncation": {"type": "retention_ratio", "retention_ratio": 0.8}},
    {"truncation": "disabled"},
    {"include": ["item.input_audio_transcription.logprobs"]},
    {"include": None},
    {"prompt": None},
    {"reasoning": {"effort": "low"}},
    {"parallel_tool_calls": True},
    {"max_output_tokens": 512},
    {"max_output_tokens": "inf"},
    {"tool_choice": "required"},
    {"tool_choice": {"type": "function", "name": "get_weather"}, "tools": [WEATHER]},
    {"audio": {"input": {"noise_reduction": {"type": "far_field"}}}},
    {"audio": {"output": {"speed": 0.5}}},
    {"audio": {"output": {"voice": "marin"}}},
    {"audio": {"output": {"voice": "nobody-knows-this-voice"}}},
]


@case("7.5")
async def every_setting_is_accepted(lab: Lab) -> None:
    """Settings that a server may ignore are stored and shown all the same."""
    client = await lab.connect()
    for changes in SETTINGS:
        after = await update(client, **changes)
        for key, value in changes.items():
            if key in ("tracing", "truncation", "include", "max_output_tokens", "tool_choice"):
                same(after.get(key), value, f"session.{key}")
    same(dig(after, "audio", "output", "voice"), "nobody-knows-this-voice", "session.audio.output.voice")


@case("2.1")
async def same_model_again(lab: Lab) -> None:
    """Sending the model that is in use is no change."""
    client = await lab.connect()
    same((await update(client, model=lab.target.model))["model"], lab.target.model, "session.model")


@case("2.2")
async def voice_is_locked_after_audio(lab: Lab) -> None:
    """Before the first audio the voice may change, after it not any more."""
    client = await lab.session(audio={"output": {"voice": "cedar"}}, instructions="Answer with one word.")
    heard = await reply(client, lab.target.prompt)
    check(heard.audio, "the response has no audio")
    await refused(
        client,
        "session.update",
        "cannot_update_voice",
        session={"type": "realtime", "audio": {"output": {"voice": "ash"}}},
    )
    after = await update(client, audio={"output": {"voice": "cedar"}})
    same(dig(after, "audio", "output", "voice"), "cedar", "session.audio.output.voice")
