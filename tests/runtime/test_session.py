from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
from tests.runtime.fakes import HELLO, Line, PatientVad, Said, ScriptLlm, ScriptStt, ScriptSttCall, ToneTts, make

from vivavoce.audio.frame import Frame
from vivavoce.audio.pcm import Pcm
from vivavoce.core.commands import Command, EndCall, Flush, Generate, Release
from vivavoce.core.events import CallEnded, CallStarted, Event, Played, Tick, TurnCommitted, UserSound
from vivavoce.core.notices import Ending, ReplyClosed, TurnReport, UserTurned
from vivavoce.core.policy import BROWSER, changed
from vivavoce.providers.base import Judged, Post, ProviderError
from vivavoce.runtime.engines import EngineError
from vivavoce.runtime.observe import Observer

STORY = [f"This is sentence number {n} of a long story. " for n in range(8)]


def test_a_whole_spoken_call() -> None:
    call = make(HELLO, tts=ToneTts(rate=22_050), until=6_000).run()
    [turn] = call.told(UserTurned)
    assert turn.text == HELLO.text
    [closed] = call.told(ReplyClosed)
    assert (closed.ending, closed.text, closed.heard) == (Ending.DONE,) + ("It is noon. Anything else?",) * 2
    assert closed.exact
    [report] = call.told(TurnReport)
    assert 200 < report.gap_ms < 700
    assert report.cost > 0
    assert call.summary is not None
    assert (call.summary.reason, call.summary.turns, call.summary.duration_ms) == ("caller", 1, 6_000)
    assert (call.summary.late_frames, call.summary.underruns, call.summary.reports) == (0, 0, ())
    assert isinstance(call.log.rows[0][1], CallStarted)
    assert isinstance(call.log.rows[-1][1], CallEnded)


def test_the_caller_hears_exactly_what_is_counted_as_played() -> None:
    call = make(HELLO, until=6_000).run()
    played = max(e.samples for e in call.events(Played))
    sounding = np.flatnonzero(np.abs(call.line.pcm.astype(int)) > 0)
    # The tail after the last sample, and the silence kept before the first one, belong to nobody.
    assert abs(sounding[-1] - sounding[0] + 1 - played) <= 480 + 120


def test_a_synthesiser_that_stutters_is_heard_to_stutter_once() -> None:
    def underruns(*said: Said) -> int:
        tts = ToneTts(lead_ms=0, char_ms=60, chunk_delay_ms=230)
        policy = changed(BROWSER, {"reply.speculate": False})
        call = make(*said, llm=ScriptLlm(["It is noon now."]), tts=tts, policy=policy, until=12_000).run()
        assert call.summary is not None
        assert len(call.told(ReplyClosed)) == len(said)
        return call.summary.underruns

    assert underruns(HELLO) > 0
    assert underruns(HELLO, Said(6_000, 900, "and now what")) == underruns(HELLO)


def test_frames_are_sent_50_times_a_second_while_a_reply_sounds() -> None:
    call = make(HELLO, until=6_000).run()
    positions = [position for position, _ in call.log.frames]
    assert len(positions) == len(call.line.heard) > 20
    assert {pcm.size for pcm in call.line.heard} == {480}
    assert {b - a for a, b in itertools.pairwise(positions)} == {480}


def test_an_interruption_stops_at_a_known_sample() -> None:
    stop = Said(4_000, 900, "wait stop there")
    call = make(Said(500, 900, "tell me a story"), stop, llm=ScriptLlm(STORY), until=8_000).run()
    flush = next(c for c in call.commands(Flush) if c.samples)
    final = next(e for e in call.events(Played) if e.final and e.reply == flush.reply)
    assert flush.samples <= final.samples <= flush.samples + 480
    closed = next(n for n in call.told(ReplyClosed) if n.reply == flush.reply)
    assert closed.ending is Ending.CUT
    assert closed.samples == final.samples
    assert closed.text.startswith(closed.heard)
    later = [e for e in call.events(Played) if e.reply == flush.reply]
    assert later[-1] is final


