"""The clips of a split: first a plan of what each is to be, then one clip after the other, each from its own seed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from vivavoce.sim.clips import Clip, Split

from . import recordings, texts
from .behind import company
from .conditions import LEAD_MS, Line, arrive, at_level_of, padded
from .join import RATE, Part, Sound, Take, join, tightened
from .measure import measure
from .rooms import PLACES, over
from .synth import Manner, say
from .texts import Piece
from .tics import NOISES, TICS
from .voices import VOICES, Voice

SIZES: dict[Split, dict[str, int]] = {
    "train": {
        "turn": 1460, "people": 60, "game turn": 40, "interruption": 300, "game interruption": 60,
        "backchannel": 160, "aside": 100, "tic": 120, "game tic": 60, "noise": 120,
        "room turn": 150, "room interruption": 60, "room backchannel": 40, "room aside": 20, "room tic": 30,
    },
    "test": {
        "turn": 760, "people": 240, "game turn": 24, "interruption": 180, "game interruption": 40,
        "backchannel": 110, "aside": 70, "tic": 70, "game tic": 50, "noise": 80,
        "room turn": 100, "room interruption": 45, "room backchannel": 30, "room aside": 15, "room tic": 25,
    },
}  # fmt: skip
"""Clips of each source; `room`: of callers who hear the agent from a loudspeaker."""
_ROOM = "room "
_AT_HOME = 3
"""So many of a split's voices speak there, that each has several clips."""
_SECTIONS = {
    "open pause": 21, "open hesitation": 9, "open correction": 7, "open list": 7, "open": 13, "yes_no short": 6,
    "yes_no pause": 7, "choice short": 4, "choice pause": 5, "name short": 3, "name spelling": 6, "name pause": 3,
    "number short": 3, "number pause": 5, "dictation": 8,
}  # fmt: skip
_PAUSED = 0.6
"""Chance of a pause in a turn with places for one."""
_BREAK_MS = 100
_REST_MS = 150
"""The longest pause that a synthesiser makes by itself."""
_CONDITIONS = {"clean": 45, "noisy": 15, "phone": 20, "phone_noisy": 10, "television": 5, "second_speaker": 5}
_LONELY = {"clean": 50, "noisy": 15, "phone": 25, "phone_noisy": 10}
"""For sounds that are themselves of the background."""
_LOUDNESS_DB = (-32.0, -17.0)
_TELEVISION_DB, _SPEAKER_DB = -18.0, (-15.0, -12.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one clip is to be."""

    split: Split
    number: int
    source: str

    @property
    def id(self) -> str:
        return f"{self.split}-{self.number:04d}"

    @property
    def open_air(self) -> bool:
        """The agent's voice comes back."""
        return self.source.startswith(_ROOM)

    def seed(self) -> int:
        return int.from_bytes(hashlib.blake2b(self.id.encode(), digest_size=8).digest(), "big")


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A sound before anything stands between it and the agent."""

    take: Take
    kind: str
    voice: str
    asked: str = ""
    habit: str = ""
    places: tuple[str, ...] = ()
    """What kinds of pauses were put in."""
    softer_db: float = 0.0
    """How far below a caller's voice it is, in a background of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A clip, with what only its maker knows."""

    clip: Clip
    line: Line
    places: tuple[str, ...]


def plans(split: Split) -> list[Plan]:
    """What is to be made, in order."""
    sources = [source for source, count in SIZES[split].items() for _ in range(count)]
    return [Plan(split, number, source) for number, source in enumerate(sources)]


def build(plan: Plan) -> Built:
    """Make and measure one clip; the same plan always gives the same one."""
    rng = Random(plan.seed())
    noise = np.random.default_rng(plan.seed())
    made = _MAKERS[plan.source.removeprefix(_ROOM)](plan, rng, noise)
    place = rng.choice(PLACES[plan.split]) if plan.open_air else None
    condition = "loudspeaker" if place else _drawn(rng, _CONDITIONS if made.softer_db == 0.0 else _LONELY)
    level = rng.uniform(*_LOUDNESS_DB) + made.softer_db
    line = arrive(made.take, condition, company(plan.split, made.voice), noise, level)
    heard = measure(line)
    clip = Clip(
        id=plan.id,
        kind=made.kind,
        voice=made.voice,
        condition=condition,
        spans=[(a + LEAD_MS, b + LEAD_MS) for a, b in made.take.spans],
        words=[(text, a + LEAD_MS, b + LEAD_MS) for text, a, b in made.take.words],
        p=heard.p,
        quiet=heard.quiet,
        asked=made.asked,
        habit=made.habit if made.habit != "pause" or len(made.take.spans) > 1 else "",
        room=place.name if place else "",
        over=over(plan.split, place, at_level_of(padded(made.take), made.take.sound, level), noise) if place else None,
    )
    return Built(clip, line, made.places)


Maker = Callable[[Plan, Random, np.random.Generator], Made]


def _drawn(rng: Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


# ---- what callers say


def _turn(plan: Plan, rng: Random, noise: np.random.Generator) -> Made:
    section = _drawn(rng, _SECTIONS)
    if section == "dictation":
        line = texts.dictation(rng, plan.split)
    elif section == "name spelling" and rng.random() < 0.5:
        line = texts.spelling(rng, plan.split)
    else:
        line = rng.choice(texts.turns(plan.split)[section])
    return _said(plan, rng, line, "turn")


def _other(section: str) -> Maker:
    def make(plan: Plan, rng: Random, noise: np.random.Generator) -> Made:
        heading = f"{section} {'stop' if rng.random() < 0.35 else 'content'}" if section == "interruption" else section
        return _said(plan, rng, rng.choice(texts.others(plan.split)[heading]), section)

    return make


def _said(plan: Plan, rng: Random, line: texts.Line, kind: str) -> Made:
    pieces = texts.perform(rng, line, rng.random() < _PAUSED)
    voices = VOICES[plan.split][: _AT_HOME if plan.open_air else None]
    voice = rng.choices(voices, [voice.weight for voice in voices])[0]
    manner = Manner(round(rng.uniform(0.85, 1.25), 2), round(rng.uniform(0.94, 1.06), 2))
    take = join([_part(voice, piece, manner) for piece in pieces])
    habit = line.habit if kind == "turn" else ""
    if kind == "interruption":
        habit = "pause" if len(take.spans) > 1 else "short" if len(take.words) < 4 else ""
    places = tuple(piece.place for piece in pieces if piece.pause_ms)
    return Made(take, kind, voice.name, line.asked if kind == "turn" else "", habit, places)


def _part(voice: Voice, piece: Piece, manner: Manner) -> Part:
    """A piece that goes on is read with a comma after it, for the sake of its melody; that is not in its words."""
    if piece.drawn:
        manner = replace(manner, speed=manner.speed * 0.6)
    goes_on = piece.text[-1] not in ",.?"
    said = tightened(say(voice, piece.text + "," * goes_on, manner), _REST_MS)
    words = said.words
    if goes_on:
        words = [*words[:-1], (words[-1][0].rstrip(","), *words[-1][1:])]
    return Part(said.sound, words, piece.pause_ms)


def _person(plan: Plan, rng: Random, noise: np.random.Generator) -> Made:
    """A recorded sentence, in half of the cases with some of its own short breaks made longer."""
    while True:
        recorded = rng.choice(recordings.people(plan.split))
        parts = recordings.breaths(recorded)
        if len(parts) > 1 or rng.random() < 0.5:
            break
    if rng.random() < 0.5:
        parts = [_stretched(part, rng) for part in parts[:-1]] + parts[-1:]
    take = join(parts)
    return Made(take, "turn", recorded.name, "", "pause" if len(take.words) > 3 else "short")


def _stretched(part: Part, rng: Random) -> Part:
    """The part with its break made longer, half of the time. What is shorter may be the closure of a consonant."""
    longer = rng.random() < 0.5 and part.pause_ms >= _BREAK_MS
    return replace(part, pause_ms=texts.pause_ms(rng)) if longer else part


def _game(kind: str) -> Maker:
    def make(plan: Plan, rng: Random, noise: np.random.Generator) -> Made:
        recorded = rng.choice(recordings.game(plan.split, kind))
        return Made(join(recordings.breaths(recorded)), kind, recorded.name, "", "short")

    return make


# ---- sounds without words


def _tic(plan: Plan, rng: Random, noise: np.random.Generator) -> Made:
    name = rng.choice(list(TICS))
    return Made(_bare(TICS[name](noise)), "tic", f"made:{name}")


def _game_tic(plan: Plan, rng: Random, noise: np.random.Generator) -> Made:
    name, path = rng.choice(recordings.tics(plan.split))
    return Made(_bare(recordings.load(path)), "tic", name)


def _noise(plan: Plan, rng: Random, noise: np.random.Generator) -> Made:
    """A thing, music, a television, or somebody else in the room."""
    which = rng.choice(("thing", "thing", "thing", "music", "television", "television", "speaker", "speaker"))
    others = company(plan.split, "")
    size = round(rng.uniform(2.5, 8.0) * RATE)
    if which == "thing":
        name = rng.choice(list(NOISES))
        return Made(_bare(NOISES[name](noise)), "noise", f"made:{name}", softer_db=rng.uniform(-12.0, 0.0))
    if which == "music":
        name = rng.choice(recordings.MUSIC[plan.split])
        start = noise.integers(RATE * 30)
        sound = recordings.load(recordings.music(name))[start : start + size]
        return Made(_bare(sound), "noise", f"music:{name}", softer_db=_TELEVISION_DB + rng.uniform(0.0, 8.0))
    if which == "television":
        return Made(_bare(others.television(noise, size)), "noise", "television", softer_db=_TELEVISION_DB)
    sound = others.speaker(noise, size)
    return Made(_bare(sound), "noise", "second_speaker", softer_db=rng.uniform(*_SPEAKER_DB))


def _bare(sound: Sound) -> Take:
    """A sound without words; where it is audible is where it is."""
    return join([Part(sound, [])])


_MAKERS: dict[str, Maker] = {
    "turn": _turn,
    "people": _person,
    "game turn": _game("turn"),
    "interruption": _other("interruption"),
    "game interruption": _game("interruption"),
    "backchannel": _other("backchannel"),
    "aside": _other("aside"),
    "tic": _tic,
    "game tic": _game_tic,
    "noise": _noise,
}
