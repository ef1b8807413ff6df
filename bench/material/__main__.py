"""`python -m bench.material`: make, measure and write the clips of simulated callers."""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import track

from vivavoce.audio.wav import write_wav
from vivavoce.sim.clips import Clip, Room

from .build import Built, build, plans
from .report import report
from .rooms import rooms

_OUT = Path("src/vivavoce/sim/material")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.material", description=__doc__)
    parser.add_argument("--out", type=Path, default=_OUT, help=f"folder of the clips (default: {_OUT})")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--only", type=int, metavar="N", help="every Nth clip, for a first look")
    parser.add_argument("--audio", type=Path, metavar="DIR", help="also write what was measured, as ID.wav")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
        for split in ("train", "test"):
            todo = plans(split)[:: args.only or 1]
            made = pool.imap(build, todo, chunksize=4)
            built = list(track(made, split, len(todo), console=Console(stderr=True)))
            write(args.out / f"{split}.jsonl.gz", [one.clip for one in built])
            write(args.out / f"{split}.rooms.jsonl.gz", rooms(split))
            if args.audio:
                keep(args.audio, built)
            print(report(split, built))


def write(file: Path, rows: Sequence[Clip | Room]) -> None:
    """One a line; the same rows give the same bytes."""
    lines = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    file.write_bytes(gzip.compress(lines, 9, mtime=0))


def keep(folder: Path, built: list[Built]) -> None:
    """The audio, as it reached the ears."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in built:
        (folder / f"{one.clip.id}.wav").write_bytes(write_wav(one.line.pcm, one.line.rate))


if __name__ == "__main__":
    sys.exit(main())
