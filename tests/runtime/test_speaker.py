from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.runtime.fakes import ToneTts

from vivavoce.core.events import Event, ProviderFailed, ReplyAudio, ReplyAudioEnded
from vivavoce.runtime.clock import run
from vivavoce.runtime.playout import Playout
from vivavoce.runtime.speaker import MAX_PARTS, Speaker
from vivavoce.runtime.supervise import Scope


class Nobody:
    reports_playback = False

    def play(self, pcm: object) -> None: ...


class Bench:
    """One speaker, used at given times (ms); what it posts is answered as the session answers it."""

    def __init__(self, tts: ToneTts) -> None:
        self.tts = tts
        self.events: list[Event] = []
        self.crashes: list[BaseException] = []
        self.speaker: Speaker

    def post(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, ReplyAudioEnded):
            asyncio.get_running_loop().call_soon(self.speaker.ended, event.part)

    def run(self, ms: int, *steps: tuple[int, Callable[[Speaker], object]]) -> Bench:
        async def main() -> None:
            loop = asyncio.get_running_loop()
            scope = Scope(self.crashes.append)
            playout = Playout(Nobody(), self.post, lambda position, pcm: None, self.crashes.append)  # type: ignore[arg-type]
            self.speaker = Speaker(1, self.tts, "tone", 1.0, playout, self.post, scope.spawn)
            for n, (at, step) in enumerate(steps):
                # Timers of one instant fire in no particular order.
                loop.call_later(at / 1000 + n * 1e-6, step, self.speaker)
            await asyncio.sleep(ms / 1000)
            assert await scope.close(1.0) == []

        run(main(), realtime=False)
        assert self.crashes == []
        assert self.tts.open == 0
        return self

    @property
    def shape(self) -> list[tuple[str, int | None]]:
        """Audio by part, neighbours once."""
        rows = [
            (type(e).__name__, e.part)
            for e in self.events
            if isinstance(e, ReplyAudio | ReplyAudioEnded | ProviderFailed)
        ]
        return [row for n, row in enumerate(rows) if n == 0 or rows[n - 1] != row]


def say(part: int, text: str) -> Callable[[Speaker], object]:
    return lambda speaker: speaker.speak(part, text)


AUDIO, ENDED, FAILED = "ReplyAudio", "ReplyAudioEnded", "ProviderFailed"


def test_parts_are_made_in_order_however_they_are_asked_for() -> None:
    bench = Bench(ToneTts()).run(2_000, (0, say(0, "One.")), (0, say(1, "Two.")), (700, say(2, "Three.")))
    assert bench.shape == [(kind, part) for part in range(3) for kind in (AUDIO, ENDED)]
    assert bench.tts.spoken == ["One.", "Two.", "Three."]


def test_a_synthesiser_is_told_what_was_said_before() -> None:
    bench = Bench(ToneTts()).run(2_000, (0, say(0, "One. ")), (0, say(1, "Too. ")), (0, say(2, "Three.")))
    assert bench.tts.before == ["", "One. ", "One. Too. "]
    again = Bench(ToneTts()).run(2_000, (0, say(0, "One. ")), (0, say(1, "Too. ")), (10, say(0, "Four. ")))
    assert again.tts.before == ["", ""]


def test_a_part_asked_for_early_waits_for_those_before_it() -> None:
    bench = Bench(ToneTts()).run(2_000, (0, say(1, "Two.")), (500, say(0, "One.")), (500, say(1, "Two.")))
    assert bench.tts.spoken == ["One.", "Two."]


def test_asking_again_replaces_the_part_and_those_behind_it() -> None:
    tts = ToneTts(stalls="Slow")
    bench = Bench(tts).run(
        5_000,
        (0, say(0, "Slow one.")),
        (10, say(1, "Old two.")),
        (20, say(2, "Old three.")),
        (1_000, say(0, "Other one.")),
        (1_000, say(1, "New two.")),
    )
    assert tts.spoken == ["Slow one.", "Other one.", "New two."]
    assert bench.shape == [(AUDIO, 0), (ENDED, 0), (AUDIO, 1), (ENDED, 1)]


