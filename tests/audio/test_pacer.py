from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.audio.pacer import Pacer, Progress
from vivavoce.audio.pcm import AudioError

N = 480
FADE = 120
DUCK = 360


@lru_cache
def whole_pattern(reply):
    rng = np.random.default_rng(reply)
    pcm = (rng.choice([-1, 1], 90_000) * rng.integers(6000, 12_000, 90_000)).astype(np.int16)
    pcm.setflags(write=False)
    return pcm


def pattern(reply, samples=24_000):
    """Audio that tells where in which reply it is: loud, and of an unforeseeable sign."""
    return whole_pattern(reply)[:samples]


def sine(samples, hz=440, level=12_000):
    return np.rint(level * np.sin(2 * np.pi * hz * np.arange(samples) / 24_000)).astype(np.int16)


def playing(pcm, reply=1, end=False):
    pacer = Pacer()
    pacer.write(reply, pcm)
    if end:
        pacer.end(reply)
    pacer.release(reply)
    return pacer


def run(pacer, frames):
    """(all samples, all progress) of so many frames."""
    out = [pacer.frame() for _ in range(frames)]
    return np.concatenate([f.pcm for f in out]), [p for f in out for p in f.played]


# -- playing -----------------------------------------------------------------------------------------------------------


def test_what_is_written_is_what_is_played():
    pcm = pattern(1, 5000)
    pacer = Pacer()
    for at in range(0, 5000, 700):
        assert pacer.write(1, pcm[at : at + 700]) == 0
    assert pacer.idle
    assert pacer.frame().pcm.tolist() == [0] * N
    pacer.end(1)
    pacer.release(1)
    out, played = run(pacer, 11)
    assert out[:5000].tolist() == pcm.tolist()
    assert not out[5000:].any()
    assert played == [Progress(1, min(5000, N * (i + 1)), False) for i in range(11)]
    assert pacer.idle
    assert pacer.underruns == 0
    assert (pacer.position(1), pacer.buffered(1)) == (5000, 0)


def test_a_written_array_may_be_used_again():
    pcm = pattern(1, N).copy()
    pacer = playing(pcm)
    pcm[:] = 0
    assert pacer.frame().pcm.tolist() == pattern(1, N).tolist()


def test_the_next_reply_starts_at_the_very_sample():
    pacer = Pacer()
    for reply, samples in ((1, 700), (2, 10), (3, 900)):
        pacer.write(reply, pattern(reply, samples))
        pacer.end(reply)
    for reply in (1, 2, 3):
        pacer.release(reply)
    out, played = run(pacer, 4)
    assert out[:1610].tolist() == [*pattern(1, 700), *pattern(2, 10), *pattern(3, 900)]
    assert played == [
        (1, 480, False),
        (1, 700, False),
        (2, 10, False),
        (3, 250, False),
        (3, 730, False),
        (3, 900, False),
    ]


def test_replies_play_in_the_order_of_release_not_of_writing():
    pacer = Pacer()
    for reply in (1, 2):
        pacer.write(reply, pattern(reply, 100))
        pacer.end(reply)
    pacer.release(2)
    pacer.release(1)
    pacer.release(2)
    assert pacer.frame().pcm[:200].tolist() == [*pattern(2, 100), *pattern(1, 100)]


def test_a_reply_that_may_still_go_on_keeps_the_next_one_waiting():
    pacer = playing(pattern(1, 100))
    pacer.write(2, pattern(2, 100))
    pacer.release(2)
    assert pacer.frame().played == [(1, 100, False)]
    assert pacer.frame().played == []
    pacer.end(1)
    assert pacer.frame().played == [(2, 100, False)]


def test_an_empty_reply_takes_no_time():
    pacer = Pacer()
    pacer.end(1)
    pacer.release(1)
    pacer.write(2, pattern(2, N))
    pacer.release(2)
    assert pacer.frame().played == [(2, N, False)]


