"""What is Deepgram's own about its voices; the rest is in `test_tts_contract`."""

from __future__ import annotations

from contextlib import aclosing

import pytest

pytest.importorskip("deepgram")

from tests.providers.voices.script import KEY, samples
from tests.providers.voices.sockets import FakeAura

from vivavoce.core.commands import Usage
from vivavoce.providers.deepgram.tts import AuraTts


async def say(tts, text, voice="thalia", speed=1.0):
    return sum(p.pcm.size for p in [p async for p in tts.speak(text, voice, speed)] if not isinstance(p, Usage))


@pytest.mark.parametrize(
    ("model", "language", "voice", "named"),
    [
        ("aura-2", "", "thalia", "aura-2-thalia-en"),
        ("aura-2", "", "Thalia", "aura-2-thalia-en"),
        ("aura-2", "es-es", "celeste", "aura-2-celeste-es"),
        ("aura-2", "es", "aura-2-thalia-en", "aura-2-thalia-en"),
        ("aura", "", "luna", "aura-luna-en"),
    ],
)
async def test_a_voice_is_a_model_of_the_vendors(model, language, voice, named):
    async with FakeAura() as fake:
        tts = AuraTts(model, KEY, fake.url, language)
        await say(tts, "Yes.", voice)
        assert fake.requests[0].raw == {"model": named, "encoding": "linear16", "sample_rate": "24000"}
        assert fake.keys == [f"Token {KEY}"]
        await tts.close()


async def test_voices_and_speeds_have_lines_of_their_own():
    async with FakeAura() as fake:
        tts = AuraTts("aura-2", KEY, fake.url)
        for voice, speed in [("thalia", 1.0), ("thalia", 1.2), ("zeus", 1.0), ("thalia", 1.0)]:
            await say(tts, "Yes.", voice, speed)
        assert fake.connections == 3
        assert [r.speed for r in fake.requests] == [1.0, 1.2, 1.0, 1.0]
        await tts.close()


async def test_a_long_text_goes_in_several_messages_and_is_flushed_once():
    text = "A word " * 700 + "x" * 2500
    async with FakeAura() as fake:
        tts = AuraTts("aura-2", KEY, fake.url)
        assert await say(tts, text) == samples(text)
        assert fake.requests[0].text == text
        assert fake.flushes == 1
        await tts.close()


async def test_no_line_is_flushed_more_often_than_the_vendor_allows():
    async with FakeAura() as fake:
        tts = AuraTts("aura-2", KEY, fake.url)
        for _ in range(21):
            await say(tts, "Yes.")
        assert fake.connections == 2
        await tts.close()


async def test_a_line_that_does_not_fall_silent_is_replaced(monkeypatch):
    monkeypatch.setattr("vivavoce.providers.deepgram.tts._HUSH_S", 0.02)
    async with FakeAura() as fake:
        fake.script.each_s = 0.001
        fake.script.deaf = True
        tts = AuraTts("aura-2", KEY, fake.url)
        async with aclosing(tts.speak("A longer text to be cut off, that goes on and on.", "thalia")) as speech:
            await anext(speech)
        assert await say(tts, "Yes.") == samples("Yes.")
        assert fake.connections == 2
        await tts.close()
