"""Neural voices with tiny models: the real code of loading and synthesis, held to the laws of all synthesisers."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sherpa_onnx")
pytest.importorskip("onnx")
pytest.importorskip("espeakng_loader")

from tests.providers.tts_contract import LAWS, LONG, TEXT, Subject

from vivavoce.core.commands import Role
from vivavoce.providers.base import ProviderError
from vivavoce.providers.catalogue import choose, make_tts
from vivavoce.providers.local.tts import SherpaTts

PIPER = "sherpa:vits-piper-en_US-ljspeech-medium"
KOKORO = "sherpa:kokoro-en-v0_19"


def subject(name: str, voice: str) -> Subject:
    return Subject(name, lambda _: SherpaTts(name.partition(":")[2]), choose(Role.TTS, name).row.profile, voice)


SUBJECTS = [subject(PIPER, "ljspeech"), subject(KOKORO, "af_bella")]

both = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)


@both
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
async def test_law(law: Any, subject: Subject, tiny_here: Path) -> None:
    await law(subject.open)


@both
async def test_it_is_made_by_its_name(subject: Subject, tiny_here: Path) -> None:
    tts = make_tts(subject.name, os.environ)
    assert tts.model == subject.name
    assert subject.voice in tts.voices
    await tts.close()


@both
def test_a_model_that_was_not_pulled_is_said_with_its_remedy(subject: Subject, home: Path) -> None:
    for make in (lambda: make_tts(subject.name, os.environ), lambda: subject.make(None)):
        with pytest.raises(ProviderError, match=f"is not here yet: vivavoce pull {subject.name}") as caught:
            make()
        assert caught.value.code == "missing"


@both
async def test_sentences_come_one_by_one(subject: Subject, tiny_here: Path) -> None:
    async with subject.open() as stage:
        said = await stage.say("One. Two! Three?")
        assert len(said.parts) == 3
        assert said.pcm.size == (await stage.say("One. Two! Three?")).pcm.size


@both
async def test_speed_changes_how_long_it_takes(subject: Subject, tiny_here: Path) -> None:
    async with subject.open() as stage:
        usual, fast, slow = [(await stage.say(speed=speed)).pcm.size for speed in (1.0, 2.0, 0.5)]
        assert fast == pytest.approx(usual / 2, rel=0.05)
        assert slow == pytest.approx(usual * 2, rel=0.05)


async def test_each_speaker_has_a_voice_and_an_accent(tiny_here: Path) -> None:
    async with SUBJECTS[1].open() as stage:
        said = {voice: await stage.say("The car park. ", voice) for voice in ("af", "am_adam", "bf_emma", "bm_lewis")}
        pitches = [np.abs(np.diff(np.sign(one.pcm.astype(int)))).mean() for one in said.values()]
        assert pitches == sorted(set(pitches))
        assert said["af"].pcm.size != said["bf_emma"].pcm.size, "the r's are not spoken"


async def test_an_unknown_voice_is_told_which_there_are(tiny_here: Path) -> None:
    async with SUBJECTS[1].open() as stage:
        said = await stage.say(voice="emma")
        assert said.error is not None
        assert said.error.code == "refused"
        assert "bf_emma" in said.error.detail


async def test_calls_share_one_process(tiny_here: Path) -> None:
    async with SUBJECTS[0].open() as stage:
        await stage.say()
        pid = stage.tts._worker.pid
        await asyncio.gather(*(stage.say() for _ in range(4)))
        assert stage.tts._worker.pid == pid


async def test_a_cancelled_speech_makes_room_for_the_next(tiny_here: Path) -> None:
    async with SUBJECTS[0].open() as stage:
        async with aclosing(stage.speak(LONG * 10)) as speech:
            await anext(speech)
        assert (await stage.say("Yes.")).error is None
        assert stage.tts.outstanding == 0


async def test_a_process_that_dies_is_replaced(tiny_here: Path) -> None:
    async with SUBJECTS[0].open() as stage:
        async with aclosing(stage.speak(LONG * 20)) as speech:
            await anext(speech)
            os.kill(stage.tts._worker.pid, signal.SIGKILL)
            with pytest.raises(ProviderError) as caught:
                async for _ in speech:
                    pass
        assert caught.value.code == "died"
        assert (await stage.say(TEXT)).error is None


@pytest.mark.parametrize("spoil", ["en_US-tiny.onnx", "tokens.txt"])
async def test_a_bad_model_ends_its_own_process_only(
    spoil: str, tiny_here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sherpa" / PIPER.partition(":")[2]
    shutil.copytree(tiny_here / "sherpa" / folder.name, folder)
    (folder / spoil).write_bytes(b"nonsense") if spoil.endswith("onnx") else (folder / spoil).unlink()
    monkeypatch.setenv("VIVAVOCE_MODELS", str(tmp_path))
    tts = SherpaTts(folder.name)
    with pytest.raises(ProviderError, match="did not start") as caught:
        await tts.start()
    assert caught.value.code == "died"
    await tts.close()