def test_waiting_for_the_first_audio_is_no_underrun():
    pacer = Pacer()
    pacer.release(1)
    assert not pacer.frame().underrun
    assert not pacer.idle
    pacer.write(1, pattern(1, N))
    assert pacer.frame().pcm.tolist() == pattern(1, N).tolist()
    assert pacer.underruns == 0


# -- underruns ---------------------------------------------------------------------------------------------------------


def test_an_underrun_is_counted_once_when_it_goes_on_and_fades_back_in():
    pcm = sine(5 * N + 100)
    pacer = playing(pcm[: N + 100])
    assert not pacer.frame().underrun
    dry = pacer.frame()
    assert dry.underrun
    assert dry.pcm[:100].tolist() == pcm[N : N + 100].tolist()
    assert not dry.pcm[100 + FADE :].any()
    assert pacer.frame().underrun
    assert pacer.frame().pcm.any() == np.False_
    assert pacer.underruns == 0
    pacer.write(1, pcm[N + 100 : 3 * N + 100])
    back = pacer.frame()
    assert not back.underrun
    assert pacer.underruns == 1
    rest = pcm[N + 100 : 2 * N + 100]
    assert back.pcm[FADE:].tolist() == rest[FADE:].tolist()
    assert np.all(np.abs(back.pcm[:FADE]) <= np.abs(rest[:FADE]))
    assert abs(int(back.pcm[0])) < 120
    pacer.frame()
    assert pacer.frame().underrun
    pacer.end(1)
    pacer.frame()
    assert pacer.underruns == 1


def test_running_dry_between_frames_lets_the_last_value_fall():
    pacer = playing(np.full(N, 12_000, dtype=np.int16))
    pacer.frame()
    dry = pacer.frame().pcm
    assert dry[0] == 11_900
    assert dry[FADE:].any() == np.False_
    assert np.all(np.diff(dry[:FADE].astype(int)) == -100)


def test_a_tail_goes_on_in_the_next_frame():
    out, _ = run(playing(np.full(N - 50, 12_000, dtype=np.int16)), 2)
    assert out[N - 50 : N - 50 + FADE].tolist() == list(range(11_900, -1, -100))
    assert not out[N - 50 + FADE :].any()


def test_each_time_it_runs_dry_counts():
    pacer = playing(pattern(1, N + 10))
    for times in range(3):
        run(pacer, 3)
        assert pacer.underruns == times
        pacer.write(1, pattern(1, 10))


def test_a_natural_end_is_left_as_it_is():
    for samples in (N, N + 100):
        for waiting in (False, True):
            pacer = playing(np.full(samples, 12_000, dtype=np.int16), end=True)
            if waiting:
                pacer.release(2)
            assert not run(pacer, 3)[0][samples:].any()


# -- hold, resume, duck ------------------------------------------------------------------------------------------------


def test_hold_fades_counts_the_fade_and_resume_goes_on_there():
    pcm = pattern(1)
    pacer = playing(pcm)
    pacer.frame()
    pacer.hold(1)
    pacer.hold(1)
    held, played = run(pacer, 3)
    assert played == [(1, N + FADE, False)]
    assert not held[FADE - 1 :].any()
    gains = held[:FADE] / pcm[N : N + FADE]
    assert gains == pytest.approx(1 - np.arange(1, FADE + 1) / FADE, abs=1e-3)
    assert not pacer.idle
    pacer.resume(1)
    pacer.resume(1)
    back, played = run(pacer, 1)
    assert played == [(1, N + FADE + N, False)]
    rest = pcm[N + FADE : N + FADE + N]
    assert back[FADE - 1 :].tolist() == rest[FADE - 1 :].tolist()
    assert back[:FADE] / rest[:FADE] == pytest.approx(np.arange(1, FADE + 1) / FADE, abs=1e-3)


