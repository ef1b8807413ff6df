"""Every recogniser is held to `stt_contract`, and every hosted one also to what vendors do on bad days."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache
from importlib.resources import files
from statistics import median
from typing import Any

import pytest

pytest.importorskip("deepgram")
pytest.importorskip("assemblyai")
pytest.importorskip("elevenlabs")
pytest.importorskip("openai")
pytest.importorskip("cartesia")
pytest.importorskip("pocketsphinx")

from tests.providers.ears.sound import RATE, silence, speech
from tests.providers.ears.vendor import KEY, NOISE, Vendor
from tests.providers.ears.vendors import FakeFlux, FakeInk, FakeNova, FakeRealtime, FakeScribe, FakeUniversal
from tests.providers.stt_contract import LAWS, SETTLE_S, Subject
from tests.runtime.fakes import Said, ScriptStt

from vivavoce.audio.wav import load_mono
from vivavoce.core.commands import Role
from vivavoce.providers.assemblyai.stt import AssemblyAiStt
from vivavoce.providers.base import ProviderError
from vivavoce.providers.cartesia.stt import CartesiaStt
from vivavoce.providers.catalogue import ROWS, choose, make_stt
from vivavoce.providers.deepgram.flux import FluxStt
from vivavoce.providers.deepgram.stt import DeepgramStt
from vivavoce.providers.elevenlabs.stt import ScribeStt
from vivavoce.providers.hosted import listener
from vivavoce.providers.hosted.listening import HostedStt
from vivavoce.providers.offline.stt import PocketsphinxStt
from vivavoce.providers.openai.stt import OpenAiStt
from vivavoce.providers.profile import SttProfile

CLOSE_S = 0.05
"""How soon a vendor hears that a call is over."""
OVERHEAD_S = 0.001
"""From a vendor's message to our event, on average."""
FIRST, SECOND = "one two three", "seven four"


def hosted(name: str, kind: type[HostedStt], vendor: type[Vendor]) -> Subject:
    choice = choose(Role.STT, name)

    def make(running: Vendor | None) -> HostedStt:
        assert running is not None
        stt = kind(model=choice.model, key=KEY, url=running.url + ("/v1" if kind is OpenAiStt else ""))
        quiet = stt.manner.quiet_s and 0.08
        stt.manner = replace(stt.manner, quiet_s=quiet, answer_s=0.3)  # type: ignore[misc]
        return stt

    first, second = (speech(FIRST), FIRST), (speech(SECOND), SECOND)
    return Subject(name, make, choice.row.profile, first, second, vendor, ("Vivavoce", "a large pizza"))


HOSTED = [
    hosted("deepgram", DeepgramStt, FakeNova),
    hosted("deepgram:flux-general-en", FluxStt, FakeFlux),
    hosted("assemblyai", AssemblyAiStt, FakeUniversal),
    hosted("elevenlabs", ScribeStt, FakeScribe),
    hosted("openai", OpenAiStt, FakeRealtime),
    hosted("cartesia", CartesiaStt, FakeInk),
]


@cache
def recorded(name: str) -> Any:
    return load_mono((files("vivavoce.app") / "recordings" / f"{name}.wav").read_bytes(), RATE)


OWN = [
    Subject(
        "offline",
        lambda _: PocketsphinxStt(),
        choose(Role.STT, "offline").row.profile,
        (recorded("tt-weasels"), "weasels have eaten our phone system"),
        (recorded("auth-thankyou"), "thank you"),
        expect=("Weasels have eaten our phone system.",),
    ),
    Subject(
        "scripted",
        lambda _: ScriptStt(Said(300, 780, FIRST), Said(1_580, 520, SECOND), delay_ms=1),
        SttProfile(),
        (speech(FIRST), FIRST),
        (speech(SECOND), SECOND),
        excused={
            "answers_finish_exactly_once": "it knows when something is said, and then silence is not",
            "answers_each_of_several_finishes": "it answers with what it was told, not with what is new",
            "gives_times_within_what_was_fed": "its caller begins at 0 and never pauses",
            "survives_being_closed_at_any_moment": "it is closed with its session",
            "does_not_block_feed": "its audio is as long as its script",
            "tells_what_was_used": "it costs nothing",
        },
    ),
]


def named(subjects: list[Subject]) -> Any:
    marks = {"offline": [pytest.mark.offline]}
    rows = [pytest.param(subject, id=subject.name, marks=marks.get(subject.name, [])) for subject in subjects]
    return pytest.mark.parametrize("subject", rows)


@named([*HOSTED, *OWN])
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
async def test_law(law: Any, subject: Subject) -> None:
    if law.__name__ in subject.excused:
        pytest.skip(subject.excused[law.__name__])
    await law(subject)


# what hosted ones add


@named(HOSTED)
async def test_what_the_vendor_finishes_by_itself_needs_no_asking(subject: Subject) -> None:
    if subject.name in ("elevenlabs", "openai"):
        pytest.skip("it ends nothing by itself")
    async with subject.open() as caller:
        await caller.say(silence(300), speech(FIRST), silence(1_500))
        await caller.until(lambda: caller.finals)
        await caller.say(speech(SECOND), silence(1_500))
        await caller.until(lambda: caller.heard == f"{FIRST} {SECOND}")
        assert (await caller.finish()).text == ""


