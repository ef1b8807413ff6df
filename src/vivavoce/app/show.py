"""How things look on a terminal: waterfalls, metrics, amounts. Text in, text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.notices import TurnReport

LABELS = {
    "vad_off": "voice detector hears silence",
    "stt_final": "final words",
    "turn_decided": "the turn is over",
    "llm_request": "asked for an answer",
    "llm_first_token": "first words of the answer",
    "first_speakable": "first clause complete",
    "tts_request": "asked for speech",
    "tts_first_byte": "first audio",
    "released": "floor is free",
    "first_audible": "heard",
}
WIDTH = 40


def waterfall(report: TurnReport) -> list[str]:
    """The hops of an exchange."""
    return [] if report.gap_ms is None else bars(report.hops, report.gap_ms)


def bars(hops: Sequence[tuple[str, int]], gap_ms: int) -> list[str]:
    """One line per hop: when it was reached, how long it took, and a bar on the common time line."""
    reached, at = [], 0
    for name, ms in hops:
        reached.append((name, at, ms))
        at += ms
    low = min([0, *(start + ms for _, start, ms in reached)])
    span = max(1, gap_ms - low)
    lines = []
    for name, start, ms in reached:
        a, b = sorted((start, start + ms))
        left = round((a - low) / span * WIDTH)
        bar = ("░" if ms < 0 else "█") * max(1 if ms else 0, round((b - low) / span * WIDTH) - left)
        bar = bar or "·"
        lines.append(f"    {LABELS.get(name, name):<28} {ms:>+6} ms  {' ' * left}{bar}")
    return lines


def turn_summary(report: TurnReport) -> str:
    """The exchange in one line."""
    parts = []
    if report.gap_ms is not None:
        parts.append(f"gap {report.gap_ms} ms")
    if report.overhead_ms is not None:
        parts.append(f"own overhead {report.overhead_ms} ms")
    if report.cost:
        parts.append(f"cost {report.cost:.6f}")
    elif report.cost is None:
        parts.append("cost unpriced")
    if report.interrupted:
        parts.append("interrupted")
    return ", ".join(parts)


METRICS = (
    ("calls", "calls", ""),
    ("audio_minutes", "minutes of conversation", ""),
    ("events", "events", ""),
    ("turns", "turns of the caller", ""),
    ("R_R", "turns answered", "rate"),
    ("gap_p50_ms", "gap, median", "ms"),
    ("gap_p90_ms", "gap, p90", "ms"),
    ("gap_p95_ms", "gap, p95", "ms"),
    ("gap_p99_ms", "gap, p99", "ms"),
    ("overhead_p95_ms", "own overhead, p95", "ms"),
    ("interruptions", "real interruptions", ""),
    ("R_Y", "... yielded to within 2 s (R_Y)", "rate"),
    ("L_Y_ms", "... mean time to stop", "ms"),
    ("stop_p95_ms", "... p95 time to stop", "ms"),
    ("S_BC", "backchannels survived (S_BC)", "rate"),
    ("S_VT", "coughs survived (S_VT)", "rate"),
    ("holds", "pauses inside turns", ""),
    ("false_cutoffs", "... wrongly taken for the end", "rate"),
    ("heard_text_errors", "heard-text errors, words", ""),
    ("heard_exact", "... in replies with word times", ""),
    ("dead_air_ms", "dead air from false alarms", "ms"),
    ("speculation_hit", "early answers used", "rate"),
)


def metric_rows(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, value) for people."""
    rows = []
    for key, label, unit in METRICS:
        value = metrics.get(key)
        if value is None:
            text = "-"
        elif unit == "rate":
            text = f"{value * 100:.1f} %"
        else:
            text = f"{value:,} {unit}".rstrip() if isinstance(value, int) else f"{value:,.1f} {unit}".rstrip()
        rows.append((label, text))
    return rows


def summary_of(reports: Sequence[TurnReport]) -> dict[str, Any]:
    """Medians and totals over the turns of one call."""
    gaps = sorted(r.gap_ms for r in reports if r.gap_ms is not None)
    overheads = sorted(r.overhead_ms for r in reports if r.overhead_ms is not None)
    costs = [r.cost for r in reports]
    return {
        "turns": len([r for r in reports if r.turn]),
        "interrupted": len([r for r in reports if r.interrupted]),
        "gap_p50_ms": middle(gaps),
        "gap_max_ms": gaps[-1] if gaps else None,
        "overhead_p50_ms": middle(overheads),
        "overhead_max_ms": overheads[-1] if overheads else None,
        "cost": None if any(c is None for c in costs) else round(sum(c for c in costs if c is not None), 9),
    }


def middle(ordered: Sequence[int]) -> int | None:
    """The median of ordered values; the lower one of two."""
    return ordered[(len(ordered) - 1) // 2] if ordered else None
