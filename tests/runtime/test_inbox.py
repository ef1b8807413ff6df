from __future__ import annotations

import asyncio

import pytest

from vivavoce.core.events import CallEnded, Event, Played, ProviderFailed, Tick, UserSound
from vivavoce.runtime.clock import Clock, run
from vivavoce.runtime.inbox import Inbox, merge


def drain(inbox: Inbox) -> list[Event]:
    events = []
    while (event := inbox.take()) is not None:
        events.append(event)
    return events


def sound(n: int, p: float = 0.1, quiet: int = 512) -> UserSound:
    return UserSound(n * 512, 512, p, quiet)


def test_events_come_out_in_order() -> None:
    inbox = Inbox()
    events: list[Event] = [sound(0), Played(1, 480), Tick(), sound(1)]
    for event in events:
        inbox.put(event)
    assert drain(inbox) == events
    assert inbox.take() is None


def test_a_reader_is_woken_by_an_event_and_by_its_deadline() -> None:
    async def main() -> None:
        inbox, clock = Inbox(), Clock()
        loop = asyncio.get_running_loop()
        await inbox.wait(clock.at(70))
        assert clock.now() == 70
        loop.call_later(0.03, inbox.put, Tick())
        await inbox.wait(None)
        assert clock.now() == 100
        await inbox.wait(clock.at(0))
        assert clock.now() == 100
        loop.call_later(0.01, inbox.wake)
        inbox.take()
        await inbox.wait(None)
        assert clock.now() == 110

    run(main(), realtime=False)


def test_a_deadline_that_moves_on_needs_no_new_timer_and_one_that_comes_nearer_is_kept() -> None:
    async def main() -> None:
        inbox, clock = Inbox(), Clock()
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, inbox.put, Tick())
        await inbox.wait(clock.at(50))
        inbox.take()
        await inbox.wait(clock.at(90))
        assert clock.now() == 50, "by the timer that was there; the reader looks, and waits again"
        loop.call_later(0.01, inbox.wake_by, clock.at(70))
        await inbox.wait(clock.at(90))
        assert clock.now() == 70
        await inbox.wait(clock.at(90))
        assert clock.now() == 90

    run(main(), realtime=False)


def test_deadlines_that_have_passed_already_wake_the_reader_on_any_loop() -> None:
    async def main() -> None:
        inbox, now = Inbox(), asyncio.get_running_loop().time()
        waiting = asyncio.ensure_future(inbox.wait(now + 60))
        await asyncio.sleep(0)
        inbox.wake_by(now - 0.001)
        inbox.wake_by(now - 0.002)
        await asyncio.wait_for(waiting, 5)

    run(main(), realtime=False)
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


@pytest.mark.parametrize("wanted", [False, True])
def test_who_stands_in_takes_what_is_given_and_what_is_due_while_the_reader_waits(wanted: bool) -> None:
    taken: list[Event] = []

    def stand_in() -> bool:
        assert not inbox.idle
        taken.extend(drain(inbox))
        return wanted

    async def main() -> None:
        clock = Clock()
        inbox.give(sound(0))
        await inbox.wait(None)
        assert drain(inbox) == [sound(0)], "nobody waited"
        waiting = asyncio.ensure_future(inbox.wait(clock.at(50)))
        await asyncio.sleep(0)
        inbox.give(sound(1))
        assert taken == [sound(1)]
        await asyncio.sleep(0)
        assert waiting.done() is False or wanted
        await asyncio.wait([waiting], timeout=0.04)
        assert waiting.done() is wanted
        if not wanted:
            inbox.wake()
            await waiting

    inbox = Inbox(stand_in=stand_in)
    run(main(), realtime=False)


def test_what_is_put_while_somebody_stands_in_and_is_left_wakes_the_reader() -> None:
    async def main() -> None:
        waiting = asyncio.ensure_future(inbox.wait(Clock().at(20)))
        await asyncio.sleep(0.03)
        assert waiting.done()
        assert drain(inbox) == [sound(7)]

    inbox = Inbox(stand_in=lambda: bool(inbox.put(sound(7))))
    run(main(), realtime=False)


def test_nobody_is_woken_after_the_end() -> None:
    async def main() -> None:
        inbox, clock = Inbox(), Clock()
        waiting = asyncio.ensure_future(inbox.wait(clock.at(50)))
        await asyncio.sleep(0)
        inbox.close()
        await asyncio.sleep(1)
        assert not waiting.done()
        waiting.cancel()

    run(main(), realtime=False)


def test_neighbouring_sound_merges_only_in_a_crowd() -> None:
    inbox = Inbox(limit=100, crowd=4)
    for n in range(10):
        inbox.put(sound(n))
    events = drain(inbox)
    assert events == [sound(0), sound(1), sound(2), UserSound(3 * 512, 7 * 512, 0.1, 7 * 512)]
    assert inbox.merged == 6


def test_control_events_are_never_merged_or_dropped_below_the_limit() -> None:
    inbox = Inbox(limit=100, crowd=2)
    for n in range(20):
        inbox.put(sound(n))
        inbox.put(Played(1, n))
    events = drain(inbox)
    assert [e.samples for e in events if isinstance(e, Played)] == list(range(20))
    assert [e.start for e in events if isinstance(e, UserSound)] == [n * 512 for n in range(20)]


def test_a_full_inbox_says_so_and_ends_the_call() -> None:
    inbox = Inbox(limit=5, crowd=2)
    for n in range(50):
        inbox.put(Played(1, n))
    events = drain(inbox)
    assert events[:5] == [Played(1, n) for n in range(5)]
    assert isinstance(events[5], ProviderFailed)
    assert events[5].code == "overflow"
    assert events[6:] == [CallEnded("overflow")]


def test_merged_sound_keeps_the_likelier_voice_and_the_true_silence() -> None:
    voice, tail, hush = UserSound(0, 512, 0.9, 0, 0.2), UserSound(512, 512, 0.4, 100), UserSound(1024, 512, 0.1, 512)
    assert merge(voice, tail) == UserSound(0, 1024, 0.9, 100, 0.2)
    assert merge(tail, hush) == UserSound(512, 1024, 0.4, 612)
    assert merge(hush, voice) == UserSound(1024, 1024, 0.9, 0, 0.2)
    assert merge(hush, hush).quiet == 1024
