"""Whole calls as timelines, compared line by line: a change of behaviour is a change that one can read.

GOLDEN=write python -m pytest tests/golden      writes them anew; read the difference before you commit it
"""

import os
from pathlib import Path

import pytest
from script import Script

from vivavoce.core.commands import Role, Tell
from vivavoce.core.events import CallEnded, HangUpAsked, Say, TextTurn, ToolSpec, TurnCommitted
from vivavoce.core.notices import UserSaid
from vivavoce.sim.timeline import lines

HERE = Path(__file__).parent


def ordinary():
    """A greeting, two questions, a goodbye."""
    c = Script(greeting="Hello, how can I help you?")
    c.tts()
    c.plays(2)
    c.asks("what time is it in paris")
    c.answers("It is noon. Anything else?")
    c.plays(2)
    c.hears("No, thank you.")
    c.silence(450)
    c.llm("You are welcome.", end=False)
    c.post(HangUpAsked(reason="done"))
    c.llm(" Goodbye.")
    c.tts()
    c.plays(2)
    return c


def overlap():
    """Listening aloud, a cough, a pause for nothing, and a real interruption, over one story."""
    c = Script()
    c.asks("tell me a story")
    c.answers("Once upon a time there was a keeper who spoke with the sea. Every night he sang to it. Nobody knew why.")
    c.plays(1)
    c.hears("uh huh", ms=350)
    c.silence(700)
    c.coughs(300)
    c.silence(500)
    c.coughs(700)
    c.silence(400)
    c.hears("no wait")
    c.silence(600)
    c.answers("Yes?")
    c.plays(1)
    c.post(CallEnded())
    return c


def hesitation():
    """A caller who thinks aloud: an early answer thrown away, another one kept."""
    c = Script()
    c.hears("i would like to know")
    c.silence(300)
    c.hears("when the next train leaves to")
    c.silence(900)
    c.hears("boston")
    c.silence(250)
    c.llm("It leaves at noon.")
    c.tts()
    c.silence(400)
    c.plays(1.5)
    c.post(CallEnded())
    return c


def tools():
    """An early answer that must not book before it is chosen, an interruption, and a result that is kept."""
    c = Script(tools=(ToolSpec("look_up", read_only=True), ToolSpec("book", timeout_ms=4_000)))
    c.hears("book me a table")
    c.silence(200)
    c.llm("One moment, I am booking it.", end=False)
    c.calls("look_up", "call_1")
    c.calls("book", "call_2")
    c.llm("")
    c.tool("call_1", "free at eight")
    c.silence(400)
    c.tts()
    c.plays(0.6)
    c.hears("is it far")
    c.silence(600)
    c.tool("call_2", "booked for eight")
    c.answers("No, five minutes on foot.")
    c.plays(2)
    c.answers("And it is booked for eight.")
    c.plays(2)
    c.rests()
    c.post(CallEnded())
    return c


def failures():
    """Everything fails once: the recogniser, the model, the synthesiser, the player."""
    c = Script(stt_ms=None)
    c.coughs(700)
    c.silence(1_400)
    c.tts()
    c.plays(4.5)
    c.stt_ms = 80
    c.asks("what time is it")
    c.fails(Role.LLM, "died", reply=c.reply)
    c.tts()
    c.plays(4.5)
    c.asks("what time is it")
    c.llm("It is noon.")
    c.fails(Role.TTS, "died", reply=c.reply, part=0)
    c.tts()
    c.plays(1)
    c.player = False
    c.asks("and in rome")
    c.answers("One.")
    c.silence(4_000)
    c.post(CallEnded())
    return c


def by_hand():
    """Push to talk, a typed turn, and an announcement over which nobody is heard before its end."""
    c = Script({"turns": "manual"})
    c.hears("what time is it")
    c.silence(300)
    c.post(TurnCommitted())
    c.silence(100)
    c.answers("It is noon in Paris.")
    c.plays(0.5)
    c.post(TextTurn("And in Rome?"))
    c.silence(64)
    c.answers("Noon, too.")
    c.post(Say("This call is recorded.", interruptible=False))
    c.tts()
    c.plays(2.5)
    c.post(CallEnded())
    return c


def nobody():
    """Nobody speaks: two prompts, then the end."""
    c = Script({"idle.prompt_after_ms": 2_000, "idle.prompts": "Hello?|Are you there?", "idle.hang_up_after_ms": 2_000})
    for _ in range(2):
        c.silence(2_100)
        c.tts()
        c.silence(1_000)
    c.silence(2_000)
    return c


CALLS = [ordinary, overlap, hesitation, tools, failures, by_hand, nobody]


def told(log):
    """The timeline with each command on a line of its own; words that are not final yet are left out."""
    for line in lines(step for step in log if not all(map(partial, step[2]))):
        event, _, commands = line.partition(" -> ")
        yield event
        yield from (f"{'':>15} -> {c}" for c in commands.split("; ") if c and event.strip() != "ms  floor  event")


def partial(command):
    return isinstance(command, Tell) and isinstance(command.notice, UserSaid) and not command.notice.final


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_the_call_goes_as_before(call):
    c = call()
    c.laws.at_end()
    got = [call.__doc__, "", *told(c.log)]
    path = HERE / f"{call.__name__}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.write_text("\n".join(got) + "\n", encoding="utf-8")
    want = path.read_text(encoding="utf-8").splitlines()
    for n, (a, b) in enumerate(zip(got, want, strict=False), 1):
        assert a == b, f"{path.name}:{n}\n  was  {b}\n  is   {a}\n{__doc__}"
    assert len(got) == len(want), f"{path.name} has {len(want)} lines, the call {len(got)}\n{__doc__}"


def test_every_timeline_is_of_a_call():
    assert sorted(p.stem for p in HERE.glob("*.txt")) == sorted(call.__name__ for call in CALLS)
