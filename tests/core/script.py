"""Calls told as scripts: a clock, a caller, a recogniser, a synthesiser and a player that do as they are told.

Time passes only in `hears`, `coughs`, `silence`, `plays` and `wait`. The recogniser answers and the player plays by
themselves; what the model says, when its voice is made, and what tools answer is told with `llm`, `tts` and `tool`.
Every step is checked against the laws.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from laws import Laws

from vivavoce.core import commands as cmd
from vivavoce.core import notices as told
from vivavoce.core.commands import Call, Command, Item, Message, Result, Role
from vivavoce.core.conversation import Conversation
from vivavoce.core.events import (
    CallStarted,
    Event,
    Played,
    ProviderFailed,
    ReplyAudio,
    ReplyAudioEnded,
    ReplyText,
    ReplyTextEnded,
    Sent,
    Tick,
    ToolAsked,
    ToolDone,
    ToolSpec,
    UserSound,
    UserWords,
    WordEnd,
)
from vivavoce.core.policy import BROWSER, Policy, changed

WINDOW = 512
"""Caller samples per judgement of the voice detector: 32 ms."""
FRAME = 480
"""Agent samples per frame of the player: 20 ms."""
CHAR = 1_440
"""Agent samples per character of speech: 60 ms."""


@dataclass
class Track:
    """One reply in the player."""

    written: int = 0
    played: int = 0
    released: bool = False
    held: bool = False
    stop_at: int | None = None
    dead: bool = False


@dataclass
class Script:
    """`settings` are policy keys. `stt_ms`: how long final words take; None for never."""

    settings: dict[str, object] = field(default_factory=dict)
    greeting: str = ""
    tools: tuple[ToolSpec, ...] = ()
    has_stt: bool = True
    has_turn_score: bool = False
    native: bool = False
    policy: Policy = BROWSER
    prices: dict[tuple[str, str], float] = field(default_factory=dict)
    stt_ms: int | None = 80
    player: bool = True
    """False: the player neither plays nor says where it stopped."""
    client_plays: bool = False
    """The caller's client is given all released audio at once."""
    engines: tuple[int, int, int] = (1, 1, 1)
    """How many models, synthesisers and recognisers there are."""

    now: int = 0
    at: int = 0
    """Caller samples consumed."""
    lines: list[str] = field(default_factory=list)
    """Everything that was commanded, one brief line each."""
    log: list[tuple[int, Event, list[Command]]] = field(default_factory=list)
    segment: int = 1
    words: list[tuple[str, int, int]] = field(default_factory=list)
    """Words of the segment in progress with their place in the caller's audio."""
    unspoken: list[cmd.Speak] = field(default_factory=list)
    tracks: dict[int, Track] = field(default_factory=dict)
    sealed: set[int] = field(default_factory=set)
    queue: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    seen: int = 0
    count: int = 0

    def __post_init__(self) -> None:
        # This recogniser has no words for much of what is heard here, and few of these models answer early.
        usual = {"barge_in.hold_wordless_ms": 640, "barge_in.stop_wordless_ms": 900, "endpoint.ready_ms": 0}
        self.c = Conversation(changed(self.policy, usual | self.settings), self.prices)
        self.laws = Laws(self.c)
        started = CallStarted(self.tools, self.greeting, self.has_stt, self.has_turn_score, self.native)
        llms, ttss, stts = self.engines
        self.post(replace(started, client_plays=self.client_plays, llms=llms, ttss=ttss, stts=stts))

    # time

    def post(self, event: Event) -> list[Command]:
        """One event, now."""
        commands = self.c.handle(self.now, event)
        self.log.append((self.now, event, list(commands)))
        self.lines += [brief(c) for c in commands]
        self.laws.step(commands)
        for command in commands:
            self._obey(command)
        return commands

    def wait(self, ms: int) -> None:
        """Time passes, and no audio of the caller arrives."""
        self._until(self.now + ms)

    def after(self, ms: int, act: Callable[[], object]) -> None:
        self.count += 1
        heapq.heappush(self.queue, (self.now + ms, self.count, act))

    def _until(self, end: int) -> None:
        while True:
            due = self.c.deadline
            if self.queue and self.queue[0][0] <= min(end, end if due is None else max(due, self.now)):
                self.now, _, act = heapq.heappop(self.queue)
                act()
            elif due is not None and due <= end:
                self.now = max(self.now, due)
                self.post(Tick())
            else:
                self.now = end
                return

    # the caller

    def hears(self, text: str = "", ms: int | None = None, p: float = 0.95, echo: float = 0.0) -> None:
        """The caller says `text` (240 ms a word unless told): windows of voice, and a partial after each word."""
        said = text.split()
        windows = max(1, round((240 * len(said) if ms is None else ms) / 32))
        start, told_words = self.at, 0
        for n in range(windows):
            self._window(p, 0, echo)
            while told_words < len(said) and (n + 1) * len(said) >= (told_words + 1) * windows:
                begin = start + told_words * windows * WINDOW // len(said)
                self.words.append((said[told_words], begin, self.at))
                told_words += 1
                if self.has_stt:
                    self._tell_words(final=False)

    def asks(self, text: str) -> None:
        """The caller takes a whole turn: words, and a silence long enough to end it."""
        self.hears(text)
        self.silence(600)

    def coughs(self, ms: int) -> None:
        """Voice without words."""
        self.hears("", ms)

    def sounds(self) -> None:
        """32 ms of something loud that is no speech."""
        self._window(0.02, 0, 0.0)

    def silence(self, ms: int) -> None:
        """The caller is silent; time passes."""
        for _ in range(max(1, round(ms / 32))):
            self._window(0.02, WINDOW, 0.0)

    def _window(self, p: float, quiet: int, echo: float) -> None:
        start, self.at = self.at, self.at + WINDOW
        self._until(self.now + 32)
        self.post(UserSound(start, WINDOW, p, quiet, echo))

    def _tell_words(self, final: bool) -> None:
        text = " ".join(w for w, _, _ in self.words)
        self.post(UserWords(self.segment, text, final, self.words[0][1], self.words[-1][2]))

    def finishes_words(self, upto: int) -> None:
        """The recogniser's last word about the audio up to `upto`."""
        words = [w for w in self.words if w[2] <= upto]
        self.words = [w for w in self.words if w[2] > upto]
        segment, self.segment = self.segment, self.segment + 1
        text = " ".join(w for w, _, _ in words)
        self.post(UserWords(segment, text, True, words[0][1] if words else upto, upto))

    # the agent

    @property
    def reply(self) -> int:
        """The reply asked of the model last."""
        return next(
            c.reply for _, _, commands in reversed(self.log) for c in reversed(commands) if isinstance(c, cmd.Generate)
        )

    def llm(self, text: str, end: bool = True, reply: int | None = None, attempt: int = 0) -> None:
        """The model says `text`, and no more unless `end` is False."""
        reply = reply or self.reply
        if text:
            self.post(ReplyText(reply, text, attempt))
        if end:
            self.post(ReplyTextEnded(reply, attempt=attempt))

    def tts(self, exact: bool = True, end: bool = True, limit: int = 99) -> None:
        """The synthesiser makes what it was asked for: 60 ms a character; word times if `exact`."""
        for _ in range(min(limit, len(self.unspoken))):
            self.voice(self.unspoken.pop(0), exact, end)

    def voice(self, c: cmd.Speak, exact: bool = True, end: bool = True) -> None:
        samples, chars, ends = len(c.text) * CHAR, 0, []
        for word in c.text.split():
            chars = c.text.index(word, chars) + len(word)
            ends.append(WordEnd(chars, chars * CHAR))
        self.tracks.setdefault(c.reply, Track()).written += samples
        self.post(ReplyAudio(c.reply, c.part, samples, tuple(ends) if exact else (), 0, c.attempt))
        self._give(c.reply)
        if end:
            self.post(ReplyAudioEnded(c.reply, c.part, c.attempt))

    def answers(self, text: str) -> int:
        """The model and the synthesiser do their work at once; the reply."""
        reply = self.reply
        self.llm(text)
        self.tts()
        return reply

    def plays(self, seconds: float) -> None:
        """The agent is heard for so long, the caller being silent."""
        self.silence(round(seconds * 1000))
        assert self.c.speaking.replies, "nothing was ever said"

    def calls(self, name: str, call: str, reply: int | None = None) -> None:
        """The model calls a tool."""
        self.post(ToolAsked(reply or self.reply, call, name, "{}"))

    def tool(self, call: str, output: str = "42", ok: bool = True) -> None:
        """A tool answers."""
        self.post(ToolDone(call, output, ok))

    def fails(
        self, role: Role, code: str = "died", reply: int | None = None, part: int | None = None, attempt: int = 0
    ) -> None:
        self.post(ProviderFailed(role, code, "", reply, part, attempt))

    # the player

    def _obey(self, command: Command) -> None:
        match command:
            case cmd.FinishWords(_, upto):
                if self.stt_ms is not None and self.has_stt:
                    self.after(self.stt_ms, lambda: self.finishes_words(upto))
            case cmd.Speak():
                if command.why in (cmd.Why.RETRY, cmd.Why.NEXT_ENGINE):
                    self.unspoken = [c for c in self.unspoken if (c.reply, c.part) != (command.reply, command.part)]
                self.unspoken.append(command)
            case cmd.Cancel(reply):
                self.unspoken = [c for c in self.unspoken if c.reply != reply]
            case cmd.Release(reply, aside=aside):
                self.tracks.setdefault(reply, Track()).released = True
                self.after(0, lambda: self._give(reply))
                if self.player and not aside:
                    self.after(20, lambda: self._frame(reply))
            case cmd.Seal(reply):
                self.sealed.add(reply)
            case cmd.Hold(reply) | cmd.Resume(reply):
                self.tracks[reply].held = isinstance(command, cmd.Hold)
            case cmd.Flush(reply, samples):
                track = self.tracks.setdefault(reply, Track())
                track.stop_at = samples
                if self.player and track.released and not track.dead and track.played >= samples:
                    self._stop(reply, track)
            case _:
                pass

    def _give(self, reply: int) -> None:
        """A client that plays by itself gets what may be heard."""
        track = self.tracks[reply]
        if self.client_plays and track.released and not track.dead:
            self.post(Sent(reply, track.written))

    def _stop(self, reply: int, track: Track) -> None:
        track.dead = True
        self.after(0, lambda: self.post(Played(reply, track.played, final=True)))

    def _frame(self, reply: int) -> None:
        """20 ms of one reply, if it is its turn."""
        track = self.tracks[reply]
        before = [t for r, t in self.tracks.items() if r < reply and t.released and not self._through(r, t)]
        if track.dead or not self.player:
            return
        if not track.held and not before:
            end = track.written if track.stop_at is None else min(track.written, track.stop_at)
            take = min(FRAME, end - track.played)
            if take > 0:
                track.played += take
                self.post(Played(reply, track.played))
            if track.stop_at is not None and track.played >= track.stop_at:
                if not track.dead:
                    self._stop(reply, track)
                return
        if not self._through(reply, track):
            self.after(20, lambda: self._frame(reply))

    def _through(self, reply: int, track: Track) -> bool:
        return track.dead or (reply in self.sealed and track.played >= track.written)

    # looking

    def saw(self, *lines: str) -> None:
        """These lines (beginnings suffice) were commanded in this order since the last look."""
        rest = iter(self.lines[self.seen :])
        for line in lines:
            if not any(got.startswith(line) for got in rest):
                raise AssertionError("\n".join([f"missing: {line}", "since the last look:", *self.lines[self.seen :]]))
        self.seen = len(self.lines)

    def never(self, *beginnings: str) -> None:
        """No such line in the whole call so far."""
        for line in self.lines:
            assert not line.startswith(beginnings), "\n".join([f"unwanted: {line}", *self.lines])

    def not_since(self, *beginnings: str) -> None:
        """No such line since the last look."""
        for line in self.lines[self.seen :]:
            assert not line.startswith(beginnings), "\n".join([f"unwanted: {line}", *self.lines[self.seen :]])

    def find(self, kind: type) -> list:
        """All commands or notices of a kind so far."""
        all_commands = [c for _, _, commands in self.log for c in commands]
        notices = [c.notice for c in all_commands if isinstance(c, cmd.Tell)]
        return [x for x in (*all_commands, *notices) if isinstance(x, kind)]

    @property
    def history(self) -> list[str]:
        return [item_line(i) for i in self.c.history()]

    def request(self, n: int = -1) -> list[str]:
        """What the model was asked."""
        return [item_line(i) for i in self.find(cmd.Generate)[n].items]

    def rests(self, ms: int = 60_000) -> None:
        """Nobody speaks any more: everything comes to rest."""
        self.wait(ms)
        self.laws.at_rest()


