"""Sessions of the Realtime protocol end in every state, whoever ends them, and leave nothing but their recording."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from tests.app.office import ANSWER, FOR_EVER, TOWN, WEATHER, DeafStt, FakeMcp, Office, SlowTts, play, quiet, sound
from tests.app.recorded import check_recording
from tests.transports.peer import Peer

from vivavoce.app.instant import InstantStt, InstantSttCall
from vivavoce.core.events import CallEnded
from vivavoce.providers.base import Post, ToolCall

Reach = Callable[[Office], Awaitable[Peer]]

# each state in which a client may be lost


async def not_told_yet(office: Office) -> Peer:
    return office.connect()


async def idle(office: Office) -> Peer:
    return await office.call()


async def caller_speaks(office: Office) -> Peer:
    peer = await office.call()
    peer.say(quiet(300) + sound(1200))
    await peer.expect("input_audio_buffer.speech_started")
    return peer


async def words_are_awaited(office: Office) -> Peer:
    peer = await office.call()
    peer.say(quiet(300) + sound(1200) + quiet(900))
    await peer.expect("input_audio_buffer.speech_stopped")
    return peer


async def answer_is_made(office: Office) -> Peer:
    peer = await office.call()
    peer.ask("Tell me a story.")
    await peer.expect("response.created")
    return peer


async def answer_sounds(office: Office) -> Peer:
    peer = await office.call()
    peer.ask("Tell me a story.")
    await peer.expect("response.output_audio.delta")
    return peer


async def answer_is_played(office: Office) -> Peer:
    peer = await office.call()
    peer.ask("Tell me a story.")
    await peer.expect("response.done")
    await asyncio.sleep(0.5)
    return peer


async def tool_runs_at_the_client(office: Office) -> Peer:
    peer = await office.call()
    peer.update(tools=[WEATHER])
    peer.ask("What is the weather?")
    await peer.expect("response.function_call_arguments.done")
    return peer


async def tools_are_listed(office: Office) -> Peer:
    peer = await office.call()
    peer.update(tools=[TOWN])
    await peer.expect("mcp_list_tools.in_progress")
    return peer


async def tool_runs_at_its_server(office: Office) -> Peer:
    peer = await office.call()
    peer.update(tools=[TOWN])
    await peer.expect("mcp_list_tools.completed")
    peer.ask("What is the weather?")
    await peer.expect("response.mcp_call.in_progress")
    return peer


async def item_is_retrieved(office: Office) -> Peer:
    peer = await answer_is_played(office)
    item = next(e["item"]["id"] for e in peer.events if e["type"] == "response.output_item.done")
    peer.tell("conversation.item.retrieve", item_id=item)
    return peer


async def item_is_recognised(office: Office) -> Peer:
    peer = await office.call()
    part = {"type": "input_audio", "audio": "AAAA" * 8000}
    peer.tell("conversation.item.create", item={"type": "message", "role": "user", "content": [part]})
    await peer.expect("conversation.item.done")
    return peer


async def somebody_listens(office: Office) -> Peer:
    peer = await answer_sounds(office)
    listener = office.connect(peer.id)
    await listener.expect("session.created")
    return peer


async def much_audio_waits(office: Office) -> Peer:
    peer = await office.call()
    peer.say(bytes(48 * 100_000))
    await asyncio.sleep(2)
    return peer


async def client_does_not_read(office: Office) -> Peer:
    peer = await office.call()
    peer.stall()
    peer.ask("Tell me a story.")
    await asyncio.sleep(5)
    return peer


def made(reach: Reach, record: Path | None, most_s: int = 3600) -> Office:
    """An office whose engines let that state last."""
    options = {"record": record, "most_s": most_s}
    if reach in (words_are_awaited, item_is_recognised):
        return Office(stt=DeafStt(), **options)  # type: ignore[arg-type]
    if reach is answer_is_made:
        return Office((FOR_EVER,), **options)  # type: ignore[arg-type]
    if reach in (answer_sounds, somebody_listens):
        return Office(("Once upon a time. ", FOR_EVER), tts=SlowTts(), **options)  # type: ignore[arg-type]
    if reach is tool_runs_at_the_client:
        return Office((ToolCall("call_1", "get_weather", "{}"),), **options)  # type: ignore[arg-type]
    if reach is tool_runs_at_its_server:
        return Office((ToolCall("call_1", "look_out", "{}"),), ANSWER, **options)  # type: ignore[arg-type]
    return Office(ANSWER, **options)  # type: ignore[arg-type]


STATES: tuple[Reach, ...] = (
    not_told_yet,
    idle,
    caller_speaks,
    words_are_awaited,
    answer_is_made,
    answer_sounds,
    answer_is_played,
    tool_runs_at_the_client,
    tools_are_listed,
    tool_runs_at_its_server,
    item_is_retrieved,
    item_is_recognised,
    somebody_listens,
    much_audio_waits,
    client_does_not_read,
)
in_every_state = pytest.mark.parametrize("reach", STATES, ids=lambda reach: reach.__name__)


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> FakeMcp:
    reach = request.node.callspec.params["reach"]
    return FakeMcp(lists=reach is not tools_are_listed, answers=False).install(monkeypatch)


def check_over(office: Office, town: FakeMcp, record: Path) -> None:
    """Nothing of the one session is left but its recording."""
    assert town.open == 0
    assert office.llm.open == 0
    assert office.calls._running == {}
    [folder] = record.iterdir()
    assert office.lines[0] == f"{folder.name} begins"
    assert office.lines[1].startswith(f"{folder.name} ends after ")
    assert "left_over" not in office.lines[1]
    assert len(office.lines) == 2
    ended = [step.event for step in check_recording(folder).steps if isinstance(step.event, CallEnded)]
    assert len(ended) == 1


class LateStt(InstantStt):
    """Takes 5 s to open."""

    async def open(self, post: Post, expect: Sequence[str] = ()) -> InstantSttCall:
        await asyncio.sleep(5)
        return await super().open(post, expect)


@pytest.mark.parametrize("stopped", [False, True])
def test_a_call_may_be_over_before_its_engines_are_open(stopped: bool, tmp_path: Path) -> None:
    async def main() -> None:
        office = Office(stt=LateStt(), record=tmp_path)
        peer = await office.call()
        peer.ask("Hello.")
        peer.say(sound(500))
        await asyncio.sleep(1)
        if stopped:
            office.handlers[0].cancel()
        else:
            peer.hang_up()
        await office.over(1 if stopped else 5)
        assert office.calls._running == {}
        assert len(office.lines) == 2

    play(main)
    [folder] = tmp_path.iterdir()
    if stopped:
        assert list(folder.iterdir()) == []
    else:
        check_recording(folder)


@in_every_state
def test_a_client_that_is_gone_leaves_nothing_but_the_recording(reach: Reach, town: FakeMcp, tmp_path: Path) -> None:
    async def main() -> None:
        office = made(reach, tmp_path)
        peer = await reach(office)
        peer.hang_up()
        await office.over()
        assert all(other.closed == (1000, "") for other in office.peers[1:])
        check_over(office, town, tmp_path)

    play(main)


@in_every_state
def test_a_server_that_stops_leaves_nothing_but_the_recording(reach: Reach, town: FakeMcp, tmp_path: Path) -> None:
    async def main() -> None:
        office = made(reach, tmp_path)
        await reach(office)
        await asyncio.sleep(0)
        for handler in office.handlers:
            handler.cancel()
        await office.over()
        check_over(office, town, tmp_path)

    play(main)


@in_every_state
def test_a_session_ends_when_its_time_is_over(reach: Reach, town: FakeMcp, tmp_path: Path) -> None:
    # A client that reads nothing is told nothing. While a tool runs time is real.
    if reach is client_does_not_read:
        return
    most_s = 1 if reach is tool_runs_at_its_server else 300

    async def main() -> None:
        office = made(reach, tmp_path, most_s)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        peer = await reach(office)
        for other in office.peers:
            error = await other.expect("error", lambda e: e["error"]["code"] == "session_expired")
            assert f"maximum duration of {max(1, most_s // 60)} minutes" in error["error"]["message"]
        assert loop.time() - begun == pytest.approx(most_s, abs=1)
        await office.over()
        assert all(other.closed is not None and other.closed[0] == 1001 for other in office.peers)
        assert peer.kinds[-1] == "error"
        check_over(office, town, tmp_path)

    play(main)