def test_after_a_failure_nothing_is_made_until_the_part_is_asked_for_again() -> None:
    bench = Bench(ToneTts(fails="One")).run(3_000, (0, say(0, "One.")), (0, say(1, "Two.")), (2_000, say(0, "One.")))
    assert bench.tts.spoken == ["One.", "One."]
    assert bench.shape == [(FAILED, 0), (AUDIO, 0), (ENDED, 0)]


def test_a_part_may_be_wanted_again_when_its_end_is_told() -> None:
    class Again(Bench):
        def post(self, event: Event) -> None:
            if isinstance(event, ReplyAudioEnded) and not any(isinstance(e, ReplyAudioEnded) for e in self.events):
                asyncio.get_running_loop().call_soon(self.speaker.speak, 0, "One, again.")
                asyncio.get_running_loop().call_soon(self.speaker.speak, 1, "Two.")
            super().post(event)

    bench = Again(ToneTts()).run(3_000, (0, say(0, "One.")), (0, say(1, "Two.")))
    assert bench.tts.spoken == ["One.", "Two.", "One, again.", "Two."]
    assert bench.shape == [(AUDIO, 0), (ENDED, 0), (AUDIO, 0), (ENDED, 0), (AUDIO, 1), (ENDED, 1)]


@pytest.mark.parametrize("at", [0, 20, 60, 300, 1_500])
def test_after_its_end_nothing_is_written_or_told(at: int) -> None:
    bench = Bench(ToneTts(chunk_delay_ms=100))
    counts: list[int] = []

    def end(speaker: Speaker) -> None:
        speaker.end()
        counts.append(len(bench.events))

    bench.run(4_000, (0, say(0, "One, two, three, four.")), (0, say(1, "Five.")), (at, end), (at + 10, say(2, "Six.")))
    assert counts == [len(bench.events)]


def test_parts_that_have_ended_are_left_alone() -> None:
    bench = Bench(ToneTts()).run(3_000, (0, say(0, "One.")), (2_000, say(0, "One.")))
    assert bench.tts.spoken == ["One."]


def test_too_many_waiting_parts_are_a_failure() -> None:
    steps = [(0, say(n, "Word.")) for n in range(MAX_PARTS + 1)]
    bench = Bench(ToneTts(stalls="Word")).run(10, *steps)
    [failure] = [e for e in bench.events if isinstance(e, ProviderFailed)]
    assert (failure.code, failure.part) == ("overflow", MAX_PARTS)


def test_the_next_part_is_asked_for_when_this_one_begins_to_sound_and_waits_for_its_turn() -> None:
    tts = ToneTts(first_ms=300, chunk_delay_ms=100)
    bench = Bench(tts)
    seen: list[list[str]] = []
    bench.run(
        5_000,
        *[(0, say(n, f"This is part {n}.")) for n in range(4)],
        (250, lambda speaker: seen.append(list(tts.spoken))),
        (350, lambda speaker: seen.append(list(tts.spoken))),
        (700, lambda speaker: seen.append(list(tts.spoken))),
    )
    assert [len(spoken) for spoken in seen] == [1, 2, 2]
    assert bench.shape == [(kind, part) for part in range(4) for kind in (AUDIO, ENDED)]


def test_a_part_that_fails_ahead_of_its_turn_says_so_in_its_turn() -> None:
    bench = Bench(ToneTts(fails="Two", chunk_delay_ms=100))
    bench.run(4_000, (0, say(0, "One, as long as it is.")), (0, say(1, "Two.")), (0, say(2, "Three.")))
    assert bench.shape == [(AUDIO, 0), (ENDED, 0), (FAILED, 1)]
    assert bench.tts.spoken == ["One, as long as it is.", "Two."]


def test_asking_again_drops_what_was_made_ahead() -> None:
    bench = Bench(ToneTts(chunk_delay_ms=100))
    bench.run(
        4_000,
        (0, say(0, "One, as long as it is.")),
        (0, say(1, "Old.")),
        (300, say(1, "New.")),
        (300, say(2, "More.")),
    )
    assert bench.tts.spoken == ["One, as long as it is.", "Old.", "New.", "More."]
    assert bench.shape == [(kind, part) for part in range(3) for kind in (AUDIO, ENDED)]
