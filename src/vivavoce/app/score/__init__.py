"""`vivavoce score`: what conversations were like, in the field's own metrics."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ...core.errors import BadInput
from ...core.policy import PRESETS, Policy, changed
from ...sim.trial import Terms, Trial, hold
from ..progress import bar
from ..settings import policy_settings
from . import folder, page, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", type=Path, nargs="?", metavar="DIR", help="recordings, each with its truth beside it")
    parser.add_argument("--simulated", type=int, metavar="N", help="N dialogues with simulated callers instead")
    parser.add_argument("--first-seed", type=int, default=0, metavar="K", help="the first seed (default 0)")
    parser.add_argument(
        "--split", choices=("test", "train"), default="test", help="whose sounds the callers have (default test)"
    )
    parser.add_argument("--preset", choices=tuple(PRESETS), default="browser", help="the policy (default browser)")
    parser.add_argument("--policy", action="append", default=[], metavar="KEY=VALUE", help="change one setting of it")
    parser.add_argument(
        "--against", action="append", default=[], metavar="KEY=VALUE", help="a second policy, beside the first"
    )
    parser.add_argument(
        "--against-preset", choices=tuple(PRESETS), default=None, help="what the second policy starts from"
    )
    parser.add_argument("--page", type=Path, metavar="FILE.html", help="write a page of plots")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="with --simulated: write the calls too")
    parser.add_argument("--jobs", type=int, default=None, metavar="N", help="processes (default: one per core)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    _check(args)
    trials = _simulated(args) if args.dir is None else [("recordings", folder.score(args.dir))]
    if args.page is not None:
        _write(args.page, page.render(trials))
    if args.json:
        print(json.dumps(_as_dict(trials)))
    else:
        table.show(trials)
        if args.page is not None:
            print(f"plots: {args.page}")
    return 0


def _check(args: argparse.Namespace) -> None:
    if (args.dir is None) == (args.simulated is None):
        raise BadInput("give a folder of recordings, or --simulated N; see vivavoce score --help")
    if args.dir is not None and (args.policy or args.against or args.against_preset or args.keep):
        raise BadInput("a recording keeps the policy it was made with; fix: leave --policy, --against and --keep out")
    simulated = 1 if args.simulated is None else args.simulated
    if simulated < 1 or args.first_seed < 0 or (args.jobs is not None and args.jobs < 1):
        raise BadInput("--simulated and --jobs must be 1 or more and --first-seed 0 or more")


def policies(args: argparse.Namespace) -> list[tuple[str, Policy]]:
    """What is compared, by name. Raises PolicyError."""
    first = changed(PRESETS[args.preset], policy_settings(args.policy))
    found = [(" ".join([args.preset, *args.policy]), first)]
    if args.against or args.against_preset:
        base = PRESETS[args.against_preset] if args.against_preset else first
        name = args.against_preset or ("" if args.policy else args.preset)
        found.append((" ".join(filter(None, [name, *args.against])), changed(base, policy_settings(args.against))))
    return found


def _simulated(args: argparse.Namespace) -> list[tuple[str, Trial]]:
    terms = Terms(args.split, args.simulated, args.first_seed)
    found = []
    for name, policy in policies(args):
        with bar(name) as progress:
            found.append((name, hold(policy, terms, args.jobs, progress)))
    if args.keep is not None:
        folder.keep(args.keep, policies(args)[0][1], terms)
    return found


def _as_dict(trials: list[tuple[str, Trial]]) -> dict[str, Any]:
    """`against` is there where two policies were compared."""
    (name, first), *others = trials
    found = {"policy": name, "metrics": first.metrics()}
    for other, trial in others:
        found["against"] = {"policy": other, "metrics": trial.metrics()}
    return found


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"--page {path}: {error.strerror}; fix: name a file that may be written") from None
