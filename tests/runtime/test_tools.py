from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Awaitable, Callable

import psutil
import pytest
from tests.runtime.fakes import tool

from vivavoce.core.commands import Role, Why
from vivavoce.core.events import Event, ProviderFailed, ToolDone
from vivavoce.core.notices import Notice, ReplyAudible
from vivavoce.runtime.clock import busy, run
from vivavoce.runtime.tools import MAX_CALLS, OnNotice, ToolCode, Tools


def weather(place: str, days: int = 1) -> dict[str, object]:
    return {"place": place, "days": days, "sky": "clear"}


async def later(text: str) -> str:
    await asyncio.sleep(0.01)
    return text


def where() -> str:
    return threading.current_thread().name


async def home() -> str:
    return threading.current_thread().name


def nothing() -> None: ...


def bad() -> str:
    raise KeyError("no such city")


def leaves() -> str:
    raise SystemExit(3)


def odd() -> object:
    return object()


def long() -> str:
    return "x" * 200_000


def nap() -> str:
    time.sleep(0.2)
    return "slept"


async def forever() -> str:
    await asyncio.Event().wait()
    return "never"


async def rude() -> str:
    time.sleep(0.1)  # noqa: ASYNC251
    return "blocked everybody over there"


class Stop(BaseException): ...


async def stops() -> str:
    raise Stop("hm")


ALL = [tool(f) for f in (weather, later, where, home, nothing, bad, leaves, odd, long, nap, forever, rude, stops)]


def using(
    use: Callable[[Tools, list[Event]], Awaitable[None]],
    codes: list[ToolCode] = ALL,
    on_notice: tuple[OnNotice, ...] = (),
    close_s: float = 2.0,
) -> tuple[list[Event], list[str]]:
    """Events posted, and what was left over, of some use of tools."""
    events: list[Event] = []
    left: list[str] = []

    async def main() -> None:
        tools = Tools(codes, on_notice, events.append)
        try:
            await use(tools, events)
        finally:
            left.extend(await tools.close(close_s))

    run(main(), realtime=False)
    return events, left


async def done(events: list[Event], count: int = 1) -> None:
    """Wait until so many events are there."""
    async with asyncio.timeout(20):
        while len(events) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


def answer(name: str, arguments: str = "{}") -> ToolDone:
    async def use(tools: Tools, events: list[Event]) -> None:
        tools.run("c", name, arguments)
        await done(events)

    [event], left = using(use)
    assert left == []
    assert isinstance(event, ToolDone)
    assert event.call == "c"
    return event


@pytest.mark.parametrize(
    ("name", "arguments", "output"),
    [
        ("weather", '{"place":"Rome","days":2}', '{"place":"Rome","days":2,"sky":"clear"}'),
        ("later", '{"text":"hello"}', "hello"),
        ("nothing", "", "done"),
        ("home", "{}", "vivavoce-tools"),
        ("where", "{}", "vivavoce-tool-where"),
    ],
)
def test_results_come_back_as_text(name: str, arguments: str, output: str) -> None:
    assert answer(name, arguments) == ToolDone("c", output, ok=True)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("wether", "{}", "no tool 'wether'; there are: bad, forever"),
        ("weather", "{", "no JSON object"),
        ("weather", "[1]", "no JSON object"),
        ("weather", "{}", "TypeError: weather() missing"),
        ("weather", '{"place":"a","colour":1}', "unexpected keyword argument"),
        ("bad", "{}", "KeyError: 'no such city'"),
        ("leaves", "{}", "SystemExit: 3"),
        ("stops", "{}", "Stop: hm"),
        ("odd", "{}", "TypeError"),
    ],
)
def test_whatever_goes_wrong_is_a_result_that_is_not_ok(name: str, arguments: str, says: str) -> None:
    event = answer(name, arguments)
    assert not event.ok
    assert says in event.output


def test_a_result_too_long_is_cut_and_says_so() -> None:
    event = answer("long")
    assert event.ok
    assert 100_000 < len(event.output) < 100_100
    assert "200000 characters" in event.output


def test_a_blocking_tool_blocks_nobody() -> None:
    async def use(tools: Tools, events: list[Event]) -> None:
        loop = asyncio.get_running_loop()
        tools.run("slow", "nap", "")
        tools.run("rude", "rude", "")
        worst, last = 0.0, time.monotonic()
        until = loop.time() + 0.25
        while loop.time() < until:
            await asyncio.sleep(0.005)
            now = time.monotonic()
            worst, last = max(worst, now - last), now
        assert worst < 0.1
        await done(events, 2)

    events, _ = using(use)
    assert {e.call: e.ok for e in events if isinstance(e, ToolDone)} == {"slow": True, "rude": True}


def test_waiting_for_a_tool_is_real_time_on_a_virtual_loop() -> None:
    async def use(tools: Tools, events: list[Event]) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        tools.run("slow", "nap", "")
        await done(events)
        assert 0.19 < loop.time() - begun < 2.0
        before = time.monotonic()
        await asyncio.sleep(600)
        assert time.monotonic() - before < 1.0

    using(use)


