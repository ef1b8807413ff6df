"""Every synthesiser is held to `tts_contract`, and every hosted one also to what vendors do on bad days."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from contextlib import aclosing
from dataclasses import replace
from statistics import median

import pytest

pytest.importorskip("deepgram")
pytest.importorskip("elevenlabs")
pytest.importorskip("cartesia")
pytest.importorskip("openai")
pytest.importorskip("espeakng_loader")

from tests.providers.tts_contract import CANCEL_S, LAWS, LONG, SHORT_S, TEXT, Subject, speaks_no_more_when_it_is_closed
from tests.providers.voices.requests import FakeEleven, FakeSpeech
from tests.providers.voices.script import KEY, samples
from tests.providers.voices.sockets import FakeAura, FakeElevenSocket, FakeSonic
from tests.runtime.fakes import ToneTts

from vivavoce.core.commands import Role, Usage
from vivavoce.providers.base import ProviderError, Speech
from vivavoce.providers.cartesia.tts import CartesiaTts
from vivavoce.providers.catalogue import ROWS, choose, make_tts
from vivavoce.providers.deepgram.tts import AuraTts
from vivavoce.providers.elevenlabs.socket_tts import ElevenLabsSocketTts
from vivavoce.providers.elevenlabs.tts import ElevenLabsTts
from vivavoce.providers.hosted.speaking import HostedTts
from vivavoce.providers.offline.tts import EspeakTts
from vivavoce.providers.openai.tts import OpenAiTts
from vivavoce.providers.profile import TtsProfile


def hosted(vendor: str, kind: type[HostedTts], fake: type, voice: str) -> Subject:
    choice = choose(Role.TTS, vendor)
    return Subject(
        vendor,
        make=lambda running: kind(model=choice.model, key=KEY, url=running.url),
        profile=choice.row.profile,
        voice=voice,
        fake=fake,
    )


HOSTED = [
    hosted("deepgram", AuraTts, FakeAura, "thalia"),
    hosted("elevenlabs", ElevenLabsTts, FakeEleven, "sarah"),
    hosted("elevenlabs-ws", ElevenLabsSocketTts, FakeElevenSocket, "sarah"),
    hosted("cartesia", CartesiaTts, FakeSonic, "katie"),
    hosted("openai", OpenAiTts, FakeSpeech, "alloy"),
]
OWN = [
    Subject("offline", lambda _: EspeakTts(), choose(Role.TTS, "offline").row.profile, "emma"),
    Subject("tone", lambda _: ToneTts(first_ms=1), TtsProfile(word_times=True, slowest=0.5, fastest=2.0), "tone"),
]
SOCKETS = ("deepgram", "cartesia", "elevenlabs-ws")
"""Those that are spoken to over WebSockets."""


def named(subjects):
    return pytest.mark.parametrize("subject", subjects, ids=lambda subject: subject.name)


@named(HOSTED + OWN)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
async def test_law(law, subject):
    if law is speaks_no_more_when_it_is_closed and subject.name == "tone":
        pytest.skip("it has nothing to close")
    await law(subject.open)


def test_every_hosted_row_is_here():
    assert {row.vendor for row in ROWS if row.role is Role.TTS and row.key} == {s.name for s in HOSTED}


@named(HOSTED)
def test_the_catalogue_makes_it_and_it_agrees_with_its_row(subject):
    row = choose(Role.TTS, subject.name).row
    tts = make_tts(subject.name, {row.key: KEY})
    assert tts.model == f"{subject.name}:{row.models[0]}"
    assert (tts.slowest, tts.fastest, tts.variable) == (row.profile.slowest, row.profile.fastest, row.key)
    assert subject.voice in tts.voices


def test_the_catalogue_imports_no_sdk():
    code = (
        "import sys, vivavoce.providers.catalogue as c;"
        "print(sorted({'deepgram', 'elevenlabs', 'cartesia', 'openai', 'assemblyai'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@named(HOSTED)
@pytest.mark.parametrize("key", ["", "clé", "two\nlines"])
async def test_what_cannot_be_a_key_is_refused(subject, key):
    kind = type(make_tts(subject.name, {choose(Role.TTS, subject.name).row.key: KEY}))
    with pytest.raises(ProviderError, match=r"set the environment variable [A-Z]+_API_KEY") as caught:
        kind(model="m", key=key)
    assert caught.value.code == "refused"


@named(HOSTED)
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "refused"),
        (401, "refused"),
        (402, "refused"),
        (403, "refused"),
        (404, "not_found"),
        (422, "refused"),
        (429, "rate_limited"),
        (500, "died"),
        (503, "died"),
        (504, "timeout"),
    ],
)
async def test_a_refusal_has_a_stable_code_and_no_key(subject, status, code):
    async with subject.open(status=status) as stage:
        said = await stage.say()
        assert said.error.code == code
        assert (said.parts, said.usages) == ([], [])
        assert stage.tts.model in said.error.detail
        assert KEY not in f"{said.error!r} {said.error.__cause__!r} {said.error.__context__!r}"
        if status == 401:
            assert stage.tts.variable in said.error.detail
        assert len(stage.fake.keys) == 1, "the engine itself decides about a second try"


@named(HOSTED)
async def test_an_address_where_nobody_is_is_died(subject):
    async with subject.open() as stage:
        nowhere = replace(subject, make=lambda _: subject.make(type("Nowhere", (), {"url": "http://127.0.0.1:9/v1"})))
        async with nowhere.open() as lost:
            assert (await lost.say()).error.code == "died"
        assert not stage.fake.connections


@named(HOSTED)
async def test_a_connection_cut_in_the_middle_is_died_after_its_usage(subject):
    async with subject.open(cut_at=3, each_s=0.002) as stage:
        said = await stage.say()
        assert said.error.code == "died"
        assert 0 < said.pcm.size <= 3 * 2401
        assert said.order[-1] is Usage
        assert dict(said.usages[0].amounts) == {"characters": len(TEXT), "seconds": said.pcm.size / 24_000}
        stage.fake.script.cut_at = None
        assert (await stage.say()).error is None


@named([s for s in HOSTED if s.name in SOCKETS])
@pytest.mark.parametrize("at", [0, 2])
async def test_a_line_closed_in_the_middle_is_died(subject, at):
    async with subject.open(close_at=at, each_s=0.002) as stage:
        said = await stage.say()
        assert said.error.code == "died"
        assert (said.pcm.size > 0) == (at > 0) == bool(said.usages)
        stage.fake.script.close_at = None
        assert (await stage.say()).error is None


@named(HOSTED)
async def test_garbage_is_died(subject):
    async with subject.open(garbage_at=2, each_s=0.002) as stage:
        said = await stage.say()
        assert said.error.code == "died"
        stage.fake.script.garbage_at = None
        again = await stage.say()
        assert again.error is None
        assert again.pcm.size == samples(TEXT)


@named(HOSTED)
async def test_messages_that_nobody_knows_are_ignored(subject):
    async with subject.open(unknown=True) as stage:
        said = await stage.say()
        assert said.error is None
        assert said.pcm.size == samples(TEXT)


@named(HOSTED)
async def test_a_vendor_that_has_no_audio_for_words_died(subject):
    async with subject.open(silent=True) as stage:
        said = await stage.say()
        assert said.error.code == "died"
        assert "gave no audio" in said.error.detail


@named(HOSTED)
@pytest.mark.parametrize("stall_at", [0, 2])
async def test_a_stall_is_a_timeout_and_the_next_speech_has_a_line_of_its_own(subject, stall_at, monkeypatch):
    monkeypatch.setattr("vivavoce.providers.hosted.lines.SILENT_S", SHORT_S / 2)
    async with subject.open(stall_at=stall_at) as stage:
        stage.tts.first_s = 0.5
        await stage.say("Warm.") if stall_at else None
        stage.tts.first_s = stage.tts.stall_s = SHORT_S * 3
        said = await stage.say()
        assert said.error.code == "timeout"
        assert "within 0.15 s" in said.error.detail
        await asyncio.wait_for(stage.fake.cancelled.wait(), CANCEL_S)
        stage.fake.script.stall_at = None
        before = stage.fake.connections
        assert (await stage.say()).error is None
        assert stage.fake.connections == before + 1


@named(HOSTED)
async def test_a_slow_vendor_is_waited_for_and_a_slow_listener_is_not_its_fault(subject):
    async with subject.open(first_s=0.03, each_s=0.002) as stage:
        async with aclosing(stage.speak()) as speech:
            got = (await anext(speech)).pcm.size
            await asyncio.wait_for(stage.fake.done.wait(), 2)
            await asyncio.sleep(0.02)
            # All of it is here; if it were still to be fetched, there would be no time for that.
            stage.tts.stall_s = 0.0
            async for part in speech:
                got += part.pcm.size if isinstance(part, Speech) else 0
        assert got == samples(TEXT)


@named(HOSTED)
async def test_what_was_cut_short_is_metered_by_the_synthesiser(subject):
    async with subject.open(each_s=0.001) as stage:
        heard = 0
        async with aclosing(stage.speak(LONG)) as speech:
            for _ in range(2):
                heard += (await anext(speech)).pcm.size
        assert stage.tts.cut.model == stage.tts.model
        amounts = dict(stage.tts.cut.amounts)
        assert amounts["characters"] == len(LONG)
        assert amounts["seconds"] >= heard / 24_000
        await stage.say()
        assert dict(stage.tts.cut.amounts) == amounts


@named(HOSTED)
async def test_connections_are_kept_warm(subject):
    async with subject.open() as stage:
        for _ in range(5):
            assert (await stage.say()).error is None
        assert stage.fake.connections == 1


@named([s for s in HOSTED if s.name in SOCKETS])
async def test_a_line_survives_an_interruption(subject):
    async with subject.open(each_s=0.001) as stage:
        for _ in range(3):
            async with aclosing(stage.speak(LONG)) as speech:
                await anext(speech)
        assert (await stage.say()).pcm.size == samples(TEXT)
        assert stage.fake.connections == 1


@named([s for s in HOSTED if s.name in SOCKETS])
async def test_a_line_that_the_vendor_hung_up_is_replaced(subject):
    async with subject.open() as stage:
        await stage.say()
        for connection in list(stage.fake._server.connections):
            await connection.close()
        assert (await stage.say()).error is None
        assert stage.fake.connections == 2


@named(HOSTED)
async def test_no_vendor_message_waits_for_us(subject):
    """From a vendor's message to `Speech`, both ends, the socket and the SDK included: under a millisecond. The
    shortest is what it costs; others may have waited for the machine."""
    async with subject.open(each_s=0.004) as stage:
        await stage.say("Warm.")
        stage.fake.sent.clear()
        loop, came = asyncio.get_running_loop(), []
        async for part in stage.speak():
            if isinstance(part, Speech) and part.pcm.size:
                came.append(loop.time())
        assert len(came) == len(stage.fake.sent)
        spent = [got - sent for sent, got in zip(stage.fake.sent, came, strict=True)]
        print(f"{subject.name}: {1e6 * median(spent):.0f} us from message to Speech")
        assert min(spent) < 0.001


@named(HOSTED)
async def test_a_warm_line_answers_at_once(subject):
    """Beyond the vendor's own time; the bound allows for a busy machine."""
    async with subject.open() as stage:
        await stage.say()
        took = []
        for _ in range(9):
            begun = time.perf_counter()
            async with aclosing(stage.speak("Yes.")) as speech:
                await anext(speech)
                took.append(time.perf_counter() - begun)
                async for _ in speech:
                    pass
        print(f"{subject.name}: {1e3 * median(took):.2f} ms from speak to the first Speech")
        assert min(took) < 0.01
