"""Whole calls of random people, engines and faults. A failure is a seed: run that one alone."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.fakes import Call, Line, Said, ScriptLlm, ScriptStt, Step, ToneTts, make, tool

from vivavoce.core.commands import Cancel, EndCall, Flush, Message, Report
from vivavoce.core.events import (
    Event,
    HangUpAsked,
    HeardReported,
    InputCleared,
    ItemCreated,
    ItemDeleted,
    Played,
    ReplyAsked,
    ReplyAudio,
    ReplyAudioEnded,
    ReplyText,
    Say,
    StopAsked,
    TextTurn,
    ToolAsked,
    TurnCommitted,
    TurnScore,
)
from vivavoce.core.notices import ReplyClosed, ReplyOpened, ToolSettled, ToolStarted
from vivavoce.core.policy import PRESETS, changed
from vivavoce.providers.base import ProviderError, ToolCall
from vivavoce.runtime.clock import run
from vivavoce.runtime.record import CAPTURE, Recorder
from vivavoce.runtime.replay import replay
from vivavoce.transports.base import Post
from vivavoce.wire.capture import decode

WORDS = "stop wait yes mm hmm okay tell me what is the time and then it of course no um please noon".split()
SENTENCES = ("Well. ", "It is noon, I think. ", "That depends on several things. ", "Yes! ", "... ", "Let me see, ")


async def quick() -> str:
    await asyncio.sleep(0.02)
    return "quick"


async def failing() -> str:
    raise RuntimeError("tool broke")


async def slow() -> str:
    await asyncio.sleep(0.3)
    return "slow"


TOOLS = [
    tool(quick, read_only=True),
    tool(failing),
    tool(slow, on_interrupt="abandon", timeout_ms=150),
]


class Phone(Line):
    """Reports what it played, late, and loses some of its reports."""

    reports_playback = True
    rng = random.Random(0)

    def attach(self, post: Post) -> None:
        self.post = post

    def sent(self, reply: int, samples: int, final: bool) -> None:
        if final or self.rng.random() < 0.5:
            delay = self.rng.choice((0.0, 0.1, 0.3, 0.9))
            asyncio.get_running_loop().call_later(delay, self.post, Played(reply, samples, final))


def answer(rng: random.Random) -> list[Step]:
    steps: list[Step] = []
    for _ in range(rng.randint(0, 6)):
        kind = rng.random()
        if kind < 0.65:
            steps.append(rng.choice(SENTENCES))
        elif kind < 0.8:
            steps.append(rng.choice((5, 50, 400, 2_000)))
        elif kind < 0.92:
            steps.append(ToolCall(rng.choice(("c", "d", "")), rng.choice(("quick", "failing", "slow", "none")), "{}"))
        else:
            steps.append(rng.choice([RuntimeError("boom"), ProviderError("refused", "no"), -1]))
    return steps


class Voice(ToneTts):
    """Sometimes fails, stalls, or says nothing."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng.choice((5, 80, 400)), rng.choice((0, 90, 300)), 25, rate=rng.choice((16_000, 24_000)))
        self.chunk_delay_ms = rng.choice((0, 0, 30, 250))
        self.fails = rng.choice(("\0", "noon", "Yes", "e"))
        self.stalls = rng.choice(("\0", "\0", "depends", "Well"))
        self.times = rng.choice((1, 2, 5))


