from __future__ import annotations

import random

import numpy as np
import pytest

from vivavoce.transports.webrtc.outgoing import FRAME_S, KEPT_S, Outgoing

SOUND = np.ones(480, np.int16)


class Player:
    """An `Outgoing` with its owner: calls `take` when it is due, and writes down what went out when."""

    def __init__(self):
        self.out = Outgoing(0.0)
        self.now = 0.0
        self.sent = []

    def until(self, end):
        while self.out.due() <= end:
            self.now = max(self.now, self.out.due())
            self.take()
        self.now = end

    def take(self):
        self.sent += [(self.now, out) for out in self.out.take(self.now)]

    def put(self, at):
        self.until(at)
        more = self.out.put(SOUND, at)
        if not more:
            self.take()
        return more

    def sounds(self):
        return [(at, out.number) for at, out in self.sent if out.pcm is not None]


def test_silence_keeps_to_the_clock():
    player = Player()
    player.until(10.0)
    assert len(player.sent) == 501
    assert all(abs(at - out.number * FRAME_S) < 1e-9 for at, out in player.sent)
    assert all(out.pcm is None for _, out in player.sent)


@pytest.mark.parametrize("offset", [0.0, 0.001, 0.01, 0.0199])
def test_a_reply_goes_out_at_once_and_without_holes(offset):
    player = Player()
    chance = random.Random(1)
    starts = [1.0 + offset + n * FRAME_S for n in range(50)]
    late = [start + chance.uniform(0.0, 0.015) for start in starts]
    for at in late:
        player.put(at)
    player.until(3.0)
    assert [at for at, _ in player.sounds()] == late
    numbers = [number for _, number in player.sounds()]
    assert numbers == list(range(numbers[0], numbers[0] + 50))


def test_an_hour_of_talk_does_not_drift():
    player = Player()
    chance = random.Random(2)
    now = 0.0
    while now < 3600:
        now += chance.uniform(0.1, 8.0)
        for _ in range(chance.randint(1, 300)):
            player.put(now + chance.uniform(0.0, 0.004))
            now += FRAME_S
    player.until(now + 1.0)
    early = [out.number * FRAME_S - at for at, out in player.sent]
    assert max(early) < 0.03
    assert min(early) > -0.04
    assert abs(early[-1]) < 1e-6
    assert player.out.dropped == 0


def test_of_a_burst_the_newest_are_kept():
    player = Player()
    player.until(1.0)
    first, *others = [player.put(1.0) for _ in range(50)]
    assert not first
    assert all(others)
    player.take()
    player.until(1.03)
    sounds = player.sounds()
    assert 9 <= len(sounds) <= 12
    assert player.out.dropped == 50 - len(sounds)
    # And the reply goes on, never further ahead than is allowed.
    for n in range(2, 50):
        player.put(1.0 + n * FRAME_S)
    ahead = [number * FRAME_S - at for at, number in player.sounds()]
    assert max(ahead) <= KEPT_S + 1e-9
    player.until(4.0)
    assert abs(player.sent[-1][1].number * FRAME_S - player.sent[-1][0]) < 1e-6


@pytest.mark.parametrize("stall", [0.1, 0.5, 30.0])
def test_after_a_standstill_nothing_is_made_up_for(stall):
    player = Player()
    player.until(1.0)
    player.now = 1.0 + stall
    player.take()
    burst = [out for at, out in player.sent if at == player.now]
    assert len(burst) <= 1 + 0.2 / FRAME_S
    assert abs(player.sent[-1][1].number * FRAME_S - player.now) < 0.021
    at = player.now + 0.005
    player.put(at)
    assert player.sounds()[-1][0] == at
