"""Instant engines on virtual time for a real `Conversation`: what the runtime does, without tasks and sockets."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from vivavoce.audio.pacer import Pacer
from vivavoce.audio.pcm import Pcm
from vivavoce.core import commands as c
from vivavoce.core import events as e
from vivavoce.core.conversation import Conversation
from vivavoce.core.policy import BROWSER
from vivavoce.runtime.ahead import Ahead

WINDOW = 512
CHAR = 480
"""Samples of voice (24 kHz) for each character."""
FRAME_MS = 100


@dataclass(frozen=True)
class Called:
    """The model calls a tool."""

    name: str
    arguments: str = "{}"


@dataclass(frozen=True)
class Broken:
    """The model fails here."""

    code: str = "died"


@dataclass(frozen=True)
class Short:
    """The model ends before its end."""

    reason: str = "length"


Step = str | Called | Broken | Short
Answer = tuple[Step, ...]


@dataclass
class Faults:
    """What the engines do, asked anew each time."""

    answer: Callable[[c.Generate], Answer] = lambda ask: ("It is noon. ", "And now", " it rains.")
    voice_fails: Callable[[], bool] = lambda: False
    words_fail: Callable[[], bool] = lambda: False
    tool_fails: Callable[[], bool] = lambda: False
    step_ms: Callable[[], int] = lambda: 20


@dataclass
class _Speaking:
    """The synthesiser's work for one reply."""

    waiting: dict[int, c.Speak] = field(default_factory=dict)
    at: int = 0
    busy: bool = False