def test_a_held_reply_keeps_the_next_one_waiting():
    pacer = playing(pattern(1), end=True)
    pacer.write(2, pattern(2))
    pacer.release(2)
    pacer.frame()
    pacer.hold(1)
    assert run(pacer, 5)[1] == [(1, N + FADE, False)]


def test_a_reply_whose_end_lies_in_the_fade_of_a_hold_is_over():
    pacer = playing(pattern(1, N + 50), end=True)
    pacer.write(2, pattern(2))
    pacer.release(2)
    pacer.frame()
    pacer.hold(1)
    assert pacer.frame().played == [(1, N + 50, False), (2, N - 50, False)]


def test_held_before_it_began_it_waits_and_starts_unfaded():
    pacer = Pacer()
    pacer.write(1, pattern(1))
    pacer.hold(1)
    pacer.release(1)
    assert pacer.frame().played == []
    pacer.resume(1)
    assert pacer.frame().pcm.tolist() == pattern(1)[:N].tolist()


def test_duck_is_a_ramp_and_resume_undoes_it():
    pcm = np.full(24_000, 10_000, dtype=np.int16)
    pacer = playing(pcm)
    pacer.frame()
    pacer.duck(1, -20)
    down = pacer.frame().pcm.astype(int)
    assert down[0] == 9975
    assert down[DUCK - 1 :].tolist() == [1000] * (N - DUCK + 1)
    pacer.duck(1, -20)
    assert set(pacer.frame().pcm.tolist()) == {1000}
    pacer.resume(1)
    up = pacer.frame()
    assert up.pcm[0] == 1025
    assert up.pcm[DUCK - 1 :].tolist() == [10_000] * (N - DUCK + 1)
    assert up.played == [(1, 4 * N, False)]


def test_ducked_then_held_comes_back_at_full_level():
    pacer = playing(np.full(24_000, 10_000, dtype=np.int16))
    pacer.frame()
    pacer.duck(1, -20)
    pacer.frame()
    pacer.hold(1)
    out, played = run(pacer, 2)
    assert played == [(1, 2 * N + 12, False)], "a tenth of the level needs a tenth of the fade"
    assert not out[12:].any()
    pacer.resume(1)
    assert pacer.frame().pcm[FADE:].tolist() == [10_000] * (N - FADE)


def test_duck_survives_an_underrun_and_never_amplifies():
    pacer = playing(np.full(N, 10_000, dtype=np.int16))
    pacer.duck(1, -20)
    assert set(pacer.frame().pcm.tolist()) == {1000}
    pacer.frame()
    pacer.write(1, np.full(2 * N, 10_000, dtype=np.int16))
    assert set(pacer.frame().pcm[FADE:].tolist()) == {1000}
    pacer.duck(1, 40)
    assert set(pacer.frame().pcm[DUCK:].tolist()) == {10_000}


def test_a_level_that_is_no_number_is_refused():
    with pytest.raises(AudioError, match="nan dB is impossible"):
        Pacer().duck(1, float("nan"))


# -- flush -------------------------------------------------------------------------------------------------------------


def test_flush_of_the_past_stops_now_within_a_fade():
    pcm = pattern(1)
    pacer = playing(pcm)
    pacer.frame()
    pacer.flush(1, 10)
    out, played = run(pacer, 3)
    assert played == [(1, N + FADE, True)]
    assert out[:FADE] / pcm[N : N + FADE] == pytest.approx(1 - np.arange(1, FADE + 1) / FADE, abs=1e-3)
    assert not out[FADE:].any()
    assert pacer.idle
    assert pacer.position(1) == N + FADE


def test_flush_of_the_future_plays_exactly_up_to_there():
    pcm = pattern(1)
    pacer = playing(pcm)
    pacer.frame()
    pacer.flush(1, 1000)
    out, played = run(pacer, 3)
    assert played == [(1, 960, False), (1, 1000, True)]
    assert out[: 1000 - FADE - N].tolist() == pcm[N : 1000 - FADE].tolist()
    assert out[999 - N] == 0
    assert not out[1000 - N :].any()


