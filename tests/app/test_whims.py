"""Clients that do anything in any order, with engines that may never answer: every session ends and leaves nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.app.office import (
    ANSWER,
    FOR_EVER,
    TOWN,
    WEATHER,
    DeafStt,
    FakeMcp,
    Office,
    SlowTts,
    play,
    quiet,
    sound,
)
from tests.app.recorded import check_recording
from tests.runtime.fakes import Step
from tests.transports.peer import Peer

from vivavoce.app.instant import InstantStt, InstantTts
from vivavoce.providers.base import ProviderError, ToolCall

PAUSES_S = (0, 0, 0.001, 0.02, 0.1, 0.5, 1, 3)
SPOKEN = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "AAAA" * 3000}]}


def answer(chance: random.Random) -> Sequence[Step]:
    """What the model does when it is asked."""
    call = f"call_{chance.randrange(10**9)}"
    return chance.choice(
        [
            ANSWER,
            ANSWER,
            ("Once. ", FOR_EVER),
            ("Once upon. ", 700, "a time. ", 700, "it was."),
            (ToolCall(call, "get_weather", "{}"),),
            (ToolCall(call, "look_out", "{}"),),
            (ProviderError("refused", "no words today"),),
        ]
    )


def whims(chance: random.Random, office: Office, peer: Peer, caller: Peer) -> list[Callable[[], object]]:
    """What a client may do next."""

    def known(kind: str, *path: str) -> str:
        found = [event for event in caller.events if event["type"] == kind]
        values = [event["item"].get(path[-1]) if path[0] == "item" else event[path[-1]] for event in found]
        return chance.choice([value for value in values if value] or ["nothing"])

    item = known("conversation.item.done", "item", "id")
    played = known("response.output_audio.delta", "item_id")
    called = {
        "type": "function_call_output",
        "output": "x",
        "call_id": known("conversation.item.done", "item", "call_id"),
    }
    beside = {"conversation": "none"} if chance.random() < 0.3 else {}
    heard = chance.randrange(1500)
    return [
        lambda: peer.say(sound(chance.randrange(100, 2000))),
        lambda: peer.say(quiet(chance.randrange(100, 2000))),
        lambda: peer.ask("Hello.", **beside),
        lambda: peer.tell("response.create", response={"output_modalities": ["text"]}),
        lambda: peer.tell("response.cancel"),
        lambda: peer.tell("input_audio_buffer.commit"),
        lambda: peer.tell("input_audio_buffer.clear"),
        lambda: peer.tell("conversation.item.create", item=SPOKEN),
        lambda: peer.tell("conversation.item.create", item=called),
        lambda: peer.tell("conversation.item.retrieve", item_id=item),
        lambda: peer.tell("conversation.item.delete", item_id=item),
        lambda: peer.tell("conversation.item.truncate", item_id=played, content_index=0, audio_end_ms=heard),
        lambda: peer.update(tools=chance.choice([[], [TOWN], [WEATHER]])),
        lambda: office.connect(caller.id),
        lambda: peer is caller or peer.hang_up(),
        peer.stall,
        peer.read_on,
    ]


async def live(chance: random.Random, office: Office) -> None:
    """One call and those who join it, until somebody ends it."""
    caller = await office.call()
    caller.update(tools=chance.choice([[], [TOWN, WEATHER]]))
    for _ in range(chance.randrange(1, 25)):
        chance.choice(whims(chance, office, chance.choice(office.peers), caller))()
        await asyncio.sleep(chance.choice(PAUSES_S))
        if caller.closed is not None:
            break
    match chance.randrange(3):
        case 0:
            caller.hang_up()
        case 1:
            await caller.close(1001)
        case _:
            for handler in office.handlers:
                handler.cancel()
    for peer in office.peers:
        # The real socket of one who never reads is cut.
        peer.read_on()
    await office.over(5)


@pytest.mark.parametrize("seed", range(40))
def test_every_session_ends_and_leaves_nothing_but_its_recording(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    town = FakeMcp(lists=chance.random() < 0.7, answers=chance.random() < 0.6).install(monkeypatch)
    answers = [answer(chance) for _ in range(4)]
    most_s, stt = chance.choice([3600, 20]), chance.choice([InstantStt, InstantStt, DeafStt])()
    office = Office(*answers, record=tmp_path, most_s=most_s, stt=stt, tts=chance.choice([InstantTts, SlowTts])())
    play(lambda: live(chance, office))
    errors = [event["error"] for peer in office.peers for event in peer.events if event["type"] == "error"]
    assert [error for error in errors if error["code"] == "internal_error"] == []
    assert (town.open, office.llm.open, office.calls._running) == (0, 0, {})
    assert "failed" not in office.lines[-1]
    assert "left_over" not in office.lines[-1]
    [folder] = tmp_path.iterdir()
    check_recording(folder)
