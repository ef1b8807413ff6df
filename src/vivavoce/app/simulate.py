"""`vivavoce simulate`: many synthetic calls, every invariant checked at every step."""

from __future__ import annotations

import argparse
import json
import time

from ..core.errors import BadInput
from ..core.policy import PRESETS, Policy, changed
from ..sim.people import KINDS
from ..sim.run import Outcome, run_seed, simulate, timeline_of
from . import show
from .progress import bar
from .settings import policy_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, default=500, metavar="N", help="how many calls (default 500)")
    parser.add_argument("--first-seed", type=int, default=0, metavar="K", help="the first seed (default 0)")
    parser.add_argument("--caller", choices=("mixed", *KINDS), default="mixed", help="the kind of caller")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="browser", help="the policy to start from")
    parser.add_argument(
        "--policy", action="append", default=[], metavar="KEY=VALUE", help="change one setting, as barge_in.min_words=2"
    )
    parser.add_argument(
        "--engines", type=int, default=1, metavar="N", help="engines of each kind that stand in for each other (1)"
    )
    parser.add_argument("--jobs", type=int, default=None, metavar="N", help="processes (default: one per core)")
    parser.add_argument("--timeline", action="store_true", help="with --seeds 1: print the call")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    if args.seeds < 1 or args.first_seed < 0 or args.engines < 1 or (args.jobs is not None and args.jobs < 1):
        raise BadInput("--seeds, --engines and --jobs must be 1 or more and --first-seed 0 or more")
    policy = changed(PRESETS[args.preset], policy_settings(args.policy))
    if args.timeline:
        return _timeline(args, policy)
    began = time.monotonic()
    outcome = _with_progress(args, policy)
    if args.json:
        print(json.dumps(outcome.as_dict()))
    else:
        _print(outcome, args, time.monotonic() - began)
        for failure in outcome.failures[:3]:
            print(f"\nseed {failure.seed} ({failure.caller}): {failure.message}\n")
            print("\n".join(timeline_of(failure.seed, args.caller, policy, engines=args.engines)))
    return 1 if outcome.failures else 0


def _timeline(args: argparse.Namespace, policy: Policy) -> int:
    if args.seeds != 1:
        raise BadInput("--timeline shows one call; fix: add --seeds 1 --first-seed K")
    print("\n".join(timeline_of(args.first_seed, args.caller, policy, 10_000, args.engines)))
    return 1 if run_seed(args.first_seed, args.caller, policy, args.engines).failures else 0


def _with_progress(args: argparse.Namespace, policy: Policy) -> Outcome:
    with bar("simulating") as told:

        def progress(so_far: Outcome) -> None:
            told(so_far.seeds, args.seeds, f"{len(so_far.failures)} violations" if so_far.failures else "")

        return simulate(args.seeds, args.first_seed, args.caller, policy, args.jobs, progress, args.engines)


def _print(outcome: Outcome, args: argparse.Namespace, seconds: float) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(justify="right")
    for label, value in show.metric_rows(outcome.score.metrics()):
        table.add_row(label, value)
    console = Console()
    console.print(table)
    last = args.first_seed + outcome.seeds - 1
    verdict = f"{len(outcome.failures)} violations" if outcome.failures else "every invariant held"
    style = "bold red" if outcome.failures else "bold green"
    console.print(f"seeds {args.first_seed} to {last}: {verdict}  ({seconds:.0f} s)", style=style, highlight=False)
    for failure in outcome.failures[:20]:
        console.print(f"  seed {failure.seed} ({failure.caller}): {failure.invariant}", markup=False)
