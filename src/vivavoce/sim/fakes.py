"""Fake providers on the world's clock: real protocols, scripted latencies, the faults of the seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from ..core.commands import Flush, Generate, Message, Result, Role, RunTool, Speak, Usage
from ..core.events import (
    Played,
    ProviderFailed,
    ReplyAudio,
    ReplyAudioEnded,
    ReplyText,
    ReplyTextEnded,
    ToolAsked,
    ToolDone,
    ToolSpec,
    Used,
    UserWords,
    WordEnd,
)
from ..core.units import in_samples, out_samples
from .played import words_played

if TYPE_CHECKING:
    from .people import Word
    from .world import World

TOOLS = (
    ToolSpec("look_up", read_only=True),
    ToolSpec("book", timeout_ms=4_000),
    ToolSpec("search_long", read_only=True, on_interrupt="abandon", timeout_ms=6_000),
    ToolSpec("pay", on_interrupt="block", timeout_ms=5_000),
)
SENTENCES = (
    "Certainly.", "Let me think about that for a second.", "The short answer is yes, but there is more to it.",
    "It leaves at half past nine from platform four.", "Tomorrow will be mostly sunny, with some clouds later.",
    "I found three places near you, and the first one is open now.", "Is there anything else?",
    "Once upon a time there was a lighthouse keeper who spoke with the sea every night.",
)  # fmt: skip
QUESTIONS = (
    ("open", "What can I do for you?"), ("open", "Where would you like to go?"), ("open", "What happened then?"),
    ("yes_no", "Is that right?"), ("yes_no", "Shall I book it?"), ("yes_no", "Do you want me to go on?"),
    ("number", "What is your phone number?"), ("number", "Could you tell me the number of your account?"),
    ("name", "And your name?"), ("name", "Could you spell your name for me?"),
    ("choice", "Would you like the blue one or the red one?"), ("choice", "In the morning or in the evening?"),
)  # fmt: skip
ASKING = 0.6
"""Share of replies that end in one of them."""
NEARLY = in_samples(120)
"""A word that lacks no more than this at its end is recognised."""
REST = in_samples(1_000)
"""Silence in which a recogniser finishes its words unasked."""
SEGMENTS = 1_000
"""Segments of each recogniser."""
STUCK = 1 << 40
"""A time that never comes."""
PRICES = {
    ("fake-llm", "input_tokens"): 1e-6,
    ("fake-llm", "output_tokens"): 4e-6,
    ("fake-tts", "characters"): 1e-5,
}


@dataclass(frozen=True, slots=True)
class Latencies:
    """Medians in ms; each draw is log-normal with `spread`."""

    stt_partial: int = 120
    stt_final: int = 150
    llm: int = 180
    tts: int = 100
    tool: int = 400
    spread: float = 0.35

    def draw(self, rng: Random, median: int) -> int:
        return round(median * rng.lognormvariate(0.0, self.spread)) if median else 0


@dataclass(slots=True)
class FakeStt:
    """Hears the words of the truth, with delays, partials that change, and words it misses."""

    world: World
    segment: int = 1
    heard: list[Word] = field(default_factory=list)
    """Words of the segment in progress, as recognised."""
    reached: int = 0
    """Everything up to here is final."""
    finals: list[str] = field(default_factory=list)
    said: list[Word] = field(default_factory=list)
    """All words as recognised, for a recogniser that takes over."""
    gone: bool = False
    """It died, and no other one has taken over."""

    def word(self, word: Word, mumbled: bool) -> None:
        """A word was spoken to its end: a partial follows."""
        rng = self.world.rng
        if mumbled and rng.random() < 0.3:
            return
        self.said.append(word)
        if self.gone:
            return
        if self.heard and word.start - self.heard[-1].end > REST:
            self.finish(self.heard[-1].end)
        self.heard.append(word)
        text = self._text(flaky=rng.random() < 0.15)
        segment, start = self.segment, self.heard[0].start
        delay = self.world.latencies.draw(rng, self.world.latencies.stt_partial)
        self.world.after(delay, lambda: self._partial(segment, text, start, word.end))

    def _text(self, flaky: bool = False) -> str:
        words = [w.text for w in self.heard]
        if flaky and len(words) > 1:
            words[-1] = "the"
        return " ".join(words)

    def _partial(self, segment: int, text: str, start: int, end: int) -> None:
        if segment == self.segment:
            self.world.post(UserWords(segment, text, False, start, end))

    def listen(self, since: int) -> None:
        """Another recogniser takes over: its segments have other numbers, and it hears the words since then again."""
        self.gone, self.segment, self.reached = False, self.segment + SEGMENTS, since
        self.heard = [word for word in self.said if word.end > since]
        if self.heard:
            segment, text, start, end = self.segment, self._text(), self.heard[0].start, self.heard[-1].end
            delay = self.world.latencies.draw(self.world.rng, self.world.latencies.stt_partial)
            self.world.after(delay, lambda: self._partial(segment, text, start, end))

    def _die(self) -> None:
        if not self.gone:
            self.gone = True
            self.world.post(ProviderFailed(Role.STT, "died", "connection reset"))

    def finish(self, upto: int) -> None:
        rng, faults = self.world.rng, self.world.faults
        if self.world.engines > 1 and rng.random() < faults.stt_stall:
            self.world.after(rng.randint(0, 300), self._die)
            return
        if self.gone:
            return
        for word in self.world.microphone.nearly_said(upto):
            self.said.append(word)
            self.heard.append(word)
        words = [w for w in self.heard if w.end <= upto + NEARLY]
        self.heard = [w for w in self.heard if w.end > upto + NEARLY]
        segment, self.segment = self.segment, self.segment + 1
        start = words[0].start if words else self.reached
        self.reached = upto
        text = " ".join(w.text for w in words)
        if rng.random() < faults.stt_stall:
            return
        delay = self.world.latencies.draw(rng, self.world.latencies.stt_final)
        if rng.random() < faults.stt_late:
            delay += rng.randint(900, 2500)
        if text:
            self.finals.append(text)
        self.world.after(delay, lambda: self.world.post_twice(UserWords(segment, text, True, start, upto)))


@dataclass(slots=True)
class FakeLlm:
    world: World
    live: set[tuple[int, int]] = field(default_factory=set)
    """Reply and attempt."""
    calls: int = 0
    questions: dict[int, str] = field(default_factory=dict)
    """What each reply asks at its end, where callers answer what they are asked."""

    def _text(self, reply: int) -> str:
        rng = self.world.rng
        said = " ".join(rng.choice(SENTENCES) for _ in range(rng.choice((1, 1, 2, 3, 5))))
        if self.world.stock is not None and rng.random() < ASKING:
            asked, question = rng.choice(QUESTIONS)
            self.questions[reply] = asked
            return f"{said} {question}"
        return said

    def generate(self, command: Generate) -> None:
        rng, faults, reply, attempt = self.world.rng, self.world.faults, command.reply, command.attempt
        key = (reply, attempt)
        died = ProviderFailed(Role.LLM, "died", "connection reset", reply, attempt=attempt)
        self.live.add(key)
        if rng.random() < faults.llm_stall:
            return
        at = self.world.latencies.draw(rng, self.world.latencies.llm)
        if rng.random() < faults.llm_death:
            self._later(at, key, died)
            return
        text = self._text(reply)
        last = command.items[-1] if command.items else None
        asks = not isinstance(last, Result) and isinstance(last, Message) and rng.random() < self.world.tool_chance
        if asks and rng.random() < 0.5:
            text = "" if rng.random() < 0.6 else "One moment, I will look."
        dies_at = rng.randint(1, 12) if rng.random() < faults.llm_death else 0
        for n, token in enumerate(text.split(" ") if text else []):
            if dies_at and n == dies_at:
                self._later(at, key, died)
                return
            self._later(at, key, ReplyText(reply, token if n == 0 else " " + token, attempt))
            at += rng.randint(5, 30)
        if asks:
            self._ask_tools(at, key)
        usage = Usage(
            Role.LLM,
            "fake-llm",
            (("input_tokens", 40.0 * len(command.items)), ("output_tokens", float(len(text) // 4))),
        )
        self._later(at, key, Used(usage, reply))
        self._later(at, key, ReplyTextEnded(reply, attempt=attempt))

    def _ask_tools(self, at: int, key: tuple[int, int]) -> None:
        rng, (reply, attempt) = self.world.rng, key
        for _ in range(rng.choice((1, 1, 2))):
            self.calls += 1
            name = rng.choice(TOOLS).name
            self._later(at, key, ToolAsked(reply, f"call_{self.calls}", name, '{"x": 1}', attempt))

    def _later(
        self, delay: int, key: tuple[int, int], event: ReplyText | ReplyTextEnded | ToolAsked | ProviderFailed | Used
    ) -> None:
        def arrive() -> None:
            if key in self.live or isinstance(event, Used):
                twice = isinstance(event, (ToolAsked, ReplyTextEnded))
                (self.world.post_twice if twice else self.world.post)(event)

        self.world.after(delay, arrive)

    def cancel(self, reply: int, attempt: int | None = None) -> None:
        for key in sorted(self.live):
            if key[0] == reply and attempt in (None, key[1]):
                self.world.cancel_after_a_while(self.live, key)


@dataclass(slots=True)
class FakeTts:
    """Synthesises the parts of a reply in order; a word's end never lies evenly."""

    world: World
    ready_at: dict[int, int] = field(default_factory=dict)
    failed: dict[int, int] = field(default_factory=dict)
    """Per reply: the part that failed last."""
    live: set[tuple[int, int]] = field(default_factory=set)
    attempts: dict[tuple[int, int], int] = field(default_factory=dict)
    truth: dict[int, list[tuple[str, int, list[WordEnd]]]] = field(default_factory=dict)
    """Per reply and part: text, samples, word ends."""

    def speak(self, command: Speak) -> None:
        rng, faults, key = self.world.rng, self.world.faults, (command.reply, command.part)
        if command.part <= self.failed.get(command.reply, -1):
            self.ready_at[command.reply] = 0
        for later in [k for k in self.attempts if k[0] == key[0] and k[1] >= key[1]]:
            self.attempts[later] += 1
        self.attempts[key] = attempt = self.attempts.get(key, 0) + 1
        self.live.add(key)
        if self.ready_at.get(command.reply, 0) >= STUCK:
            return
        begin = max(self.world.now, self.ready_at.get(command.reply, 0))
        begin += self.world.latencies.draw(rng, self.world.latencies.tts)
        usage = Usage(Role.TTS, "fake-tts", (("characters", float(len(command.text))),))
        self._at(begin, key, attempt, lambda: self.world.post(Used(usage, command.reply)))
        if rng.random() < faults.tts_stall:
            self._stick(command)
            return
        if rng.random() < faults.tts_death:
            self._stick(command)
            failed = ProviderFailed(Role.TTS, "died", "synthesiser gone", command.reply, command.part)
            self._at(begin, key, attempt, lambda: self.world.post(failed))
            return
        words, total = self._words(command.text)
        mute = rng.random() < faults.tts_mute
        if mute:
            words, total = [], 0
        rows = self.truth.setdefault(command.reply, [])
        del rows[command.part :]
        rows.append((command.text, total, words))
        done = self._stream(command, begin, attempt, words, total)
        self.ready_at[command.reply] = done
        if mute:
            self._stick(command)

    def _stick(self, command: Speak) -> None:
        """Nothing more of this reply before this part is asked for again."""
        self.ready_at[command.reply] = STUCK
        self.failed[command.reply] = command.part

    def _words(self, text: str) -> tuple[list[WordEnd], int]:
        rng, at, words, chars = self.world.rng, out_samples(self.world.rng.choice((0, 0, 40, 120))), [], 0
        for word in text.split():
            chars = text.index(word, chars) + len(word)
            at += out_samples(rng.randint(90, 180) + 25 * len(word))
            words.append(WordEnd(chars, at))
        if words:
            words[-1] = WordEnd(len(text), words[-1].samples)
        return words, at + out_samples(rng.randint(0, 60))

    def _stream(self, command: Speak, begin: int, attempt: int, words: list[WordEnd], total: int) -> int:
        """Chunks of up to 200 ms, several times faster than real time; when the last one is out."""
        key, made, at = (command.reply, command.part), 0, begin
        lead = min(words[0].samples, out_samples(120)) // 4 if words else 0
        while made < total:
            size = min(out_samples(200), total - made)
            told = tuple(w for w in words if made < w.samples <= made + size) if self.world.word_times else ()
            event = ReplyAudio(command.reply, command.part, size, told, lead if made == 0 else 0, command.attempt)
            self._at(at, key, attempt, lambda e=event: self._audio(e))  # type: ignore[misc]
            made += size
            at += self.world.rng.randint(5, 40)
        ended = ReplyAudioEnded(command.reply, command.part, command.attempt)
        self._at(at, key, attempt, lambda: self.world.post_twice(ended))
        return at

    def _audio(self, event: ReplyAudio) -> None:
        self.world.playout.write(event.reply, event.samples)
        self.world.post(event)

    def _at(self, at: int, key: tuple[int, int], attempt: int, act: Callable[[], None]) -> None:
        def run() -> None:
            if key in self.live and self.attempts[key] == attempt:
                act()

        self.world.after(at - self.world.now, run)

    def cancel(self, reply: int) -> None:
        for key in [k for k in self.live if k[0] == reply]:
            self.world.cancel_after_a_while(self.live, key)

    def heard_truth(self, reply: int, played: int) -> str:
        """The words whose last sample was played, from what was synthesised."""
        return words_played(self.truth.get(reply, []), played)