def test_a_cancelled_call_answers_at_once_or_when_it_can() -> None:
    async def use(tools: Tools, events: list[Event]) -> None:
        tools.run("a", "forever", "")
        tools.run("b", "nap", "")
        await asyncio.sleep(0.02)
        tools.cancel("a")
        tools.cancel("b")
        tools.cancel("unknown")
        await done(events, 2)

    events, left = using(use)
    assert [e for e in events if isinstance(e, ToolDone) and e.ok] == []
    assert {e.call for e in events if isinstance(e, ToolDone)} == {"a", "b"}
    assert left in ([], ["tool nap"])


def test_too_many_calls_are_refused_and_reported() -> None:
    async def use(tools: Tools, events: list[Event]) -> None:
        for n in range(MAX_CALLS + 1):
            tools.run(f"c{n}", "forever", "")
        await done(events, 2)

    events, left = using(use)
    assert isinstance(events[0], ProviderFailed)
    assert (events[0].role, events[0].code) == (Role.TOOL, "overflow")
    assert isinstance(events[1], ToolDone)
    assert (events[1].call, events[1].ok) == (f"c{MAX_CALLS}", False)
    assert left == []


def test_closing_names_what_does_not_end() -> None:
    stuck = threading.Event()

    def hangs() -> None:
        stuck.wait(20)

    async def use(tools: Tools, events: list[Event]) -> None:
        tools.run("h", "hangs", "")
        await asyncio.sleep(0.02)

    events, left = using(use, [tool(hangs)], close_s=0.5)
    stuck.set()
    assert left == ["tool hangs"]
    assert not any(e.ok for e in events if isinstance(e, ToolDone))


def test_closing_does_not_wait_for_a_loop_that_is_blocked() -> None:
    stuck = threading.Event()

    async def hangs() -> None:
        stuck.wait(20)

    async def use(tools: Tools, events: list[Event]) -> None:
        tools.run("h", "hangs", "")
        await asyncio.sleep(0.02)

    begun = time.monotonic()
    _, left = using(use, [tool(hangs)], close_s=0.2)
    assert time.monotonic() - begun < 5
    stuck.set()
    assert left == ["a callback or tool that blocks its event loop"]
    for thread in threading.enumerate():
        if thread.name.startswith("vivavoce"):
            thread.join(5)


def notices(count: int) -> list[tuple[int, Notice, Why]]:
    return [(n, ReplyAudible(n), Why.CLAUSE) for n in range(count)]


def test_callbacks_hear_everything_in_order_before_the_end() -> None:
    seen: list[tuple[str, int, Notice, Why]] = []

    def plain(now: int, notice: Notice, why: Why) -> None:
        seen.append(("plain", now, notice, why))

    async def patient(now: int, notice: Notice, why: Why) -> None:
        await asyncio.sleep(0.0001)
        seen.append(("patient", now, notice, why))

    async def use(tools: Tools, events: list[Event]) -> None:
        for row in notices(100):
            tools.notify(*row)

    events, left = using(use, on_notice=(plain, patient))
    assert (events, left) == ([], [])
    assert seen == [(who, *row) for row in notices(100) for who in ("plain", "patient")]


def test_a_callback_that_raises_is_reported_and_called_again() -> None:
    calls: list[int] = []

    def fails(now: int, notice: Notice, why: Why) -> None:
        calls.append(now)
        raise ValueError("not my day")

    async def use(tools: Tools, events: list[Event]) -> None:
        for row in notices(3):
            tools.notify(*row)
        busy(1)
        await done(events, 3)
        busy(-1)

    events, _ = using(use, on_notice=(fails,))
    assert calls == [0, 1, 2]
    assert (
        events
        == [ProviderFailed(Role.TOOL, "callback", "a callback failed on ReplyAudible: ValueError: not my day")] * 3
    )


def test_a_callback_that_falls_far_behind_loses_notices_and_that_is_reported_once() -> None:
    gate = threading.Event()
    seen: list[int] = []

    def slow(now: int, notice: Notice, why: Why) -> None:
        gate.wait(20)
        seen.append(now)

    async def use(tools: Tools, events: list[Event]) -> None:
        for row in notices(5_000):
            tools.notify(*row)
        gate.set()

    events, left = using(use, on_notice=(slow,))
    assert [(e.role, e.code) for e in events if isinstance(e, ProviderFailed)] == [(Role.TOOL, "overflow")]
    assert left == []
    assert 4_096 <= len(seen) <= 4_097
    assert seen == sorted(seen)


def test_a_callback_that_never_ends_is_cut_off() -> None:
    async def endless(now: int, notice: Notice, why: Why) -> None:
        await asyncio.Event().wait()

    async def use(tools: Tools, events: list[Event]) -> None:
        tools.notify(*notices(1)[0])

    _, left = using(use, on_notice=(endless,), close_s=0.4)
    assert left == []


def test_without_use_there_is_no_thread_and_with_it_none_remains() -> None:
    def threads() -> list[str]:
        """Those that go on; one whose result is there may still be about to end."""
        ours = [t for t in threading.enumerate() if t.name.startswith("vivavoce")]
        for thread in ours:
            thread.join(5)
        return [t.name for t in ours if t.is_alive()]

    async def idle(tools: Tools, events: list[Event]) -> None:
        assert threads() == []

    async def use(tools: Tools, events: list[Event]) -> None:
        tools.run("a", "where", "")
        tools.run("b", "home", "")
        await done(events, 2)

    using(idle)
    using(use)
    gc.collect()
    before = psutil.Process().num_fds()
    for _ in range(20):
        using(use)
    assert threads() == []
    gc.collect()
    assert psutil.Process().num_fds() == before
