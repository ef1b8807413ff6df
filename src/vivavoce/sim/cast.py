"""Callers made of clips: who they are is drawn from a seed, what they sound like was measured from real audio.

A caller has one voice and one line (clean, noisy, phone, a loudspeaker in the room) for the whole call, answers what
the agent asks, pauses as its turns do, and sometimes interrupts, says "uh-huh", coughs, talks to somebody else, or has
a television on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from ..core.units import in_samples
from .clips import Clip, Room, Split, load, rooms
from .people import Truth, Utterance, Word, plain

TURNS = (3, 6)
"""How many turns a caller takes."""
THINK_MS = (250, 1_400)
"""Between the agent's last sound and the caller's next."""
WARM_UP_MS = (1_500, 2_500)
"""... and of its first, if the agent does not begin."""
NO_ANSWER_MS = 9_000
"""Silence of the agent after which a caller speaks again."""
LISTENING = ((Truth.INTERRUPTION, 0.22), (Truth.BACKCHANNEL, 0.3), (Truth.TIC, 0.15), (Truth.ASIDE, 0.05))
"""Chance of each during a reply of the agent."""
RESTING = ((Truth.TIC, 0.06), (Truth.ASIDE, 0.03), (Truth.NOISE, 0.05))
"""Chance of each in the silence after one."""
INTO_REPLY_MS = (150, 3_000)
APART_MS = 1_200
"""Between two sounds of the caller, but for turns."""
ENOUGH = 4
"""Clips from which there is a choice."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Clips by what they are, ready to be drawn from."""

    clips: Sequence[Clip]
    rooms: Mapping[str, Room] = field(default_factory=dict)
    """Those in which callers hear the agent from a loudspeaker, by name."""

    @classmethod
    def shipped(cls, split: Split) -> Stock:
        """All of one side."""
        return cls(load(split), rooms(split))

    def of(self, kind: Truth, like: Clip, asked: str) -> list[Clip]:
        """Those of a kind that fit: answers to what was asked, with or without a loudspeaker in the room; of the same
        voice, line and room if there are any."""
        found = [
            c
            for c in self.clips
            if c.kind == kind.value and bool(c.room) == bool(like.room) and (kind is not Truth.TURN or c.asked == asked)
        ]
        for fits in _LIKENESS:
            closer = [c for c in found if fits(c, like)]
            found = closer if len(closer) >= ENOUGH else found
        return found


_LIKENESS: tuple[Callable[[Clip, Clip], bool], ...] = (
    lambda a, b: a.voice == b.voice,
    lambda a, b: a.condition.startswith("phone") == b.condition.startswith("phone"),
    lambda a, b: a.room == b.room,
)


@dataclass(slots=True)
class CastCaller:
    """Decides when to play which clip. Times in ms of the session, positions in caller samples."""

    stock: Stock
    rng: Random
    utterances: list[Utterance] = field(default_factory=list)
    turns_left: int = field(init=False)
    like: Clip = field(init=False)
    """A clip of this caller's voice, on this caller's line."""
    question: str = ""
    """What the agent asked last."""
    _agent_until: int = -1_000
    _spoke_until: int = -1_000
    _answered: bool = True
    _think: int = 0
    _plans: list[tuple[int, Truth]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.turns_left = self.rng.randint(*TURNS)
        self.like = self.rng.choice([c for c in self.stock.clips if c.kind == "turn"])
        self._think = self.rng.randint(*WARM_UP_MS)

    @property
    def done(self) -> bool:
        return self.turns_left <= 0

    @property
    def room(self) -> Room | None:
        """Where this caller hears the agent from a loudspeaker."""
        return self.stock.rooms.get(self.like.room)

    def asked(self, question: str) -> None:
        self.question = question

    def step(self, now: int, at: int, agent: bool) -> Utterance | None:
        self._listen(now, agent)
        if self.utterances and at < self.utterances[-1].end:
            self._spoke_until = now
            return None
        if self._plans and now >= self._plans[0][0]:
            return self._planned(self._plans.pop(0)[1], now, at, agent)
        if agent:
            return None
        quiet = now - max(self._agent_until, self._spoke_until)
        if self.turns_left > 0 and ((self._answered and quiet > self._think) or quiet > NO_ANSWER_MS):
            self.turns_left -= 1
            self._think = self.rng.randint(*THINK_MS)
            self._plans.clear()
            return self._say(Truth.TURN, at, False)
        return None

    def _listen(self, now: int, agent: bool) -> None:
        """Follow the agent's voice; plan what to do during it, and after it, when it begins."""
        if not agent:
            return
        if now - self._agent_until > 100 and now > self._spoke_until:
            self._answered = True
            if now - self._agent_until > 400:
                self._plans = [(now + self.rng.randint(*INTO_REPLY_MS), t) for t in self._drawn(LISTENING)]
                self._plans += [(now + self.rng.randint(500, 8_000), t) for t in self._drawn(RESTING)]
                self._plans.sort(key=lambda plan: plan[0])
        self._agent_until = now

    def _drawn(self, chances: Sequence[tuple[Truth, float]]) -> list[Truth]:
        return [truth for truth, chance in chances if self.rng.random() < chance]

    def _planned(self, truth: Truth, now: int, at: int, agent: bool) -> Utterance | None:
        """What was planned, if there is still occasion; two sounds so close that they would be one are none."""
        if not agent and truth in (Truth.INTERRUPTION, Truth.BACKCHANNEL):
            return None
        if now - self._spoke_until < APART_MS:
            return None
        if truth is Truth.INTERRUPTION:
            self._plans.clear()
        return self._say(truth, at, agent)

    def _say(self, truth: Truth, at: int, over_agent: bool) -> Utterance | None:
        # Where nothing fits, anything that can be said out of the blue.
        asked = (self.question, "", "open") if truth is Truth.TURN else ("",)
        found = next(filter(None, (self.stock.of(truth, self.like, what) for what in asked)), None)
        if found is None:
            return None
        if truth in (Truth.TURN, Truth.INTERRUPTION):
            self._answered, self.question = False, ""
        said = played(self.rng.choice(found), at, truth)
        said.over_agent = over_agent
        self.utterances.append(said)
        return said


def played(clip: Clip, at: int, truth: Truth) -> Utterance:
    """A clip whose audio begins at caller sample `at`."""
    spans = [(at + in_samples(a), at + in_samples(b)) for a, b in clip.spans]
    words = [Word(plain(text), at + in_samples(a), at + in_samples(b)) for text, a, b in clip.words]
    return Utterance(truth, spans, words, clip=clip, begun=at)