def people(rng: random.Random) -> list[Said]:
    said, at = [], 200
    while at < 5_000:
        ms = rng.choice((90, 250, 600, 1_400))
        said.append(Said(at, ms, " ".join(rng.choices(WORDS, k=max(1, ms // 250)))))
        at += ms + rng.choice((60, 300, 700, 2_000))
    return said


def meddling(rng: random.Random) -> list[tuple[int, Event]]:
    events: list[Event] = [
        Say("By the way, it is late."), Say("Hush.", interruptible=False), StopAsked(), TextTurn("typed"), ReplyAsked(),
        TextTurn("noted", answer=False), ReplyAsked("Be rude."), ItemCreated(Message("x", "user", "hi")),
        HangUpAsked(), HangUpAsked(after_speech=False), TurnCommitted(), TurnCommitted(answer=False), InputCleared(),
        ItemDeleted("item_2"), HeardReported(1, 9_000), TurnScore(1, 0.9),
    ]  # fmt: skip
    return [(rng.randint(0, 5_500), rng.choice(events)) for _ in range(rng.randint(0, 5))]


def policy_of(rng: random.Random) -> dict[str, object]:
    return {
        "reply.llm_timeout_ms": rng.choice((900, 10_000)),
        "reply.tts_timeout_ms": rng.choice((700, 5_000)),
        "reply.speculate": rng.choice(("true", "false")),
        "barge_in.yielding": rng.choice(("at_once", "finish_sentence", "never")),
        "idle.prompt_after_ms": rng.choice((0, 1_500)),
        "turns": rng.choice(("local", "local", "manual")),
    }


def play(seed: int, folder: Path) -> Call:
    rng = random.Random(seed)
    said = people(rng)
    kind = Phone if rng.random() < 0.3 else Line
    line = kind(*said, until=6_000, rate=rng.choice((8_000, 16_000, 48_000)))
    if isinstance(line, Phone):
        line.rng = random.Random(seed)
    call = make(
        *said,
        llm=ScriptLlm(*(answer(rng) for _ in range(6)), first_ms=rng.choice((10, 150, 700))),
        tts=Voice(rng),
        stt=ScriptStt(*said, delay_ms=rng.choice((20, 150, 1_200)), dies_at=rng.choice((1 << 30, 1 << 30, 3_000))),
        line=line,
        policy=changed(PRESETS[rng.choice(sorted(PRESETS))], policy_of(rng)),
        greeting=rng.choice(("", "Hello. How are you today?")),
        tools=TOOLS,
        observers=[Recorder(folder)],
    )
    events = meddling(rng)
    cancel_at = rng.choice((None, None, None, rng.randint(0, 6_000)))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(call.session.run())
        for n, (at, event) in enumerate(events):
            loop.call_later(at / 1000 + n * 1e-6, call.session.post, event)
        if cancel_at is not None:
            loop.call_later(cancel_at / 1000, task.cancel)
        await asyncio.wait([task])
        if not task.cancelled():
            call.summary = task.result()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main(), realtime=False)
    return call


def check(call: Call, folder: Path) -> None:
    assert (call.llm.open, call.tts.open, call.line.closed, call.log.closed) == (0, 0, 1, 1)
    assert call.session.summary is not None
    assert call.session.summary.left_over == ()
    if not call.log.rows:
        return
    for opening, closing, name in ((ReplyOpened, ReplyClosed, "reply"), (ToolStarted, ToolSettled, "call")):
        opened = [getattr(n, name) for n in call.told(opening)]
        closed = [getattr(n, name) for n in call.told(closing)]
        assert len(set(closed)) == len(closed)
        if opening is ReplyOpened:
            assert sorted(opened) == sorted(closed)
        else:
            assert set(closed) <= set(opened)
    calls = [e.call for e in call.events(ToolAsked)]  # type: ignore[attr-defined]
    assert len(set(calls)) == len(calls)
    assert [r.code for r in call.commands(Report) if isinstance(r, Report) and r.code == "duplicate"] == []
    assert len(call.commands(EndCall)) == 1
    check_audio(call)
    capture = decode((folder / CAPTURE).read_bytes())
    result = replay(capture)
    assert result.identical, result.first_difference
    assert result.steps == len(call.log.rows)


def check_audio(call: Call) -> None:
    """Every reply's audio is told before it is played, in order, and never after its end."""
    made: dict[int, int] = {}
    gone: dict[int, int] = {}
    final: set[int] = set()
    for now, event, commands in call.log.rows:
        if isinstance(event, ReplyAudio | ReplyAudioEnded | ReplyText):
            # What was posted at the time of the cancellation was in the inbox already; a tool's time is real.
            assert now - gone.get(event.reply, now) <= 50
        if isinstance(event, ReplyAudio):
            made[event.reply] = made.get(event.reply, 0) + event.samples
        elif isinstance(event, Played):
            assert event.samples <= made.get(event.reply, 0)
            assert event.reply not in final or isinstance(call.line, Phone)
            final |= {event.reply} if event.final else set()
        gone |= {c.reply: now for c in commands if isinstance(c, Cancel)}
    flushed = {c.reply for c in call.commands(Flush)}  # type: ignore[union-attr]
    assert final <= flushed
    if any(np.any(pcm) for pcm in call.line.heard) and not isinstance(call.line, Phone):
        assert any(e.samples for e in call.events(Played))  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(16))
def test_whatever_happens_a_call_ends_well_and_replays(seed: int, tmp_path: Path) -> None:
    check(play(seed, tmp_path), tmp_path)
