"""Recorded people, from Debian packages: where the files are, what is said in them, and where.

Nobody has marked the words. Sentences are cut at the pauses that fit their letters best, and words are laid over the
voiced stretches in proportion to their letters; where voice and pauses are, is measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from vivavoce.sim.clips import Split

from .join import BLOCK, RATE, REFERENCE_DB, Part, Sound, Spans, at_level, levels, spread, voiced

_WORDS = Path(__file__).parent / "texts" / "recordings.txt"
ASTERISK = Path("/usr/share/asterisk")
_SOUNDS = ASTERISK / "sounds"
_SPHINX = Path("/usr/share/pocketsphinx/test/data")
_GAME = Path("/usr/share/games/hedgewars/Data/Sounds/voices")
_FOLDERS = {
    "allison": (_SOUNDS / "en_US_f_Allison", ".g722"),
    "librivox": (_SPHINX / "librivox", ".wav"),
    "cards": (_SPHINX / "cards", ".wav"),
    "sphinx": (_SPHINX, ".raw"),
    "alsa": (Path("/usr/share/sounds/alsa"), ".wav"),
}
SPEAKERS: dict[Split, tuple[str, ...]] = {"train": ("librivox", "cards", "sphinx", "alsa"), "test": ("allison",)}
GAME: dict[Split, tuple[str, ...]] = {
    "train": ("British", "Classic", "Mobster", "Pirate", "Singer"),
    "test": ("Default", "HillBilly", "Russian", "Surfer"),
}
GAME_TICS: dict[Split, tuple[str, ...]] = {
    "train": (*GAME["train"], "Default_pl", "Default_es"),
    "test": (*GAME["test"], "Default_uk", "Default_ru"),
}
_TICS = ("Hmm", "Laugh", "PoisonCough", "PoisonMoan", "Ooff1", "Ooff2", "Ooff3", "Ow1", "Ow2", "Ow3", "Ow4", "Ouch")
FOREIGN: dict[Split, tuple[str, ...]] = {
    "train": ("fr_CA_f_June", "ru_RU_f_IvrvoiceRU"),
    "test": ("it_IT_m_Carlo", "es_MX_f_Allison"),
}
"""Speech behind the caller: of people, in other languages."""
MUSIC: dict[Split, tuple[str, ...]] = {
    "train": ("macroform-cold_day", "macroform-robot_dity", "macroform-the_simplicity"),
    "test": ("manolo_camp-morning_coffee", "reno_project-system"),
}
_MS = BLOCK // 10
_BREAK_MS = 60
_MS_PER_LETTER = (28, 160)
"""What says less or more in its time is not what its name promises."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One sentence of a recording."""

    speaker: str
    path: str
    text: str
    sentence: int
    """Its number in the recording."""
    sentences: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.speaker}:{Path(self.path).stem}#{self.sentence}"


@cache
def people(split: Split) -> tuple[Recorded, ...]:
    """The sentences of recorded people whose words are known."""
    sections = _sections()
    found: list[Recorded] = []
    for speaker in SPEAKERS[split]:
        folder, suffix = _FOLDERS[speaker]
        for name, text in sections[speaker]:
            found += _sentences(speaker, folder / f"{name}{suffix}", text)
    return tuple(found)


@cache
def game(split: Split, kind: str) -> tuple[Recorded, ...]:
    """Calls of a game's characters, for `turn` or `interruption`. Their words are taken from the names of the files."""
    found: list[Recorded] = []
    for voice in GAME[split]:
        for name, text in _sections()[f"game {kind}"]:
            path = _GAME / voice / f"{name}.ogg"
            if path.is_file() and _plausible(str(path), text):
                found.append(Recorded(f"hedgewars-{voice}", str(path), text, 0, (text,)))
    return tuple(found)


@cache
def tics(split: Split) -> tuple[tuple[str, str], ...]:
    """(Name, path) of sounds of throats without words."""
    paths = [(voice, _GAME / voice / f"{name}.ogg") for voice in GAME_TICS[split] for name in _TICS]
    return tuple((f"hedgewars-{voice}:{path.stem}", str(path)) for voice, path in paths if path.is_file())


