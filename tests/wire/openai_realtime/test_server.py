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
PINNED = {
    61: "an item created while a committed turn waits for its words stands behind that turn",
    144: "a list of tools is under way when the caller hangs up",
    214: "the tools of an MCP server go when the session no longer names it",
    230: "a call made after its response was cancelled is forgotten",
    241: "an answer that is truncated while it is made keeps the words that were heard",
    384: "an answer that waits for words is refused when the call ends",
    675: "an item is deleted while it is being truncated",
    1987: "words of an answer that its client cancelled are forgotten",
    7003: "an answer is done in the conversation after its client cancelled it",
    8229: "an early answer is made anew when the session changes",
    9436: "idle prompts that are turned off do not end the call",
}
"""Seeds that once failed, and what is right."""
BOLD = {
    2: "a function of the session takes its name back from an MCP tool",
    3: "a turn that is over by itself just before it is committed is one turn",
    4: "what is said after a commit is another turn",
    205: "a call that nobody can approve any more is refused",
    368: "a commit of silence is no speech",
}
"""The same, of bold clients."""


def play(seed: int, bold: bool = False, plays: bool = False) -> None:
    anybody = Anybody(seed, bold, plays)
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


@pytest.mark.parametrize("seed", PINNED)
def test_what_once_went_wrong(seed: int) -> None:
    play(seed)


@pytest.mark.parametrize("seed", BOLD)
def test_what_once_went_wrong_with_bold_clients(seed: int) -> None:
    play(seed, bold=True)


PLAYED = {
    10: "an answer whose item was deleted is not truncated",
    68: "an answer begins to sound for its clients once it was created",
    77: "an agent that was paused for a turn goes on when the client commits that",
}
"""The same, of bold clients over WebRTC."""


@pytest.mark.parametrize("seed", PLAYED)
def test_what_once_went_wrong_where_we_play(seed: int) -> None:
    play(seed, bold=True, plays=True)


@pytest.mark.parametrize("chunk", range((SEARCH or 300) // CHUNK))
def test_anybody_may_do_anything(chunk: int) -> None:
    for seed in range(FIRST + chunk * CHUNK, FIRST + (chunk + 1) * CHUNK):
        play(seed, bold=chunk % 3 == 2, plays=chunk % 2 == 1)
