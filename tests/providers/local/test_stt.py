"""The streaming transducer with a tiny model: the real code of loading and recognition, held to the laws of all
recognisers."""

from __future__ import annotations

import os
import shutil
import signal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sherpa_onnx")
pytest.importorskip("onnx")

from tests.providers.ears.sound import RATE, silence
from tests.providers.local.tiny import HEARD
from tests.providers.stt_contract import LAWS, Subject

from vivavoce.audio.wav import load_mono
from vivavoce.core.commands import Role
from vivavoce.providers.base import Pcm, ProviderError
from vivavoce.providers.catalogue import choose, make_stt
from vivavoce.providers.local.stt import SherpaStt

NAME = "sherpa:zipformer-en-2023-06-26"


@cache
def recorded(name: str) -> Pcm:
    return load_mono((files("vivavoce.app") / "recordings" / f"{name}.wav").read_bytes(), RATE)


SUBJECT = Subject(
    NAME,
    lambda _: SherpaStt(NAME.partition(":")[2]),
    choose(Role.STT, NAME).row.profile,
    (recorded("tt-weasels"), HEARD),
    (recorded("auth-thankyou"), HEARD),
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
async def test_law(law: Any, tiny_here: Path) -> None:
    await law(SUBJECT)


async def test_it_is_made_by_its_name(tiny_here: Path) -> None:
    stt = make_stt(NAME, os.environ)
    assert stt.model == NAME
    await stt.close()


@pytest.mark.parametrize("name", [NAME, "whisper:base.en"])
def test_a_model_that_was_not_pulled_is_said_with_its_remedy(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda module: object())
    with pytest.raises(ProviderError, match=f"is not here yet: vivavoce pull {name}") as caught:
        make_stt(name, os.environ)
    assert caught.value.code == "missing"


async def test_words_are_where_they_were_said(tiny_here: Path) -> None:
    async with SUBJECT.open() as caller:
        caller.at = 5 * RATE
        await caller.say(silence(1000), recorded("auth-thankyou"), silence(500))
        words = await caller.finish()
        (going, on) = words.times
        assert 5.8 * RATE < going[0] < going[1] <= on[0] < on[1] < 7.2 * RATE
        assert (words.start, words.end) == (going[0], on[1])


async def test_calls_share_a_process_and_do_not_hear_each_other(tiny_here: Path) -> None:
    async with SUBJECT.open() as caller:
        other: list[Any] = []
        call = await caller.stt.open(other.append)
        assert len(caller.stt._hosts) == 1  # type: ignore[attr-defined]
        assert (await caller.hear(recorded("auth-thankyou"))).text == HEARD
        call.feed(0, silence(500))
        call.finish(RATE // 2)
        await caller.finish()
        assert [event.text for event in other if hasattr(event, "text")] == [""]
        await call.close()


async def test_a_process_that_dies_is_replaced_and_hears_it_again(tiny_here: Path) -> None:
    async with SUBJECT.open() as caller:
        await caller.say(silence(300), recorded("tt-weasels")[:RATE])
        await caller.until(lambda: caller.words)
        os.kill(caller.stt._hosts[0].worker.pid, signal.SIGKILL)  # type: ignore[attr-defined]
        assert (await caller.finish()).text == HEARD
        assert caller.codes == ["died"]


async def test_a_bad_model_ends_its_own_process_only(
    tiny_here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sherpa" / NAME.partition(":")[2]
    shutil.copytree(tiny_here / "sherpa" / folder.name, folder)
    (folder / "encoder.onnx").write_bytes(b"nonsense")
    monkeypatch.setenv("VIVAVOCE_MODELS", str(tmp_path))
    stt = SherpaStt(folder.name)
    with pytest.raises(ProviderError, match="did not start") as caught:
        await stt.open([].append)
    assert caught.value.code == "died"
    await stt.close()
