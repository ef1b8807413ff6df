"""Duets inside calls of the Realtime protocol: over WebRTC, where pages watch, and over WebSockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.app.office import Office, play
from tests.app.phone import Line
from tests.transports.peer import Event, Peer

from vivavoce.app.agent.agent import Agent
from vivavoce.app.duet.persona import load_persona
from vivavoce.app.prices.table import Price, PriceTable
from vivavoce.core.commands import Role, Usage

TOPIC = "Should robots cook? Robots never tire of cooking."
ZOE = {"name": "Zoe", "instructions": "You are Zoe."}


@asynccontextmanager
async def call(**settings: Any) -> AsyncIterator[tuple[Peer, Peer, Line]]:
    """The protocol's channel, the one that is watched, and the line."""
    line = Line(**settings)
    made = await line.dial({"audio": {"input": {"turn_detection": {"type": "server_vad"}}}})
    running = asyncio.create_task(made.run())
    line.phone.open()
    await line.phone.events.expect("session.created")
    try:
        yield line.phone.events, line.phone.watching, line
    finally:
        line.phone.vanish()
        await running


async def turns(watching: Peer, count: int) -> list[Event]:
    return [await watching.expect("duet.turn") for _ in range(count)]


def test_whoever_watches_is_told_who_speaks_when_and_for_how_much() -> None:
    async def main() -> None:
        async with call() as (events, watching, line):
            started = await watching.expect("call.started")
            assert started["personas"] == {"optimist": "Olive", "skeptic": "Magnus"}
            events.tell("vivavoce.duet.begin", topic=TOPIC, turns=3)
            begun = await watching.expect("duet.begun")
            assert [seat["name"] for seat in begun["seats"]] == ["Olive", "Magnus"]
            assert (begun["topic"], begun["turns"], begun["estimate"]) == (TOPIC, 3, 0.0)
            told = await turns(watching, 3)
            assert [turn["speaker"] for turn in told] == ["Olive", "Magnus", "Olive"]
            assert [turn["gap_ms"] for turn in told] == [None, 0, 0]
            assert told[1]["start_ms"] == told[0]["end_ms"]
            costs = await watching.expect("duet.costs")
            assert set(costs["sides"]) == {"Olive", "Magnus"}
            waves = [event for event in watching.events if event["type"] == "duet.wave"]
            assert {wave["speaker"] for wave in waves} == {"Olive", "Magnus"}
            spoken_ms = sum(len(wave["peaks"]) * wave["step_ms"] for wave in waves)
            assert abs(spoken_ms - sum(turn["end_ms"] - turn["start_ms"] for turn in told)) < 3 * 20
            assert all(0 <= peak <= 1 for wave in waves for peak in wave["peaks"])
            opened = [event for event in watching.events if event["type"] == "reply.opened"]
            assert [event["speaker"] for event in opened] == ["Olive", "Magnus", "Olive"]
            assert (await watching.expect("duet.over"))["reason"] == "done"
            await asyncio.sleep(1)
            # It is over, and so is the call.
            assert "done" in line.log[-1]

    play(main)


def test_a_person_cuts_in_is_answered_and_they_go_on() -> None:
    async def main() -> None:
        async with call() as (events, watching, line):
            events.tell("vivavoce.duet.begin", topic=TOPIC, turns=4)
            await watching.expect("reply.playing")
            await asyncio.sleep(2)
            line.phone.say(1_000)
            await events.expect("input_audio_buffer.speech_started")
            first, person, answer, *rest = await turns(watching, 6)
            assert (first["speaker"], first["interrupted"]) == ("Olive", True)
            assert (person["speaker"], person["agent_text"]) == ("listener", "this is turn 1 now")
            assert 900 < person["end_ms"] - person["start_ms"] < 1_500
            assert abs(person["start_ms"] - first["end_ms"]) < 1_000
            assert answer["speaker"] == "Magnus"
            assert [turn["speaker"] for turn in rest] == ["Olive", "Magnus", "Olive"]

    play(main)


def test_it_is_steered_while_it_runs() -> None:
    async def main() -> None:
        async with call() as (events, watching, _):
            events.tell("vivavoce.duet.begin", topic=TOPIC, turns=9, a=ZOE)
            await watching.expect("reply.playing")
            events.tell("vivavoce.duet.update", say="What about wild horses?", turns=4)
            assert (await watching.expect("duet.begun"))["turns"] == 4
            events.tell("vivavoce.duet.update", b={"name": "Kim", "instructions": "You are Kim.", "speed": 1.2})
            told = await turns(watching, 4)
            assert [turn["speaker"] for turn in told] == ["Zoe", "Kim", "Zoe", "Kim"]
            assert "horses" in told[1]["agent_text"] or "wild" in told[1]["agent_text"]
            assert (await watching.expect("duet.costs"))["wasted"]["amounts"]

    play(main)


def test_clients_of_the_protocol_steer_by_items_too() -> None:
    async def main() -> None:
        async with call() as (events, watching, _):
            events.tell("vivavoce.duet.begin", topic=TOPIC, turns=2)
            await watching.expect("reply.playing")
            part = {"type": "input_text", "text": "What about wild horses?"}
            events.tell("conversation.item.create", item={"type": "message", "role": "system", "content": [part]})
            _, second = await turns(watching, 2)
            assert "horses" in second["agent_text"] or "wild" in second["agent_text"]

    play(main)


