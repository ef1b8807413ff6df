"""The drawings, as SVG text. Colours are CSS variables of the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from ...sim.people import Truth
from ...sim.score.curve import Curve
from ...sim.score.overlaps import Overlaps
from ..show import LABELS

WIDE, HIGH, LEFT, BOTTOM = 460, 230, 44, 34
BIN_MS, FROM_MS, TO_MS = 50, -600, 1_800
HUMAN_MEAN_MS, HUMAN_SPREAD_MS = 200, 260
"""People leave about 200 ms, and overlap a little in many turns."""


def histogram(series: Sequence[Sequence[int]], colours: Sequence[str]) -> str:
    """Shares of gaps in bins of 50 ms, beside those of people."""
    bins = range(FROM_MS, TO_MS, BIN_MS)
    human = [_bell(at + BIN_MS / 2) * BIN_MS for at in bins]
    shares = [[sum(at <= gap < at + BIN_MS for gap in gaps) / max(1, len(gaps)) for at in bins] for gaps in series]
    top = max([*human, *(share for row in shares for share in row), 0.01])

    def x(ms: float) -> float:
        return LEFT + (ms - FROM_MS) / (TO_MS - FROM_MS) * (WIDE - LEFT)

    def y(share: float) -> float:
        return (HIGH - BOTTOM) * (1 - share / top)

    parts = [_axis_x([(x(ms), f"{ms}") for ms in range(-500, TO_MS, 500)], "ms")]
    for row, colour in zip(shares, colours, strict=False):
        for at, share in zip(bins, row, strict=True):
            if share:
                width = (x(BIN_MS) - x(0)) - 1
                title = f"<title>{at} to {at + BIN_MS} ms: {share * 100:.1f} %</title>"
                parts.append(
                    f'<rect x="{x(at):.1f}" y="{y(share):.1f}" width="{width:.1f}" height="{y(0) - y(share):.1f}" '
                    f'fill="{colour}" fill-opacity="{0.85 if len(series) == 1 else 0.55}">{title}</rect>'
                )
    parts.append(_path([(x(at + BIN_MS / 2), y(share)) for at, share in zip(bins, human, strict=True)], "var(--human)"))
    return _svg("Histogram of gaps", parts)


def curve(curves: Sequence[Curve], plain: Curve, colours: Sequence[str]) -> str:
    """Cut rate (upwards) against latency."""
    rows = [c.points for c in (*curves, plain) if c.points]
    if not rows:
        return "<p>No pauses inside turns.</p>"
    last = max(1_000.0, *(p.latency_ms for points in rows[:-1] or rows for p in points))

    def x(ms: float) -> float:
        return LEFT + min(ms, last) / last * (WIDE - LEFT - 8)

    def y(cut: float) -> float:
        return 8 + (HIGH - BOTTOM - 8) * (1 - cut)

    parts = [_axis_x([(x(ms), f"{ms}") for ms in range(0, int(last) + 1, 300)], "ms")]
    for cut in (0.05, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<line x1="{LEFT}" x2="{WIDE}" y1="{y(cut):.1f}" y2="{y(cut):.1f}" stroke="var(--line)"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(cut) + 4:.1f}" text-anchor="end">{cut * 100:.0f} %</text>')
    parts.append(_path([(x(p.latency_ms), y(p.cut)) for p in plain.points if p.latency_ms <= last], "var(--human)"))
    for one, colour in zip(curves, colours, strict=False):
        parts.append(_path([(x(p.latency_ms), y(p.cut)) for p in one.points], colour))
        for p in one.points:
            title = f"<title>patience {p.setting:g}: {p.cut * 100:.1f} % at {p.latency_ms:.0f} ms</title>"
            parts.append(
                f'<circle cx="{x(p.latency_ms):.1f}" cy="{y(p.cut):.1f}" r="3.5" fill="{colour}">{title}</circle>'
            )
    return _svg("Endpointing", parts)


def confusion(overlaps: Overlaps) -> str:
    """What sound over the agent was, and what became of the agent."""
    rows = [("interruption", overlaps.yielded, overlaps.interruptions, True)]
    names = {Truth.BACKCHANNEL: "backchannel", Truth.TIC: "cough", Truth.ASIDE: "to others", Truth.NOISE: "noise"}
    rows += [(name, overlaps.kept[kind], overlaps.met[kind], False) for kind, name in names.items()]
    parts = []
    for number, (name, right, of, stops) in enumerate(row for row in rows if row[2]):
        at, wide, share = 14 + number * 38, WIDE - 110 - 90, right / of
        bad = "went on" if stops else "stopped"
        parts.append(f'<text x="100" y="{at + 14}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect x="110" y="{at}" width="{wide * share:.1f}" height="20" fill="var(--good)"/>')
        parts.append(
            f'<rect x="{110 + wide * share:.1f}" y="{at}" width="{wide * (1 - share):.1f}" height="20" '
            f'fill="var(--bad)"><title>{bad}: {of - right}</title></rect>'
        )
        parts.append(f'<text class="value" x="{WIDE - 84}" y="{at + 14}">{share * 100:.1f} % of {of}</text>')
    return _svg("Overlaps", parts) if parts else "<p>Nobody spoke over the agent.</p>"


def waterfall(hops: Sequence[tuple[str, int]]) -> str:
    """The mean time of each hop on a common line; hatched: done ahead of time."""
    reached, at = [], 0
    for name, ms in hops:
        reached.append((name, at, ms))
        at += ms
    low = min([0, *(start + ms for _, start, ms in reached)])
    high = max([1, *(start + ms for _, start, ms in reached)])
    scale = (WIDE - 250) / (high - low)
    parts = []
    for number, (name, start, ms) in enumerate(reached):
        top, left = number * 20 + 4, 190 + (min(start, start + ms) - low) * scale
        faded = ' fill-opacity="0.35"' if ms < 0 else ""
        parts.append(f'<text x="180" y="{top + 11}" text-anchor="end">{escape(LABELS.get(name, name))}</text>')
        wide = max(1.0, abs(ms) * scale)
        parts.append(f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="13" fill="var(--a)"{faded}/>')
        parts.append(f'<text class="value" x="{WIDE - 4}" y="{top + 11}" text-anchor="end">{ms:+d} ms</text>')
    return _svg("Waterfall", parts)


def _bell(ms: float) -> float:
    z = (ms - HUMAN_MEAN_MS) / HUMAN_SPREAD_MS
    return math.exp(-z * z / 2) / (HUMAN_SPREAD_MS * math.sqrt(2 * math.pi))


def _axis_x(ticks: Sequence[tuple[float, str]], unit: str) -> str:
    base = HIGH - BOTTOM
    labels = "".join(f'<text x="{at:.1f}" y="{base + 16}" text-anchor="middle">{label}</text>' for at, label in ticks)
    return (
        f'<line x1="{LEFT}" x2="{WIDE}" y1="{base}" y2="{base}" stroke="var(--line)"/>{labels}'
        f'<text x="{WIDE}" y="{base + 30}" text-anchor="end">{unit}</text>'
    )


def _path(points: Sequence[tuple[float, float]], colour: str) -> str:
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _svg(title: str, parts: Sequence[str]) -> str:
    body = "".join(parts)
    return f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{escape(title)}">{body}</svg>'