@cache
def foreign(split: Split) -> tuple[str, ...]:
    """Paths of prompts of at least a second."""
    found: list[str] = []
    for folder in FOREIGN[split]:
        found += [str(path) for path in sorted((_SOUNDS / folder).glob("*.wav")) if path.stat().st_size > 30_000]
    return tuple(found)


def music(name: str) -> str:
    """The path of a piece."""
    return str(ASTERISK / "moh" / f"{name}.wav")


@cache
def load(path: str) -> Sound:
    """A recording at 16 kHz, mono. Raises `OSError` when it is not there."""
    if path.endswith(".raw"):
        return np.fromfile(path, dtype="<i2") / 32768.0
    import av

    with av.open(path, format="g722" if path.endswith(".g722") else None) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames]) / 32768.0


def breaths(recorded: Recorded) -> list[Part]:
    """The sentence, cut out of its recording and apart at every break of 60 ms or more, which each part ends with.
    Raises `ValueError` when it cannot be found there."""
    sound = at_level(load(recorded.path), REFERENCE_DB)
    # In a room with noise, what stands out of it is audible.
    floor = max(-50.0, min(float(np.percentile(levels(sound), 2)) + 10.0, -36.0))
    spans = [(a, b) for a, b in voiced(sound, floor, _BREAK_MS) if b - a >= _BREAK_MS]
    start, end = cut(recorded.sentences, spans)[recorded.sentence]
    inside = [(a, b) for a, b in spans if a >= start and b <= end]
    words = spread(recorded.text.split(), inside)
    parts: list[Part] = []
    for number, (first, last) in enumerate(inside):
        until = inside[number + 1][0] if number + 1 < len(inside) else last
        own = [(w, (a - first) * _MS, (b - first) * _MS) for w, a, b in words if first <= a < last]
        parts.append(Part(sound[first * _MS : last * _MS], own, until - last))
    return parts


def cut(sentences: tuple[str, ...], spans: Spans) -> list[tuple[int, int]]:
    """Where each sentence begins and ends: at the pauses that are nearest to its share of letters, the long ones
    before the short ones. Raises `ValueError` when there are fewer pauses than sentences."""
    if len(spans) < len(sentences):
        raise ValueError(f"{len(spans)} voiced stretches hold no {len(sentences)} sentences")
    lengths = np.cumsum([b - a for a, b in spans])
    letters = np.cumsum([len(text) + 1 for text in sentences]) / sum(len(text) + 1 for text in sentences)
    ends: list[int] = []
    for number, share in enumerate(letters[:-1]):
        first = ends[-1] + 1 if ends else 0
        last = len(spans) - (len(sentences) - 1 - number)
        ends.append(min(range(first, last), key=lambda n: _misfit(n, share * lengths[-1], lengths, spans)))
    ends.append(len(spans) - 1)
    starts = [0, *(end + 1 for end in ends[:-1])]
    return [(spans[a][0], spans[b][1]) for a, b in zip(starts, ends, strict=True)]


def _misfit(number: int, wanted: float, lengths: np.ndarray, spans: Spans) -> float:
    """ms away from where the sentence should end, less twice the pause there, up to a second of it."""
    pause = spans[number + 1][0] - spans[number][1]
    return abs(float(lengths[number]) - wanted) - 2.0 * min(pause, 1000)


def _plausible(path: str, text: str) -> bool:
    spans = voiced(at_level(load(path), REFERENCE_DB))
    low, high = _MS_PER_LETTER
    return low * len(text) <= sum(b - a for a, b in spans) <= high * len(text) and len(spans) <= 2


def _sentences(speaker: str, path: Path, text: str) -> Iterator[Recorded]:
    sentences = tuple(re.split(r"(?<=[.?]) (?=[A-Z])", text))
    for number, sentence in enumerate(sentences):
        yield Recorded(speaker, str(path), sentence, number, sentences)


@cache
def _sections() -> dict[str, list[tuple[str, str]]]:
    sections: dict[str, list[tuple[str, str]]] = {}
    heading = ""
    for line in _WORDS.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            heading = line[2:]
            sections[heading] = []
        else:
            name, _, text = line.partition(": ")
            sections[heading].append((name, text))
    return sections
