"""The real server passes every case of the suite, several at a time."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from tests.clients.process import serving

from . import report
from .__main__ import speech
from .lab import CASES, Case, Target
from .runner import Result, run_case

pytestmark = [pytest.mark.offline, pytest.mark.slow]

AT_ONCE, AHEAD = 3, 24
TIMEOUT_S = 30.0
TRIES = 4
STORY = "Please tell me a story."
"""Its answer takes the script longest."""


class Runs:
    """Runs the case that is asked for, and meanwhile those that come next, on a loop of its own."""

    def __init__(self, target: Target, cases: list[Case], ahead: int) -> None:
        self._target = target
        self._cases = cases
        self._ahead = ahead
        self._found: dict[str, Future[Result]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="conformance")
        self._thread.start()

    def result(self, case: Case) -> Result:
        at = self._cases.index(case)
        for one in self._cases[at : at + 1 + self._ahead]:
            if one.name not in self._found:
                self._found[one.name] = asyncio.run_coroutine_threadsafe(self._run(one), self._loop)
        return self._found[case.name].result()

    async def _run(self, case: Case) -> Result:
        async with self._room:
            result = await run_case(case, self._target)
            for _ in range(TRIES - 1):
                # What the case looks for did not come about, such as an answer that is still made when it is cancelled.
                if result.outcome == "SKIP":
                    result = await run_case(case, self._target)
            return result

    def stop(self) -> None:
        """Give up what was not asked for."""
        for future in self._found.values():
            future.cancel()
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.1), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> Iterator[Runs]:
    chosen = {item.callspec.params["case"].name for item in request.session.items if item.path == request.node.path}
    # Several workers of pytest share the cases, and the machine, by themselves.
    ahead = 0 if "PYTEST_XDIST_WORKER" in os.environ else AHEAD
    with serving() as served:
        target = Target(served.url, timeout=TIMEOUT_S, speech=speech(None), long_prompt=STORY)
        found = Runs(target, [case for case in CASES if case.name in chosen], ahead)
        yield found
        found.stop()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_conforms(runs: Runs, case: Case) -> None:
    result = runs.result(case)
    assert result.outcome == "PASS", report.failures([result]) or result.note
