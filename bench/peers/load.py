"""`python -m bench.peers.load FOLDER [CALLS ...]`: how many calls one core carries.

The load part of the harness in FOLDER, tuned, with so many calls (150) for 20 s each, pinned to the last core, and the
harness alone with as many. Overhead: from the caller's last voice to the agent's first, less the silence of 200 ms.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from . import DRIVER

HEAD = (
    "| calls | CPU s for a minute of a call | the harness alone | overhead, median / p95 | breaks | memory |\n"
    "|---:|---:|---:|---:|---:|---:|"
)


def load(driver: Path, folder: Path, calls: int) -> list[dict[str, Any]]:
    """What a driver said of each turn, and of the whole."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "raw.jsonl"
        given = f"load --config tuned --sessions {calls} --seconds 20 --ramp 8 --out".split()
        subprocess.run(
            [sys.executable, driver, *given, out],
            env=os.environ | {"PYTHONPATH": str(folder)},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return [json.loads(line) for line in out.read_text().splitlines()]


def row(folder: Path, calls: int) -> str:
    found = load(DRIVER, folder, calls)
    [ours] = [one for one in found if one["kind"] == "load"]
    [alone] = [one for one in load(folder / "drive_null.py", folder, calls) if one["kind"] == "load"]
    late = [one["v2v"] - one["endpoint_ms"] if one["v2v"] else np.inf for one in found if one["kind"] == "turn"]
    median, p95 = np.percentile(late, [50, 95], method="lower")
    cpu, harness = ours["cpu_s_per_session_min"], alone["cpu_s_per_session_min"]
    times = f"{median:.0f} / {p95:.0f} ms"
    return f"| {calls} | {cpu:.2f} | {harness:.2f} | {times} | {ours['audio_gaps']} | {ours['rss_mb']:.0f} MB |"


def main() -> int:
    if len(sys.argv) < 2 or not Path(sys.argv[1], "drive_null.py").is_file():
        print(__doc__, file=sys.stderr)
        return 2
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(HEAD)
    for calls in map(int, sys.argv[2:] or ["150"]):
        print(row(Path(sys.argv[1]), calls), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
