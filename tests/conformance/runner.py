"""Runs cases one after another and keeps what each of them showed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from fnmatch import fnmatch
from typing import Any

from . import cases as _cases  # noqa: F401  (registers them)
from .client import Failure, Skip
from .lab import CASES, Case, Lab, Target, close

CASE_LIMIT = 180.0


@dataclass(slots=True)
class Result:
    """What became of one case."""

    name: str
    section: str
    outcome: str
    ms: int
    note: str = ""
    order: list[str] = field(default_factory=list)
    schema: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    types: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    transcript: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return found | {"types": dict(self.types), "unknown": dict(self.unknown)}


def chosen(globs: Iterable[str]) -> list[Case]:
    """The cases whose names match one of the patterns; all without patterns."""
    patterns = list(globs)
    return [c for c in CASES if not patterns or any(fnmatch(c.name, p) or fnmatch(c.name, f"{p}.*") for p in patterns)]


async def run_case(case: Case, target: Target) -> Result:
    """One case with connections of its own. Breaches of order or shape fail it whatever it found itself."""
    lab, start = Lab(target), time.monotonic()
    outcome, note = "PASS", ""
    try:
        note = await asyncio.wait_for(case.run(lab), CASE_LIMIT) or ""
    except Failure as failure:
        outcome, note = "FAIL", str(failure)
    except Skip as skip:
        outcome, note = "SKIP", str(skip)
    except TimeoutError:
        outcome, note = "FAIL", f"not over after {CASE_LIMIT:g} s"
    except Exception as error:
        outcome, note = "FAIL", f"an event lacks what the case reads: {type(error).__name__}: {error}"
    left = await close(lab)
    result = Result(case.name, case.section, outcome, round(1000 * (time.monotonic() - start)), note)
    for client in lab.clients:
        result.order += client.order.violations
        result.schema += client.schema.violations
        result.types += client.order.counts
        result.unknown += client.order.unknown
    result.open = left if outcome == "PASS" else []
    if outcome != "FAIL" and (breaches := [*result.order, *result.schema, *result.open]):
        result.outcome, result.note = "FAIL", breaches[0] + (f" (and {len(breaches) - 1} more)" * (len(breaches) > 1))
    if result.outcome == "FAIL":
        result.transcript = "\n\n".join(client.transcript() for client in lab.clients)
    return result


async def run(found: Iterable[Case], target: Target, told: Callable[[Result], None] = lambda _: None) -> list[Result]:
    """Cases in their order, each result told as it comes."""
    results = []
    for case in found:
        result = await run_case(case, target)
        told(result)
        results.append(result)
    return results
