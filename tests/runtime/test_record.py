from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.fakes import HELLO, PRICES, Line, Said, make, silence, tone

from vivavoce.audio.wav import read_wav
from vivavoce.core.conversation import Conversation
from vivavoce.core.errors import BadInput
from vivavoce.core.events import Tick
from vivavoce.runtime.record import AGENT, CALLER, CAPTURE, Recorder
from vivavoce.wire.capture import End, decode


def test_a_call_becomes_three_files(tmp_path: Path) -> None:
    call = make(HELLO, until=4_000, observers=[Recorder(tmp_path / "a" / "b")]).run()
    folder = tmp_path / "a" / "b"
    assert sorted(p.name for p in folder.iterdir()) == [AGENT, CALLER, CAPTURE]
    capture = decode((folder / CAPTURE).read_bytes())
    assert [(s.now, s.event) for s in capture.steps] == [(now, event) for now, event, _ in call.log.rows]
    assert capture.header.agent == "agent"
    assert capture.header.prices == PRICES
    caller, rate = read_wav((folder / CALLER).read_bytes())
    assert rate == 16_000
    assert np.array_equal(caller[:, 0], np.concatenate(call.log.caller))
    agent, rate = read_wav((folder / AGENT).read_bytes())
    assert rate == 24_000
    first = call.log.frames[0][0]
    assert not agent[:first].any()
    assert np.array_equal(agent[first:, 0], call.line.pcm)
    assert capture.end == End(4_000, caller.size, agent.size, caller_at=((0, 0),)) or capture.end.duration_ms >= 4_000


def test_the_wav_headers_know_their_length(tmp_path: Path) -> None:
    make(HELLO, until=6_000, observers=[Recorder(tmp_path)]).run()
    for name in (CALLER, AGENT):
        data = (tmp_path / name).read_bytes()
        assert int.from_bytes(data[40:44], "little") == len(data) - 44 > 24_000


def test_nothing_has_its_name_before_it_is_whole(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.opened(Conversation(), "a")
    recorder.handled(0, Tick(), [])
    assert all(p.name.startswith(".") for p in tmp_path.iterdir())
    recorder.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == [AGENT, CALLER, CAPTURE]
    recorder.close()


def test_a_recording_is_not_overwritten_unless_told(tmp_path: Path) -> None:
    (tmp_path / CALLER).write_bytes(b"precious")
    with pytest.raises(BadInput, match="holds a recording already"):
        Recorder(tmp_path)
    make(until=500, observers=[Recorder(tmp_path, overwrite=True)]).run()
    assert read_wav((tmp_path / CALLER).read_bytes())[0].size > 7_000


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match="cannot record"):
        Recorder(tmp_path / "file" / "folder")


def test_a_recorder_that_was_never_opened_leaves_nothing(tmp_path: Path) -> None:
    Recorder(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_holes_in_what_was_played_are_silence(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.opened(Conversation(), "a")
    recorder.played(0, tone(20, 24_000))
    recorder.played(24_000 * 3, tone(20, 24_000))
    recorder.close()
    agent = read_wav((tmp_path / AGENT).read_bytes())[0][:, 0]
    assert agent.size == 24_000 * 3 + 480
    assert np.flatnonzero(agent[480 : 24_000 * 3]).size == 0


def test_where_the_callers_sound_was_missing_is_noted(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.opened(Conversation(), "a")
    for now in (60, 80, 105, 118, 1_140, 1_160):
        recorder.heard(now, silence(20))
    recorder.close()
    capture = decode((tmp_path / CAPTURE).read_bytes())
    assert capture.end is not None
    assert capture.end.caller_at == ((0, 40), (4 * 320, 1_120))
    assert capture.end.caller_samples == 6 * 320


def test_a_full_disk_ends_the_recording_and_not_the_call(tmp_path: Path) -> None:
    class Failing(Recorder):
        def played(self, position: int, pcm: np.ndarray) -> None:
            super().played(position, pcm)
            if position > 24_000:
                assert self._agent is not None
                self._agent.broken = True
                raise OSError(28, "No space left on device")

    call = make(HELLO, until=5_000, observers=[Failing(tmp_path)]).run()
    assert call.summary is not None
    assert call.summary.reason == "caller"
    assert call.summary.turns == 1
    assert [r.code for r in call.summary.reports] == ["observer"]
    assert "No space left" in call.summary.reports[0].detail
    assert list(tmp_path.iterdir()) == []


def test_a_crash_leaves_the_event_that_caused_it_on_record(tmp_path: Path) -> None:
    call = make(HELLO, until=5_000, observers=[Recorder(tmp_path)], line=Line(HELLO, Said(3_000, 10, "")))
    conversation = call.session.conversation
    real = conversation.handle
    conversation.handle = lambda now, event: 1 / 0 if now > 2_000 else real(now, event)  # type: ignore[assignment,method-assign,return-value]
    with pytest.raises(ZeroDivisionError):
        call.run()
    capture = decode((tmp_path / CAPTURE).read_bytes())
    assert capture.steps[-1].now > 2_000
    assert capture.steps[-1].commands == ()
    assert capture.end is not None
