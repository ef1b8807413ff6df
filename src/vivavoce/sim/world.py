"""One simulated call on a virtual clock: a caller, fake providers, faults, and the conversation under test.

Everything is drawn from one seed, so a failure is a seed and a commit.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from ..core.commands import (
    Cancel,
    CancelTool,
    Command,
    Duck,
    EndCall,
    FinishWords,
    Flush,
    Generate,
    Hold,
    Listen,
    Release,
    Resume,
    RunTool,
    ScoreTurn,
    Seal,
    Speak,
)
from ..core.conversation import Conversation
from ..core.events import CallEnded, CallStarted, Event, Say, Tick, TurnScore, UserSound
from ..core.policy import BROWSER, Policy, Yielding, changed, keys
from ..core.units import in_ms, in_samples
from .cast import CastCaller, Stock
from .checks import Checks
from .clips import WINDOW
from .fakes import NEARLY, PRICES, TOOLS, FakeLlm, FakePlayout, FakeStt, FakeTools, FakeTts, Latencies
from .faults import NONE, Faults, draw
from .loudspeaker import Loudspeaker, window
from .people import KINDS, Caller, Person, Truth, Utterance, Word

LONGEST_MS = 150_000
SETTLE_MS = 25_000
"""After the caller's last word everything must come to rest within this time."""


@dataclass(slots=True)
class Step:
    """One line of the call's log."""

    now: int
    event: Event
    commands: list[Command]