class World:
    """One conversation and its engines; time passes only in `until`."""

    def __init__(self, faults: Faults | None = None, plays: bool = False) -> None:
        """`plays`: we play the agent's voice; else its client does, and gets it ahead of time."""
        self.now = 0
        self.faults = faults or Faults()
        self.conversation = Conversation(BROWSER, {})
        self.inbox: deque[e.Event] = deque()
        self.commands: list[c.Command] = []
        self.ended = ""
        self.to_say: deque[str] = deque()
        """What the caller's next bursts of sound say."""
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._pacer = Pacer(24_000, FRAME_MS)
        self._frame_at: int | None = None
        self._ahead = None if plays else Ahead(self, self.post, self._broken)  # type: ignore[arg-type]
        self._asides: set[int] = set()
        self._dead: set[int] = set()
        self._speaking: dict[int, _Speaking] = {}
        self._calls = itertools.count(1)
        self._cancelled: set[str] = set()
        self._heard = 0
        self._left = np.zeros(0, dtype=np.int16)
        self._segment = 0
        self._said = ""
        self._from: int | None = None
        self._to = 0

    # for subclasses

    def take(self, reply: int, pcm: Pcm) -> bool:
        return True

    def observe(self, told: c.Tell) -> None: ...

    def _broken(self, error: Exception) -> None:
        raise error

    # time

    def post(self, event: e.Event) -> None:
        self.inbox.append(event)

    def later(self, ms: int, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + ms, next(self._numbers), act))

    def drain(self) -> None:
        while self.inbox:
            event = self.inbox.popleft()
            self.handle(event)
            if isinstance(event, e.ReplyAudioEnded):
                self._part_ended(event)

    def handle(self, event: e.Event) -> None:
        for command in self.conversation.handle(self.now, event):
            self._execute(command)

    def until(self, end: int) -> None:
        """Pass time, everything that falls due in order."""
        self.drain()
        while True:
            deadline = self.conversation.deadline
            times = [end, *([] if deadline is None else [deadline]), *(at for at, _, _ in self._due[:1])]
            times += [] if self._frame_at is None else [self._frame_at]
            at = max(self.now, min(times))
            if at >= end and not any(t <= end for t in times[1:]):
                break
            self.now = at
            if self._due and self._due[0][0] <= at:
                heapq.heappop(self._due)[2]()
            elif self._frame_at is not None and self._frame_at <= at:
                self._frame()
            else:
                self.handle(e.Tick())
            self.drain()
        self.now = end

    # commands

    def _execute(self, command: c.Command) -> None:
        match command:
            case c.Tell():
                self.observe(command)
            case c.Generate():
                self._generate(command)
            case c.Speak():
                self._speak(command)
            case c.Release(reply, aside=aside):
                self._release(reply, aside)
            case c.Seal(reply):
                self._pacer.end(reply)
            case c.Hold(reply):
                self._pacer.hold(reply)
            case c.Resume(reply):
                self._pacer.resume(reply)
                self._wake()
            case c.Flush(reply, samples):
                if self._ahead is not None:
                    self._ahead.flush(reply)
                if reply not in self._asides:
                    self._pacer.flush(reply, samples)
                    self._wake()
            case c.Cancel(reply):
                self._pacer.end(reply)
                self._dead.add(reply)
                self._speaking.pop(reply, None)
            case c.FinishWords(_, upto):
                self._finish(upto)
            case c.RunTool(_, call):
                ok = not self.faults.tool_fails()
                self.later(self.faults.step_ms() * 5, lambda: self._tool(call, ok))
            case c.CancelTool(call):
                self._cancelled.add(call)
            case c.EndCall(reason):
                self.ended = reason

    def _tool(self, call: str, ok: bool) -> None:
        if call not in self._cancelled:
            self.post(e.ToolDone(call, "42" if ok else "it broke", ok))

    # the model

    def _generate(self, ask: c.Generate) -> None:
        def step(left: Answer) -> None:
            if ask.reply in self._dead:
                return
            if not left:
                self.post(
                    e.Used(c.Usage(c.Role.LLM, "fake", (("input_tokens", 9.0), ("output_tokens", 7.0))), ask.reply)
                )
                self.post(e.ReplyTextEnded(ask.reply))
                return
            match left[0]:
                case Called(name, arguments):
                    self.post(e.ToolAsked(ask.reply, f"call_{next(self._calls)}", name, arguments))
                case Broken(code):
                    self.post(e.ProviderFailed(c.Role.LLM, code, "the model died", ask.reply))
                    return
                case Short(reason):
                    self.post(e.ReplyTextEnded(ask.reply, reason))
                    return
                case str(text):
                    self.post(e.ReplyText(ask.reply, text))
            self.later(self.faults.step_ms(), lambda: step(left[1:]))

        answer = self.faults.answer(ask)
        self.later(self.faults.step_ms(), lambda: step(answer))

    # the synthesiser

    def _speak(self, asked: c.Speak) -> None:
        work = self._speaking.setdefault(asked.reply, _Speaking())
        work.waiting = {n: waiting for n, waiting in work.waiting.items() if n < asked.part} | {asked.part: asked}
        if asked.part <= work.at:
            work.busy = False
        self._go_on(asked.reply, work)

    def _go_on(self, reply: int, work: _Speaking) -> None:
        if work.busy or work.at not in work.waiting:
            return
        work.busy = True
        asked = work.waiting[work.at]
        self.later(self.faults.step_ms(), lambda: self._synthesise(work, asked, 0))

    def _synthesise(self, work: _Speaking, asked: c.Speak, at: int) -> None:
        reply, text, step = asked.reply, asked.text, 24_000
        if self._speaking.get(reply) is not work or work.waiting.get(asked.part) is not asked:
            return
        whole = max(1, len(text)) * CHAR
        if self.faults.voice_fails():
            self.post(e.ProviderFailed(c.Role.TTS, "refused", "no voice today", reply, asked.part))
            return
        n = min(step, whole - at)
        pcm = np.full(n, 1_000, dtype=np.int16)
        ends = tuple(e.WordEnd(i, i * CHAR) for i in range(1, len(text) + 1) if text[i : i + 1] in ("", " "))
        self.post(e.ReplyAudio(reply, asked.part, n, ends if at == 0 else (), attempt=asked.attempt))
        self._write(reply, pcm)
        if at + n < whole:
            self.later(self.faults.step_ms(), lambda: self._synthesise(work, asked, at + n))
        else:
            self.post(e.ReplyAudioEnded(reply, asked.part, asked.attempt))

    def _part_ended(self, event: e.ReplyAudioEnded) -> None:
        work = self._speaking.get(event.reply)
        if work is not None and work.busy and event.part == work.at:
            del work.waiting[work.at]
            work.at += 1
            work.busy = False
            self._go_on(event.reply, work)

    # what plays

    def _write(self, reply: int, pcm: Pcm) -> None:
        if reply not in self._asides:
            assert self._pacer.write(reply, pcm) == 0
        if self._ahead is not None:
            self._ahead.write(reply, pcm)

    def _release(self, reply: int, aside: bool) -> None:
        if aside:
            self._asides.add(reply)
            self._pacer.drop(reply)
        else:
            self._pacer.release(reply)
            self._wake()
        if self._ahead is not None:
            self._ahead.release(reply)

    def _wake(self) -> None:
        if self._frame_at is None:
            self._frame_at = self.now

    def _frame(self) -> None:
        if self._pacer.idle:
            self._frame_at = None
            return
        moved = self._pacer.frame().played
        for reply, samples, final in moved:
            if self._ahead is None:
                self.post(e.Sent(reply, samples))
            self.post(e.Played(reply, samples, final))
        self._frame_at = self.now + FRAME_MS

    # the caller

    def hear(self, pcm: Pcm, rate: int) -> None:
        """Loud sound is speech; what it says comes from `to_say`, burst by burst."""
        picked = pcm[np.arange(pcm.size * 16_000 // rate) * rate // 16_000] if rate != 16_000 else pcm
        whole = np.concatenate((self._left, picked))
        n = whole.size // WINDOW
        windows, self._left = whole[: n * WINDOW].reshape(n, WINDOW), whole[n * WINDOW :]
        for loud in (np.abs(windows.astype(np.int32)).mean(axis=1) > 300).tolist():
            self.post(e.UserSound(self._heard, WINDOW, 0.95 if loud else 0.02, 0 if loud else WINDOW))
            self._heard += WINDOW
            if loud:
                self._words()

    def _words(self) -> None:
        if self._from is None:
            self._segment += 1
            self._said = self.to_say.popleft() if self.to_say else ""
            self._from = max(0, self._heard - WINDOW)
        self._to = self._heard
        words = self._said.split()
        known = words[: (self._to - self._from) // 4_000]
        if known and self._heard % (8 * WINDOW) == 0:
            self.post(e.UserWords(self._segment, " ".join(known), False, self._from, self._to))

    def _finish(self, upto: int) -> None:
        segment, said, start, end = self._segment, self._said, self._from, self._to
        if start is None:
            self._segment += 1
            segment, said, start, end = self._segment, "", upto, upto
        self._from, self._said = None, ""
        if not self.faults.words_fail():
            self.later(60, lambda: self.post(e.UserWords(segment, said, True, start, end)))
