"""Synthetic callers: what they mean to say, when, and how. Everything they do is truth the scores can use.

A caller is asked once per audio window whether to begin an utterance; it knows only what a person would: whether the
agent is audible, for how long, and how long it has been silent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Protocol

from ..core.units import in_samples
from .clips import Clip, holds

KINDS = ("polite", "hesitant", "interrupter", "backchanneller", "mumbler", "noisy", "silent", "corrector")
"""`mixed` picks one of them by seed."""

OPENERS = ("could you tell me", "i would like to know", "what is", "please explain", "how about", "do you know")
THINGS = (
    "the weather in paris tomorrow", "the next train to boston", "my account balance", "a good place for dinner",
    "the price of the blue one", "seven times eight", "the story of the old lighthouse", "your opening hours on monday",
)  # fmt: skip
HESITATIONS = ("and um", "because", "to the", "so i", "with a", "or maybe the")
CORRECTIONS = ("no wait i mean", "sorry actually", "or rather")
INTERRUPTIONS = (
    "stop please", "wait a moment", "no that is not what i asked", "hold on", "i meant the other one",
    "can you skip that", "actually tell me something else", "that is the wrong city",
)  # fmt: skip
BACKCHANNELS = ("uh huh", "yeah", "okay", "right", "mm hmm", "i see")
ASIDES = ("put it on the table", "not now darling", "shut the door please")


class Truth(Enum):
    """What a sound of the caller really is."""

    TURN = "turn"
    INTERRUPTION = "interruption"
    BACKCHANNEL = "backchannel"
    TIC = "tic"
    """A cough, a laugh, a sigh."""
    ASIDE = "aside"
    """Said to somebody else."""
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start: int
    """Caller samples (16 kHz)."""
    end: int


def plain(word: str) -> str:
    """As a recogniser without punctuation writes it: one with it does not know a pause from an end either."""
    return word.strip(" .,?!;:").lower()


@dataclass(slots=True)
class Utterance:
    """One stretch of the caller's sound, with pauses inside it."""

    truth: Truth
    spans: list[tuple[int, int]]
    """Voiced stretches, caller samples."""
    words: list[Word]
    over_agent: bool = False
    """It began while the agent was audible."""
    loudness: float = 0.95
    """Speech probability that a detector gives it, at best."""
    clip: Clip | None = None
    """The real sound, if it is one; its windows are as they were measured."""
    begun: int = 0
    """Where the clip's audio begins, caller samples."""

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @property
    def end(self) -> int:
        return self.spans[-1][1]

    @property
    def text(self) -> str:
        return " ".join(w.text for w in self.words)

    def holds(self) -> list[tuple[int, int]]:
        """Pauses inside it."""
        return holds(self.spans)


class Person(Protocol):
    """Whoever calls."""

    utterances: list[Utterance]

    @property
    def done(self) -> bool:
        """There is nothing more that they want to say."""
        ...

    def step(self, now: int, at: int, agent: bool) -> Utterance | None:
        """Called once per window at caller sample `at`; an utterance that begins now, if any."""
        ...

    def asked(self, question: str) -> None:
        """The reply that begins ends in a question of this kind; empty for none."""
        ...


def speak(rng: Random, start: int, text: str, truth: Truth, pauses: dict[int, int] | None = None) -> Utterance:
    """Lay words out in time. `pauses`: after which word (number) to pause, for how many ms."""
    at, words, spans, begun = start, [], [], start
    for number, word in enumerate(text.split()):
        end = at + in_samples(rng.randint(110, 190) + 28 * len(word))
        words.append(Word(word, at, end))
        at = end
        pause = (pauses or {}).get(number)
        if pause:
            spans.append((begun, at))
            at += in_samples(pause)
            begun = at
    if at > begun:
        spans.append((begun, at))
    return Utterance(truth, spans, words)


def sound(rng: Random, start: int, truth: Truth) -> Utterance:
    """A cough, a door, a hum: a voiced stretch without words."""
    length = rng.choice((90, 150, 220, 320, 450, 600))
    return Utterance(truth, [(start, start + in_samples(length))], [], loudness=rng.uniform(0.55, 0.95))


@dataclass(slots=True)
class Traits:
    """What makes a kind of caller."""

    turns: int = 3
    pause: float = 0.0
    """Chance of a pause inside a turn."""
    interrupt: float = 0.0
    """Chance, per reply, of a real interruption."""
    backchannel: float = 0.0
    tic: float = 0.0
    noise: float = 0.0
    """Chance, per reply, of a sound while the agent is silent."""
    correct: float = 0.0
    mumble: bool = False