@pytest.mark.parametrize("target", [481, 500, 599, 600, 601])
def test_flush_of_the_near_future_is_exact_too(target):
    pacer = playing(sine(24_000))
    pacer.frame()
    pacer.flush(1, target)
    assert run(pacer, 2)[1] == [(1, target, True)]


def test_after_a_flush_the_next_reply_starts_at_the_very_sample():
    pacer = playing(sine(24_000))
    pacer.write(2, pattern(2))
    pacer.release(2)
    pacer.frame()
    pacer.flush(1, 0)
    frame = pacer.frame()
    assert frame.played == [(1, N + FADE, True), (2, N - FADE, False)]
    assert frame.pcm[FADE:].tolist() == pattern(2)[: N - FADE].tolist()


def test_flush_before_release_reports_zero_once_and_drops_what_comes():
    pacer = Pacer()
    pacer.write(1, pattern(1))
    pacer.flush(1, 5000)
    pacer.flush(1, 5000)
    assert not pacer.idle
    assert pacer.write(1, pattern(1, 100)) == 0
    pacer.release(1)
    pacer.end(1)
    assert run(pacer, 3)[1] == [(1, 0, True)]
    assert pacer.late_samples == 100
    assert pacer.buffered(1) == 0


def test_flush_of_a_reply_never_heard_of_bars_it():
    pacer = Pacer()
    pacer.flush(7, 0)
    pacer.write(7, pattern(7))
    pacer.release(7)
    out, played = run(pacer, 2)
    assert played == [(7, 0, True)]
    assert not out.any()


def test_flush_of_one_that_waits_in_line():
    pacer = playing(pattern(1))
    pacer.write(2, pattern(2))
    pacer.release(2)
    pacer.frame()
    pacer.flush(2, 0)
    assert pacer.frame().played == [(2, 0, True), (1, 2 * N, False)]


def test_flush_of_the_first_in_line_before_its_first_sample():
    pacer = playing(pattern(1))
    pacer.flush(1, 0)
    out, played = run(pacer, 2)
    assert played == [(1, 0, True)]
    assert not out.any()


def test_flush_while_held_ends_where_it_is_held():
    for target in (0, N + FADE, 20_000):
        pacer = playing(pattern(1))
        pacer.frame()
        pacer.hold(1)
        run(pacer, 2)
        pacer.flush(1, target)
        out, played = run(pacer, 2)
        assert played == [(1, N + FADE, True)]
        assert not out.any()


def test_flush_while_the_hold_still_fades_ends_with_that_fade():
    pacer = Pacer(frame_ms=1)
    pacer.write(1, sine(24_000))
    pacer.release(1)
    run(pacer, 20)
    pacer.hold(1)
    run(pacer, 2)
    pacer.flush(1, 0)
    out, played = run(pacer, 8)
    assert played[-1] == (1, N + FADE, True)
    assert not out[FADE - 48 :].any()


def test_flush_during_an_underrun_adds_no_sound():
    pacer = playing(pattern(1, N))
    run(pacer, 3)
    pacer.write(1, pattern(1))
    pacer.flush(1, 0)
    out, played = run(pacer, 2)
    assert played == [(1, N, True)]
    assert not out.any()


def test_a_flushed_reply_that_runs_dry_ends_there():
    pacer = playing(pattern(1, N + 50))
    pacer.flush(1, 5000)
    out, played = run(pacer, 3)
    assert played == [(1, N, False), (1, N + 50, True)]
    assert pacer.underruns == 0
    assert not out[N + 50 + FADE :].any()


def test_audio_may_still_come_up_to_the_flush_but_not_beyond():
    pacer = playing(pattern(1, N))
    pacer.flush(1, N + 700)
    pacer.write(1, pattern(9, 1000))
    assert pacer.buffered(1) == N + 700
    assert pacer.late_samples == 300
    pacer.write(1, pattern(9, 5))
    assert pacer.late_samples == 305
    assert run(pacer, 4)[1][-1] == (1, N + 700, True)


