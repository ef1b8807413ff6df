"""Audio for clients that play by themselves: kept until released, given at once from then on, never after a flush."""

import numpy as np
import pytest

from vivavoce.core.events import Sent
from vivavoce.runtime.ahead import Ahead


class Client:
    """Takes audio until it has had enough."""

    def __init__(self, enough=10**9):
        self.enough = enough
        self.taken = []
        self.error = None

    def take(self, reply, pcm):
        if self.error is not None:
            raise self.error
        if len(self.taken) >= self.enough:
            return False
        self.taken.append((reply, pcm.tolist()))
        return True


def pcm(*values):
    return np.array(values, dtype=np.int16)


@pytest.fixture
def world():
    client, events, broken = Client(), [], []
    return client, Ahead(client, events.append, broken.append), events, broken


def test_what_is_not_released_is_kept_as_it_was(world):
    client, ahead, events, _ = world
    samples = pcm(1, 2)
    ahead.write(1, samples)
    samples[:] = 0
    ahead.write(1, pcm(3))
    assert client.taken == []
    ahead.release(1)
    ahead.write(1, pcm(4))
    assert client.taken == [(1, [1, 2]), (1, [3]), (1, [4])]
    assert events == [Sent(1, 2), Sent(1, 3), Sent(1, 4)]


def test_nothing_is_given_after_a_flush(world):
    client, ahead, events, _ = world
    ahead.release(1)
    ahead.write(1, pcm(1))
    ahead.write(2, pcm(9))
    ahead.flush(1)
    ahead.flush(2)
    ahead.write(1, pcm(2))
    ahead.release(2)
    assert client.taken == [(1, [1])]
    assert events == [Sent(1, 1)]


def test_what_the_client_does_not_want_was_not_given(world):
    client, ahead, events, _ = world
    client.enough = 1
    ahead.release(1)
    ahead.write(1, pcm(1))
    ahead.write(1, pcm(2, 3))
    assert events == [Sent(1, 1)]


def test_releasing_twice_is_releasing_once_and_nothing_is_no_audio(world):
    client, ahead, _events, _ = world
    ahead.write(1, pcm(1))
    ahead.release(1)
    ahead.release(1)
    ahead.write(1, pcm())
    assert client.taken == [(1, [1])]


def test_a_broken_line_is_told_once(world):
    client, ahead, events, broken = world
    client.error = OSError("gone")
    ahead.release(1)
    ahead.write(1, pcm(1))
    ahead.write(1, pcm(2))
    assert broken == [client.error]
    assert events == []
