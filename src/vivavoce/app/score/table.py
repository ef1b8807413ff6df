"""Scores as a table for people, one column a policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...sim.trial import Trial

Row = tuple[str, str, str]
"""Key, label, unit."""
ROWS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    (
        "answers",
        (
            ("turns", "turns", ""),
            ("R_R", "answered (R_R)", "%"),
            ("gap_p50_ms", "gap, median", "ms"),
            ("gap_p95_ms", "gap, p95", "ms"),
            ("L_R", "gap, mean (L_R)", "s"),
            ("I_A", "agent began over the caller (I_A)", "%"),
            ("eva_turn", "EVA turn score", ""),
            ("fdb_pause_takeover", "taken over in a pause", "%"),
        ),
    ),
    (
        "endpointing",
        (
            ("holds", "pauses inside turns", ""),
            ("false_cutoffs", "cut off", "%"),
            ("endpoint_p50_ms", "end recognised after, median", "ms"),
            ("cut_at_300", "cut off at 300 ms", "%"),
            ("cut_at_600", "cut off at 600 ms", "%"),
            ("lat_at_5", "latency at 5 % cut-offs", "ms"),
            ("lat_at_10", "latency at 10 % cut-offs", "ms"),
        ),
    ),
    (
        "sound over the agent",
        (
            ("interruptions", "real interruptions", ""),
            ("R_Y", "yielded to (R_Y)", "%"),
            ("L_Y_ms", "time to stop (L_Y)", "ms"),
            ("S_BC", "backchannels survived (S_BC)", "%"),
            ("S_VT", "coughs survived (S_VT)", "%"),
            ("S_ND", "talk to others survived (S_ND)", "%"),
            ("S_noise", "noise survived", "%"),
            ("barge_in_f1", "F1", ""),
            ("false_stops_per_minute", "false stops a minute of agent", ""),
            ("dead_air_ms", "dead air after them", "ms"),
            ("self_stops_per_minute", "stops without any sound of the caller, a minute", ""),
            ("self_dead_air_ms", "dead air after those", "ms"),
        ),
    ),
    (
        "memory and cost",
        (
            ("heard_text_errors", "words remembered wrongly", ""),
            ("heard_exact", "in replies with word times", ""),
            ("overhead_p95_ms", "own overhead, p95", "ms"),
            ("speculation_hit", "early answers used", "%"),
            ("speculation_waste_tokens", "tokens thrown away", ""),
        ),
    ),
)


def show(trials: Sequence[tuple[str, Trial]]) -> None:
    from rich.console import Console
    from rich.table import Table

    metrics = [trial.metrics() for _, trial in trials]
    several = len(trials) > 1
    table = Table(box=None, show_header=several, padding=(0, 2, 0, 0))
    table.add_column("")
    for name, _ in trials:
        table.add_column(name, justify="right", overflow="fold")
    for title, rows in ROWS:
        table.add_row(f"[bold]{title}[/bold]")
        for key, label, unit in rows:
            table.add_row(f"  {label}", *(text(found[key], unit) for found in metrics))
    Console().print(table)


def text(value: Any, unit: str) -> str:
    """A metric as people read it; "-" where there was no occasion."""
    if value is None:
        return "-"
    if unit == "%":
        return f"{value * 100:.1f} %"
    shown = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
    return f"{shown} {unit}".rstrip()