def test_the_same_call_takes_the_same_course_every_time() -> None:
    said = (HELLO, Said(2_500, 700, "stop"), Said(4_000, 800, "and now what"))
    first, second = (make(*said, until=7_000, greeting="Hello. How are you?").run() for _ in range(2))
    assert first.log.rows == second.log.rows
    assert np.array_equal(first.line.pcm, second.line.pcm)


def test_the_positions_of_the_callers_sound_are_contiguous_at_any_rate() -> None:
    for rate, step in ((8_000, 20), (24_000, 10), (48_000, 60), (44_100, 20)):
        call = make(HELLO, line=Line(HELLO, until=3_000, rate=rate, step_ms=step)).run()
        sounds = call.events(UserSound)
        assert [s.start for s in sounds] == [n * 512 for n in range(len(sounds))]
        assert len(sounds) >= 92
        assert np.concatenate(call.log.caller).size >= 47_500
        assert call.told(UserTurned)


class Hasty(Line):
    """Sends all its sound at once, and then a commit."""

    def attach(self, post: Post) -> None:
        self._post = post

    async def frames(self) -> AsyncIterator[Frame]:
        for at in range(0, self.audio.size, self.step):
            yield Frame(at, self.audio[at : at + self.step], self.rate)
        self._post(TurnCommitted())
        await asyncio.sleep(3)


class NextTurnVad(PatientVad):
    """Judges when the loop comes round again."""

    def ask(self, pcm: Pcm, judged: Judged) -> None:
        super().ask(pcm, judged)
        asyncio.get_running_loop().call_soon(self.settle)


def test_what_a_client_says_comes_after_what_it_let_us_hear() -> None:
    call = make(HELLO, line=Hasty(HELLO, until=2_048), vads=NextTurnVad()).run()
    kinds = [type(event) for _, event, _ in call.log.rows]
    commit = kinds.index(TurnCommitted)
    assert kinds[:commit].count(UserSound) == kinds.count(UserSound) == 64


def test_what_was_heard_comes_before_what_is_due() -> None:
    class Ticks(Observer):
        def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
            if isinstance(event, Tick):
                waiting.append(len(vads.asked))

    vads, waiting = PatientVad(), list[int]()
    call = make(HELLO, vads=vads, greeting="Hello there.", observers=[Ticks()]).run()
    assert not any(waiting)
    assert len(call.events(UserSound)) == 6_000 // 32


class Turns(Observer):
    """In which turn of the loop something was decided, and the first frame sent."""

    def __init__(self) -> None:
        self.now = self.released = self.sent = 0

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        if any(isinstance(command, Release) for command in commands):
            self.released = self.now

    def played(self, position: int, pcm: Pcm) -> None:
        self.sent = self.sent or self.now


def test_what_is_decided_is_heard_in_the_same_turn_of_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, once = Turns(), asyncio.BaseEventLoop._run_once  # type: ignore[attr-defined]

    def counted(loop: asyncio.BaseEventLoop) -> None:
        turns.now += 1
        once(loop)

    monkeypatch.setattr(asyncio.BaseEventLoop, "_run_once", counted)
    make(HELLO, until=6_000, observers=[turns]).run()
    assert turns.sent == turns.released > 0


def test_the_greeting_comes_first_and_the_end_is_said_once() -> None:
    call = make(until=2_500, greeting="Hello. How are you?").run()
    assert call.told(ReplyClosed)[0].heard == "Hello. How are you?"
    assert not call.commands(Generate)
    assert len(call.commands(EndCall)) == 1


class DeadStt(ScriptStt):
    async def open(self, post: Post, expect: Sequence[str] = ()) -> ScriptSttCall:
        raise ProviderError("refused", "no ears today")


def test_what_ends_a_call_is_told_while_the_line_is_still_there() -> None:
    told: list[tuple[str, int]] = []
    line = Line(HELLO)
    call = make(HELLO, line=line, stt=DeadStt(), on_failed=lambda error: told.append((str(error), line.closed)))
    with pytest.raises(EngineError, match="no ears today"):
        call.run()
    assert told == [("the recogniser fake-stt cannot be opened: no ears today", 0)]
    assert line.closed == 1


def test_nothing_is_told_of_a_call_that_goes_well() -> None:
    told: list[Exception] = []
    make(HELLO, on_failed=told.append).run()
    assert told == []
