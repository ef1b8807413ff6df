"""Smart Turn with a network of some bytes: when it is asked, where, and what is said when it cannot be."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from bench.turn_scores import scores
from tests.providers.local import tiny

from vivavoce.providers.base import Pcm, ProviderError
from vivavoce.providers.catalogue import make_turn
from vivavoce.providers.local import turn
from vivavoce.providers.local.turn import SmartTurn

SECOND = np.ones(16_000, np.int16)


@pytest.fixture
def place(home: Path) -> Path:
    """The folder of the model."""
    return home / "smart-turn" / "v3.2"


async def test_the_network_is_asked_and_answers(place: Path) -> None:
    tiny.smart_turn(place, 0.75)
    scorer = make_turn("smart-turn", {"VIVAVOCE_MODELS": str(place.parents[1])})
    assert scorer.model == "smart-turn:v3.2"
    assert [await scorer.score(pcm) for pcm in (SECOND, SECOND[:0], np.tile(SECOND, 12))] == [0.75] * 3
    await scorer.close()
    assert await scorer.score(SECOND) == 0.75
    options = turn._session(place / "network.onnx").get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)


def test_a_model_that_is_not_here_says_how_to_get_it(home: Path) -> None:
    with pytest.raises(ProviderError, match=r"not here yet: vivavoce pull smart-turn:v3\.2") as error:
        SmartTurn("v3.2")
    assert error.value.code == "missing"


async def test_a_broken_file_says_how_to_replace_it(place: Path) -> None:
    tiny.smart_turn(place, 0.5, cut=60)
    with pytest.raises(
        ProviderError, match="vivavoce pull --remove smart-turn, then vivavoce pull smart-turn"
    ) as error:
        await SmartTurn("v3.2").start()
    assert error.value.code == "died"


async def test_another_kind_of_network_is_a_failure(place: Path) -> None:
    tiny.smart_turn(place, 0.5, asks_for="something_else")
    with pytest.raises(ProviderError, match="cannot judge turns") as error:
        await SmartTurn("v3.2").start()
    assert error.value.code == "died"


class Slow:
    """Takes the place of the network: answers when it is let."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.together = self.most = 0
        self.first, self.let = threading.Event(), threading.Event()

    def __call__(self, file: Path, pcm: Pcm) -> float:
        self.begun.append(pcm.size)
        self.first.set()
        self.together += 1
        self.most = max(self.most, self.together)
        assert threading.current_thread() is not threading.main_thread()
        assert self.let.wait(20)
        self.together -= 1
        return 0.5


async def test_checks_run_one_after_the_other_beside_the_loop_and_what_nobody_waits_for_is_never_begun(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.smart_turn(place, 0.5)
    slow = Slow()
    monkeypatch.setattr(turn, "check", slow)
    scorer = SmartTurn("v3.2")
    first, second, third = (asyncio.ensure_future(scorer.score(SECOND[:size])) for size in (1, 2, 3))
    assert await asyncio.to_thread(slow.first.wait, 20)
    second.cancel()
    await asyncio.wait([second])
    await asyncio.sleep(0)
    slow.let.set()
    assert await first == await third == 0.5
    assert slow.begun == [1, 3]
    assert slow.most == 1


def test_scores_of_a_recording_by_end_and_delay(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.smart_turn(place, 0.5)
    assert scores(SECOND, [300, 1_000]) == [[128] * 3, [128] * 3]
    heard: list[int] = []
    monkeypatch.setattr("bench.turn_scores.check", lambda file, pcm: heard.append(pcm.size) or 1.0)
    assert scores(SECOND, [300, 1_000], at=(100, 800)) == [[255, 255], [255, 255]]
    assert heard == [6_400, 17_600, 17_600, 28_800]
    assert scores(SECOND, []) == []