def item_line(item: Item) -> str:
    match item:
        case Message(_, role, text, interrupted):
            return f"{role}: {text}{' --' if interrupted else ''}"
        case Call(_, call, name):
            return f"call {call}: {name}"
        case Result(_, call, output):
            return f"result {call}: {output}"


def brief(c: Command) -> str:
    """A command as a script reads it."""
    match c:
        case cmd.Tell(notice, why):
            return f"{_notice(notice)} {why.name}"
        case cmd.Generate(reply, _, speculative, why):
            return f"Generate {reply}{' early' if speculative else ''}{_engine(c)} {why.name}"
        case cmd.Speak(reply, part, text, why):
            return f"Speak {reply}.{part} {text!r}{_engine(c)} {why.name}"
        case cmd.Flush(reply, samples, why):
            return f"Flush {reply} @{samples // 24} {why.name}"
        case cmd.FinishWords(turn) | cmd.ScoreTurn(turn):
            return f"{type(c).__name__} {turn} {c.why.name}"
        case cmd.RunTool(_, call) | cmd.CancelTool(call):
            return f"{type(c).__name__} {call} {c.why.name}"
        case cmd.Report(role, code):
            return f"Report {role.value} {code} {c.why.name}"
        case cmd.Listen(engine, since):
            return f"Listen {engine} @{since // 16} {c.why.name}"
        case cmd.Cancel(reply, why, attempt) if attempt is not None:
            return f"Cancel {reply}/{attempt} {why.name}"
        case cmd.Become(agent):
            return f"Become {agent} {c.why.name}"
        case cmd.EndCall(reason):
            return f"EndCall {reason} {c.why.name}"
        case _:
            return f"{type(c).__name__} {c.reply} {c.why.name}"


