"""`python -m bench.peers FOLDER [OPTIONS]`: beside other frameworks, in one run.

FOLDER holds the harness (`bench.py`, `scenarios.py`, `fakes.py`), which is not part of this project; what it measures
is in its own README. OPTIONS go to it: `--quick`, `--only d`, `--peers ours`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from . import DRIVER


def main() -> int:
    if len(sys.argv) < 2 or not Path(sys.argv[1], "bench.py").is_file():
        print(__doc__, file=sys.stderr)
        return 2
    ours = f"ours={sys.executable}:{DRIVER}"
    return subprocess.run([sys.executable, Path(sys.argv[1], "bench.py"), "--add", ours, *sys.argv[2:]]).returncode


if __name__ == "__main__":
    sys.exit(main())