def test_nothing_that_comes_after_an_immediate_flush_is_played():
    pacer = playing(sine(N + 20))
    pacer.frame()
    pacer.flush(1, 0)
    pacer.write(1, sine(N))
    assert run(pacer, 2)[1] == [(1, N + 20, True)]
    assert pacer.late_samples == N


def test_a_second_flush_can_only_bring_the_end_nearer():
    pacer = playing(pattern(1))
    pacer.flush(1, 5000)
    pacer.flush(1, 9000)
    pacer.flush(1, 3000)
    pacer.flush(1, 4000)
    assert run(pacer, 9)[1][-1] == (1, 3000, True)
    pacer = playing(pattern(1))
    pacer.flush(1, 5000)
    pacer.frame()
    pacer.flush(1, 0)
    assert run(pacer, 9)[1] == [(1, N + FADE, True)]


def test_flush_of_what_was_played_to_its_end_says_so_once():
    pacer = playing(pattern(1, 100), end=True)
    assert pacer.frame().played == [(1, 100, False)]
    pacer.flush(1, 50)
    pacer.flush(1, 50)
    assert run(pacer, 3)[1] == [(1, 100, True)]


def test_flush_beyond_the_end_is_final_at_the_end():
    pacer = playing(pattern(1, 100), end=True)
    pacer.flush(1, 5000)
    assert run(pacer, 3)[1] == [(1, 100, True)]


# -- no clicks ---------------------------------------------------------------------------------------------------------

STEP = 12_000 * 2 * np.pi * 440 / 24_000 + 12_000 / FADE + 2
"""The steepest the sine gets, plus the steepest a fade adds."""


class Tape(Pacer):
    """A pacer of which every frame is kept."""

    def __init__(self):
        super().__init__()
        self.tape = []

    def frame(self):
        made = super().frame()
        self.tape.append(made.pcm)
        return made


@pytest.mark.parametrize("offset", range(0, 55, 7))
@pytest.mark.parametrize(
    "cut",
    [
        lambda p: p.hold(1),
        lambda p: p.flush(1, 0),
        lambda p: p.flush(1, 1000),
        lambda p: p.flush(1, p.position(1) + 3),
        lambda p: p.flush(1, p.position(1) + 100),
        lambda p: (p.hold(1), p.flush(1, 0)),
        lambda p: (p.hold(1), p.resume(1)),
        lambda p: (p.duck(1, -30), p.frame(), p.resume(1)),
        lambda p: (p.duck(1, -12), p.flush(1, 0)),
        lambda p: (p.flush(1, 1100), p.flush(1, 0)),
        lambda p: (p.flush(1, 1500), p.frame(), p.flush(1, 1450)),
        lambda p: (p.flush(1, 1500), p.frame(), p.flush(1, 0)),
        lambda p: None,
    ],
)
def test_no_cut_clicks(cut, offset):
    voice = sine(6000)[offset:]
    pacer = Tape()
    pacer.write(1, voice[: 2 * N + 700])
    pacer.release(1)
    run(pacer, 2)
    cut(pacer)
    run(pacer, 4)
    pacer.write(1, voice[2 * N + 700 :])
    pacer.resume(1)
    run(pacer, 8)
    out = np.concatenate(pacer.tape).astype(int)
    assert np.max(np.abs(np.diff(out))) <= STEP


# -- bounds ------------------------------------------------------------------------------------------------------------


def test_overflow_is_told_and_what_is_kept_is_a_prefix():
    pcm = pattern(1, 3000)
    pacer = Pacer(max_buffered_s=0.1)
    assert pacer.write(1, pcm[:2000]) == 0
    assert pacer.write(1, pcm[2000:]) == 600
    pacer.release(1)
    run(pacer, 2)
    assert pacer.write(1, pcm[:10]) == 10
    pacer.end(1)
    out, _ = run(pacer, 4)
    assert out[: 2400 - 2 * N].tolist() == pcm[2 * N : 2400].tolist()
    assert pacer.position(1) == 2400


