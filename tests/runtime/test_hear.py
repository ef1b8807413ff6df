from __future__ import annotations

import numpy as np
import pytest
from tests.runtime.fakes import LevelVad, PatientVad, silence, tone

from vivavoce.audio.frame import Frame
from vivavoce.audio.pcm import AudioError, Pcm
from vivavoce.core.commands import Role
from vivavoce.core.events import Event, ProviderFailed, UserSound
from vivavoce.providers.base import ProviderError
from vivavoce.runtime.hear import Ears


class Vads(LevelVad):
    """Fails at given windows (counted over all detectors), and to open from the `opens`-th time on."""

    def __init__(self, *fails: int, opens: int = 99, answer: float | None = None) -> None:
        self.fails = fails
        self.opens = opens
        self.answer = answer
        self.count = 0
        self.opened = 0

    def open(self) -> Vads:
        self.opened += 1
        if self.opened > self.opens:
            raise ProviderError("missing", "no model")
        return self

    def __call__(self, pcm: Pcm) -> float:
        self.count += 1
        if self.count in self.fails:
            raise RuntimeError("onnx broke")
        return super().__call__(pcm) if self.answer is None else self.answer


class Stt:
    def __init__(self, feed_fails: bool = False, finish_fails: bool = False) -> None:
        self.feed_fails = feed_fails
        self.finish_fails = finish_fails
        self.fed: list[tuple[int, int]] = []
        self.finished: list[int] = []

    def feed(self, start: int, pcm: Pcm) -> None:
        self.fed.append((start, pcm.size))
        if self.feed_fails:
            raise OSError("pipe")

    def finish(self, upto: int) -> None:
        self.finished.append(upto)
        if self.finish_fails:
            raise OSError("pipe")

    async def close(self) -> None: ...


class Bench:
    def __init__(self, vads: LevelVad | None = None, stt: Stt | None = None, remember: bool = False) -> None:
        self.events: list[Event] = []
        self.pcm: list[Pcm] = []
        self.stt = stt
        self.ears = Ears(vads or Vads(), stt, self.events.append, self.pcm.append, remember)

    def hear(self, pcm: Pcm, rate: int = 16_000, step: int = 320) -> Bench:
        for at in range(0, pcm.size, step):
            self.ears.hear(Frame(at, pcm[at : at + step], rate))
        return self

    @property
    def failures(self) -> list[tuple[Role, str]]:
        return [(e.role, e.code) for e in self.events if isinstance(e, ProviderFailed)]

    @property
    def sounds(self) -> list[UserSound]:
        return [e for e in self.events if isinstance(e, UserSound)]


def test_the_same_samples_go_to_the_recorder_the_recogniser_and_the_detector() -> None:
    pcm = np.concatenate((silence(500), tone(300), silence(500)))
    bench = Bench(stt=Stt()).hear(pcm)
    assert np.array_equal(np.concatenate(bench.pcm), pcm)
    assert bench.stt is not None
    assert bench.stt.fed == [(n * 320, 320) for n in range(65)]
    assert [(s.start, s.samples) for s in bench.sounds] == [(n * 512, 512) for n in range(40)]
    loud = [n for n, s in enumerate(bench.sounds) if s.p > 0.5]
    assert loud == list(range(15, 25))
    assert all(s.quiet == 512 for s in bench.sounds[:15])
    assert all(s.quiet == 0 for s in bench.sounds[16:25])


def test_probabilities_are_rounded_for_small_recordings() -> None:
    [sound] = Bench(Vads(answer=0.123456789)).hear(silence(32)).sounds
    assert sound.p == 0.1235


def test_a_change_of_rate_loses_nothing_but_the_odd_sample() -> None:
    bench = Bench()
    bench.hear(tone(400, 48_000), 48_000, 960).hear(tone(400, 8_000), 8_000, 160).hear(tone(400, 16_000))
    assert abs(sum(p.size for p in bench.pcm) - 19_200) <= 40
    assert [s.start for s in bench.sounds] == [n * 512 for n in range(len(bench.sounds))]


