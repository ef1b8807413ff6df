"""`vivavoce tune`: search the endpointing settings for a stated aim, and print what can be had for what."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from ..core.errors import BadInput
from ..core.policy import PRESETS, changed
from ..sim.trial import Terms
from ..sim.tune import Aim, Found, Search, assess, search
from .progress import bar
from .settings import policy_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    aim = parser.add_mutually_exclusive_group()
    aim.add_argument(
        "--cutoffs", type=float, metavar="PERCENT", help="least latency with so many pauses taken for the end (5)"
    )
    aim.add_argument(
        "--cutoff-costs", type=float, metavar="S", help="or: where one pause cut off is as bad as S seconds of waiting"
    )
    parser.add_argument("--tries", type=int, default=120, metavar="N", help="settings to try (default 120)")
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="what the search is drawn from (default 0)")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="browser", help="the policy to start from")
    parser.add_argument("--policy", action="append", default=[], metavar="KEY=VALUE", help="change one setting of it")
    parser.add_argument("--jobs", type=int, default=None, metavar="N", help="processes (default: one per core)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """0: found; 1: nothing that was tried reaches the aim."""
    aim = _aim(args)
    if args.tries < 1 or args.seed < 0 or (args.jobs is not None and args.jobs < 1):
        raise BadInput("--tries and --jobs must be 1 or more, --seed 0 or more")
    policy = changed(PRESETS[args.preset], policy_settings(args.policy))
    with bar("tuning") as progress:
        found = search(policy, Terms("train", first_seed=args.seed), args.tries, jobs=args.jobs, progress=progress)
    best = found.best(aim)
    proof = None if best is None else assess(policy, Terms("test", first_seed=args.seed), best.settings)
    if args.json:
        shown = {"tried": len(found.tried), "frontier": [asdict(one) for one in found.frontier()]}
        print(json.dumps(shown | {"best": best and asdict(best), "test": proof and asdict(proof)}))
    else:
        _print(found, best, proof)
    return 0 if best else 1


def _aim(args: argparse.Namespace) -> Aim:
    """Raises BadInput."""
    if args.cutoff_costs is not None:
        if args.cutoff_costs < 0:
            raise BadInput("--cutoff-costs must be 0 or more seconds")
        return Aim(cutoff_ms=args.cutoff_costs * 1_000)
    cutoffs = 5.0 if args.cutoffs is None else args.cutoffs
    if not 0 <= cutoffs < 100:
        raise BadInput("--cutoffs must be from 0 to 100 (percent)")
    return Aim(cutoffs=cutoffs / 100)


def _print(found: Search, best: Found | None, proof: Found | None) -> None:
    from rich.console import Console
    from rich.table import Table

    names = [key.removeprefix("endpoint.") for key in found.tried[0].settings]
    table = Table(box=None, padding=(0, 2, 0, 0))
    for head in ("cut off", "latency", *names):
        table.add_column(head, justify="right")
    for one in found.frontier():
        style = "bold green" if one is best else ""
        cells = (f"{one.cut * 100:.1f} %", f"{one.latency_ms:.0f} ms", *map(str, one.settings.values()))
        table.add_row(*cells, style=style)
    console = Console()
    console.print(table)
    if best is None or proof is None:
        console.print(f"nothing of {len(found.tried)} tried cuts off so few", style="bold red")
        return
    settings = " ".join(f"--policy {key}={value}" for key, value in best.settings.items())
    console.print(f"best: {settings}", style="bold", highlight=False, soft_wrap=True)
    heard = f"{proof.cut * 100:.1f} % cut off, {proof.latency_ms:.0f} ms"
    console.print(f"with voices and texts that the search never saw: {heard}", highlight=False)
