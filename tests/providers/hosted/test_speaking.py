"""What is made of a vendor's parts; what vendors do to it on bad days is in `test_tts_contract`."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from vivavoce.core.commands import Role, Usage
from vivavoce.core.events import WordEnd
from vivavoce.providers.base import ProviderError
from vivavoce.providers.hosted.speaking import HostedTts, Utterance, addresses
from vivavoce.providers.hosted.words import Spoken


class Acme(HostedTts):
    vendor = "acme"
    variable = "ACME_API_KEY"
    slowest, fastest = 0.5, 2.0
    rate = 1000

    def __init__(self, *parts):
        super().__init__("one", "key")
        self.planned = parts
        self.asks = []
        self.ended = 0

    async def parts(self, ask):
        self.asks.append(ask)
        try:
            for part in self.planned:
                if isinstance(part, Exception):
                    raise part
                await asyncio.sleep(part if isinstance(part, float) else 0)
                if not isinstance(part, float):
                    yield part
        finally:
            self.ended += 1

    async def hang_up(self):
        pass


async def spoken(tts, text="Hi you"):
    return [part async for part in tts.speak(text, "v", 1.5, "before")]


async def test_audio_is_regrouped_to_whole_samples_and_words_come_with_their_audio():
    tts = Acme(b"\x01", [Spoken("Hi", 0.002), Spoken("you", 0.003)], b"\x00\x02\x00\x03", b"\x00\x00\x04")
    first, second, usage = await spoken(tts)
    assert [part.pcm.tolist() for part in (first, second)] == [[1, 2], [3, 1024]]
    assert (first.words, second.words) == ((WordEnd(2, 2),), (WordEnd(6, 3),))
    assert usage == Usage(Role.TTS, "acme:one", (("characters", 6), ("seconds", 0.004)))


async def test_the_ask_is_passed_on():
    tts = Acme(b"\x01\x00")
    await spoken(tts)
    [ask] = tts.asks
    assert (ask.text, ask.voice, ask.speed, ask.before) == ("Hi you", "v", 1.5, "before")


async def test_words_alone_are_no_audio():
    tts = Acme([Spoken("Hi", 0.1)], 0.2, b"\x00\x00")
    tts.first_s, tts.stall_s = 0.02, 5.0
    with pytest.raises(ProviderError, match=r"within 0\.02 s") as caught:
        await spoken(tts)
    assert caught.value.code == "timeout"
    assert tts.ended == 1


async def test_the_wait_for_more_begins_anew_with_every_part():
    tts = Acme(*[b"\x01\x00", 0.02] * 5)
    tts.stall_s = 0.2
    parts = await spoken(tts)
    assert len(parts) == 6


async def test_an_error_after_audio_comes_after_its_usage():
    tts = Acme(b"\x01\x00\x02\x00", ConnectionError("key"))
    speech = tts.speak("Hi", "v")
    assert (await anext(speech)).pcm.tolist() == [1, 2]
    assert await anext(speech) == Usage(Role.TTS, "acme:one", (("characters", 2), ("seconds", 0.002)))
    with pytest.raises(ProviderError) as caught:
        await anext(speech)
    assert caught.value.code == "died"


async def test_a_translation_that_fails_never_leaves_the_listener_waiting(monkeypatch):
    def broken(error, service):
        raise RuntimeError("bug")

    monkeypatch.setattr("vivavoce.providers.hosted.speaking.failure", broken)
    tts = Acme(ConnectionError())
    seen = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: seen.append(context))
    with pytest.raises(ProviderError):
        async with asyncio.timeout(1):
            await spoken(tts)


async def test_a_vendor_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr("vivavoce.providers.hosted.speaking.LONGEST_S", 1)
    tts = Acme(*[bytes(500)] * 9)
    with pytest.raises(ProviderError) as caught:
        await spoken(tts)
    assert caught.value.code == "overflow"
    assert tts.ended == 1


async def test_what_came_and_was_not_taken_is_metered():
    tts = Acme(bytes(200), bytes(200), bytes(200))
    speech = tts.speak("Hi", "v")
    await anext(speech)
    await asyncio.sleep(0.005)
    await speech.aclose()
    assert dict(tts.cut.amounts) == {"characters": 2, "seconds": 0.3}


async def test_closing_twice_is_as_closing_once():
    tts = Acme()
    await tts.close()
    await tts.close()
    with pytest.raises(ProviderError) as caught:
        await spoken(tts)
    assert caught.value.code == "closed"


def test_an_utterance_counts_what_it_was_given():
    made = Utterance("Hi you", 1000)
    assert made.take(b"\x01") is None
    assert made.take(b"\x00").pcm.tolist() == [1]
    assert made.take([Spoken("Hi", 5.0)]) is None
    assert made.finish().words == (WordEnd(2, 1), WordEnd(6, 1))
    assert dict(made.usage("m").amounts) == {"characters": 6, "seconds": 0.001}


def test_audio_is_int16_whatever_the_machine():
    pcm = Utterance("Hi", 1000).take(np.array([-2, 300], "<i2").tobytes()).pcm
    assert (pcm.dtype, pcm.tolist()) == (np.int16, [-2, 300])


@pytest.mark.parametrize(
    ("url", "http", "ws"),
    [
        ("http://h:1", "http://h:1", "ws://h:1"),
        ("wss://h/x/", "https://h/x", "wss://h/x"),
        ("https://h", "https://h", "wss://h"),
    ],
)
def test_one_address_serves_both_protocols(url, http, ws):
    assert addresses(url) == (http, ws)
