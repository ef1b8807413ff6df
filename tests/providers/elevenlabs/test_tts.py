"""What is ElevenLabs' own about its voices; the rest is in `test_tts_contract`."""

from __future__ import annotations

import base64
import json

import pytest

pytest.importorskip("elevenlabs")

from tests.providers.voices.requests import FakeEleven
from tests.providers.voices.script import KEY, sound

from vivavoce.core.commands import Usage
from vivavoce.providers.elevenlabs.tts import ElevenLabsTts
from vivavoce.providers.elevenlabs.voices import VOICES


async def say(tts, text="Yes.", voice="sarah", speed=1.0, before=""):
    parts = [part async for part in tts.speak(text, voice, speed, before)]
    return [part for part in parts if not isinstance(part, Usage)]


@pytest.mark.parametrize(
    ("model", "language", "sent"),
    [
        ("eleven_flash_v2_5", "de-at", {"model_id": "eleven_flash_v2_5", "language_code": "de", "previous_text": "So"}),
        ("eleven_multilingual_v2", "de", {"model_id": "eleven_multilingual_v2", "previous_text": "So"}),
        ("eleven_v3", "de", {"model_id": "eleven_v3", "language_code": "de"}),
    ],
)
async def test_each_model_is_asked_for_what_it_takes(model, language, sent):
    async with FakeEleven() as fake:
        tts = ElevenLabsTts(model, KEY, fake.url, language)
        await say(tts, speed=0.9, before="So")
        assert fake.requests[0].raw == sent | {"text": "Yes.", "voice_settings": {"speed": 0.9}}
        assert fake.keys == [KEY]
        await tts.close()


async def test_voices_go_by_name_or_by_id():
    async with FakeEleven() as fake:
        tts = ElevenLabsTts("eleven_flash_v2_5", KEY, fake.url)
        for voice in ("Sarah", "abc123XYZ"):
            await say(tts, voice=voice)
        assert [r.voice for r in fake.requests] == [VOICES["sarah"], "abc123XYZ"]
        await tts.close()


class Lines(FakeEleven):
    """Says just these lines."""

    def __init__(self, *lines):
        super().__init__()
        self.lines = lines

    def messages(self, text):
        for line in self.lines:
            yield line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"


def audio(text):
    return base64.b64encode(sound(text)).decode()


def times(text, step=0.02):
    ends = [step * (n + 1) for n in range(len(text))]
    return {"characters": list(text), "character_start_times_seconds": ends, "character_end_times_seconds": ends}


async def test_the_text_as_written_is_timed_rather_than_as_it_was_normalised():
    line = {
        "audio_base64": audio("Take 5."),
        "alignment": times("Take 5."),
        "normalized_alignment": times("Take five."),
    }
    async with Lines(line) as fake:
        tts = ElevenLabsTts("eleven_flash_v2_5", KEY, fake.url)
        words = [word for part in await say(tts, "Take 5.") for word in part.words]
        assert [(w.chars, w.samples) for w in words] == [(4, 1920), (7, 3360)]
        await tts.close()


async def test_normalised_times_are_better_than_none():
    line = {"audio_base64": audio("Take 5."), "alignment": None, "normalized_alignment": times(" Take five.", 0.01)}
    async with Lines(line) as fake:
        tts = ElevenLabsTts("eleven_flash_v2_5", KEY, fake.url)
        words = [word for part in await say(tts, "Take 5.") for word in part.words]
        assert [(w.chars, w.samples) for w in words] == [(4, 1200), (7, 3360)]
        await tts.close()


async def test_a_line_that_is_no_json_is_skipped_as_the_sdk_does():
    async with Lines(b"<html>\n", {"audio_base64": audio("Yes.")}, {"audio_base64": None}) as fake:
        tts = ElevenLabsTts("eleven_flash_v2_5", KEY, fake.url)
        parts = await say(tts)
        assert [part.pcm.tobytes() for part in parts] == [sound("Yes.")]
        assert parts[0].words == ()
        await tts.close()
