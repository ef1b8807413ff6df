import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.audio.fifo import Fifo

step = st.tuples(st.sampled_from(["write", "read", "drop"]), st.integers(0, 40))


@given(st.integers(1, 100), st.integers(1, 17), st.lists(step, max_size=60))
def test_what_goes_in_comes_out_in_order(limit, block, steps):
    fifo, held, at = Fifo(limit, block), [], 0
    for kind, size in steps:
        if kind == "write":
            pcm = np.arange(at, at + size).astype(np.int16)
            taken = fifo.write(pcm)
            assert taken == min(size, limit - len(held))
            held += pcm[:taken].tolist()
            pcm[:] = -1
            at += size
        elif kind == "drop":
            fifo.drop_last(size)
            held = held[: max(0, len(held) - size)]
        else:
            out = np.full(size, -9, dtype=np.int16)
            taken = fifo.read(out)
            assert taken == min(size, len(held))
            assert out.tolist() == held[:taken] + [-9] * (size - taken)
            held = held[taken:]
        assert len(fifo) == len(held)


def test_tiny_writes_cost_no_more_memory_than_one_large():
    fifo = Fifo(10_000, 1000)
    for _ in range(5000):
        fifo.write(np.zeros(1, dtype=np.int16))
    assert len(fifo._blocks) == 5


def test_clear_makes_room():
    fifo = Fifo(10, 4)
    fifo.write(np.arange(10, dtype=np.int16))
    fifo.clear()
    assert len(fifo) == 0
    assert fifo.write(np.arange(10, dtype=np.int16)) == 10
    out = np.zeros(10, dtype=np.int16)
    fifo.read(out)
    assert out.tolist() == list(range(10))
