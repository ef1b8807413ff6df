"""Agents of users on a server: chosen by the client's model, with their tools, callbacks and hand-offs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI
from tests.clients.process import Served, serving

from vivavoce import Agent
from vivavoce.app.agent.run import everybody
from vivavoce.core.errors import BadInput

pytestmark = pytest.mark.offline

APP = """
import os
from vivavoce import Agent, Call

billing = Agent("You know about bills.", name="billing", voice="jack")

@billing.tool(read_only=True)
def get_bill(month: str) -> str:
    "The bill of a month."
    return f"The bill of {month} is 12 euros."

desk = Agent("You are the desk.", name="desk", voice="george", greeting="Good evening.", handoffs=[billing])

@desk.tool
async def get_weather(city: str) -> str:
    "Current weather in a city."
    return f"It is raining in {city}."

@desk.on("call_ended")
def over(event):
    with open(os.environ["CALLS"], "a") as file:
        file.write(event.reason + "\\n")
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "desk.py").write_text(APP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALLS", str(folder / "calls"))
        with serving(str(folder / "desk.py")) as found:
            yield found, folder / "calls"


async def until(connection: Any, kind: str) -> Any:
    """The next event of a kind, and all before it."""
    seen = []
    async with asyncio.timeout(30):
        async for event in connection:
            seen.append(event)
            assert event.type != "error", event
            if event.type == kind:
                return seen
    raise AssertionError(kind)


async def typed(connection: Any, text: str) -> list[Any]:
    part = {"type": "input_text", "text": text}
    await connection.conversation.item.create(item={"type": "message", "role": "user", "content": [part]})
    await connection.response.create()
    return await until(connection, "response.done")


async def test_agents_by_name_with_their_tools_greetings_and_callbacks(app: tuple[Served, Path]) -> None:
    served, calls = app
    async with AsyncOpenAI(base_url=served.url, api_key="x") as client:
        assert [model.id async for model in client.models.list()] == ["desk", "billing"]
        async with client.realtime.connect(model="desk") as connection:
            session = (await until(connection, "session.created"))[-1].session
            assert session.instructions.startswith("You are the desk.")
            assert session.audio.output.voice == "george"
            greeting = (await until(connection, "response.done"))[-1].response
            assert greeting.output[0].content[0].transcript == "Good evening."
            # What the agent's own tools do is the server's affair: an answer that only calls one is empty.
            assert (await typed(connection, "what is the weather in Paris"))[-1].response.output == []
            answer = (await until(connection, "response.done"))[-1].response
            assert "raining in Paris" in answer.output[0].content[0].transcript
        for _ in range(100):
            if calls.exists():
                break
            await asyncio.sleep(0.05)
        assert calls.read_text() == "caller\n"


async def test_another_name_is_answered_by_the_first_and_the_second_by_its_own(app: tuple[Served, Path]) -> None:
    async with AsyncOpenAI(base_url=app[0].url, api_key="x") as client:
        async with client.realtime.connect(model="gpt-realtime") as connection:
            assert (await until(connection, "session.created"))[-1].session.instructions.startswith("You are the desk.")
        async with client.realtime.connect(model="billing") as connection:
            session = (await until(connection, "session.created"))[-1].session
            assert (session.instructions.split(".")[0], session.audio.output.voice) == ("You know about bills", "jack")


async def test_handing_off_is_told_as_an_update_of_the_session(app: tuple[Served, Path]) -> None:
    async with (
        AsyncOpenAI(base_url=app[0].url, api_key="x") as client,
        client.realtime.connect(model="desk") as connection,
    ):
        await until(connection, "response.done")
        part = {"type": "input_text", "text": "hand off to billing"}
        await connection.conversation.item.create(item={"type": "message", "role": "user", "content": [part]})
        await connection.response.create()
        updated = (await until(connection, "session.updated"))[-1].session
        assert updated.instructions.startswith("You know about bills.")
        assert updated.audio.output.voice == "jack"


def test_two_agents_of_one_name_are_refused() -> None:
    with pytest.raises(BadInput, match="two agents are called 'desk'"):
        everybody([Agent("One.", name="desk"), Agent("Two.", name="desk")])
