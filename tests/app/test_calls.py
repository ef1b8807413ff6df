"""Whole spoken calls on the embedded engines: human speech on bad lines, and engines that die in the middle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import psutil
import pytest

from vivavoce.app import embedded
from vivavoce.app.agent.names import EngineNames
from vivavoce.app.agent.served import Cast, ServedAgent, session_of
from vivavoce.app.engines import open_engines
from vivavoce.app.recording import RECORDINGS, load
from vivavoce.audio.levels import lead_silence, trail_silence
from vivavoce.audio.pcm import Pcm, from_float, rms_dbfs, to_float
from vivavoce.audio.resample import resample
from vivavoce.core.commands import Command, Tell
from vivavoce.core.events import Event
from vivavoce.core.notices import Notice, Origin, ReplyAudible, ReplyClosed, TurnReport, UserTurned
from vivavoce.runtime.clock import run
from vivavoce.runtime.observe import Observer
from vivavoce.runtime.session import Summary
from vivavoce.sim.score.follow import distance
from vivavoce.transports.wav import Recording, Recordings

pytestmark = pytest.mark.offline


class Notes(Observer):
    """Every notice; kills a worker process when the first one of a kind comes."""

    def __init__(self, kill: str = "", when: type | None = None) -> None:
        self.notices: list[Notice] = []
        self._kill = kill
        self._when = when

    def handled(self, now: int, event: Event, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, Tell):
                self.notices.append(command.notice)
                if self._when is not None and isinstance(command.notice, self._when):
                    self._when = None
                    assert kill_worker(self._kill) == 1

    def of(self, kind: type) -> list:
        return [n for n in self.notices if isinstance(n, kind)]

    @property
    def turns(self) -> list[TurnReport]:
        return [n for n in self.of(TurnReport) if n.origin is Origin.TURN]


def kill_worker(name: str) -> int:
    """How many were killed, without a warning."""
    doomed = [p for p in psutil.Process().children() if any(name in part for part in p.cmdline())]
    for process in doomed:
        process.kill()
    return len(doomed)


def call(recordings: Recordings, notes: Notes, greeting: str = "", expect: tuple[str, ...] = ()) -> Summary:
    async def main() -> Summary:
        async with open_engines(EngineNames(), (embedded.script(),)) as engines:
            cast = Cast({"viva": ServedAgent(embedded.agent(greeting=greeting), engines)}, "viva")
            known = embedded.expected(embedded.script())
            return await session_of(cast, recordings, [notes], (*expect, *known)).run()

    return run(main(), realtime=False)


def clip(name: str) -> Pcm:
    return load(RECORDINGS / f"{name}.wav").pcm


def telephone(pcm: Pcm) -> Pcm:
    return resample(resample(pcm, 16_000, 8_000), 8_000, 16_000)


def noisy(pcm: Pcm, snr_db: float) -> Pcm:
    level = 10 ** ((rms_dbfs(pcm) - snr_db) / 20)
    return from_float(to_float(pcm) + np.random.default_rng(7).normal(0.0, level, pcm.size))


def trimmed(pcm: Pcm) -> Pcm:
    return pcm[lead_silence(pcm, 16_000) : len(pcm) - trail_silence(pcm, 16_000)]


LINES = {
    "clean": lambda pcm: pcm,
    "telephone band": telephone,
    "noise at 20 dB": lambda pcm: noisy(pcm, 20.0),
    "noisy telephone": lambda pcm: noisy(telephone(pcm), 25.0),
}


@pytest.mark.parametrize("line", LINES)
def test_human_speech_is_heard_and_answered_on(line: str) -> None:
    """Turns and times must be right on every line; the words of this small recogniser only where the line is good.
    Two syllables on a bad line may be no words to it at all."""
    wanted = {"conf-leaderhasleft": "the leader has left the conference", "auth-thankyou": "thank you"}
    notes = Notes()
    recordings = Recordings([Recording(name, LINES[line](clip(name))) for name in wanted])
    summary = call(recordings, notes, expect=tuple(wanted.values()))
    heard = [n.text for n in notes.of(UserTurned)]
    if line == "clean":
        assert heard == list(wanted.values())
    assert distance(heard[0].split(), wanted["conf-leaderhasleft"].split()) <= 5
    assert len(notes.turns) == len(heard)
    assert all(t.heard_text == t.agent_text != "" for t in notes.turns)
    for turn in notes.turns:
        assert turn.gap_ms is not None
        assert 240 <= turn.gap_ms <= 1_700
    assert {r.code for r in summary.reports} <= {"timeout"}


def test_a_pause_inside_a_turn_is_no_end() -> None:
    first, second = (trimmed(clip(name)) for name in ("conf-leaderhasleft", "conf-onlyperson"))
    pause = np.zeros(16 * 300, dtype=np.int16)
    notes = Notes()
    call(Recordings([Recording("both", np.concatenate([first, pause, second]))]), notes)
    assert len(notes.of(UserTurned)) == 1


def test_when_the_synthesiser_is_killed_the_call_goes_on() -> None:
    notes = Notes("tts_worker", ReplyAudible)
    recordings = Recordings([Recording(n, clip(n)) for n in ("auth-thankyou", "conf-leaderhasleft")])
    summary = call(
        recordings, notes, greeting="Hello there. I am about to lose my voice for a moment. But not for long."
    )
    assert len(notes.turns) == 2
    assert all(t.heard_text for t in notes.turns)
    assert summary.reason == "caller"


def test_when_the_recogniser_is_killed_the_call_goes_on_and_the_report_names_it() -> None:
    notes = Notes("stt_worker", ReplyAudible)
    recordings = Recordings([Recording(n, clip(n)) for n in ("auth-thankyou", "conf-leaderhasleft")])
    summary = call(recordings, notes, greeting="Hello there.", expect=("the leader has left the conference",))
    assert notes.of(UserTurned)[-1].text == "the leader has left the conference"
    assert {(r.role.value, r.code) for r in summary.reports} >= {("stt", "died")}
    assert all(c.ending for c in notes.of(ReplyClosed))
