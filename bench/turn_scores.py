"""What the turn model says at true ends of speech, in pauses and where speech is cut off; and what a check costs.

`python -m bench.turn_scores [FOLDER ...]`: WAV files of one turn each, spoken by people (default: those of the
package). Prints the tables of docs/turn-model.md.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vivavoce.app.recording import RECORDINGS, load
from vivavoce.providers.base import Pcm
from vivavoce.providers.local import store
from vivavoce.providers.local.models import MODELS, NETWORK
from vivavoce.providers.local.turn import VENDOR, SmartTurn, check

AT_MS = (200, 400, 800)
_MS = 16
"""Samples."""
_STEP = 10 * _MS
_SPEECH_DB = 30.0
"""Below the loudest twentieth of a recording, what is quieter is a pause."""
_PAUSE_MS = 200
_SHORTEST_MS = 60
_CUTS = (0.3, 0.45, 0.6, 0.75)
"""Where speech is cut off, in parts of a stretch of it..."""
_ABOUT_MS = 120
"""... or rather where it is least loud so near to that."""
_CUT_MS = 900
"""Shorter stretches are not cut."""
_TIMES = 60


def scores(pcm16k: Pcm, ends_ms: Sequence[int], at: Sequence[int] = AT_MS) -> list[list[int]]:
    """For each end of speech in a recording (16 kHz) what the turn model says `at` so many ms after it: the probability
    times 255 that the turn is over. After the end of the recording there is silence. What is said again in the meantime
    is heard too, so that a score later than the pause is long means nothing.

    Blocks, 50 ms a score. Raises `ProviderError` code `missing` when the model is not here.
    """
    _, folder = store.find(_name())
    longest = _MS * (max(ends_ms, default=0) + max(at, default=0))
    heard = np.pad(pcm16k, (0, max(0, longest - pcm16k.size)))
    return [[round(255 * check(folder / NETWORK, heard[: _MS * (end + after)])) for after in at] for end in ends_ms]


def _name() -> str:
    return next(model.name for model in MODELS if model.vendor == VENDOR)


# what people said


@dataclass
class Said:
    """Scores of one kind of place, 0 to 255, in lists by the time since the end of speech."""

    scores: list[list[int]] = field(default_factory=list)

    def complete(self) -> list[str]:
        """How often the model says that the turn is over."""
        if not self.scores:
            return ["-"] * len(AT_MS)
        return [f"{100 * np.mean(np.array(column) > 127.5):.0f} %" for column in zip(*self.scores, strict=True)]


@dataclass
class Voice:
    """Everything of one folder."""

    name: str
    ends: Said = field(default_factory=Said)
    pauses: Said = field(default_factory=Said)
    cuts: Said = field(default_factory=Said)

    def add(self, pcm: Pcm) -> None:
        loud = _levels(pcm)
        spans = _spans(loud)
        places = (self.ends, spans[-1:]), (self.pauses, spans[:-1])
        for said, some in places:
            said.scores += [_scored(pcm, end, loud) for _, end in some]
        self.cuts.scores += [_scored(pcm, at, loud) for span in spans for at in _cuts(span, loud)]

    def rows(self) -> Iterator[str]:
        for what, said in (("end", self.ends), ("pause", self.pauses), ("cut", self.cuts)):
            told = [self.name, what, str(len(said.scores)), *said.complete()]
            above = [""] * len(AT_MS) if said is self.ends else _above(self.ends, said)
            yield f"| {' | '.join([*told, *above])} |"


def _above(ends: Said, others: Said) -> list[str]:
    """How often an end has a higher score than another place: 0.5 is guessing."""
    if not others.scores or not ends.scores:
        return ["-"] * len(AT_MS)
    pairs = (np.subtract.outer(np.array(ends.scores)[:, n], np.array(others.scores)[:, n]) for n in range(len(AT_MS)))
    return [f"{np.mean((pair > 0) + 0.5 * (pair == 0)):.2f}" for pair in pairs]


def _levels(pcm: Pcm) -> NDArray[np.float64]:
    steps = pcm[: pcm.size // _STEP * _STEP].reshape(-1, _STEP).astype(np.float64)
    levels: NDArray[np.float64] = np.sqrt(np.mean(steps**2, axis=1)) + 1.0
    return levels


def _spans(loud: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Stretches of speech, in ms."""
    found: list[tuple[int, int]] = []
    for step in np.flatnonzero(loud > np.quantile(loud, 0.95) * 10 ** (-_SPEECH_DB / 20)):
        begin, end = int(step) * 10, int(step) * 10 + 10
        if found and begin - found[-1][1] < _PAUSE_MS:
            begin = found.pop()[0]
        found.append((begin, end))
    return [(begin, end) for begin, end in found if end - begin >= _SHORTEST_MS]


