"""What is ElevenLabs' own about its voices over WebSockets; the rest is in `test_tts_contract`."""

from __future__ import annotations

import pytest

pytest.importorskip("websockets")

from tests.providers.voices.script import KEY, words
from tests.providers.voices.sockets import FakeElevenSocket

from vivavoce.core.commands import Usage
from vivavoce.providers.base import ProviderError
from vivavoce.providers.elevenlabs.socket_tts import ElevenLabsSocketTts
from vivavoce.providers.elevenlabs.voices import VOICES

TEXT = "It rains in Spain, mainly on the plain."


async def say(tts, text=TEXT, voice="sarah", speed=1.0):
    parts = [part async for part in tts.speak(text, voice, speed)]
    return [part for part in parts if not isinstance(part, Usage)]


async def test_the_connection_is_of_the_voice_and_the_context_of_the_speech():
    async with FakeElevenSocket() as fake:
        tts = ElevenLabsSocketTts("eleven_flash_v2_5", KEY, fake.url, "de-at")
        await say(tts, speed=1.1)
        await say(tts)
        assert [(r.text, r.voice, r.speed) for r in fake.requests] == [
            (TEXT, VOICES["sarah"], 1.1),
            (TEXT, VOICES["sarah"], 1.0),
        ]
        raw = fake.requests[0].raw
        assert (raw["model_id"], raw["output_format"], raw["language_code"]) == ("eleven_flash_v2_5", "pcm_24000", "de")
        assert fake.keys == [KEY]
        assert fake.connections == 1
        await say(tts, voice="abc")
        assert fake.connections == 2
        await tts.close()


async def test_a_model_that_hears_the_language_from_the_text_is_not_told_it():
    async with FakeElevenSocket() as fake:
        tts = ElevenLabsSocketTts("eleven_multilingual_v2", KEY, fake.url, "de-at")
        await say(tts)
        assert "language_code" not in fake.requests[0].raw
        await tts.close()


@pytest.mark.parametrize("absolute", [False, True])
async def test_times_may_count_from_the_message_or_from_the_speech(absolute):
    async with FakeElevenSocket() as fake:
        fake.absolute = absolute
        tts = ElevenLabsSocketTts("eleven_flash_v2_5", KEY, fake.url)
        found = [word for part in await say(tts) for word in part.words]
        wanted = [round(end * 24_000) for _, _, end in words(TEXT)]
        assert [word.samples for word in found][: len(wanted)] == pytest.approx(wanted, abs=24)
        await tts.close()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("quota_exceeded", "refused"),
        ("voice_not_found", "not_found"),
        ("rate_limit_exceeded", "rate_limited"),
        ("x", "died"),
    ],
)
async def test_errors_that_come_as_messages(error, code):
    async with FakeElevenSocket() as fake:
        fake.error = {"error": error, "message": f"no, {KEY}", "code": 1008}
        tts = ElevenLabsSocketTts("eleven_flash_v2_5", KEY, fake.url)
        with pytest.raises(ProviderError) as caught:
            await say(tts)
        assert caught.value.code == code
        assert KEY not in caught.value.detail
        await tts.close()
