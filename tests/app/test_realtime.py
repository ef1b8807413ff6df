"""Sessions of the Realtime protocol: who may begin one, what they are made of, and engines that fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.app.office import ANSWER, TOWN, WEATHER, DeafStt, FakeMcp, Office, play, sound

from vivavoce.app.http.errors import BadSession
from vivavoce.app.instant import InstantStt, InstantSttCall, InstantTts
from vivavoce.app.realtime_call import voice_of
from vivavoce.app.words_in import words_in
from vivavoce.providers.base import Post, ProviderError, ToolCall

# who may begin


def test_a_session_begins_as_the_server_and_the_secret_say() -> None:
    async def main() -> None:
        office = Office()
        plain, bound = office.connect(), office.connect(instructions="Sing.", output_modalities=["text"])
        session = (await plain.expect("session.created"))["session"]
        assert (session["model"], session["instructions"]) == ("viva", "Be brief.")
        assert await office.calls.has(session["id"], "anyone")
        assert not await office.calls.has(session["id"], "somebody else")
        session = (await bound.expect("session.created"))["session"]
        assert (session["instructions"], session["output_modalities"]) == ("Sing.", ["text"])
        bound.ask("Hello.")
        await bound.expect("response.done")
        assert office.llm.asks[-1].instructions == "Sing."
        for peer in office.peers:
            peer.hang_up()
        await office.over()
        assert not await office.calls.has(session["id"], "anyone")

    play(main)


def test_a_session_that_cannot_be_is_refused_on_the_socket() -> None:
    async def main() -> None:
        office = Office()
        peer = office.connect(output_modalities=["smell"])
        await office.over()
        assert peer.kinds == ["error"]
        assert peer.events[0]["error"]["param"].startswith("session.output_modalities")
        assert peer.closed is not None
        assert peer.closed[0] == 4000
        assert peer.closed[1].startswith("invalid_request_error.")
        assert office.lines == []

    play(main)


def test_a_call_that_cannot_be_recorded_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        (tmp_path / "file").write_text("in the way")
        office = Office(record=tmp_path / "file")
        peer = office.connect()
        await office.over()
        assert peer.kinds == ["error"]
        assert peer.events[0]["error"]["type"] == "server_error"
        assert str(tmp_path) not in str(peer.events)
        assert peer.closed == (1011, "server_error.internal_error")
        assert len(office.lines) == 1
        assert f"cannot record into {tmp_path}" in office.lines[0]

    play(main)


def test_nobody_joins_a_call_that_does_not_run() -> None:
    async def main() -> None:
        office = Office()
        peer = office.connect("sess_gone")
        await office.over()
        assert peer.events == []

    play(main)


def test_the_session_of_a_secret_is_checked() -> None:
    calls = Office().calls
    found = calls.check({"type": "realtime", "audio": {"output": {"voice": "marin"}}, "tools": [WEATHER]})
    assert (found["model"], found["instructions"]) == ("viva", "Be brief.")
    assert found["audio"]["output"]["voice"] == "marin"
    assert found["tools"][0]["name"] == "get_weather"
    assert calls.check({"type": "transcription"})["type"] == "transcription"
    with pytest.raises(BadSession) as refused:
        calls.check({"type": "realtime", "audio": {"output": {"speed": "fast"}}})
    assert refused.value.param == "session.audio.output.speed"
    shown = calls.check({"type": "realtime", "tools": [{**TOWN, "authorization": "secret"}]})
    assert "secret" not in str(shown)


class NamedTts(InstantTts):
    """Notes who speaks."""

    def __init__(self) -> None:
        super().__init__()
        self.voices: list[str] = []

    async def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Any]:
        self.voices.append(voice)
        async for piece in super().speak(text, voice, speed):
            yield piece


def test_a_client_that_names_no_voice_hears_the_servers_own() -> None:
    async def main() -> None:
        tts = NamedTts()
        office = Office(voices=("jack", "emma", "amy"), tts=tts)
        plain, other = office.connect(), office.connect(audio={"output": {"voice": "emma"}})
        for peer, voice in ((plain, "jack"), (other, "emma")):
            session = (await peer.expect("session.created"))["session"]
            assert session["audio"]["output"]["voice"] == voice
            peer.ask("Hello.")
            await peer.expect("response.done")
        assert list(dict.fromkeys(tts.voices)) == ["jack", "emma"]
        for peer in office.peers:
            peer.hang_up()
        await office.over()

    play(main)


# engines that fail


class NoStt(InstantStt):
    async def open(self, post: Post, expect: object = ()) -> InstantSttCall:
        raise ProviderError("refused", "no ears today")


def test_a_session_whose_engines_do_not_open_says_so_and_ends(tmp_path: Path) -> None:
    async def main() -> None:
        office = Office(stt=NoStt(), record=tmp_path)
        peer = office.connect()
        await office.over()
        assert peer.kinds[-1] == "error"
        assert peer.events[-1]["error"]["type"] == "server_error"
        assert "no ears today" in peer.events[-1]["error"]["message"]
        assert peer.closed == (1011, "internal error")
        assert "failed" in office.lines[-1]

    play(main)
    assert [list(folder.iterdir()) for folder in tmp_path.iterdir()] == [[]]


def test_a_bug_ends_the_session_with_an_error_for_everybody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def main() -> None:
        office = Office(record=tmp_path)
        peer = await office.call()
        listener = office.connect(peer.id)
        await listener.expect("session.created")

        def broken(*_: object) -> None:
            raise ZeroDivisionError("in the core")

        monkeypatch.setattr("vivavoce.core.conversation.Conversation.handle", broken)
        peer.ask("Hello.")
        for one in (peer, listener):
            error = await one.expect("error")
            assert error["error"]["type"] == "server_error"
            assert "core" not in error["error"]["message"]
        await asyncio.wait(office.handlers)
        assert peer.closed == listener.closed == (1011, "internal error")
        assert isinstance(office.handlers[0].exception(), ZeroDivisionError)
        assert "failed" in office.lines[-1]

    play(main)


def test_a_model_that_fails_ends_the_answer_and_not_the_session() -> None:
    async def main() -> None:
        office = Office((ProviderError("refused", "no words today"),), ANSWER)
        peer = await office.call()
        peer.ask("Hello.")
        done = await peer.expect("response.done")
        assert done["response"]["status"] == "failed"
        peer.ask("Hello?")
        done = await peer.expect("response.done")
        assert done["response"]["status"] == "completed"
        peer.hang_up()
        await office.over()

    play(main)


# what the session needs of others


def test_a_tool_of_a_server_is_called_and_its_words_reach_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeMcp().install(monkeypatch)

    async def main() -> None:
        office = Office((ToolCall("call_1", "look_out", "{}"),), ANSWER)
        peer = await office.call()
        peer.update(tools=[TOWN], output_modalities=["text"])
        await peer.expect("mcp_list_tools.completed")
        peer.ask("What is the weather?")
        await peer.expect("response.mcp_call.completed")
        peer.tell("response.create")
        await peer.expect("response.done", lambda e: e["response"]["output"][-1]["type"] == "message")
        assert [tool.name for tool in office.llm.asks[0].tools] == ["look_out"]
        assert "Rain." in str(office.llm.asks[-1].items)
        peer.hang_up()
        await office.over()

    play(main)


def test_a_voice_that_is_not_there_is_always_the_same_other_one() -> None:
    voices = ("emma", "jack", "amy")
    assert voice_of("jack", voices) == "jack"
    assert {voice_of("marin", voices) for _ in range(3)} <= set(voices)
    assert voice_of("marin", voices) == voice_of("marin", voices)
    assert len({voice_of(name, voices) for name in ("alloy", "ash", "coral", "echo", "sage", "verse")}) > 1


def test_words_in_audio() -> None:
    async def main() -> None:
        loud = np.frombuffer(sound(500), np.int16)
        assert await words_in(InstantStt(), loud, 24_000) == "this is turn 1 now"
        assert await words_in(InstantStt(), np.zeros(24_000, np.int16), 24_000) == ""
        assert await words_in(NoStt(), loud, 24_000) == ""
        begun = asyncio.get_running_loop().time()
        assert await words_in(DeafStt(), loud, 24_000) == ""
        assert asyncio.get_running_loop().time() - begun == pytest.approx(10.5)

    play(main)
