"""The whole machine: random clients against a real conversation. A failure is a seed and what happened in it.

SEARCH=5000 python -m pytest tests/wire/openai_realtime/test_server.py      longer, and elsewhere each time
"""

from __future__ import annotations

import os
import time

import pytest
from tests.wire.openai_realtime.anybody import Anybody
from tests.wire.openai_realtime.laws import at_end, at_rest

MOVES = 60
SEARCH = int(os.environ.get("SEARCH", "0"))
FIRST = int(time.time()) if SEARCH else 0
CHUNK = 20


def play(seed: int) -> None:
    anybody = Anybody(seed)
    pair = anybody.pair
    try:
        anybody.play(MOVES)
        pair.check(finished=False)
        if seed % 3:
            pair.rest(180_000)
            pair.check()
            at_rest(pair)
        pair.hang_up()
        pair.check()
        at_end(pair)
    except Exception as error:
        error.add_note(f"seed {seed}\n" + "\n".join(pair.transcript[-300:]))
        raise


@pytest.mark.parametrize("chunk", range((SEARCH or 300) // CHUNK))
def test_anybody_may_do_anything(chunk: int) -> None:
    for seed in range(FIRST + chunk * CHUNK, FIRST + (chunk + 1) * CHUNK):
        play(seed)
