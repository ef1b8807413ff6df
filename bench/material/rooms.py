"""Callers without a headset: the agent's voice comes out of a loudspeaker, and back into their microphone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from vivavoce.audio.pcm import Pcm, from_float
from vivavoce.audio.resample import resample
from vivavoce.sim.clips import WINDOW, Heard, Room, Split

from .conditions import Line, band, reverberated, room
from .join import RATE, Sound, at_level
from .measure import measure
from .synth import Manner, say
from .voices import AGENTS

AGENT_DB = -20.0
"""Level of the agent's voice as it is sent."""
_REPLY = 20 * RATE // WINDOW * WINDOW
_REST = 2 * RATE // WINDOW * WINDOW
_TAIL = RATE * 3 // 4 // WINDOW * WINDOW
_INTO_REPLY_S = (1.0, 6.0)
"""How long the agent has been speaking again when a clip begins."""
_OUT_RATE = 24_000


@dataclass(frozen=True, slots=True)
class Place:
    """A room with a loudspeaker in it."""

    name: str
    level_db: float
    """Of the agent's voice in the microphone, beside how it was sent."""
    delay_ms: int
    """From sending to hearing."""
    reverb_s: float


PLACES: dict[Split, tuple[Place, ...]] = {
    "train": (Place("desk", -10.0, 60, 0.25), Place("table", -16.0, 180, 0.35), Place("hall", -22.0, 120, 0.5)),
    "test": (Place("kitchen", -8.0, 90, 0.3), Place("car", -14.0, 220, 0.15), Place("office", -20.0, 40, 0.4)),
}
_STORIES: dict[Split, str] = {
    "train": "The parcel left our warehouse on Monday, and the driver tried to deliver it twice. Nobody was at home, "
    "so he took it to the shop at the corner. They keep it for a week, and you only need to show a card with your "
    "name. If that is too far, I can have it brought to another address, but it takes two more days. Many people "
    "choose the evening, between six and eight, because it is quiet then. Tell me what suits you, and I will write it "
    "down.",
    "test": "There are three ways to get to the island. The ferry is slow, but you see the cliffs and sometimes a "
    "whale. The small plane takes twenty minutes and flies only when there is no fog. And in winter, when the sea is "
    "frozen, some go on foot, which I would not recommend. The hotel by the lighthouse has eleven rooms and an "
    "excellent cook. Breakfast is from seven, with bread that is baked in the house. Shall I look for a date in June "
    "or in July?",
}


def rooms(split: Split) -> list[Room]:
    """What is heard in each room while only the agent speaks: for the first time, once more, and when it stops."""
    return [_listened(split, place) for place in PLACES[split]]


def over(split: Split, place: Place, take: Sound, rng: np.random.Generator) -> Heard:
    """What is heard of a padded take over the agent's voice, which the ears have heard once before."""
    begin = _into_reply(rng)
    size = begin + take.size
    played = np.zeros(size)
    _speak(split, played, 0, _REPLY)
    _speak(split, played, _REPLY + _REST, size)
    air = _air(place, played)
    air[begin:] += take
    heard = _hear(air, played, rng)
    return _cut(heard, begin, take.size)


def _listened(split: Split, place: Place) -> Room:
    later = _REPLY + _REST
    size = later + _REPLY + _TAIL
    played = np.zeros(size)
    _speak(split, played, 0, _REPLY)
    _speak(split, played, later, later + _REPLY)
    heard = _hear(_air(place, played), played, np.random.default_rng(place.delay_ms))
    return Room(
        name=place.name,
        agent=AGENTS[split].name,
        level_db=place.level_db,
        delay_ms=place.delay_ms,
        first=_cut(heard, 0, _REPLY),
        later=_cut(heard, later, _REPLY),
        tail=_cut(heard, later + _REPLY, _TAIL),
    )


def _into_reply(rng: np.random.Generator) -> int:
    return round((_REPLY + _REST + rng.uniform(*_INTO_REPLY_S) * RATE) / WINDOW) * WINDOW


def _speak(split: Split, played: Sound, begin: int, end: int) -> None:
    played[begin:end] = np.resize(_voice(split), end - begin)


@cache
def _voice(split: Split) -> Sound:
    return at_level(say(AGENTS[split], _STORIES[split], Manner()).sound, AGENT_DB)


def _air(place: Place, played: Sound) -> Sound:
    """What of it arrives at the microphone: late, through a small loudspeaker, with the room's reverberation."""
    wet = reverberated(played, np.random.default_rng(place.delay_ms), place.reverb_s, 0.6)
    late = place.delay_ms * RATE // 1000
    arrived = np.concatenate([np.zeros(late), wet[: played.size - late]])
    return band(arrived, 200.0, 6000.0) * 10.0 ** (place.level_db / 20.0)


def _hear(air: Sound, played: Sound, rng: np.random.Generator) -> Heard:
    sent: Pcm = resample(from_float(played), RATE, _OUT_RATE)
    return measure(Line(from_float(air + room(rng, air.size)), RATE), sent)


def _cut(heard: Heard, begin: int, size: int) -> Heard:
    part = slice(begin // WINDOW, (begin + size) // WINDOW)
    return Heard(heard.p[part], heard.quiet[part], heard.echo[part])
