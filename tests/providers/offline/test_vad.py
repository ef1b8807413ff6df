from __future__ import annotations

import asyncio
import importlib.util
import re
import subprocess
import sys

import numpy as np
import pytest

from vivavoce.audio.dtmf import DIGITS, Keys, tones
from vivavoce.audio.pcm import clip
from vivavoce.providers.base import Pcm, ProviderError
from vivavoce.providers.offline import available, extra, open_offline
from vivavoce.providers.offline.silero import Floats
from vivavoce.providers.offline.vad import RATE, WINDOW, SileroVad, SileroVads, Together
from vivavoce.runtime.clock import run

from .conftest import mix_noise, silence

pytestmark = pytest.mark.offline


def judge(vad: SileroVad, pcm: Pcm) -> np.ndarray:
    return np.array([vad(pcm[at : at + WINDOW]) for at in range(0, len(pcm) - WINDOW + 1, WINDOW)])


def crossings(p: np.ndarray) -> tuple[float, float]:
    """When speech is first seen (p >= 0.5) and when it is last over (p < 0.35 for good), in seconds."""
    first = int(np.argmax(p >= 0.5))
    last = len(p) - int(np.argmax(p[::-1] >= 0.35))
    return (first + 1) * WINDOW / RATE, (last + 1) * WINDOW / RATE


def sounding(pcm: Pcm) -> tuple[float, float]:
    """Where the recording is within 40 dB of its peak, in seconds."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > np.abs(pcm.astype(np.int32)).max() / 100)
    return loud[0] / RATE, loud[-1] / RATE


@pytest.mark.parametrize("snr", [None, 20.0, 10.0])
def test_onset_and_end_of_recorded_people(vads: SileroVads, human: dict[str, Pcm], snr: float | None) -> None:
    lead = silence(960)
    for name, pcm in human.items():
        audio = np.concatenate([lead, pcm, silence(640)])
        begin, end = sounding(audio)
        if snr is not None:
            audio = mix_noise(audio, snr)
        on, off = crossings(judge(vads.open(), audio))
        assert 0.0 <= on - begin <= 0.25, name
        assert -0.15 <= off - end <= 0.25, name


@pytest.mark.parametrize("ms", [60, 400])
@pytest.mark.parametrize("noise", [0, 30])
def test_keys_of_a_telephone_open_no_turn(vads: SileroVads, ms: int, noise: int) -> None:
    """Their first 30 ms, before they are silenced, are speech for one window at most; a turn takes two."""
    chance, pause, frame = np.random.default_rng(4), np.zeros(RATE * 7 // 100), RATE // 50
    for first in range(16):
        digits = (DIGITS * 2)[first : first + 4]
        line = [np.zeros(RATE), *(x for digit in digits for x in (tones(digit, RATE * ms // 1000, RATE), pause))]
        pcm = np.concatenate(line)
        pcm = clip(pcm + chance.normal(0, noise, pcm.size))
        keys, heard = Keys(RATE), pcm.copy()
        for at in range(0, pcm.size, frame):
            keys.push(pcm[at : at + frame])
            if keys.sounding:
                heard[at : at + frame] = 0
        p = judge(vads.open(), heard) >= 0.5
        assert not np.any(p[1:] & p[:-1]), digits


def test_no_speech_in_silence_noise_hum_and_tones(vads: SileroVads) -> None:
    t = np.arange(RATE * 6) / RATE
    noise = np.random.default_rng(3).normal(0.0, 1.0, len(t))
    sounds = {
        "silence": np.zeros(len(t)),
        "noise": 1000 * noise,
        "hum": sum(3000 / k * np.sin(2 * np.pi * 50 * k * t) for k in (1, 2, 3, 5)),
        "dial tone": 4000 * (np.sin(2 * np.pi * 350 * t) + np.sin(2 * np.pi * 440 * t)),
        "clicks": 20_000 * (np.arange(len(t)) % 4000 < 8),
    }
    for name, sound in sounds.items():
        p = judge(vads.open(), sound.astype(np.int16))
        assert np.mean(p >= 0.5) <= 0.01, name


def test_calls_do_not_hear_each_other(vads: SileroVads, human: dict[str, Pcm]) -> None:
    speech = human["hello-world"]
    alone = judge(vads.open(), speech)
    one, other = vads.open(), vads.open()
    together = []
    for at in range(0, len(speech) - WINDOW + 1, WINDOW):
        together.append(one(speech[at : at + WINDOW]))
        other(silence(32))
    assert np.array_equal(alone, together)


async def asked(vad: SileroVad, pcm: Pcm) -> list[float | Exception]:
    """What it answers to all windows, given faster than they are judged."""
    loop = asyncio.get_running_loop()
    answers = []
    for at in range(0, len(pcm) - WINDOW + 1, WINDOW):
        answers.append(loop.create_future())
        vad.ask(pcm[at : at + WINDOW], answers[-1].set_result)
    return await asyncio.gather(*answers)


def test_calls_that_are_judged_together_hear_what_they_hear_alone(vads: SileroVads, human: dict[str, Pcm]) -> None:
    quiet = np.concatenate([silence(480), human["hello-world"], silence(480)])
    calls = [*human.values(), quiet]

    async def together() -> list[list[float | Exception]]:
        return await asyncio.gather(*(asked(vads.open(), pcm) for pcm in calls))

    for pcm, answers in zip(calls, asyncio.run(together()), strict=True):
        assert np.allclose(np.array(answers, dtype=float), judge(vads.open(), pcm), atol=2e-4)


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Windows of each run of the network."""
    found: list[int] = []
    run = Together._run
    monkeypatch.setattr(Together, "_run", lambda self, many: found.append(len(many)) or run(self, many))
    return found


