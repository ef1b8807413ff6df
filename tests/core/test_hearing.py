"""Edges of speech, exact to the sample."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.core.events import UserSound
from vivavoce.core.hearing import Edge, Hearing
from vivavoce.core.policy import HearingPolicy
from vivavoce.core.units import in_samples

P = HearingPolicy(start_p=0.5, stop_p=0.35, min_speech_ms=64, hangover_ms=96, echo_p=0.7)
W = 512


class Ear:
    """Feeds windows; remembers the edges as (edge, sample at which the window that caused it ends)."""

    def __init__(self, policy=P):
        self.policy, self.hearing, self.at, self.edges = policy, Hearing(), 0, []

    def window(self, p, quiet=0, samples=W, echo=0.0):
        sound = UserSound(self.at, samples, p, quiet, echo)
        self.at += samples
        edge = self.hearing.push(sound, self.hearing.voiced(sound, self.policy), self.policy)
        if edge:
            self.edges.append((edge, self.at))
        return edge

    def voice(self, windows, p=0.9):
        for _ in range(windows):
            self.window(p)

    def silence(self, windows):
        for _ in range(windows):
            self.window(0.0, W)


def test_speech_starts_when_enough_of_it_was_heard_and_begins_at_its_first_sample():
    ear = Ear()
    ear.silence(3)
    ear.voice(1)
    assert not ear.hearing.speaking
    ear.voice(1)
    # 64 ms are 1024 samples: two windows, not one.
    assert ear.edges == [(Edge.STARTED, 5 * W)]
    assert ear.hearing.onset == 3 * W


def test_the_least_speech_is_counted_to_the_sample():
    for samples, speaking in ((in_samples(64) - 1, False), (in_samples(64), True)):
        ear = Ear()
        ear.window(0.9, samples=samples)
        assert ear.hearing.speaking is speaking


def test_speech_stops_after_the_hangover_and_ended_at_its_last_voice():
    ear = Ear()
    ear.voice(4)
    ear.window(0.9, quiet=200)
    ear.silence(2)
    assert ear.hearing.speaking
    ear.silence(1)
    # 96 ms are three windows.
    assert ear.edges[-1] == (Edge.STOPPED, 8 * W)
    assert ear.hearing.end == 5 * W - 200


def test_a_pause_shorter_than_the_hangover_is_none():
    ear = Ear()
    for _ in range(5):
        ear.voice(3)
        ear.silence(2)
    assert [e for e, _ in ear.edges] == [Edge.STARTED]


def test_voice_must_be_in_one_piece_to_start():
    ear = Ear()
    for _ in range(10):
        ear.voice(1)
        ear.silence(1)
    assert ear.edges == []


@pytest.mark.parametrize(
    ("p", "speaking", "voiced"),
    [(0.5, False, True), (0.49, False, False), (0.35, True, True), (0.34, True, False), (0.49, True, True)],
)
def test_it_takes_more_to_begin_than_to_go_on(p, speaking, voiced):
    hearing = Hearing(speaking=speaking)
    assert hearing.voiced(UserSound(0, W, p), P) is voiced


def test_a_window_that_is_quiet_all_through_holds_no_voice_whatever_its_score():
    assert not Hearing().voiced(UserSound(0, W, 0.99, quiet=W), P)
    assert Hearing().voiced(UserSound(0, W, 0.99, quiet=W - 1), P)


def test_what_is_probably_echo_is_not_the_callers_voice():
    assert Hearing().voiced(UserSound(0, W, 0.99, echo=0.69), P)
    assert not Hearing().voiced(UserSound(0, W, 0.99, echo=0.7), P)


def test_forgetting_drops_speech_and_keeps_the_place():
    ear = Ear()
    ear.voice(5)
    ear.hearing.forget()
    assert not ear.hearing.speaking
    assert ear.hearing.position == 5 * W
    ear.voice(1)
    assert not ear.hearing.speaking
    ear.voice(1)
    assert ear.hearing.onset == 5 * W


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, W)), max_size=80))
def test_edges_alternate_and_lie_in_order(windows):
    ear = Ear(replace(P, min_speech_ms=32, hangover_ms=64))
    for p, quiet in windows:
        ear.window(p, quiet)
        h = ear.hearing
        assert h.position == ear.at
        if h.speaking:
            assert h.onset < h.end <= h.position
    assert [e for e, _ in ear.edges] == [Edge.STARTED, Edge.STOPPED] * (len(ear.edges) // 2) + [Edge.STARTED] * (
        len(ear.edges) % 2
    )
