"""How long a reply waits for more audio, from how unevenly the synthesiser delivered before."""

import pytest
from tests.core.script import Script

from vivavoce.core import commands as cmd
from vivavoce.core.events import ReplyAudio, ReplyAudioEnded
from vivavoce.core.supply import KEPT, Supply

MS = 24


def delivered(*pieces, supply=None, reply=1):
    """Each piece: (when it came, its length), in ms."""
    supply, before = supply or Supply(), 0
    for at, ms in pieces:
        supply.arrived(at, reply, 0, before * MS)
        before += ms
    return supply


@pytest.mark.parametrize(
    ("pieces", "wait_ms"),
    [
        ((), 0),
        (((0, 100),), 0),
        # Faster than it is played, and exactly as fast.
        (((0, 100), (20, 100), (40, 100)), 0),
        (((0, 100), (100, 100), (200, 100)), 0),
        # One piece comes late, the next ones make up for it.
        (((0, 100), (160, 500), (170, 500)), 80),
        # Slower than it is played: more and more is missing.
        (((0, 100), (130, 100), (260, 100), (390, 100)), 110),
    ],
)
def test_as_long_as_it_would_have_run_dry(pieces, wait_ms):
    assert delivered(*pieces).wait_ms(400) == wait_ms


def test_the_worst_of_the_last_parts_counts_and_no_more_than_is_allowed():
    supply = delivered((0, 100), (180, 100))
    assert supply.wait_ms(400) == 100
    assert supply.wait_ms(50) == 50
    for reply in range(2, KEPT + 1):
        delivered((0, 100), (90, 100), supply=supply, reply=reply)
    assert supply.wait_ms(400) == 100
    delivered((0, 100), (90, 100), supply=supply, reply=99)
    assert supply.wait_ms(400) == 0


def answer(c, late_ms):
    """A turn and its answer, of which the second half comes `late_ms` after the first is over."""
    c.asks("where is the station")
    c.llm("Well then, here it is.")
    [speak] = c.unspoken
    c.unspoken.clear()
    first = 200 * MS
    c.post(ReplyAudio(speak.reply, speak.part, first))
    asked = c.now
    c.wait(200 + late_ms)
    c.post(ReplyAudio(speak.reply, speak.part, first))
    c.post(ReplyAudioEnded(speak.reply, speak.part))
    released = next(
        at for at, _, commands in c.log for x in commands if isinstance(x, cmd.Release) and x.reply == speak.reply
    )
    c.silence(1_500)
    return released - asked


def test_a_reply_waits_when_the_one_before_stuttered():
    c = Script()
    assert answer(c, 120) == 0
    assert answer(c, 0) == 140


def test_a_reply_that_is_complete_does_not_wait():
    c = Script()
    answer(c, 120)
    c.asks("where is the station")
    c.llm("Well then, here it is.")
    c.tts()
    c.saw("Release 2 FIRST_AUDIO")
    assert c.c.deadline is None or ("release", 2) not in c.c.context.timers


def test_nobody_waits_where_the_policy_says_so():
    c = Script({"reply.prebuffer_ms": 0})
    answer(c, 120)
    assert answer(c, 120) == 0


def test_a_client_that_plays_by_itself_gets_everything_at_once():
    c = Script(client_plays=True, player=False)
    answer(c, 120)
    assert answer(c, 0) == 0