def test_windows_that_come_together_are_one_run(vads: SileroVads, human: dict[str, Pcm], sizes: list[int]) -> None:
    pcm = human["hello-world"][: 3 * WINDOW]

    async def together() -> None:
        await asyncio.gather(*(asked(vads.open(), pcm) for _ in range(5)))

    asyncio.run(together())
    assert sizes == [5, 5, 5]


def test_where_calls_are_many_windows_gather_for_5_ms(
    vads: SileroVads, human: dict[str, Pcm], sizes: list[int]
) -> None:
    pcm, waited = human["hello-world"][:WINDOW], []

    async def one_after_another() -> None:
        loop = asyncio.get_running_loop()

        def ask() -> None:
            asked = loop.time()
            vads.open().ask(pcm, lambda _: waited.append(round(1000 * (loop.time() - asked))))

        for calls in (1, 1, 1, 0, 0, 0, 0, 1):
            for _ in range(calls):
                ask()
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)

    run(one_after_another(), realtime=False)
    assert (sizes, waited) == ([1, 2, 1], [0, 4, 3, 3])


def test_what_is_to_come_after_a_window_waits_for_no_other_call(
    vads: SileroVads, human: dict[str, Pcm], sizes: list[int]
) -> None:
    first, second, third = (human["hello-world"][n * WINDOW : (n + 1) * WINDOW] for n in range(3))

    async def hasty() -> list[list[float | Exception]]:
        one, other = vads.open(), vads.open()
        said: list[list[float | Exception]] = [[], []]
        for pcm in (first, second):
            one.ask(pcm, said[0].append)
        other.ask(first, said[1].append)
        assert said == [[], []]
        one.settle()
        assert [len(answers) for answers in said] == [2, 1]
        one.settle()
        one.ask(third, said[0].append)
        other.settle()
        assert [len(answers) for answers in said] == [2, 1]
        await asyncio.sleep(0)
        return said

    said = asyncio.run(hasty())
    assert sizes == [2, 1, 1]
    assert np.allclose(
        np.array(said[0], dtype=float), judge(vads.open(), human["hello-world"][: 3 * WINDOW]), atol=2e-4
    )


def test_a_loop_that_ended_amid_a_window_holds_up_no_other(vads: SileroVads, human: dict[str, Pcm]) -> None:
    pcm = human["hello-world"][:WINDOW]

    async def leaves() -> None:
        vads.open().ask(pcm, [].append)

    # The same model, kept from one loop to the next.
    loop = asyncio.new_event_loop()
    loop.run_until_complete(leaves())
    loop.close()
    assert asyncio.run(asked(vads.open(), pcm)) == [vads.open()(pcm)]