@dataclass(slots=True)
class World:
    """`run()` plays the call to its end. Raises `Violation` at the first broken invariant."""

    seed: int
    kind: str = "mixed"
    base: Policy = BROWSER
    """Varied by the seed."""
    health: Faults | None = None
    """Drawn from the seed when None."""
    latencies: Latencies = field(default_factory=Latencies)
    keep_log: bool = False
    engines: int = 1
    """Of each kind: later ones stand in for earlier ones, and models race."""
    stock: Stock | None = None
    """Clips of which the caller is made; then nothing fails and no setting is varied: it is to be scored."""
    now: int = 0
    log: list[Step] = field(default_factory=list)
    steps: int = 0
    _queue: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    _count: int = 0
    rng: Random = field(init=False)
    policy: Policy = field(init=False)
    faults: Faults = field(init=False)
    conversation: Conversation = field(init=False)
    caller: Person = field(init=False)
    stt: FakeStt = field(init=False)
    llm: FakeLlm = field(init=False)
    tts: FakeTts = field(init=False)
    playout: FakePlayout = field(init=False)
    tools: FakeTools = field(init=False)
    checks: Checks = field(init=False)
    microphone: Microphone = field(init=False)
    loudspeaker: Loudspeaker | None = None
    """Where the agent's voice comes back to the caller's microphone."""
    tool_chance: float = field(init=False)
    word_times: bool = field(init=False)
    has_stt: bool = field(init=False)
    has_score: bool = field(init=False)
    sealed: set[int] = field(default_factory=set)
    ended: bool = False

    def __post_init__(self) -> None:
        self.rng = rng = Random(self.seed)
        if self.stock is None:
            self._draw(rng)
        else:
            self.kind, self.faults, self.policy = "cast", self.health or NONE, self.base
            self.tool_chance, self.word_times, self.has_stt, self.has_score = 0.0, True, True, False
        callers = Random(self.seed * 7919 + 1)
        if self.stock is None:
            self.caller = Caller(self.kind, callers)
        else:
            self.caller = cast = CastCaller(self.stock, callers)
            self.loudspeaker = None if cast.room is None else Loudspeaker(self, cast.room)
        self.conversation = Conversation(self.policy, PRICES)
        self.stt, self.llm, self.tts = FakeStt(self), FakeLlm(self), FakeTts(self)
        self.playout, self.tools = FakePlayout(self), FakeTools(self)
        self.checks, self.microphone = Checks(self), Microphone(self)

    def _draw(self, rng: Random) -> None:
        """What kind of caller, which faults, which settings: so that every mode is searched."""
        if self.kind == "mixed":
            self.kind = rng.choice(KINDS)
        self.faults = draw(rng)
        if self.health is not None:
            self.faults = self.health
        self.policy = _vary(rng, self.base)
        if self.engines > 1:
            chance = Random(self.seed * 104_729 + 3)
            hedged = {"engines.hedge": chance.random() < 0.5, "engines.hedge_first_ms": 250}
            self.policy = changed(self.policy, hedged | {"engines.first_token_ms": 1_500})
        self.tool_chance = rng.choice((0.0, 0.0, 0.3, 0.6))
        self.word_times = rng.random() < 0.8
        self.has_stt = rng.random() < 0.95
        self.has_score = rng.random() < 0.3

    # the clock

    def after(self, delay: int, act: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (self.now + max(0, delay), self._count, act))

    def run(self) -> World:
        """Play the call to its end and check the end state."""
        self._begin()
        while not self.ended and self.now < LONGEST_MS:
            deadline = self.conversation.deadline
            if self._queue and (deadline is None or self._queue[0][0] <= max(deadline, self.now)):
                self.now, _, act = heapq.heappop(self._queue)
                act()
            elif deadline is not None:
                self.now = max(self.now, deadline)
                self.post(Tick())
            else:
                break
        self.checks.at_rest()
        if not self.ended:
            self.post(CallEnded("caller"))
        self.checks.at_end()
        return self

    def _begin(self) -> None:
        greeting = "Hello, how can I help you today?" if self.rng.random() < 0.5 else ""
        n = self.engines
        self.post(CallStarted(TOOLS, greeting, self.has_stt, self.has_score, llms=n, ttss=n, stts=n))
        if self.stock is None and self.rng.random() < 0.1:
            self.after(
                self.rng.randint(500, 9_000), lambda: self.post(Say("By the way, this call is recorded.", False))
            )
        self.microphone.window()

    # events and commands

    def post(self, event: Event) -> None:
        """Let the conversation handle one event now, check every invariant, do what it says."""
        if self.ended:
            return
        commands = self.conversation.handle(self.now, event)
        self.steps += 1
        if self.keep_log:
            self.log.append(Step(self.now, event, list(commands)))
        self.checks.step(event, commands)
        for command in commands:
            act = _ACTS.get(type(command))
            if act is not None:
                act(self, command)

    def post_twice(self, event: Event) -> None:
        """Deliver an event, and sometimes deliver it again."""
        self.post(event)
        if self.faults.duplicate and self.rng.random() < self.faults.duplicate:
            self.after(self.rng.randint(0, 200), lambda: self.post(event))

    def complete(self, reply: int) -> bool:
        """All audio of a reply exists."""
        return reply in self.sealed

    def cancel_after_a_while(self, live: set[Any], key: Any) -> None:
        """Providers stop when they feel like it."""
        if self.rng.random() < self.faults.slow_cancel:
            self.after(self.rng.randint(50, 1500), lambda: live.discard(key))
        else:
            live.discard(key)

    def release(self, reply: int) -> None:
        self.playout.release(reply)
        self.caller.asked(self.llm.questions.get(reply, ""))

    def _cancel(self, command: Cancel) -> None:
        self.llm.cancel(command.reply, command.attempt)
        if command.attempt is None:
            self.tts.cancel(command.reply)

    def _hold(self, command: Hold | Resume) -> None:
        self.playout.track(command.reply).held = isinstance(command, Hold)

    def _score(self, command: ScoreTurn) -> None:
        said = self.caller.utterances[-1] if self.caller.utterances else None
        over = said is not None and in_samples(self.now) > said.end
        p = self.rng.betavariate(6, 2) if over else self.rng.betavariate(2, 6)
        self.after(self.rng.randint(20, 70), lambda: self.post(TurnScore(command.turn, p)))

    def _end(self, _command: EndCall) -> None:
        self.ended = True


_ACTS: dict[type, Callable[[World, Any], None]] = {
    Generate: lambda w, c: w.llm.generate(c),
    Speak: lambda w, c: w.tts.speak(c),
    Release: lambda w, c: w.release(c.reply),
    Seal: lambda w, c: w.sealed.add(c.reply),
    Hold: World._hold,
    Resume: World._hold,
    Duck: lambda w, c: None,
    Flush: lambda w, c: w.playout.flush(c),
    Cancel: World._cancel,
    FinishWords: lambda w, c: w.stt.finish(c.upto),
    Listen: lambda w, c: w.stt.listen(c.since),
    ScoreTurn: World._score,
    RunTool: lambda w, c: w.tools.run(c),
    CancelTool: lambda w, c: w.tools.cancelled.add(c.call),
    EndCall: World._end,
}


