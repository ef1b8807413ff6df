"""What is Cartesia's own about its voices; the rest is in `test_tts_contract`."""

from __future__ import annotations

from contextlib import aclosing

import pytest

pytest.importorskip("cartesia")

from tests.providers.voices.script import KEY, samples
from tests.providers.voices.sockets import FakeSonic

from vivavoce.core.commands import Usage
from vivavoce.providers.base import ProviderError
from vivavoce.providers.cartesia.tts import VOICES, CartesiaTts


async def say(tts, text="Yes.", voice="katie", speed=1.0):
    return sum(p.pcm.size for p in [p async for p in tts.speak(text, voice, speed)] if not isinstance(p, Usage))


async def test_a_speech_is_one_message_in_a_context_of_its_own():
    async with FakeSonic() as fake:
        tts = CartesiaTts("sonic-3", KEY, fake.url, "en-gb")
        await say(tts, voice="Katie")
        await say(tts, voice="some-id", speed=1.2)
        first, second = (r.raw for r in fake.requests)
        assert first.pop("context_id") != second.pop("context_id")
        assert first == {
            "model_id": "sonic-3",
            "transcript": "Yes.",
            "voice": {"mode": "id", "id": VOICES["katie"]},
            "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24_000},
            "continue": False,
            "language": "en",
            "add_timestamps": True,
        }
        assert second["voice"] == {"mode": "id", "id": "some-id"}
        assert second["generation_config"] == {"speed": 1.2}
        assert fake.keys == [f"Bearer {KEY}"]
        await tts.close()


async def test_what_still_comes_of_a_cancelled_context_is_not_heard():
    async with FakeSonic() as fake:
        fake.script.each_s = 0.001
        fake.script.deaf = True
        tts = CartesiaTts("sonic-3", KEY, fake.url)
        async with aclosing(tts.speak("A longer text to be cut off, that goes on and on.", "katie")) as speech:
            await anext(speech)
        assert await say(tts) == samples("Yes.")
        assert fake.connections == 1
        await tts.close()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"error_code": "voice_not_found", "status_code": 400}, "not_found"),
        ({"error_code": "model_not_found", "status_code": 404}, "not_found"),
        ({"error_code": "concurrency_limited", "status_code": 429}, "rate_limited"),
        ({"error_code": "quota_exceeded", "status_code": 402}, "refused"),
        ({"error_code": None, "status_code": 400}, "refused"),
        ({"error_code": None, "status_code": None}, "died"),
    ],
)
async def test_errors_come_as_messages(error, code):
    async with FakeSonic() as fake:
        fake.error = error | {"title": "No", "message": f"no: {KEY}", "done": True}
        tts = CartesiaTts("sonic-3", KEY, fake.url)
        with pytest.raises(ProviderError) as caught:
            await say(tts)
        assert caught.value.code == code
        assert KEY not in caught.value.detail
        await tts.close()
