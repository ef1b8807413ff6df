from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.providers.offline.framing import MAX_FRAME, NOTHING, Answer, Ask, Deframer, FrameError, pack, raw


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(1, 50), max_size=200))
def test_frames_survive_any_cutting(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(pack(Ask(n, raw(body))) for n, body in enumerate(bodies))
    deframer, got = Deframer(), []
    for size in [*cuts, len(stream)]:
        got += deframer.push(stream[:size])
        stream = stream[size:]
    asks = [msgspec.msgpack.decode(frame, type=Ask) for frame in got]
    assert [(ask.id, msgspec.msgpack.decode(ask.body, type=bytes)) for ask in asks] == list(enumerate(bodies))


def test_an_impossible_length_is_refused() -> None:
    with pytest.raises(FrameError):
        Deframer().push((MAX_FRAME + 1).to_bytes(4, "little"))


def test_a_frame_that_is_too_long_is_not_sent() -> None:
    with pytest.raises(FrameError):
        pack(Ask(1, raw(b"x" * (MAX_FRAME + 1))))


def test_nothing_is_told_from_something() -> None:
    bare = msgspec.msgpack.decode(msgspec.msgpack.encode(Ask(3)), type=Ask)
    assert bare.body == NOTHING
    answer = msgspec.msgpack.decode(msgspec.msgpack.encode(Answer(3, last=True)), type=Answer)
    assert (answer.code, answer.body) == ("", NOTHING)