BAD = [
    ({"topic": " "}, "topic is empty; fix: write something"),
    ({"topic": "x" * 20_001}, "topic has 20001 characters; fix: write at most 20000"),
    ({"a": "../../etc/passwd"}, "a: there is no persona '../../etc/passwd'; fix: name one of optimist, skeptic"),
    ({"b": {"name": "Zoe"}}, "b: Object missing required field `instructions`; fix: fields are name, instructions"),
    ({"b": ZOE | {"llm": "http://10.0.0.1#x"}}, "b: engines are chosen by the server; fix: leave llm and tts out"),
    ({"b": ZOE | {"instructions": " "}}, "b.instructions is empty"),
    ({"a": "skeptic"}, "both personas are called Magnus; fix: give one of them another name"),
    ({"turns": 0}, "turns must be from 1 to 10000, not 0"),
    ({"gap_ms": -1}, "gap_ms must be from 0 to 10000, not -1"),
    ({"budget": -1}, "budget must be from 0.0 to 1000000.0, not -1"),
    ({"answers": "nobody"}, "answers is 'other' or 'same', not 'nobody'"),
]


@pytest.mark.parametrize(("change", "why"), BAD)
def test_what_cannot_be_is_refused_and_the_call_lives_on(change: dict[str, Any], why: str) -> None:
    async def main() -> None:
        async with call() as (events, watching, _):
            events.tell("vivavoce.duet.begin", event_id="mine", **({"topic": TOPIC} | change))
            error = (await events.expect("error"))["error"]
            assert error["message"].startswith(why)
            assert (error["event_id"], error["type"]) == ("mine", "invalid_request_error")
            events.tell("vivavoce.duet.begin", topic=TOPIC, turns=1)
            await watching.expect("duet.turn")

    play(main)


def test_fields_of_the_wrong_kind_are_refused_by_the_protocol() -> None:
    async def main() -> None:
        async with call() as (events, _, _):
            events.tell("vivavoce.duet.begin", turns=2)
            assert (await events.expect("error"))["error"]["param"] == "topic"
            events.tell("vivavoce.duet.begin", topic=TOPIC, turns="two")
            assert (await events.expect("error"))["error"]["param"] == "turns"
            events.tell("vivavoce.duet.update", say="Louder.")
            assert (await events.expect("error"))["error"]["message"].startswith("nobody talks yet; fix: begin with")
            events.tell("vivavoce.duet.begin", topic=TOPIC)
            events.tell("vivavoce.duet.begin", topic=TOPIC)
            assert (await events.expect("error"))["error"]["message"].startswith("two agents talk already; fix:")

    play(main)


def test_a_budget_needs_prices_and_is_kept() -> None:
    async def main(prices: PriceTable, budget: float, said: list[str]) -> None:
        office = Office(["One thing.", Usage(Role.LLM, "fake-llm", (("output_tokens", 100.0),))], prices=prices)
        peer = await office.call()
        peer.tell("vivavoce.duet.begin", topic=TOPIC, turns=50, budget=budget)
        for kind in said:
            await peer.expect(kind)
        if "error" not in said:
            await office.over(600)
            assert office.lines[-1].endswith("budget")
            # Four at 0.1 each; a fifth might have been the dearest yet.
            assert peer.kinds.count("response.done") == 5
        else:
            peer.hang_up()
            await office.over()

    table = PriceTable({"fake-llm": Price({"input_tokens": 0.0, "output_tokens": 0.001})})
    play(lambda: main(PriceTable(), 1.0, ["error"]))
    play(lambda: main(table, 0.5, ["response.created", "response.done", "response.done"]))


def test_over_a_websocket_the_client_plays_what_it_is_given() -> None:
    async def main() -> None:
        office = Office(["One thing."], ["Another thing."])
        peer = await office.call()
        peer.tell("vivavoce.duet.begin", topic=TOPIC, turns=2)
        first = await peer.expect("response.output_audio_transcript.done")
        second = await peer.expect("response.output_audio_transcript.done")
        assert [first["transcript"], second["transcript"]] == ["One thing.", "Another thing."]
        await office.over(60)
        # Each saw the topic, and the second one what the first had said to it.
        assert [[(item.role, item.text) for item in ask.items] for ask in office.llm.asks] == [  # type: ignore[union-attr]
            [("user", TOPIC)],
            [("user", TOPIC), ("user", "One thing.")],
        ]

    play(main)


def test_personas_of_the_server_may_have_engines_of_their_own() -> None:
    async def main() -> None:
        zoe = Agent("You are Zoe.", name="Zoe", voice="grace", tts="offline:espeak")
        async with call(personas={"zoe": zoe, "skeptic": load_persona("skeptic")}) as (events, watching, _):
            events.tell("vivavoce.duet.begin", topic=TOPIC, turns=2, a="zoe")
            begun = await watching.expect("duet.begun")
            assert [seat["tts"] for seat in begun["seats"]] == ["offline:espeak", "offline:instant"]
            assert [turn["speaker"] for turn in await turns(watching, 2)] == ["Zoe", "Magnus"]

    play(main)
