"""What a duet says of itself on a terminal: each answer as it ends, and all of it at the end."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from typing import Any

from ...runtime.session import Summary
from .costs import Costs
from .export import Sound, captions, markdown
from .plan import Plan
from .stage import Line

LATE_MS = 250
"""A gap from which on it is told which hop was slow."""


def printer(as_json: bool, costs: Costs) -> Callable[[int, Line], None]:
    """Prints each line as it ends."""

    def show(number: int, line: Line) -> None:
        print(json.dumps(as_dict(number, line)) if as_json else f"{line.speaker}: {_told(line, costs)}", flush=True)

    return show


def as_dict(number: int, line: Line) -> dict[str, Any]:
    return {
        "turn": number,
        "speaker": line.speaker,
        "agent_text": line.heard,
        "gap_ms": line.gap_ms,
        "interrupted": line.interrupted,
        "hops": [{"name": name, "ms": ms} for name, ms in line.hops],
        "cost": line.cost,
    }


def _told(line: Line, costs: Costs) -> str:
    facts = [] if line.gap_ms is None else [f"gap {line.gap_ms} ms"]
    if line.gap_ms is not None and line.gap_ms >= LATE_MS and (slow := slowest(line)):
        facts.append(f"slowest: {slow}")
    if costs.total:
        facts.append(f"so far {costs.total:.4f} USD")
    return line.heard + (f"  [{', '.join(facts)}]" if facts else "")


def slowest(line: Line) -> str:
    """The hop of an answer that took the longest, in words; empty where none is known."""
    name, ms = max(line.hops, key=lambda hop: hop[1], default=("", 0))
    return f"{name} {ms} ms" if ms > 0 else ""


def finish(
    args: argparse.Namespace, plan: Plan, lines: Sequence[Line], sound: Sound, costs: Costs, summary: Summary
) -> None:
    """Write the files, and say how it was."""
    if args.out is not None:
        sound.write(args.out, args.mixed)
    if args.transcript is not None:
        words = captions(lines) if args.transcript.suffix == ".vtt" else markdown(plan.topic, lines)
        args.transcript.write_text(words, encoding="utf-8")
    gaps = sorted(line.gap_ms for line in lines if line.gap_ms is not None)
    totals: dict[str, Any] = {
        "turns": len(lines),
        "duration_ms": summary.duration_ms,
        "gap_p50_ms": gaps[len(gaps) // 2] if gaps else None,
        "gap_max_ms": gaps[-1] if gaps else None,
        "ended": summary.reason,
        "cost": costs.as_dict() | {"estimate": plan.estimate.total},
        "reports": [f"{r.role.value}: {r.code}: {r.detail}" for r in summary.reports],
    }
    if args.json:
        print(json.dumps({"summary": totals}))
        return
    median, longest = totals["gap_p50_ms"], totals["gap_max_ms"]
    print(f"\n{len(lines)} answers in {summary.duration_ms / 1000:.1f} s; gap {median} ms, at most {longest} ms")
    for row in (*spent(costs), *(f"! {said}" for said in totals["reports"])):
        print(row)
    for name, path in (("sound", args.out), ("transcript", args.transcript)):
        if path is not None:
            print(f"the {name} is in {path}")


def spent(costs: Costs) -> list[str]:
    """A row for each side, and for what nobody heard."""
    rows = []
    for side, roles in costs.as_dict()["sides"].items():
        parts = [f"{role}{_money(bill['cost'])} {_amounts(bill['amounts'])}" for role, bill in roles.items()]
        rows.append(f"{side}: {'; '.join(parts)}")
    wasted = costs.wasted()
    if wasted.amounts:
        amounts = {key.partition(":")[2]: quantity for key, quantity in wasted.amounts.items()}
        rows.append(f"on words that nobody heard:{_money(wasted.total)} {_amounts(amounts)}")
    return rows


def _money(cost: float | None) -> str:
    return " unpriced:" if cost is None else f" {cost:.4f} USD:" if cost else ""


def _amounts(amounts: dict[str, float]) -> str:
    found: dict[str, float] = {}
    for key, quantity in amounts.items():
        unit = key.rpartition(":")[2].replace("_", " ")
        found[unit] = found.get(unit, 0.0) + quantity
    return ", ".join(f"{quantity:.0f} {unit}" for unit, quantity in found.items() if quantity)