def test_abandoned_replies_are_given_up_oldest_first():
    pacer = Pacer()
    for reply in range(200):
        assert pacer.write(reply, pattern(1, 10)) == 0
    assert len(pacer._live) == 64
    assert pacer.buffered(199) == 10
    assert pacer.buffered(0) == 0
    pacer.release(0)
    assert pacer.idle
    pacer.flush(0, 0)
    assert pacer.frame().played == [(0, 0, True)]


def test_too_many_released_at_once_are_refused_not_lost_silently():
    pacer = Pacer()
    for reply in range(64):
        pacer.release(reply)
    assert pacer.write(64, pattern(1, 10)) == 10


def test_the_dead_are_few():
    pacer = Pacer()
    for reply in range(1000):
        pacer.end(reply)
        pacer.release(reply)
        pacer.frame()
    assert not pacer._live
    assert len(pacer._dead) == 256


def test_commands_for_the_unknown_do_nothing():
    pacer = Pacer()
    pacer.hold(1)
    pacer.resume(1)
    pacer.duck(1, -20)
    assert pacer.idle
    assert (pacer.position(1), pacer.buffered(1)) == (0, 0)
    assert not pacer._live


def test_other_rates_and_frames():
    pacer = Pacer(rate=8000, frame_ms=10)
    pacer.write(1, pattern(1, 200))
    pacer.release(1)
    assert pacer.frame().pcm.tolist() == pattern(1, 200)[:80].tolist()
    pacer.hold(1)
    assert pacer.frame().played == [(1, 120, False)]
    with pytest.raises(AudioError, match="no whole number of samples"):
        Pacer(rate=11_025, frame_ms=10)


# -- anything in any order ---------------------------------------------------------------------------------------------

REPLIES = st.integers(1, 4)
COMMANDS = st.one_of(
    st.tuples(st.just("write"), REPLIES, st.integers(0, 1500)),
    st.tuples(st.sampled_from(["release", "hold", "resume", "end"]), REPLIES),
    st.tuples(st.just("duck"), REPLIES, st.sampled_from([-6.0, -20.0, 0.0])),
    st.tuples(st.just("flush"), REPLIES, st.integers(-10, 4000)),
    st.tuples(st.just("frame")),
    st.tuples(st.just("frame")),
    st.tuples(st.just("frame")),
)


def under(tails):
    """Where in a frame a tail may lie."""
    places = np.zeros(N, dtype=bool)
    for start, stop in tails:
        places[start:stop] = True
    return places


