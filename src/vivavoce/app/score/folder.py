"""Recordings in a folder, each with its truth: read to be scored, or written by a simulation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ... import __version__
from ...audio.pcm import AudioError
from ...audio.wav import read_wav
from ...core.errors import BadInput
from ...core.policy import Policy
from ...sim.cast import Stock
from ...sim.fakes import PRICES
from ...sim.reading import PATIENCE, at_patience
from ...sim.score.answers import Answers
from ...sim.score.curve import Curve, plain, point
from ...sim.score.dialogue import Sound
from ...sim.score.recorded import decided, endpoints, heard, read_truth, write_truth
from ...sim.score.score import Score
from ...sim.tally import true_sound
from ...sim.trial import Terms, Trial
from ...sim.world import World
from ...wire.capture import Capture, Header, encode_header, encode_step
from ..capture import NAME, load

TRUTH = "truth.json"


def score(folder: Path) -> Trial:
    """All recordings in a folder and below. Raises BadInput naming the file, the cause and the fix."""
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; fix: give one with recordings and their truth")
    captures = [
        (load(file.parent), _truth(file)) for file in sorted(folder.rglob(TRUTH)) if (file.parent / NAME).exists()
    ]
    sounds = [(wav, _truth(wav.with_suffix(".json"))) for wav in _wavs(folder)]
    if not captures and not sounds:
        raise BadInput(
            f"{folder}: no recording with a truth; fix: put {TRUTH} beside {NAME}, or NAME.json beside NAME.wav "
            "(docs/score.md)"
        )
    trial = Trial()
    for capture, truth in captures:
        trial.score.add(decided(capture, truth))
    for wav, truth in sounds:
        trial.score.add(_heard(wav, truth))
    _curves(trial, captures)
    return trial


def _curves(trial: Trial, captures: list[tuple[Capture, tuple[Sound, ...]]]) -> None:
    points = []
    for patience in PATIENCE if captures else ():
        total = Answers()
        for capture, truth in captures:
            total.add(endpoints(capture, truth, at_patience(capture.header.policy, patience)))
        points.append(point(patience, total))
    trial.curve = Curve.of([p for p in points if p is not None])
    trial.plain = plain([b - a for _, truth in captures for sound in truth if sound.claims for a, b in sound.holds()])


def _wavs(folder: Path) -> Iterator[Path]:
    return (wav for wav in sorted(folder.rglob("*.wav")) if wav.with_suffix(".json").exists())


def _truth(beside: Path) -> tuple[Sound, ...]:
    return read_truth(beside.read_bytes(), str(beside))


def _heard(wav: Path, truth: tuple[Sound, ...]) -> Score:
    try:
        samples, rate = read_wav(wav.read_bytes())
    except AudioError as error:
        raise BadInput(f"{wav}: {error}") from None
    if samples.shape[1] != 2:
        raise BadInput(f"{wav}: needs two channels, the caller left and the agent right")
    scale = 1.0 if samples.dtype == np.int16 else 32_767.0
    return heard((samples[:, 1] * scale).astype(np.int16), rate, truth)


def keep(folder: Path, policy: Policy, terms: Terms) -> None:
    """Write the simulated calls as recordings with truth, a folder each."""
    stock = Stock.shipped(terms.split)
    for seed in range(terms.first_seed, terms.first_seed + terms.dialogues):
        world = World(seed, base=policy, stock=stock, latencies=terms.latencies, keep_log=True).run()
        place = folder / f"{seed:06}"
        try:
            place.mkdir(parents=True, exist_ok=True)
            header = Header(__version__, datetime.now(UTC).isoformat(), f"simulated {seed}", policy, PRICES, "none")
            lines = [encode_header(header)]
            lines += [encode_step(step.now, step.event, step.commands) for step in world.log]
            (place / NAME).write_bytes(b"".join(lines))
            (place / TRUTH).write_bytes(write_truth(map(true_sound, world.checks.tally.said)))
        except OSError as error:
            raise BadInput(f"--keep {place}: {error.strerror}; fix: name a folder that may be written") from None