def _cuts(span: tuple[int, int], loud: NDArray[np.float64]) -> list[int]:
    begin, length = span[0], span[1] - span[0]
    if length < _CUT_MS:
        return []
    around = _ABOUT_MS // 10
    middles = [int(begin + length * part) // 10 for part in _CUTS]
    return [10 * (at - around + int(np.argmin(loud[at - around : at + around])) + 1) for at in middles]


def _scored(pcm: Pcm, end: int, loud: NDArray[np.float64]) -> list[int]:
    """Speech up to there, and then the noise of the room."""
    noise = np.random.default_rng(1).normal(size=_MS * max(AT_MS)) * np.quantile(loud, 0.02)
    return scores(np.concatenate((pcm[: _MS * end], noise.astype(np.int16))), [end])[0]


# what it costs


async def _cost() -> Iterator[str]:
    pcm = load(RECORDINGS / "tt-allbusy.wav").pcm
    before = _resident_mb()
    scorer = SmartTurn(_name().partition(":")[2])
    began = time.perf_counter()
    await scorer.start()
    start_s, walls, cpu = time.perf_counter() - began, [], time.process_time()
    for _ in range(_TIMES):
        began = time.perf_counter()
        await scorer.score(pcm)
        walls.append(time.perf_counter() - began)
    each = 1000 * np.array(walls)
    cpu_ms = 1000 * (time.process_time() - cpu) / _TIMES
    alone = await _lateness()
    checking = asyncio.create_task(_go_on(scorer, pcm))
    beside = await _lateness()
    checking.cancel()
    await asyncio.wait([checking])
    return iter(
        [
            f"| loading the network, and a first check | {1000 * start_s:.0f} ms |",
            f"| a check, wall, median / 9 of 10 | {np.median(each):.0f} / {np.quantile(each, 0.9):.0f} ms |",
            f"| a check, CPU | {cpu_ms:.0f} ms |",
            f"| memory | {_resident_mb() - before:.0f} MB |",
            f"| the event loop is late while checks go on, 99 of 100 / worst | {beside[0]:.1f} / {beside[1]:.1f} ms |",
            f"| ... and while none do | {alone[0]:.1f} / {alone[1]:.1f} ms |",
        ]
    )


async def _go_on(scorer: SmartTurn, pcm: Pcm) -> None:
    while True:
        await scorer.score(pcm)


async def _lateness() -> tuple[float, float]:
    """Of a timer every 5 ms, in ms: 99 of 100, and the worst."""
    late = []
    for _ in range(600):
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        late.append(1000 * (time.perf_counter() - began) - 5)
    return float(np.quantile(late, 0.99)), max(late)


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.turn_scores", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=[RECORDINGS])
    folders: list[Path] = parser.parse_args().folders
    at = [f"{ms} ms" for ms in AT_MS]
    print("| cost | |\n|---|---:|")
    for row in asyncio.run(_cost()):
        print(row, flush=True)
    print(f"\n| voice | place | number | {' | '.join(at)} | {' | '.join(f'end above it, {one}' for one in at)} |")
    print("|---|---|" + "---:|" * (1 + 2 * len(AT_MS)))
    for folder in folders:
        voice = Voice(folder.name)
        for file in sorted(folder.glob("*.wav")):
            voice.add(load(file).pcm)
        for row in voice.rows():
            print(row, flush=True)


if __name__ == "__main__":
    main()