@dataclass
class Witness:
    """Watches a pacer from outside and knows only what was asked of it and what came out."""

    pacer: Pacer = field(default_factory=Pacer)
    written: dict[int, int] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    held: set[int] = field(default_factory=set)
    line: list[int] = field(default_factory=list)
    caps: dict[int, int] = field(default_factory=dict)
    """Where a flushed reply must have ended at the latest."""
    played: dict[int, int] = field(default_factory=dict)
    final: set[int] = field(default_factory=set)
    loose: int = 0
    """Samples at the start of the next frame that a tail may lie over."""

    def do(self, name, *args):
        if name == "frame":
            self.frame()
            return
        reply = args[0]
        if name == "write":
            at = self.written.get(reply, 0)
            room = args[1]
            before = self.pacer.late_samples
            self.pacer.write(reply, whole_pattern(reply)[at : at + room])
            self.written[reply] = at + room - (self.pacer.late_samples - before)
            return
        if name == "flush":
            now = self.pacer.position(reply)
            cap = args[1] if args[1] > now else now + FADE
            self.caps[reply] = min(cap, self.caps.get(reply, cap))
        elif name == "release" and reply not in self.line and reply not in self.final:
            self.line.append(reply)
        elif name == "hold" and reply in self.pacer._live:
            self.held.add(reply)
        elif name == "resume":
            self.held.discard(reply)
        elif name == "end":
            self.ended.add(reply)
        getattr(self.pacer, name)(*args)

    def over(self, reply):
        done = reply in self.ended and self.played.get(reply, 0) == self.written.get(reply, 0)
        return reply in self.final or done

    def frame(self):
        order = [r for r in self.line if not self.over(r)]
        frame = self.pacer.frame()
        out = frame.pcm.astype(int)
        assert frame.pcm.dtype == np.int16
        assert out.size == N
        at, moved, tails = 0, [], [(0, self.loose)]
        for reply, samples, final in frame.played:
            assert reply not in self.final, "nothing after the final report"
            before = self.played.get(reply, 0)
            assert before <= samples <= self.written.get(reply, 0)
            assert samples <= self.caps.get(reply, samples)
            assert self.pacer.position(reply) == samples
            assert final or samples > before
            if final:
                assert reply in self.caps
                self.final.add(reply)
            if samples > before:
                moved.append(reply)
                self.check(out, at, whole_pattern(reply)[before:samples].astype(int), tails)
                at += samples - before
                self.played[reply] = samples
            if final:
                tails.append((at, at + FADE))
        assert at <= N
        assert moved == [r for r in order if r in moved], "in the order of release"
        waiting = [r for r in order if not self.over(r)]
        if at < N:
            tails.append((at, at + FADE))
            assert not np.any(out[at:] * ~under(tails)[at:])
            if waiting:
                stuck = waiting[0]
                assert stuck in self.held or self.pacer.buffered(stuck) == 0, "silent without a reason"
                assert frame.underrun == (stuck not in self.held and self.played.get(stuck, 0) > 0)
        else:
            assert not frame.underrun
        self.loose = max(0, max(end for _, end in tails) - N)
        if not waiting:
            self.pacer.frame()
            self.loose = 0
            assert self.pacer.idle

    def check(self, out, at, wanted, tails):
        """The samples are those wanted, at a gain of 0 to 1, save where a tail may lie over them."""
        made = out[at : at + wanted.size] * np.sign(wanted)
        right = (made >= 0) & (made <= np.abs(wanted))
        assert np.all(right | under(tails)[at : at + wanted.size])


@settings(max_examples=150, deadline=None)
@given(st.lists(COMMANDS, max_size=60))
def test_any_commands_in_any_order(commands):
    witness = Witness()
    for command in commands:
        witness.do(*command)
    for reply in (1, 2, 3, 4):
        witness.do("resume", reply)
        witness.do("end", reply)
        witness.do("release", reply)
    for _ in range(150):
        witness.frame()
    assert witness.pacer.idle
    assert all(witness.over(reply) for reply in (1, 2, 3, 4))
    assert set(witness.caps) == witness.final, "every flush is answered"


# -- pauses and trimming -----------------------------------------------------------------------------------------------


def test_a_pause_before_a_reply_is_exact_to_the_sample():
    pacer = Pacer()
    for reply in (1, 2):
        pacer.write(reply, pattern(reply, N + 100))
        pacer.end(reply)
        pacer.release(reply, pause=0 if reply == 1 else 3 * N + 7)
    out, _ = run(pacer, 8)
    second = 2 * N + 100 - N + 3 * N + 7
    assert out[second : second + N].tolist() == pattern(2, N + 100)[:N].tolist()
    assert not out[N + 100 + FADE : second].any()


