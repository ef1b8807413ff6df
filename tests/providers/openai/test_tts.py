"""What is OpenAI's own about its voices; the rest is in `test_tts_contract`."""

from __future__ import annotations

import pytest

pytest.importorskip("openai")

from tests.providers.voices.requests import FakeSpeech
from tests.providers.voices.script import KEY

from vivavoce.providers.base import ProviderError
from vivavoce.providers.openai.tts import OpenAiTts


async def say(tts, voice="alloy", speed=1.0):
    return [part async for part in tts.speak("Yes.", voice, speed)]


async def test_the_request():
    async with FakeSpeech() as fake:
        tts = OpenAiTts("gpt-4o-mini-tts", KEY, fake.url)
        await say(tts, "Alloy", 1.2)
        plain = {"model": "gpt-4o-mini-tts", "input": "Yes.", "response_format": "pcm"}
        assert fake.requests[0].raw == plain | {"voice": "alloy", "speed": 1.2}
        assert fake.keys == [f"Bearer {KEY}"]
        await tts.close()


async def test_instructions_and_voices_of_other_servers_are_passed_on():
    async with FakeSpeech() as fake:
        tts = OpenAiTts("kokoro", KEY, fake.url, instructions="Whisper.")
        await say(tts, "af_Heart")
        assert fake.requests[0].raw["voice"] == "af_Heart"
        assert fake.requests[0].raw["instructions"] == "Whisper."
        await tts.close()


async def test_an_account_without_credit_is_not_told_to_wait():
    async with FakeSpeech() as fake:
        fake.script.status, fake.script.code = 429, "insufficient_quota"
        tts = OpenAiTts("tts-1", KEY, fake.url)
        with pytest.raises(ProviderError, match="no credit left") as caught:
            await say(tts)
        assert caught.value.code == "refused"
        await tts.close()