def test_an_impossible_rate_is_refused() -> None:
    with pytest.raises(AudioError, match="impossible"):
        Bench().hear(tone(20), rate=3)


def test_a_detector_that_fails_is_replaced_a_few_times() -> None:
    bench = Bench(Vads(2, 5)).hear(tone(640))
    assert bench.failures == [(Role.VAD, "died")] * 2
    assert len(bench.sounds) == 18
    assert [s.start for s in bench.sounds][:3] == [0, 1_024, 1_536]


def test_a_detector_that_fails_always_is_given_up_and_the_rest_goes_on() -> None:
    bench = Bench(Vads(*range(1, 99)), Stt()).hear(tone(640))
    assert bench.failures == [(Role.VAD, "died")] * 4
    assert bench.sounds == []
    assert bench.stt is not None
    assert len(bench.stt.fed) == 32


def test_a_detector_that_cannot_be_replaced_is_reported() -> None:
    bench = Bench(Vads(3, opens=1)).hear(tone(640))
    assert bench.failures == [(Role.VAD, "died"), (Role.VAD, "missing")]
    assert len(bench.sounds) == 2


def test_a_detector_shared_with_other_calls_answers_later() -> None:
    vads = PatientVad()
    bench = Bench(vads).hear(tone(96))
    assert bench.sounds == []
    bench.ears.settle()
    assert [(s.start, s.p) for s in bench.sounds] == [(0, 0.97), (512, 0.97), (1_024, 0.97)]


def test_a_shared_detector_that_fails_is_replaced_once_for_all_it_was_asked() -> None:
    first = PatientVad()
    second = PatientVad()
    opened = iter([first, second])
    first.open = second.open = lambda: next(opened)  # type: ignore[method-assign]
    bench = Bench(first).hear(tone(64))
    for _, judged in first.asked:
        judged(RuntimeError("onnx broke"))
    bench.hear(tone(32))
    assert bench.failures == [(Role.VAD, "died")]
    assert len(second.asked) == 1


@pytest.mark.parametrize("answer", [float("nan"), -0.1, 1.1])
def test_a_probability_that_is_none_is_a_failure(answer: float) -> None:
    assert Bench(Vads(answer=answer)).hear(tone(320)).failures[0] == (Role.VAD, "died")


@pytest.mark.parametrize("stt", [Stt(feed_fails=True), Stt(finish_fails=True)])
def test_a_recogniser_that_raises_is_left_alone_afterwards(stt: Stt) -> None:
    bench = Bench(stt=stt).hear(tone(40))
    bench.ears.finish(640)
    bench.hear(tone(100))
    bench.ears.finish(900)
    assert bench.failures == [(Role.STT, "died")]
    assert len(stt.fed) + len(stt.finished) <= 3
    assert sum(p.size for p in bench.pcm) == 640 + 1_600


def test_without_a_recogniser_finishing_means_nothing() -> None:
    bench = Bench()
    bench.ears.finish(100)
    assert bench.events == []


def test_the_last_seconds_are_remembered_up_to_a_position() -> None:
    bench = Bench(remember=True)
    pcm = np.arange(16_000 * 10, dtype=np.int64).astype(np.int16)
    bench.hear(pcm[:8_000])
    assert np.array_equal(bench.ears.recent(8_000), pcm[:8_000])
    assert np.array_equal(bench.ears.recent(7_000), pcm[:7_000])
    bench.hear(pcm[8_000:])
    assert np.array_equal(bench.ears.recent(160_000), pcm[32_000:])
    assert np.array_equal(bench.ears.recent(159_000), pcm[32_000:159_000])
    assert bench.ears.recent(1_000).size == 0
    assert Bench().hear(pcm[:640]).ears.recent(640).size == 0