@named(HOSTED)
async def test_words_after_a_finish_are_not_waited_for(subject: Subject) -> None:
    async with subject.open() as caller:
        await caller.say(silence(500))
        caller.call.finish(caller.at)
        await caller.say(silence(100), speech(FIRST), silence(200))
        await caller.until(lambda: caller.finals)
        if subject.name == "cartesia":
            # Nobody knows where its words are: they may be taken for the answer.
            return
        assert caller.finals[0].text == ""
        assert (await caller.finish()).text == FIRST
        assert len(caller.finals) == 2
        assert not caller.codes


@named(HOSTED)
async def test_times_are_those_of_the_caller_also_after_gaps(subject: Subject) -> None:
    if not subject.profile.word_times:
        pytest.skip("it tells no times")
    async with subject.open() as caller:
        caller.at = 5 * RATE
        await caller.say(silence(300), speech("one"))
        caller.at += 3 * RATE
        await caller.say(speech("two"), silence(200))
        await caller.finish()
        words = {
            text: time for words in caller.finals for text, time in zip(words.text.split(), words.times, strict=True)
        }
        for text, at in (("one", 5.3), ("two", 5.3 + 0.26 + 3)):
            begin, end = words[text]
            assert begin / RATE == pytest.approx(at, abs=0.06)
            assert end / RATE == pytest.approx(at + 0.2, abs=0.06)


@named(HOSTED)
async def test_the_vendor_hears_at_once_that_a_call_is_over(subject: Subject) -> None:
    async with subject.open() as caller:
        await caller.say(silence(300), speech(FIRST))
        began = asyncio.get_running_loop().time()
        await caller.call.close()
        assert caller.vendor is not None
        assert await caller.vendor.deserted() - began < CLOSE_S
        assert asyncio.get_running_loop().time() - began < 2 * CLOSE_S


REFUSED = {400: "refused", 401: "refused", 403: "refused", 404: "not_found", 429: "rate_limited", 503: "died"}


@named(HOSTED)
@pytest.mark.parametrize("status", REFUSED)
async def test_a_refused_handshake_is_told_at_once(subject: Subject, status: int) -> None:
    with pytest.raises(ProviderError) as error:
        async with subject.open(status=status):
            pass
    assert error.value.code == REFUSED[status]
    assert subject.name.partition(":")[0] in error.value.detail
    if status == 401:
        assert choose(Role.STT, subject.name).row.key in error.value.detail
    chain = [
        error.value,
        error.value.__cause__,
        error.value.__context__ if not error.value.__suppress_context__ else None,
    ]
    assert KEY not in repr(chain)


@named(HOSTED)
async def test_nobody_there(subject: Subject) -> None:
    async with subject.serving() as vendor:
        stt = subject.make(vendor)
    with pytest.raises(ProviderError) as error:
        await stt.open(lambda event: None)
    assert error.value.code == "died"
    await stt.close()


@named(HOSTED)
async def test_a_service_that_never_says_hello(subject: Subject) -> None:
    if subject.name == "deepgram":
        pytest.skip("it says nothing before it has heard something")
    async with subject.serving(deaf=True) as vendor:
        stt = subject.make(vendor)
        stt.open_s = 0.1  # type: ignore[attr-defined]
        with pytest.raises(ProviderError) as error:
            await stt.open(lambda event: None)
        assert error.value.code == "timeout"
        await stt.close()
        assert vendor is not None
        await vendor.deserted()


@named(HOSTED)
async def test_frames_of_no_sense_are_passed_over(subject: Subject) -> None:
    # AssemblyAI's SDK and ElevenLabs' give up at JSON that is no object.
    frames = [frame for frame in NOISE if frame[0] in "<{" or subject.name not in ("assemblyai", "elevenlabs")]
    async with subject.open(noise=tuple(frames)) as caller:
        assert (await caller.hear(speech(FIRST))).text == FIRST
        assert not caller.codes


@named(HOSTED)
async def test_a_slow_service(subject: Subject) -> None:
    async with subject.open(delay_s=0.004) as caller:
        assert (await caller.hear(speech(FIRST))).text == FIRST
        assert (await caller.hear(speech(SECOND))).text == SECOND
        assert not caller.codes


CUT = {"breaks off": None, "fails": 1011, "is full": 1013, "goes away": 1001}


@named(HOSTED)
@pytest.mark.parametrize("how", CUT)
async def test_no_word_is_lost_when_the_connection_dies_once(subject: Subject, how: str) -> None:
    async with subject.open(dies_at=RATE, close_code=CUT[how]) as caller:
        assert (await caller.hear(speech(f"{FIRST} {SECOND}"))).text == f"{FIRST} {SECOND}"
        assert len(caller.codes) == 1
        assert KEY not in repr(caller.events)
        assert (await caller.hear(speech(SECOND))).text == SECOND