@dataclass(slots=True)
class Track:
    """A reply in the playout. Samples at 24 kHz."""

    written: int = 0
    played: int = 0
    released: bool = False
    held: bool = False
    stop_at: int | None = None
    dead: bool = False


@dataclass(slots=True)
class FakePlayout:
    """Plays 20 ms frames in order of release, and says exactly how far it got."""

    world: World
    tracks: dict[int, Track] = field(default_factory=dict)
    line: list[int] = field(default_factory=list)
    playing: int | None = None
    """The reply of which samples were emitted in the last frame."""
    stalled_until: int = 0
    first_audio: dict[int, int] = field(default_factory=dict)
    last_audio: int = 0
    _running: bool = False
    FRAME = out_samples(20)
    FADE = out_samples(5)

    def track(self, reply: int) -> Track:
        return self.tracks.setdefault(reply, Track())

    def write(self, reply: int, samples: int) -> None:
        self.track(reply).written += samples

    def release(self, reply: int) -> None:
        self.track(reply).released = True
        self.line.append(reply)
        if self.world.rng.random() < self.world.faults.playout_stall:
            self.stalled_until = self.world.now + self.world.rng.randint(500, 6_000)
        if not self._running:
            self._running = True
            self.world.after(0, self.frame)

    def flush(self, command: Flush) -> None:
        track = self.track(command.reply)
        if track.dead:
            return
        if track.played >= command.samples or track.held or not track.released:
            if track.released and not track.held:
                track.played = min(track.written, track.played + self.FADE)
            self._die(command.reply, track)
        else:
            track.stop_at = command.samples

    def _die(self, reply: int, track: Track) -> None:
        track.dead = True
        played = Played(reply, track.played, final=True)
        self.world.after(self.world.rng.choice((0, 10, 20)), lambda: self.world.post_twice(played))

    def frame(self) -> None:
        """One frame of 20 ms."""
        left, self.playing = self.FRAME, None
        if self.world.now >= self.stalled_until:
            for reply in list(self.line):
                track = self.tracks[reply]
                if track.dead:
                    self.line.remove(reply)
                    continue
                left = self._play(reply, track, left)
                if not left or track.held or (reply in self.line and not self.world.complete(reply)):
                    break
        if self.line:
            self.world.after(20, self.frame)
        else:
            self._running = False

    def _play(self, reply: int, track: Track, left: int) -> int:
        if track.held:
            return left
        end = track.written if track.stop_at is None else min(track.written, track.stop_at)
        take = min(left, end - track.played)
        if take > 0:
            track.played += take
            self.playing = reply
            self.first_audio.setdefault(reply, self.world.now)
            self.last_audio = self.world.now
            played = Played(reply, track.played)
            self.world.after(0, lambda: self.world.post_twice(played))
        if track.stop_at is not None and track.played >= track.stop_at:
            self.line.remove(reply)
            self._die(reply, track)
        elif track.played >= track.written and self.world.complete(reply):
            self.line.remove(reply)
        return left - max(0, take)

    @property
    def audible(self) -> bool:
        return self.playing is not None and self.world.now - self.last_audio <= 20


@dataclass(slots=True)
class FakeTools:
    world: World
    runs: dict[str, int] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)

    def run(self, command: RunTool) -> None:
        rng, faults = self.world.rng, self.world.faults
        self.runs[command.call] = self.runs.get(command.call, 0) + 1
        if rng.random() < faults.tool_hang:
            return
        ok = rng.random() >= faults.tool_failure
        delay = self.world.latencies.draw(rng, self.world.latencies.tool)
        done = ToolDone(command.call, "42" if ok else "it broke", ok)
        self.world.after(delay, lambda: self._done(done))

    def _done(self, done: ToolDone) -> None:
        if done.call not in self.cancelled:
            self.world.post_twice(done)