def test_a_run_that_fails_is_told_to_each_and_the_next_is_another(
    vads: SileroVads, human: dict[str, Pcm], monkeypatch: pytest.MonkeyPatch
) -> None:
    pcm = human["hello-world"][:WINDOW]
    one, other, third = (vads.open() for _ in range(3))

    async def together() -> list[list[float | Exception]]:
        with monkeypatch.context() as broken:
            broken.setattr(np, "concatenate", lambda *_, **__: 1 / 0)
            failed = await asyncio.gather(asked(one, pcm), asked(other, pcm))
        return [*failed, await asked(third, pcm)]

    first, second, fine = asyncio.run(together())
    assert isinstance(first[0], ZeroDivisionError)
    assert isinstance(second[0], ZeroDivisionError)
    assert fine == [vads.open()(pcm)]


def test_reset_forgets_the_context_too(vads: SileroVads, human: dict[str, Pcm]) -> None:
    speech = human["tt-weasels"]
    vad = vads.open()
    fresh = judge(vad, speech)
    vad.reset()
    assert np.array_equal(judge(vad, speech), fresh)


def test_its_own_memory_of_a_window(vads: SileroVads) -> None:
    vad = vads.open()
    buffer = np.full(WINDOW, 500, np.int16)
    first = vad(buffer)
    again = vads.open()
    assert again(np.full(WINDOW, 500, np.int16)) == first
    buffer[:] = 0
    assert vad(np.full(WINDOW, 500, np.int16)) == again(np.full(WINDOW, 500, np.int16))


@pytest.mark.parametrize("pcm", [np.zeros(511, np.int16), np.zeros(512, np.float32), np.zeros((1, 512), np.int16)])
def test_only_whole_windows_of_int16(vads: SileroVads, pcm: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a window is 512 samples"):
        vads.open()(pcm)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "pocketsphinx" else found(name))
    assert available() == ["pocketsphinx"]
    with pytest.raises(ProviderError, match=re.escape("pip install 'vivavoce[offline]'")) as caught:
        open_offline()
    assert caught.value.code == "missing"


def test_the_detector_needs_no_extra() -> None:
    code = "import sys; sys.modules.update(dict.fromkeys(('pocketsphinx', 'espeakng_loader', 'onnxruntime'))); "
    code += "import numpy; from vivavoce.app import embedded; "
    code += "print(embedded.detectors().open()(numpy.zeros(512, numpy.int16)) < 0.1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


def test_importing_the_package_imports_no_engine() -> None:
    code = (
        "import sys, vivavoce.providers.offline as offline; assert offline.available() == []; "
        "print([m for m in ('threadpoolctl', 'pocketsphinx', 'espeakng_loader') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


class Counting:
    """A network that notes how often it is asked."""

    def __init__(self, vad: SileroVad) -> None:
        self._network, self.asked = vad._network, 0
        vad._network = self  # type: ignore[assignment]

    def __call__(self, heard: Floats, state: Floats) -> tuple[Floats, Floats]:
        self.asked += len(heard)
        return self._network(heard, state)


@pytest.mark.parametrize("floor", [0, 20])
def test_silence_costs_nothing_and_the_first_word_after_it_is_found_as_soon(
    vads: SileroVads, human: dict[str, Pcm], floor: int
) -> None:
    rng = np.random.default_rng(1)
    quiet = rng.integers(-floor, floor + 1, 60 * RATE).astype(np.int16)
    for pcm in human.values():
        short, long = vads.open(), vads.open()
        model = Counting(long)
        judge(long, quiet)
        assert model.asked < 20
        judge(short, quiet[: 8 * WINDOW])
        first, second = judge(short, pcm), judge(long, pcm)
        assert abs(crossings(first)[0] - crossings(second)[0]) <= WINDOW / RATE
        assert abs(crossings(first)[1] - crossings(second)[1]) <= WINDOW / RATE


def test_a_pause_within_speech_is_judged_by_the_model(vads: SileroVads, human: dict[str, Pcm]) -> None:
    vad, pcm = vads.open(), next(iter(human.values()))
    judge(vad, pcm)
    model = Counting(vad)
    judge(vad, silence(200))
    assert model.asked == 200 * RATE // 1000 // WINDOW
