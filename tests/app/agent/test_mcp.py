"""Tools of MCP servers in calls of agents: at an address and in processes, that die, are slow, or are not there."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from openai import AsyncOpenAI
from tests.clients.mcp_server import mcp_tools
from tests.clients.process import serving

from vivavoce import Agent, Call
from vivavoce.app.agent import mcp
from vivavoce.app.agent.simulate import Script, call
from vivavoce.core.errors import BadInput

pytestmark = pytest.mark.offline

SERVER = Path(__file__).resolve().parents[2] / "clients" / "mcp_stdio.py"


def command(name: str = "town", *options: str) -> str:
    return shlex.join([sys.executable, str(SERVER), name, *options])


@pytest.fixture(autouse=True)
def _script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_LLM", "offline:script")


@pytest.fixture
def at_an_address() -> Iterator[str]:
    """A server in a thread of this test."""
    with _elsewhere() as url:
        yield url


@contextmanager
def _elsewhere() -> Iterator[str]:
    import threading

    url: list[str] = []
    ready, over = threading.Event(), threading.Event()

    async def main() -> None:
        async with mcp_tools() as tools:
            url.append(tools.url)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    ready.wait(10)
    try:
        yield url[0]
    finally:
        over.set()
        thread.join()


def outputs(result: Any) -> list[tuple[bool, str]]:
    return [(use.ok, use.output) for use in result.tools]


def test_a_process_answers_and_is_ended() -> None:
    agent = Agent("x", mcp=[command()])
    llm = Script(call("get_weather", city="Oslo"), call("count"), call("count"), "Cold.")
    result = agent.simulate("go", llm=llm)
    assert [tool.name for tool in llm.asked[0].tools] == ["get_weather", "count", "show", "die"]
    assert llm.asked[0].tools[0].parameters["required"] == ["city"]
    (_, weather), (_, first), (_, second) = outputs(result)
    assert weather == "town: snow in Oslo."
    assert (first.split()[0], second.split()[0]) == ("1", "2")
    assert first.split()[1] == second.split()[1], "one process for all calls"
    assert not psutil.pid_exists(int(first.split()[1]))
    assert (result.said, result.reports) == ("Cold.", [])
    assert agent.tools == {}


def test_a_server_at_an_address_answers_with_the_scripted_model(at_an_address: str) -> None:
    result = Agent("x", mcp=[at_an_address]).simulate("what is the weather in Paris")
    assert result.called("get_weather", city="Paris")
    assert "Rain in Paris" in result.said


def test_what_a_tool_fails_of_is_told_to_the_model(at_an_address: str) -> None:
    llm = Script(call("book_table", restaurant="Luna"), call("get_weather", town="x"), "No table.")
    result = Agent("x", mcp=[at_an_address]).simulate("go", llm=llm)
    (ok, closed), (also_ok, wrong) = outputs(result)
    assert not ok
    assert not also_ok
    assert "The restaurant is closed" in closed
    assert "city" in wrong


def test_only_what_a_server_says_is_read_only_may_run_early() -> None:
    async def main() -> dict[str, bool]:
        agent = Agent("x", mcp=[command()])
        async with mcp.offered(agent.mcp) as offers:
            return {tool.spec.name: tool.spec.read_only for tool in mcp.tools_of(agent, offers)}

    assert asyncio.run(main()) == {"get_weather": True, "count": False, "show": False, "die": False}


def test_a_process_that_dies_in_a_call_fails_it_and_runs_again_for_the_next() -> None:
    llm = Script(call("count"), call("die"), call("count"), "Well.")
    result = Agent("x", mcp=[command()]).simulate("go", llm=llm)
    (_, first), (ok, why), (again, second) = outputs(result)
    assert (ok, again) == (False, True)
    assert why == "RuntimeError: the MCP server died: no memory left"
    assert (first.split()[0], second.split()[0]) == ("1", "1")
    assert first.split()[1] != second.split()[1]
    assert result.said == "Well."


def test_a_process_that_died_between_calls_is_not_noticed() -> None:
    agent = Agent("x", mcp=[command()])

    @agent.on("tool")
    def kill(event: Any) -> None:
        pid = int(event.output.split()[1])
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)
            time.sleep(0.3)

    @agent.tool
    async def wait(call: Call) -> str:
        "Wait."
        await asyncio.sleep(1)
        return "0 0"

    result = agent.simulate("go", llm=Script(call("count"), call("wait"), call("count"), "Well."))
    assert [ok for ok, _ in outputs(result)] == [True, True, True]


def test_variables_reach_the_process_and_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    llm = Script(call("show", variable="TOKEN"), call("show", variable="OPENAI_API_KEY"), "So.")
    agent = Agent("x", mcp=[{"command": command(), "env": {"TOKEN": "7"}}])
    assert outputs(agent.simulate("go", llm=llm)) == [(True, "7"), (True, "nothing")]


def test_of_two_tools_of_one_name_the_later_gets_its_servers_name_in_front() -> None:
    agent = Agent("x", mcp=[command("town"), command("city"), command("town")])

    @agent.tool
    def count() -> str:
        "Mine."
        return "mine"

    llm = Script(
        [call("get_weather", city="A"), call("city_get_weather", city="B"), call("count"), call("town_count")], "So."
    )
    result = agent.simulate("go", llm=llm)
    by_name = {use.name: use.output for use in result.tools}
    assert by_name["get_weather"] == "town: snow in A."
    assert by_name["city_get_weather"] == "city: snow in B."
    assert by_name["count"] == "mine"
    assert by_name["town_count"].startswith("1 ")


def test_two_of_one_name_and_one_server_name_are_refused() -> None:
    agent = Agent("x", mcp=[command("town", "--slow", f"0.{n}") for n in range(3)])
    with pytest.raises(BadInput, match=r"agent agent has two tools 'town_get_weather', one of MCP server .*--slow 0.2"):
        agent.simulate("go", llm=Script("x"))


def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/mcp?key=secret"


@pytest.mark.parametrize(
    ("server", "why"),
    [
        (nobody(), r"MCP server http://127\.0\.0\.1:\d+/mcp gives no tools: ConnectError.*; fix: start the server, or"),
        (
            "no-such-program --x",
            "MCP server no-such-program --x gives no tools: .*No such file.*; fix: try the",
        ),
        (command("town", "--fail", "the database is gone"), "gives no tools: the database is gone; fix: try"),
        (f"{sys.executable} -c pass", "gives no tools: .*Connection closed; fix: try"),
        ({"command": "env", "env": {"TOKEN": "secret"}}, "gives no tools: "),
    ],
    ids=["nobody listens", "no such program", "it says why", "it ends at once", "it is no server"],
)
def test_a_server_that_is_not_there_is_named_with_the_fix(server: Any, why: str) -> None:
    with pytest.raises(BadInput, match=why) as error:
        Agent("x", mcp=[server]).simulate("go", llm=Script("x"))
    assert "secret" not in str(error.value)


def test_a_slow_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp, "LIST_S", 1.0)
    before = set(psutil.Process().children())
    began = time.monotonic()
    with pytest.raises(BadInput, match="gives no tools: no answer within 1 s"):
        Agent("x", mcp=[command("town", "--slow", "60")]).simulate("go", llm=Script("x"))
    assert time.monotonic() - began < 8
    assert set(psutil.Process().children()) <= before


@pytest.mark.parametrize(
    ("server", "why"),
    [
        ("", "'' is no command of an MCP server"),
        ("ftp://host/x", "'ftp://host/x' is no command of an MCP server; fix: addresses begin with http"),
        ("https://", "'https://' is no address of an MCP server"),
        ('python "x', "the command of an MCP server cannot be read: No closing quotation"),
        ({"url": "https://host", "env": {}}, "is no MCP server; fix: give an address, a command, "),
        ({}, "is no MCP server"),
        (7, "7 is no MCP server"),
    ],
)
def test_what_is_no_server_is_refused_when_it_is_written(server: Any, why: str) -> None:
    with pytest.raises(BadInput) as error:
        Agent("x", mcp=[server])
    assert why in str(error.value)


def test_secrets_are_not_shown() -> None:
    assert str(mcp.place_of("env TOKEN=7 python server.py")) == "env python server.py"
    assert str(mcp.place_of("https://me:secret@host/mcp?key=7")) == "https://host/mcp"


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"pip install 'vivavoce\[mcp\]'"):
        Agent("x", mcp=[command()]).simulate("go", llm=Script("x"))


APP = """
from vivavoce import Agent

desk = Agent("You are the desk.", name="desk", mcp=[{command!r}])
"""


async def test_clients_of_the_realtime_server_are_answered_with_them_too(tmp_path: Path) -> None:
    (tmp_path / "desk.py").write_text(APP.format(command=command()))
    with serving(str(tmp_path / "desk.py")) as served:
        async with (
            AsyncOpenAI(base_url=served.url, api_key="x") as client,
            client.realtime.connect(model="desk") as connection,
        ):
            part: Any = {"type": "input_text", "text": "what is the weather in Paris"}
            await connection.conversation.item.create(item={"type": "message", "role": "user", "content": [part]})
            await connection.response.create()
            async with asyncio.timeout(30):
                async for event in connection:
                    assert event.type != "error", event
                    if event.type == "response.output_audio_transcript.done":
                        break
            assert "snow in Paris" in event.transcript


def test_a_server_that_is_not_there_keeps_the_realtime_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "desk.py").write_text(APP.format(command="no-such-program"))
    with (
        pytest.raises(AssertionError, match="MCP server no-such-program gives no tools"),
        serving(str(tmp_path / "desk.py")),
    ):
        pass
