from __future__ import annotations

import random

import pytest

from vivavoce.transports.webrtc.jitter import Jitter

RATE = 48_000
FRAME = 960
START = 0xFFFFFFFF - 5 * FRAME
"""Timestamps wrap around after a few packets."""


def play(transits, *, frames=None, samples=FRAME, quiet=True, drift=0.0):
    """Packets n = 0, 1, 2... sent every 20 ms (with `samples` each) and arriving `transits[n]` s later (None: lost).
    What was pulled every 20 ms (by a clock that is off by `drift`): (time, number of the packet or None)."""
    jitter = Jitter(RATE)
    arrivals = sorted((n * samples / RATE + transit, n) for n, transit in enumerate(transits) if transit is not None)
    pulled, owed, now, at = [], 0, arrivals[0][0] + 0.01, 0
    for _ in range(frames or len(transits) * samples // FRAME):
        while at < len(arrivals) and arrivals[at][0] <= now:
            when, n = arrivals[at]
            jitter.push((START + n * samples) & 0xFFFFFFFF, samples, str(n).encode(), when)
            at += 1
        while owed < FRAME:
            payload = jitter.pull(now, quiet)
            owed += FRAME if payload is None else samples
            pulled.append((now, None if payload is None else int(payload)))
        owed -= FRAME
        now += 0.02 * (1 + drift)
    return pulled


def delays(pulled, samples=FRAME):
    return [now - n * samples / RATE for now, n in pulled if n is not None]


def numbers(pulled):
    return [n for _, n in pulled if n is not None]


def test_a_steady_line_is_not_delayed():
    pulled = play([0.03] * 200)
    assert numbers(pulled) == list(range(200))
    assert max(delays(pulled)) < 0.06


@pytest.mark.parametrize("loss", [0.02, 0.05, 0.2])
def test_loss_costs_what_is_lost_and_no_delay(loss):
    chance = random.Random(3)
    transits = [0.0 if chance.random() > loss else None for _ in range(1000)]
    transits[0] = 0.0
    pulled = play(transits)
    sent = [n for n, transit in enumerate(transits) if transit is not None]
    assert len(numbers(pulled)) >= len(sent) - 3
    assert numbers(pulled) == sorted(set(numbers(pulled)))
    assert max(delays(pulled)) < 0.07


@pytest.mark.parametrize("jitter", [0.03, 0.06, 0.1])
def test_jitter_is_waited_for_and_forgotten(jitter):
    chance = random.Random(4)
    pulled = play([chance.uniform(0.0, jitter) for _ in range(1000)] + [0.0] * 600)
    shaken = [now - n * 0.02 for now, n in pulled if n is not None and 200 < n < 1000]
    assert len(shaken) > 750
    assert jitter * 0.7 < sum(shaken) / len(shaken) < jitter + 0.05
    assert max(delays(pulled)[-200:]) < 0.06


def test_packets_in_the_wrong_order():
    pulled = play([0.03 if n % 5 == 0 else 0.0 for n in range(500)])
    assert numbers(pulled) == sorted(numbers(pulled))
    assert len(numbers(pulled)) > 485


def test_after_a_standstill_of_the_network_the_delay_goes_away():
    transits = [0.0] * 100 + [0.6 - n * 0.02 for n in range(30)] + [0.0] * 600
    pulled = play(transits)
    assert max(delays(pulled)[-100:]) < 0.07
    urgent = play(transits, quiet=False)
    assert max(delays(urgent)[-100:]) < 0.15


@pytest.mark.parametrize("drift", [-0.0005, 0.0005])
def test_clocks_that_differ(drift):
    pulled = play([0.0] * 10_000, drift=drift)
    assert max(delays(pulled)) < 0.08
    # 0.05 % of 200 s are five frames.
    assert len(numbers(pulled)) >= 10_000 - 12


def test_a_peer_that_sends_nothing_for_a_while():
    jitter = Jitter(RATE)
    pulled = []
    for n in range(300):
        now = n * 0.02
        if not 100 <= n < 200:
            jitter.push(n * FRAME, FRAME, b"%d" % n, now)
        pulled.append(jitter.pull(now + 0.01, True))
    assert sum(payload is not None for payload in pulled[:100]) == 100
    assert sum(payload is not None for payload in pulled[100:200]) == 0
    assert sum(payload is not None for payload in pulled[200:]) > 90


@pytest.mark.parametrize("ms", [10, 40, 60])
def test_packets_of_other_lengths(ms):
    samples = ms * 48
    pulled = play([0.0] * 100, samples=samples)
    assert numbers(pulled)[:90] == list(range(90))


def test_a_new_start_of_the_timestamps():
    jitter = Jitter(RATE)
    for n in range(10):
        jitter.push(1000 + n * FRAME, FRAME, b"old", n * 0.02)
        assert jitter.pull(n * 0.02 + 0.01, True) == b"old"
    for n in range(10, 20):
        jitter.push(0x80000000 + n * FRAME, FRAME, b"new", n * 0.02)
        assert jitter.pull(n * 0.02 + 0.01, True) == b"new"


def test_what_is_kept_is_bounded():
    jitter = Jitter(RATE)
    for n in range(1000):
        jitter.push(n * FRAME, FRAME, b"x", 0.0)
    assert len(jitter._packets) <= 50


def test_before_the_first_packet():
    jitter = Jitter(RATE)
    assert not jitter.started
    assert jitter.pull(0.0, True) is None
