"""The turn model in a call: one check at a time, the newest first, and a call that goes on without it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.fakes import Call, Said, make

from vivavoce.core.commands import Role, ScoreTurn, Why
from vivavoce.core.events import Event, ProviderFailed, TurnScore
from vivavoce.core.notices import UserTurned
from vivavoce.providers.base import Pcm, ProviderError, TurnScorer
from vivavoce.runtime.clock import run
from vivavoce.runtime.scoring import Scoring


class Waiting:
    """A turn model that answers when it is told to."""

    model = "test:waiting"

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.dropped: list[int] = []
        self.answers: list[asyncio.Future[float]] = []

    async def score(self, pcm: Pcm) -> float:
        self.asked.append(pcm.size)
        answer = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        try:
            return await answer
        except asyncio.CancelledError:
            self.dropped.append(pcm.size)
            raise

    async def close(self) -> None: ...


class Desk:
    """A `Scoring` and what comes of it; positions are the sizes of what is judged."""

    def __init__(self) -> None:
        self.scorer = Waiting()
        self.posted: list[Event] = []
        self.scoring = Scoring(self.scorer, lambda upto: np.zeros(upto, np.int16), self.posted.append, self._spawn)

    def _spawn(self, main, name: str) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(main, name=name)

    async def ask(self, turn: int, upto: int) -> None:
        self.scoring.ask(ScoreTurn(turn, upto, Why.SILENCE))
        await self.settle()

    async def answer(self, p: float | Exception) -> None:
        last = self.scorer.answers[-1]
        last.set_exception(p) if isinstance(p, Exception) else last.set_result(p)
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


def desk(main: Callable[[Desk], object]) -> Desk:
    async def script() -> Desk:
        made = Desk()
        await main(made)  # type: ignore[misc]
        return made

    return run(script(), realtime=False)


def test_one_check_at_a_time_and_of_those_that_wait_the_last() -> None:
    async def main(d: Desk) -> None:
        for upto in (10, 20, 30, 40):
            await d.ask(1, upto)
        assert d.scorer.asked == [10]
        await d.answer(0.25)
        assert d.scorer.asked == [10, 40]
        await d.answer(0.5)
        await d.ask(1, 50)
        assert d.scorer.asked == [10, 40, 50]

    d = desk(main)
    assert d.posted == [TurnScore(1, 0.25), TurnScore(1, 0.5)]
    assert d.scorer.dropped[:-1] == []


def test_a_check_of_an_earlier_turn_is_dropped() -> None:
    async def main(d: Desk) -> None:
        await d.ask(1, 10)
        await d.ask(1, 20)
        await d.ask(2, 30)
        assert d.scorer.dropped == [10]
        await d.answer(0.75)

    d = desk(main)
    assert d.scorer.asked == [10, 30]
    assert d.posted == [TurnScore(2, 0.75)]


@pytest.mark.parametrize(
    ("error", "code"),
    [(ProviderError("refused", "no"), "refused"), (RuntimeError("boom"), "died"), (None, "timeout")],
)
def test_what_fails_is_told_and_after_three_times_it_is_left_alone(error: Exception | None, code: str) -> None:
    async def main(d: Desk) -> None:
        for n in range(5):
            await d.ask(n, n)
            if len(d.scorer.asked) == n + 1:
                await (d.answer(error) if error else asyncio.sleep(10))

    d = desk(main)
    assert len(d.scorer.asked) == 3
    assert [(e.role, e.code) for e in d.posted if isinstance(e, ProviderFailed)] == [(Role.TURN, code)] * 3
    assert ["not asked again" in e.detail for e in d.posted if isinstance(e, ProviderFailed)] == [False, False, True]


def test_an_answer_makes_up_for_failures() -> None:
    async def main(d: Desk) -> None:
        for n in range(9):
            await d.ask(1, n)
            await d.answer(0.5 if n % 3 == 2 else ValueError("not today"))

    assert len(desk(main).scorer.asked) == 9


@pytest.mark.parametrize("p", [1.5, -0.1, float("nan")])
def test_what_is_no_probability_is_refused(p: float) -> None:
    async def main(d: Desk) -> None:
        await d.ask(1, 1)
        await d.answer(p)

    (failed,) = desk(main).posted
    assert isinstance(failed, ProviderFailed)
    assert failed.code == "refused"


# whole calls with the adapter of Smart Turn, and a network of some bytes

SAID = Said(500, 1_200, "send it to anna")


def smart_turn(folder: Path, monkeypatch: pytest.MonkeyPatch, p: float, broken: bool = False) -> TurnScorer:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from tests.providers.local import tiny

    from vivavoce.providers.local.turn import SmartTurn

    monkeypatch.setenv("VIVAVOCE_MODELS", str(folder))
    tiny.smart_turn(folder / "smart-turn" / "v3.2", p, "other" if broken else "input_features")
    return SmartTurn("v3.2")


def turned(call: Call) -> int:
    """When the caller's turn was over, in session ms."""
    for now, _, commands in call.log.rows:
        if any(isinstance(getattr(command, "notice", None), UserTurned) for command in commands):
            return now
    raise AssertionError("the turn was never over")


def test_a_turn_is_over_sooner_or_later_as_the_model_thinks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = turned(make(SAID).run())
    ends = {}
    for p in (0.02, 0.98):
        scorer = smart_turn(tmp_path / str(p), monkeypatch, p)
        # The first time it takes as long as loading does, in real time.
        asyncio.run(scorer.score(np.zeros(16_000, np.int16)))
        call = make(SAID, spares={"turn": scorer}).run()
        assert call.commands(ScoreTurn)
        assert {round(e.p, 2) for e in call.events(TurnScore)} == {p}  # type: ignore[attr-defined]
        ends[p] = turned(call)
    assert ends[0.98] < without < ends[0.02]


def test_a_model_that_is_broken_is_reported_and_the_call_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = make(SAID, spares={"turn": smart_turn(tmp_path, monkeypatch, 0.5, broken=True)}).run()
    assert turned(call) == turned(make(SAID).run())
    assert call.summary is not None
    assert {(r.role, r.code) for r in call.summary.reports} == {(Role.TURN, "died")}
    assert len(call.summary.reports) <= 3