TRAITS: dict[str, Traits] = {
    "polite": Traits(),
    "hesitant": Traits(pause=0.8),
    "interrupter": Traits(interrupt=0.7, pause=0.1),
    "backchanneller": Traits(backchannel=0.8, interrupt=0.1),
    "mumbler": Traits(pause=0.2, mumble=True),
    "noisy": Traits(tic=0.6, noise=0.5, interrupt=0.15),
    "silent": Traits(turns=0, noise=0.3),
    "corrector": Traits(correct=0.7, pause=0.3, interrupt=0.15),
}


@dataclass(slots=True)
class Caller:
    """Decides when to make a sound. Times in ms of the session, positions in caller samples."""

    kind: str
    rng: Random
    traits: Traits = field(init=False)
    turns_left: int = field(init=False)
    utterances: list[Utterance] = field(default_factory=list)
    _agent_since: int | None = None
    _agent_until: int = 0
    _spoke_until: int = 0
    _answered: bool = True
    _reaction: int = 0
    _plans: list[tuple[int, Truth]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.traits = TRAITS[self.kind]
        self.turns_left = self.traits.turns
        self._reaction = self.rng.randint(300, 1200)

    @property
    def done(self) -> bool:
        return self.turns_left <= 0

    def asked(self, question: str) -> None:
        """These callers do not heed what is asked."""

    def step(self, now: int, at: int, agent: bool) -> Utterance | None:
        self._listen(now, agent)
        if self.utterances and at < self.utterances[-1].end:
            self._spoke_until = now
            return None
        if agent:
            return self._over_agent(now, at)
        quiet = now - max(self._agent_until, self._spoke_until)
        if self.turns_left > 0 and ((self._answered and quiet > self._reaction) or quiet > 9_000):
            return self._take_turn(now, at)
        if self.rng.random() < self.traits.noise * 0.002:
            return self._add(sound(self.rng, at, Truth.NOISE), False)
        return None

    def _listen(self, now: int, agent: bool) -> None:
        """Follow the agent's voice; plan what to do during it when it begins."""
        if not agent:
            return
        if self._agent_since is None or now - self._agent_until > 400:
            self._agent_since = now
            self._plan(now)
        self._agent_until = now
        self._answered = True

    def _plan(self, now: int) -> None:
        t, rng, self._plans = self.traits, self.rng, []
        for truth, chance in (
            (Truth.INTERRUPTION, t.interrupt),
            (Truth.BACKCHANNEL, t.backchannel),
            (Truth.TIC, t.tic),
        ):
            if rng.random() < chance:
                self._plans.append((now + rng.randint(150, 3_000), truth))
        self._plans.sort(key=lambda p: p[0])

    def _over_agent(self, now: int, at: int) -> Utterance | None:
        if not self._plans or now < self._plans[0][0]:
            return None
        truth = self._plans.pop(0)[1]
        rng = self.rng
        if truth is Truth.TIC:
            return self._add(sound(rng, at, truth), True)
        if truth is Truth.BACKCHANNEL:
            return self._add(speak(rng, at, rng.choice(BACKCHANNELS), truth), True)
        self._plans.clear()
        self._answered = False
        return self._add(speak(rng, at, rng.choice(INTERRUPTIONS), truth), True)

    def _take_turn(self, now: int, at: int) -> Utterance:
        rng, t = self.rng, self.traits
        words = f"{rng.choice(OPENERS)} {rng.choice(THINGS)}"
        if rng.random() < t.correct:
            words += f" {rng.choice(CORRECTIONS)} {rng.choice(THINGS)}"
        pauses: dict[int, int] = {}
        while rng.random() < t.pause and len(pauses) < 3:
            hesitation = f"{words} {rng.choice(HESITATIONS)}"
            pauses[len(hesitation.split()) - 1] = rng.choice((220, 350, 500, 700, 1000))
            words = f"{hesitation} {rng.choice(THINGS)}"
        self.turns_left -= 1
        self._answered = False
        self._reaction = rng.randint(150, 1500)
        said = speak(rng, at, words, Truth.TURN, pauses)
        if t.mumble:
            said.loudness = rng.uniform(0.52, 0.8)
        return self._add(said, False)

    def _add(self, said: Utterance, over_agent: bool) -> Utterance:
        said.over_agent = over_agent
        self.utterances.append(said)
        return said