@named(HOSTED)
async def test_audio_that_always_kills_is_not_repeated_for_ever(subject: Subject, monkeypatch: Any) -> None:
    monkeypatch.setattr(listener, "_AGAIN_S", 0.02)
    async with subject.open(dies_at=RATE // 2, deaths=2) as caller:
        await caller.say(silence(300), speech(FIRST), silence(200))
        caller.call.finish(caller.at)
        await caller.until(lambda: len(caller.codes) == 2 or caller.finals)
        assert len(caller.codes) + len(caller.finals) >= 2
        await asyncio.sleep(SETTLE_S)
        caller.at += RATE
        await caller.hear(speech(SECOND))
        await caller.until(lambda: SECOND in caller.heard)
        assert caller.vendor is not None
        assert len(caller.vendor.sessions) == 3


@named(HOSTED)
async def test_a_service_that_is_gone_for_a_while(subject: Subject, monkeypatch: Any) -> None:
    monkeypatch.setattr(listener, "_AGAIN_S", 0.02)
    async with subject.open(dies_at=RATE, refuses=2) as caller:
        await caller.say(silence(300), speech(FIRST), silence(200))
        caller.call.finish(caller.at)
        await caller.until(lambda: len(caller.codes) >= 2)
        assert set(caller.codes) == {"died"}
        assert caller.vendor is not None
        while len(caller.vendor.sessions) < 2:  # noqa: ASYNC110 - the vendor tells nobody
            await asyncio.sleep(0.005)
        await asyncio.sleep(SETTLE_S)
        assert (await caller.hear(speech(SECOND))).text == SECOND


@named(HOSTED)
async def test_a_service_that_falls_silent_is_replaced(subject: Subject) -> None:
    if subject.name == "cartesia":
        pytest.skip("words that it does not change any more are taken")
    async with subject.open(stalls_at=RATE * 3 // 4) as caller:
        assert caller.vendor is not None
        await caller.say(silence(300), speech(FIRST), silence(200))
        caller.call.finish(caller.at)
        await caller.until(lambda: caller.codes)
        assert caller.codes == ["timeout"]
        assert not caller.finals
        caller.vendor.script.stalls_at = None
        assert (await caller.hear(speech(SECOND))).text == SECOND


@named(HOSTED)
async def test_a_session_that_ends_while_nobody_speaks_is_no_failure(subject: Subject) -> None:
    async with subject.open(dies_at=RATE // 2, close_code=1000) as caller:
        assert caller.vendor is not None
        await caller.say(silence(600))
        if subject.name == "openai":
            # It is not sent silence, and dies of the first words.
            return
        while caller.vendor.sessions[0].ended is None:  # noqa: ASYNC110 - the vendor tells nobody
            await asyncio.sleep(0.005)
        assert (await caller.hear(speech(FIRST))).text == FIRST
        assert not caller.codes
        assert len(caller.vendor.sessions) == 2


@named(HOSTED)
async def test_what_a_message_costs(subject: Subject, monkeypatch: Any) -> None:
    """Time of ours from a vendor's message, as its SDK hands it over, to the event that comes of it."""
    spent: list[float] = []
    came = 0.0

    async with subject.open() as caller:
        link: Any = type(caller.call._link)  # type: ignore[attr-defined]
        receive, post = link.receive, caller.post

        async def timed(self: Any) -> Any:
            nonlocal came
            message = await receive(self)
            came = time.perf_counter()
            return message

        def posted(event: Any) -> None:
            spent.append(time.perf_counter() - came)
            post(event)

        monkeypatch.setattr(link, "receive", timed)
        caller.call._post = posted  # type: ignore[attr-defined]
        for _ in range(3):
            await caller.hear(speech("one two three four five six"))
        assert len(spent) > 3
        assert median(spent) < OVERHEAD_S


@named([subject for subject in HOSTED if subject.name in ("deepgram", "assemblyai")])
async def test_signs_of_life_are_what_the_vendor_wants(subject: Subject) -> None:
    async with subject.serving() as vendor:
        assert vendor is not None
        stt = subject.make(vendor)
        stt.manner = replace(stt.manner, keep_alive_s=0.01)  # type: ignore[attr-defined]
        await stt.open(lambda event: None)
        while {"type": "KeepAlive"} not in vendor.sessions[0].texts:  # noqa: ASYNC110 - the vendor tells nobody
            await asyncio.sleep(0.005)
        await stt.close()


def test_every_hosted_recogniser_of_the_catalogue_is_held_to_the_contract() -> None:
    rows = [choose(Role.STT, subject.name).row for subject in HOSTED]
    assert {id(row) for row in rows} == {id(row) for row in ROWS if row.role is Role.STT and row.key}


@named(HOSTED)
def test_it_is_made_by_its_name(subject: Subject) -> None:
    choice = choose(Role.STT, subject.name)
    assert make_stt(subject.name, {choice.row.key: KEY}).model == choice.name


def test_the_catalogue_imports_no_vendor() -> None:
    sdks = "deepgram assemblyai elevenlabs openai cartesia websockets httpx".split()
    code = f"import sys, vivavoce.providers.catalogue; print([m for m in {sdks} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "[]"
