from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.runtime.fakes import HELLO, Said, ScriptLlm, ToneTts, make

from vivavoce.core.commands import Generate, Message
from vivavoce.core.events import Event, ProviderFailed, ReplyAudio, ReplyAudioEnded
from vivavoce.core.notices import Ending, ReplyClosed
from vivavoce.runtime.clock import run
from vivavoce.runtime.playout import Playout
from vivavoce.runtime.speaker import MAX_PARTS, Speaker
from vivavoce.runtime.spoken import Hygiene
from vivavoce.runtime.supervise import Scope


class Nobody:
    reports_playback = False

    def play(self, pcm: object) -> None: ...


class Bench:
    """One speaker, used at given times (ms); what it posts is answered as the session answers it."""

    def __init__(self, tts: ToneTts, hygiene: Hygiene | None = None, spares: tuple[ToneTts, ...] = ()) -> None:
        self.tts = tts
        self.spares = spares
        self.hygiene = hygiene
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
            self.speaker = Speaker(
                1, (self.tts, *self.spares), "tone", 1.0, playout, self.post, scope.spawn, self.hygiene
            )
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


CODE = ["Try this:\n```\nx = 1.", " y = 2.\n```\n", "Now **go**."]


def words(bench: Bench, part: int) -> list[int]:
    return [w.chars for e in bench.events if isinstance(e, ReplyAudio) and e.part == part for w in e.words]


def test_a_part_is_spoken_cleanly_and_its_words_end_where_they_are_written() -> None:
    bench = Bench(ToneTts(), Hygiene()).run(3_000, (0, say(0, "It **costs** $3.50 now.")), (0, say(1, " *Yes.*")))
    assert bench.tts.spoken == ["It costs 3 dollars 50 now.", " Yes."]
    assert bench.tts.before == ["", "It costs 3 dollars 50 now."]
    assert words(bench, 0) == [len(f"{t}") for t in ("It", "It **costs**", "It **costs** ", "It **costs** ")] + [
        len("It **costs** $3.50"),
        len("It **costs** $3.50 now."),
    ]
    assert words(bench, 1) == [len(" *Yes.*")]


def test_words_that_are_not_for_speaking_are_a_moment_of_silence() -> None:
    bench = Bench(ToneTts(), Hygiene()).run(3_000, *[(0, say(n, text)) for n, text in enumerate(CODE)])
    assert bench.tts.spoken == ["Try this:\nsome code.\n", "Now go."]
    assert bench.shape == [(kind, part) for part in range(3) for kind in (AUDIO, ENDED)]
    [pause] = [e for e in bench.events if isinstance(e, ReplyAudio) and e.part == 1]
    assert (pause.samples, pause.lead) == (480, 480)
    assert words(bench, 1) == [len(CODE[1])]


def test_marks_alone_are_nothing_to_say() -> None:
    bench = Bench(ToneTts(), Hygiene()).run(3_000, (0, say(0, "---")), (0, say(1, " 😀")), (0, say(2, "Yes.")))
    assert bench.tts.spoken == ["Yes."]
    assert bench.shape == [(ENDED, 0), (ENDED, 1), (AUDIO, 2), (ENDED, 2)]


@pytest.mark.parametrize("again", [0, 1, 2])
def test_parts_asked_for_again_say_the_same_again(again: int) -> None:
    steps = [(0, say(n, text)) for n, text in enumerate(CODE)]
    more = [(0, say(n, text)) for n, text in enumerate(CODE) if n >= again]
    bench = Bench(ToneTts(), Hygiene()).run(3_000, *steps, *more)
    assert bench.tts.spoken[-2:] == ["Try this:\nsome code.\n", "Now go."]


def test_another_text_for_a_part_forgets_what_was_said_in_its_place() -> None:
    steps = [(0, say(0, "So:\n```\nx.")), (0, say(1, " y.")), (0, say(0, "So: x.")), (0, say(1, " **y.**"))]
    assert Bench(ToneTts(), Hygiene()).run(3_000, *steps).tts.spoken[-2:] == ["So: x.", " y."]


PAGE = "See **the *[help page](https://example.com/a/b)***, or write to ada@example.com for $3.50 [1] now. It ends."
PREFIXES = [
    "See",
    "See **the",
    "See **the *[help",
    "See **the *[help page](https://example.com/a/b)***,",
    "See **the *[help page](https://example.com/a/b)***, or",
    "See **the *[help page](https://example.com/a/b)***, or write",
    "See **the *[help page](https://example.com/a/b)***, or write to",
    "See **the *[help page](https://example.com/a/b)***, or write to ada@example.com",
    "See **the *[help page](https://example.com/a/b)***, or write to ada@example.com for",
    "See **the *[help page](https://example.com/a/b)***, or write to ada@example.com for $3.50 [1]",
    "See **the *[help page](https://example.com/a/b)***, or write to ada@example.com for $3.50 [1] now.",
    PAGE.removesuffix(" ends."),
]


def test_what_was_heard_of_an_interrupted_reply_is_what_was_written_of_it() -> None:
    heard = {}
    for at in range(1_900, 6_300, 200):
        stop = Said(at, 900, "wait stop there")
        call = make(HELLO, stop, llm=ScriptLlm([PAGE], ["Yes."]), until=at + 3_000).run()
        closed = call.told(ReplyClosed)[0]
        assert closed.ending is Ending.CUT  # type: ignore[union-attr]
        assert closed.exact  # type: ignore[union-attr]
        [*_, asked] = call.commands(Generate)
        items = [i for i in asked.items if isinstance(i, Message) and i.role == "agent"]  # type: ignore[attr-defined]
        assert [i.text for i in items] == [closed.heard]  # type: ignore[union-attr]
        heard[at] = closed.heard  # type: ignore[union-attr]
    assert {at: h for at, h in heard.items() if h not in PREFIXES} == {}
    assert sorted(heard.values(), key=len) == list(heard.values())
    assert len(set(heard.values())) > 8
    assert call.tts.spoken[0] == "See the help page, or write to ada at example dot com for 3 dollars 50 now."


def test_a_reply_that_is_all_code_fails_nothing() -> None:
    code = "```py\nprint('It is so.') # Yes. \nx = 1. \n\ny = 2\n```\n"
    call = make(HELLO, llm=ScriptLlm([code]), until=6_000).run()
    [closed] = call.told(ReplyClosed)
    assert (closed.ending, closed.heard) == (Ending.DONE, code.strip())  # type: ignore[union-attr]
    assert call.events(ProviderFailed) == []
    assert call.tts.spoken == ["some code.\n"]