def _engine(c: cmd.Generate | cmd.Speak) -> str:
    who = f" of {c.speaker}" if c.speaker else ""
    return f"{who} by {c.engine}" if c.engine else who


def _notice(n: told.Notice) -> str:
    match n:
        case told.FloorChanged(floor):
            return f"floor {floor.value}"
        case told.UserStarted(turn):
            return f"started {turn}"
        case told.UserStopped(turn):
            return f"stopped {turn}"
        case told.UserSaid(turn, text, final):
            return f"{'words' if final else 'partial'} {turn} {text!r}"
        case told.UserTurned(turn, _, text):
            return f"turned {turn} {text!r}"
        case told.UserDropped(turn, text):
            return f"dropped {turn} {text!r}"
        case told.UserPressed(digit):
            return f"pressed {digit}"
        case told.ReplyOpened(reply, origin):
            return f"opened {reply} {origin.value}"
        case told.ReplyDelta(reply, text):
            return f"delta {reply} {text!r}"
        case told.ReplyAudible(reply):
            return f"audible {reply}"
        case told.ReplyClosed(reply, ending, _, heard):
            return f"closed {reply} {ending.value} {heard!r}"
        case told.ToolStarted(_, call, name):
            return f"calls {call} {name}"
        case told.ToolSettled(call, _, output, ok):
            return f"settled {call} {'ok' if ok else 'failed'} {output!r}"
        case told.UserTookFloor(turn):
            return f"took floor {turn}"
        case told.IdleTimedOut(item):
            return f"idle {item}"
        case told.ReplyRefused(ref, code):
            return f"refused {ref} {code}"
        case told.ReplyMade(reply, text, samples, short):
            return f"made {reply} {text!r} {samples // 24}{f' {short}' if short else ''}"
        case told.ReplyHeard(reply, heard, exact, samples):
            return f"heard {reply} {heard!r} {samples // 24}{'' if exact else ' about'}"
        case told.AgentChanged(agent):
            return f"agent {agent}"
        case told.Transferring(to):
            return f"transferring {to!r}"
        case told.TurnReport():
            return f"report {n.turn} {n.reply}"


STORY = "Once upon a time there was a keeper who spoke with the sea. Every night he sang. The end."
TOOLS = (
    ToolSpec("look", read_only=True),
    ToolSpec("book", timeout_ms=4_000),
    ToolSpec("search", read_only=True, on_interrupt="abandon"),
    ToolSpec("pay", on_interrupt="block"),
)


def telling(settings=None, text=STORY, after=1.0, **known):
    """A call in which the agent has been telling a story for a second."""
    c = Script(settings or {}, **known)
    c.asks("tell me a story")
    c.answers(text)
    c.plays(after)
    c.saw("audible 1")
    return c
