"""`vivavoce replay`: decide a recorded call again and compare every command."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..core.policy import changed
from ..runtime.replay import Difference, ReplayResult, replay
from .capture import load
from .settings import policy_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", type=Path, help="the folder that --record wrote")
    parser.add_argument(
        "--policy", action="append", default=[], metavar="KEY=VALUE", help="decide under another setting"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """0: identical, or different as asked for by --policy; 1: different under the recorded policy."""
    capture = load(args.dir)
    settings = policy_settings(args.policy)
    policy = changed(capture.header.policy, settings) if settings else None
    result = replay(capture, policy)
    if args.json:
        print(json.dumps(_as_dict(result)))
    elif result.first_difference is None:
        same = " under the changed policy" if settings else ""
        print(f"identical{same}: {result.commands} commands of {result.steps} events")
    else:
        _print(result.first_difference, result)
    return 0 if result.identical or settings else 1


def _as_dict(result: ReplayResult) -> dict[str, object]:
    first = result.first_difference
    shown = None
    if first is not None:
        shown = {"line": first.line, "ms": first.now, "recorded": list(first.expected), "now": list(first.got)}
    return {
        "identical": result.identical,
        "events": result.steps,
        "commands": result.commands,
        "first_difference": shown,
    }


def _print(first: Difference, result: ReplayResult) -> None:
    print(f"different from line {first.line} on, at {first.now} ms, after {result.commands} identical commands")
    for command in first.expected or ("(nothing)",):
        print(f"  recorded  {command}")
    for command in first.got or ("(nothing)",):
        print(f"  now       {command}")