def test_silence_at_the_end_of_a_trimmed_reply_counts_as_played_and_takes_no_time():
    pacer = Pacer()
    sound = np.full(2 * N, 9_000, dtype=np.int16)
    pacer.write(1, np.concatenate((sound, np.zeros(5 * N, dtype=np.int16))))
    pacer.end(1, trim=True)
    pacer.write(2, sound)
    pacer.end(2)
    pacer.release(1)
    pacer.release(2)
    out, played = run(pacer, 5)
    assert (out[: 4 * N] == 9_000).all()
    assert max(p.samples for p in played if p.reply == 1) == 7 * N
    assert max(p.samples for p in played if p.reply == 2) == 2 * N


def test_a_reply_may_begin_over_the_end_of_the_one_before() -> None:
    pacer = Pacer()
    for reply, size in ((1, N + 100), (2, 2 * N)):
        pacer.write(reply, np.full(size, 1000 * reply, np.int16))
        pacer.end(reply)
    pacer.release(1)
    pacer.release(2, -30)
    first, second, third = (pacer.frame() for _ in range(3))
    assert set(first.pcm.tolist()) == {1000}
    assert second.pcm.tolist() == [1000] * 70 + [3000] * 30 + [2000] * (N - 100)
    assert second.played == [(1, N + 100, False), (2, N - 70, False)]
    assert [(v.reply, v.at, v.pcm.size) for v in second.voices] == [(1, 0, 100), (2, 70, N - 70)]
    assert set(second.voices[0].pcm.tolist()) == {1000}
    assert set(third.pcm.tolist()) == {2000}
    assert [(v.reply, v.at) for v in third.voices] == [(2, 0)]


def test_where_the_end_is_not_known_the_next_one_waits_for_it() -> None:
    pacer = Pacer()
    pacer.write(1, np.full(N // 2, 1000, np.int16))
    pacer.write(2, np.full(N, 2000, np.int16))
    pacer.release(1)
    pacer.release(2, -N)
    assert [v.reply for v in pacer.frame().voices] == [1]
    pacer.end(1)
    assert [v.reply for v in pacer.frame().voices] == [2]


def test_both_voices_of_an_overlap_pause_and_go_on_together() -> None:
    pacer = Pacer()
    for reply, size in ((1, 3 * N), (2, 4 * N)):
        pacer.write(reply, np.full(size, 1000, np.int16))
        pacer.end(reply)
    pacer.release(1)
    pacer.release(2, -2 * N)
    for _ in range(2):
        pacer.frame()
    pacer.hold(1)
    pacer.frame()
    before = pacer.position(1), pacer.position(2)
    assert not pacer.frame().pcm.any()
    assert (pacer.position(1), pacer.position(2)) == before
    pacer.resume(1)
    pacer.frame()
    assert pacer.position(1) > before[0]
    assert pacer.position(2) > before[1]


def test_an_interruption_ends_both_voices_of_an_overlap() -> None:
    pacer = Pacer()
    for reply in (1, 2):
        pacer.write(reply, np.full(4 * N, 1000, np.int16))
        pacer.end(reply)
    pacer.release(1)
    pacer.release(2, -2 * N)
    for _ in range(3):
        pacer.frame()
    pacer.flush(1, 3 * N)
    pacer.flush(2, 0)
    told = [p for _ in range(3) for p in pacer.frame().played if p.final]
    assert sorted(p.reply for p in told) == [1, 2]
    assert all(p.samples > 0 for p in told)
    assert pacer.idle


def test_a_short_reply_within_the_end_of_another_is_over_before_it() -> None:
    pacer = Pacer()
    for reply, size in ((1, 3 * N), (2, 50), (3, N)):
        pacer.write(reply, np.full(size, 1000 * reply, np.int16))
        pacer.end(reply)
    pacer.release(1)
    pacer.release(2, -N - 50)
    pacer.release(3)
    frames = [pacer.frame() for _ in range(4)]
    assert [v.reply for f in frames for v in f.voices] == [1, 1, 2, 1, 3]
    assert frames[1].voices[1].pcm.size == 50
    assert set(frames[3].pcm.tolist()) == {3000}
    pacer.frame()
    assert pacer.idle
