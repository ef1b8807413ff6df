"""However a call ends, and whatever it was doing: everything is closed, in time, and told."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Sequence

import psutil
import pytest
from tests.runtime.fakes import (
    HELLO,
    Call,
    LevelVad,
    Line,
    Said,
    ScriptLlm,
    ScriptStt,
    ScriptSttCall,
    ToneTts,
    make,
    tool,
)

from vivavoce.audio.frame import Frame
from vivavoce.audio.pcm import Pcm
from vivavoce.core.commands import Command, EndCall, Role, Why
from vivavoce.core.errors import Misuse
from vivavoce.core.events import CallEnded, Event, HangUpAsked, Played, ProviderFailed, TextTurn
from vivavoce.core.notices import Notice, ReplyClosed, ReplyOpened, UserTurned
from vivavoce.providers.base import Post, ProviderError, Speech, ToolCall
from vivavoce.runtime.clock import run
from vivavoce.runtime.engines import EngineError
from vivavoce.runtime.observe import Observer
from vivavoce.runtime.session import Session, Summary
from vivavoce.runtime.tools import Happening
from vivavoce.transports.base import Post as TransportPost

STORY = [f"This is sentence number {n} of a long story. " for n in range(8)]


async def slow_tool() -> str:
    await asyncio.sleep(0.4)
    return "done"


def eventful(**more: object) -> Call:
    """A call in which everything is going on at some time: speculation, parts, tools, interruptions, retries."""
    said = (Said(300, 700, "tell me a story"), Said(2_000, 600, "mm hmm"), Said(3_200, 900, "wait what do you mean"))
    tools = [ToolCall("c", "slow_tool", "{}"), "While that runs: ", *STORY[:3]]
    return make(
        *said,
        llm=ScriptLlm(STORY, tools, STORY, first_ms=80),
        tts=ToneTts(first_ms=70, chunk_delay_ms=30, fails="number 1"),
        tools=[tool(slow_tool)],
        greeting="Hi. I am here.",
        until=6_500,
        **more,  # type: ignore[arg-type]
    )


def check_closed(call: Call) -> None:
    assert (call.llm.open, call.tts.open, call.log.closed) == (0, 0, 1)
    assert call.line.closed == 1
    assert all(c.closed for c in call.stt.calls) if call.stt else True
    assert call.session.summary is not None
    assert call.session.summary.left_over == ()
    opened = [n.reply for n in call.told(ReplyOpened)]  # type: ignore[union-attr]
    closed = [n.reply for n in call.told(ReplyClosed)]  # type: ignore[union-attr]
    assert sorted(opened) == sorted(closed)
    assert len(call.commands(EndCall)) == 1
    assert call.log.rows[-1][2][-1] == call.commands(EndCall)[0]


async def nothing_else_runs() -> None:
    tasks = {t for t in asyncio.all_tasks() if t is not asyncio.current_task()}
    assert tasks == set()


@pytest.mark.parametrize(
    "at", [0, 1, 50, 70, 130, 300, 420, 1_090, 1_150, 1_210, 1_700, 2_300, 3_330, 3_700, 4_130, 4_600, 5_200]
)
def test_a_call_may_be_cancelled_at_any_time(at: int) -> None:
    call = eventful()

    async def main() -> None:
        task = asyncio.create_task(call.session.run())
        await asyncio.sleep(at / 1000)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await nothing_else_runs()

    run(main(), realtime=False)
    check_closed(call)
    assert call.session.summary is not None
    assert call.session.summary.reason == "cancelled"


def test_cancelled_before_it_began_it_leaves_nothing() -> None:
    call = eventful()

    async def main() -> None:
        task = asyncio.create_task(call.session.run())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await nothing_else_runs()

    run(main(), realtime=False)
    assert call.log.rows == []


@pytest.mark.parametrize("at", [0, 90, 400, 1_160, 1_500, 3_310, 3_900, 4_800])
@pytest.mark.parametrize(
    "event", [CallEnded("line"), HangUpAsked(after_speech=False), HangUpAsked()], ids=["line", "now", "after speech"]
)
def test_a_call_may_end_at_any_time(event: CallEnded | HangUpAsked, at: int) -> None:
    call = eventful()

    async def main() -> None:
        asyncio.get_running_loop().call_later(at / 1000, call.session.post, event)
        call.summary = await call.session.run()
        await nothing_else_runs()

    run(main(), realtime=False)
    check_closed(call)
    assert call.summary is not None
    if isinstance(event, CallEnded):
        assert call.summary.reason == "line"
    else:
        # What was still to be said may be longer than the caller stays.
        assert call.summary.reason == ("asked" if at < 4_000 or not event.after_speech else "caller")


def test_hanging_up_after_speech_lets_the_last_word_be_heard() -> None:
    call = make(greeting="Goodbye then, my friend.", until=9_000)

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.2, call.session.post, HangUpAsked(reason="done"))
        call.summary = await call.session.run()

    run(main(), realtime=False)
    assert [n.heard for n in call.told(ReplyClosed)] == ["Goodbye then, my friend."]  # type: ignore[union-attr]
    assert call.summary is not None
    assert call.summary.duration_ms < 2_500


class BadLine(Line):
    """A line on which something breaks."""

    def __init__(self, what: str) -> None:
        super().__init__(HELLO, until=4_000)
        self.what = what

    async def frames(self) -> AsyncIterator[Frame]:
        async for frame in super().frames():
            if self.what == "frames" and frame.start > 16_000:
                raise ConnectionResetError("peer is gone")
            if self.what == "rate" and frame.start > 16_000:
                yield Frame(0, frame.pcm, 7)
            yield frame

    def play(self, pcm: Pcm) -> None:
        super().play(pcm)
        if self.what == "play" and len(self.heard) > 50:
            raise BrokenPipeError("peer is gone")

    def observe(self, now: int, notice: Notice, why: Why) -> None:
        if self.what == "observe":
            raise ValueError("what is that?")

    async def close(self) -> None:
        await super().close()
        if self.what == "close":
            raise OSError("already closed")
        if self.what == "hang":
            await asyncio.sleep(3_600)


@pytest.mark.parametrize(
    ("what", "code"), [("frames", "died"), ("rate", "bad_audio"), ("play", "died"), ("observe", "died")]
)
def test_a_transport_that_breaks_ends_the_call_and_is_reported(what: str, code: str) -> None:
    call = make(HELLO, line=BadLine(what)).run()
    assert call.summary is not None
    assert call.summary.reason == "transport"
    assert [(r.role, r.code) for r in call.summary.reports] == [(Role.TRANSPORT, code)]
    check_closed(call)


def test_errors_while_closing_are_reported_and_hide_nothing() -> None:
    call = make(HELLO, line=BadLine("close")).run()
    assert call.summary is not None
    assert (call.summary.reason, call.summary.turns) == ("caller", 1)
    assert [(r.role, r.code) for r in call.summary.reports] == [(Role.TRANSPORT, "close")]
    assert "already closed" in call.summary.reports[0].detail


def test_what_does_not_close_in_time_is_named() -> None:
    call = make(HELLO, line=BadLine("hang")).run()
    assert call.summary is not None
    assert call.summary.left_over == ("transport",)
    assert call.summary.reports[-1].code == "left_over"


def test_a_provider_that_ignores_cancellation_is_named() -> None:
    class Deaf(ToneTts):
        async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Speech]:  # type: ignore[override]
            for _ in range(3):
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    continue
            yield Speech(self._silence)

        _silence = Line(until=20).audio

    call = make(greeting="Hello.", tts=Deaf(), until=1_000).run()
    assert call.summary is not None
    assert call.summary.left_over == ("synthesis of part 0 of reply 1",)
    assert call.log.closed == 1


def test_a_second_ctrl_c_does_not_stop_the_closing() -> None:
    class SlowToLeave(Line):
        async def close(self) -> None:
            await asyncio.sleep(1.0)
            await super().close()

    call = make(HELLO, line=SlowToLeave(HELLO))

    async def main() -> None:
        task = asyncio.create_task(call.session.run())
        await asyncio.sleep(1)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.1)
        with pytest.raises(asyncio.CancelledError):
            await task
        await nothing_else_runs()

    run(main(), realtime=False)
    check_closed(call)


class BadStt(ScriptStt):
    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self.error = error

    async def open(self, post: Post, expect: Sequence[str] = ()) -> ScriptSttCall:
        if self.error is not None:
            raise self.error
        await asyncio.sleep(3_600)
        raise AssertionError


class BadVad(LevelVad):
    def open(self) -> LevelVad:
        raise ProviderError("missing", "onnxruntime is not installed: pip install 'vivavoce[offline]'")


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"stt": BadStt(ProviderError("died", "no such file"))}, "recogniser fake-stt cannot be opened: no such file"),
        ({"stt": BadStt(ValueError("odd"))}, "recogniser fake-stt cannot be opened: odd"),
        ({"stt": BadStt(None)}, "did not open within 30 s"),
        ({"vads": BadVad()}, "detector cannot be opened: onnxruntime is not installed"),
    ],
)
def test_an_engine_that_cannot_be_opened_is_a_clear_error(parts: dict[str, object], says: str) -> None:
    call = make(**parts)  # type: ignore[arg-type]

    async def main() -> None:
        with pytest.raises(EngineError, match=says):
            await call.session.run()
        await nothing_else_runs()

    run(main(), realtime=False)
    assert call.line.closed == 1
    assert call.log.closed == 1
    assert call.log.rows == []


def test_a_bug_in_the_core_ends_the_session_loudly() -> None:
    call = make(HELLO)
    real = call.session.conversation.handle
    call.session.conversation.handle = (  # type: ignore[method-assign]
        lambda now, event: [][0] if now > 900 else real(now, event)  # type: ignore[misc]
    )

    async def main() -> None:
        with pytest.raises(IndexError):
            await call.session.run()
        await nothing_else_runs()

    run(main(), realtime=False)
    assert (call.line.closed, call.log.closed) == (1, 1)
    assert call.session.summary is not None
    assert call.session.summary.reason == "failed"


@pytest.mark.parametrize("method", ["handled", "heard", "played", "opened", "close"])
def test_a_bug_in_an_observer_ends_the_session_loudly_and_a_full_disk_does_not(method: str) -> None:
    class Odd(Observer):
        def __init__(self, error: Exception) -> None:
            def fail(*args: object) -> None:
                raise error

            setattr(self, method, fail)

    buggy = make(HELLO, observers=[Odd(LookupError("bug"))])
    with pytest.raises(LookupError):
        buggy.run()
    assert buggy.line.closed == 1
    full = make(HELLO, observers=[Odd(OSError(28, "No space left on device"))]).run()
    assert full.summary is not None
    assert (full.summary.turns, [r.code for r in full.summary.reports]) == (1, ["observer"])


def test_a_session_runs_once() -> None:
    call = make(until=200).run()
    with pytest.raises(Misuse, match="once"):
        call.run()


def test_a_transport_that_breaks_its_protocol_is_refused() -> None:
    class Liar(Line):
        reports_playback = True

    with pytest.raises(Misuse, match="sent"):
        make(line=Liar())


def test_events_can_be_posted_from_other_threads() -> None:
    call = make(until=3_000)
    with pytest.raises(Misuse, match="not begun"):
        call.session.post_from_thread(TextTurn("hello"))

    async def main() -> None:
        def later() -> None:
            threading.Thread(target=call.session.post_from_thread, args=(TextTurn("typed"),)).start()

        asyncio.get_running_loop().call_later(0.3, later)
        call.summary = await call.session.run()

    run(main(), realtime=False)
    assert [n.text for n in call.told(UserTurned)] == ["typed"]  # type: ignore[union-attr]
    call.session.post_from_thread(TextTurn("too late"))
    call.session.post(TextTurn("too late"))


def test_an_attached_transport_can_say_more_than_audio() -> None:
    class Chat(Line):
        def attach(self, post: TransportPost) -> None:
            self.post = post

        async def frames(self) -> AsyncIterator[Frame]:
            self.post(TextTurn("what is the time"))
            async for frame in super().frames():
                yield frame

    call = make(line=Chat(until=4_000)).run()
    assert [n.text for n in call.told(UserTurned)] == ["what is the time"]  # type: ignore[union-attr]
    assert [n.heard for n in call.told(ReplyClosed)] == ["It is noon. Anything else?"]  # type: ignore[union-attr]


class Phone(Line):
    """Plays everything 200 ms later, and says so."""

    reports_playback = True

    def attach(self, post: TransportPost) -> None:
        self.post = post

    def sent(self, reply: int, samples: int, final: bool) -> None:
        asyncio.get_running_loop().call_later(0.2, self.post, Played(reply, samples, final))


def test_a_phone_says_itself_what_was_played() -> None:
    said = (Said(300, 700, "tell me a story"), Said(3_200, 900, "wait what do you mean"))
    call = make(*said, llm=ScriptLlm(STORY, ["Nothing."]), line=Phone(*said, until=9_000)).run()
    closed = call.told(ReplyClosed)
    assert [n.ending.value for n in closed] == ["cut", "done"]  # type: ignore[union-attr]
    assert closed[1].heard == "Nothing."  # type: ignore[union-attr]
    check_closed(call)


def test_callbacks_hear_of_the_call_on_another_thread() -> None:
    seen: list[tuple[str, str]] = []

    def on_notice(now: int, notice: Happening, why: Why) -> None:
        seen.append((threading.current_thread().name, type(notice).__name__))
        raise RuntimeError("my callback is broken")

    call = make(HELLO, on_notice=[on_notice]).run()
    assert {name for name, _ in seen} == {"vivavoce-tools"}
    told = [type(c.notice).__name__ for _, _, cs in call.log.rows for c in cs if type(c).__name__ == "Tell"]  # type: ignore[union-attr]
    assert [kind for _, kind in seen] == ["CallBegan", *told, "CallOver"]
    assert call.summary is not None
    assert call.summary.turns == 1
    assert {r.code for r in call.summary.reports} <= {"callback"}


def test_a_flood_of_events_ends_the_call_and_is_reported() -> None:
    call = make(HELLO, until=4_000)

    async def main() -> None:
        def flood() -> None:
            for n in range(9_000):
                call.session.post(Played(99, n))

        asyncio.get_running_loop().call_later(1.0, flood)
        call.summary = await call.session.run()

    run(main(), realtime=False)
    assert call.summary is not None
    assert call.summary.reason == "overflow"
    assert [r.code for r in call.summary.reports] == ["overflow"]
    check_closed(call)


def test_two_hundred_calls_leak_nothing() -> None:
    calls: list[Callable[[], Call]] = [
        lambda: make(greeting="Hi.", until=200),
        lambda: make(Said(20, 200, "hello"), llm=ScriptLlm(STORY[:3]), until=1_000),
        lambda: make(Said(20, 200, "hello"), llm=ScriptLlm([-1]), until=800),
        lambda: make(greeting="Hi.", tts=ToneTts(stalls="Hi"), until=300),
        lambda: make(greeting="Hi.", tts=ToneTts(fails="Hi", error=RuntimeError("x")), until=300),
    ]

    sessions: weakref.WeakSet[Session] = weakref.WeakSet()

    async def one(n: int) -> int:
        call = calls[n % len(calls)]()
        sessions.add(call.session)
        await call.session.run()
        assert (call.llm.open, call.tts.open) == (0, 0)
        return len(call.events(ProviderFailed))

    async def main() -> int:
        failed = sum([await one(n) for n in range(10)])
        gc.collect()
        sessions.clear()
        before = (psutil.Process().num_fds(), threading.active_count())
        for n in range(200):
            failed += await one(n)
            await nothing_else_runs()
        gc.collect()
        assert (psutil.Process().num_fds(), threading.active_count()) == before
        assert len(sessions) == 0
        return failed

    assert run(main(), realtime=False) >= 42


def test_who_leaves_by_cancelling_is_told_how_it_was() -> None:
    call = make(HELLO)

    async def leaving(after_s: float) -> Summary:
        task = asyncio.get_running_loop().create_task(call.session.run_until_left())
        await asyncio.sleep(after_s)
        task.cancel()
        return await task

    assert run(leaving(1.0), realtime=False).reason == "cancelled"


def test_a_bug_in_an_observer_ends_the_call_also_where_nothing_is_decided() -> None:
    class Buggy(Observer):
        def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
            if isinstance(event, Played) and event.samples > 9_600:
                raise ValueError("a bug")

    call = make(HELLO, observers=[Buggy()])
    with pytest.raises(ValueError, match="a bug"):
        call.run()
    assert call.session.summary is not None
    assert call.session.summary.reason != "transport"