@dataclass(slots=True)
class Microphone:
    """Cuts the caller's sound into windows, as a detector and a network would deliver them."""

    world: World
    at: int = 0
    arrived: int = 0
    stalled_until: int = 0
    current: Utterance | None = None
    said: int = 0
    """Words of the current utterance already told to the recogniser."""
    rested: int = 0

    def window(self) -> None:
        """One window of 512 samples ends now."""
        world = self.world
        start, self.at = self.at, self.at + WINDOW
        begun = world.caller.step(world.now, start, world.playout.audible)
        if begun is not None:
            self.current, self.said = begun, 0
            world.checks.utterance(begun)
        sound = self._judge(start)
        self._tell_words(sound)
        faults = world.faults
        if faults.input_stall and world.rng.random() < faults.input_stall * 0.01:
            self.stalled_until = world.now + world.rng.randint(200, 2_500)
        if not (faults.window_loss and world.rng.random() < faults.window_loss):
            arrival = max(self.arrived, self.stalled_until, world.now + world.rng.randint(10, 40))
            self.arrived = arrival
            world.after(arrival - world.now, lambda: world.post(sound))
        if self._goes_on():
            world.after(in_ms(self.at + WINDOW) - world.now, self.window)

    def _goes_on(self) -> bool:
        """Listen on while the caller has plans, and a while after."""
        world = self.world
        busy = world.playout.audible or not world.caller.done or bool(world.conversation.speaking.line)
        self.rested = 0 if busy or (self.current and self.current.end > self.at) else self.rested + WINDOW
        return in_ms(self.rested) < 5_000 and world.now < LONGEST_MS - SETTLE_MS

    def _judge(self, start: int) -> UserSound:
        if self.world.loudspeaker is not None:
            return self._in_the_room(self.world.loudspeaker, start)
        end, said, rng = start + WINDOW, self.current, self.world.rng
        if said is not None and said.clip is not None:
            return window(said.clip, (start - said.begun) // WINDOW, start)
        if said is None or said.end + in_samples(110) < start:
            return UserSound(start, WINDOW, rng.random() * 0.12, WINDOW)
        voiced, last = 0, start
        for a, b in said.spans:
            if a < end and b > start:
                voiced += min(b, end) - max(a, start)
                last = max(last, min(b, end))
        if voiced >= WINDOW // 4:
            return UserSound(start, WINDOW, said.loudness * rng.uniform(0.85, 1.0), end - last)
        tail = any(b <= start < b + in_samples(90) for _, b in said.spans)
        return UserSound(start, WINDOW, rng.uniform(0.4, 0.9) if tail else rng.random() * 0.2, WINDOW)

    def _in_the_room(self, back: Loudspeaker, start: int) -> UserSound:
        back.follow(start, self.world.playout.audible)
        clip, n = None, 0
        if self.current is not None:
            clip, n = self.current.clip, (start - self.current.begun) // WINDOW
        if clip is not None and n < len(clip.p):
            return back.over(clip, n, start) or window(clip, n, start)
        return back.alone(start) or UserSound(start, WINDOW, 0.0, WINDOW)

    def nearly_said(self, upto: int) -> list[Word]:
        """Words of which only the very end is still to come."""
        said = self.current
        if said is None:
            return []
        found = [w for w in said.words[self.said :] if w.end <= upto + NEARLY]
        self.said += len(found)
        return [w for w in found if self._passes(w)]

    def _passes(self, word: Word) -> bool:
        return self.world.loudspeaker is None or self.world.loudspeaker.passes(word)

    def _tell_words(self, sound: UserSound) -> None:
        if not self.world.has_stt:
            return
        if self.world.loudspeaker is not None:
            self.world.loudspeaker.judged(sound)
            for word in self.world.loudspeaker.words(self.at):
                self.world.stt.word(word, False)
        said = self.current
        while said is not None and self.said < len(said.words) and said.words[self.said].end <= self.at:
            if self._passes(said.words[self.said]):
                self.world.stt.word(said.words[self.said], said.loudness < 0.85 and said.truth is Truth.TURN)
            self.said += 1


def _vary(rng: Random, policy: Policy) -> Policy:
    """Some calls run under other settings, so that every mode is searched; settings under test stay as they are."""
    settings: dict[str, Any] = {}
    if rng.random() < 0.15:
        settings["barge_in.yielding"] = rng.choice((Yielding.FINISH_SENTENCE, Yielding.NEVER))
    if rng.random() < 0.15:
        settings["reply.speculate"] = False
    if rng.random() < 0.1:
        settings["idle.prompt_after_ms"] = 3_000
        settings["idle.hang_up_after_ms"] = 3_000
    if rng.random() < 0.05:
        settings["limits.budget"] = 0.001
    given = {key for key, value in keys(policy).items() if value != keys(BROWSER)[key]}
    return changed(policy, {key: value for key, value in settings.items() if key not in given})
