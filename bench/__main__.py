"""`python -m bench [PART ...]`: run the measurements and print them as Markdown."""

from __future__ import annotations

import argparse
import platform
import sys

import vivavoce

from . import browser, conversation, core, duet, echo, floor, memory, overhead, realtime, score, webrtc, webrtc_calls

PARTS = {
    "core": core.measure,
    "floor": floor.measure,
    "overhead": overhead.measure,
    "memory": memory.measure,
    "realtime": realtime.measure,
    "webrtc": webrtc.measure,
    "calls": webrtc_calls.measure,
    "browser": browser.measure,
    "conversation": conversation.measure,
    "duet": duet.measure,
    "score": score.measure,
    "echo": echo.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which parts (default: all)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, for a first look")
    args = parser.parse_args()
    print(f"vivavoce {vivavoce.__version__}, Python {platform.python_version()}, {platform.machine()}\n")
    print("| what | figure | bound |\n|---|---:|---:|")
    for name in args.parts or PARTS:
        for what, figure, bound in PARTS[name](args.quick):
            print(f"| {what} | {figure} | {bound} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
