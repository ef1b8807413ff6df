import numpy as np
import pytest

from vivavoce.audio.track import Ramp, Track


def track(pcm=None, limit=10_000):
    made = Track(7, limit, 1000, 10, 30)
    if pcm is not None:
        made.write(pcm)
    return made


def render(made, samples):
    out = np.zeros(samples, dtype=np.int16)
    return out[: made.render(out)].tolist()


def test_a_ramp_arrives_after_exactly_so_many_samples():
    ramp = Ramp()
    assert ramp.take(5) == 1.0
    ramp.aim(0.0, 4)
    assert list(ramp.take(3)) == [0.75, 0.5, 0.25]
    assert (ramp.left, ramp.level) == (1, 0.25)
    assert list(ramp.take(3)) == [0.0, 0.0, 0.0]
    assert ramp.take(3) == 0.0


def test_a_ramp_turns_round_where_it_is():
    ramp = Ramp()
    ramp.aim(0.0, 4)
    ramp.take(2)
    ramp.aim(1.0, 2)
    assert list(ramp.take(2)) == [0.75, 1.0]
    ramp.aim(0.25, 0)
    assert ramp.level == ramp.take(1) == 0.25


def test_cut_into_pieces_a_ramp_is_the_same():
    whole, pieces = Ramp(), Ramp()
    whole.aim(0.2, 50)
    pieces.aim(0.2, 50)
    cut = np.concatenate([np.broadcast_to(pieces.take(n), n) for n in (1, 7, 30, 12, 5)])
    assert cut == pytest.approx(np.broadcast_to(whole.take(55), 55))


def test_it_renders_what_there_is_and_tells_why_it_stops():
    made = track(np.arange(1, 6, dtype=np.int16))
    assert render(made, 3) == [1, 2, 3]
    assert (made.position, made.buffered, made.starved, made.over) == (3, 2, False, False)
    assert render(made, 3) == [4, 5]
    assert made.starved
    made.end()
    assert render(made, 3) == []
    assert made.over
    assert not made.starved


def test_writing_tells_what_is_too_much_and_what_is_too_late():
    made = track(limit=4)
    assert made.write(np.zeros(3, dtype=np.int16)) == (0, 0)
    assert made.write(np.zeros(3, dtype=np.int16)) == (2, 0)
    assert made.write(np.zeros(3, dtype=np.int16)) == (3, 0)
    made.end()
    assert made.write(np.zeros(3, dtype=np.int16)) == (0, 3)


def test_held_it_gives_the_fade_and_then_nothing():
    made = track(np.full(1000, 1000, dtype=np.int16))
    render(made, 20)
    made.hold()
    assert render(made, 100) == [900, 800, 700, 600, 500, 400, 300, 200, 100, 0]
    assert render(made, 100) == []
    made.resume()
    assert render(made, 12) == [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1000, 1000]
    assert made.position == 42


def test_flushed_it_is_over_at_the_end_of_the_fade():
    made = track(np.full(1000, 1000, dtype=np.int16))
    render(made, 20)
    made.flush(25)
    assert render(made, 100) == [900, 800, 700, 600, 500]
    assert made.over
    assert made.flushed
    assert made.buffered == 0
    assert made.write(np.zeros(3, dtype=np.int16)) == (0, 3)
