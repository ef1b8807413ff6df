"""Scores as a page of plots: one file, no scripts, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ...sim.trial import Trial
from .plots import confusion, curve, histogram, waterfall
from .table import ROWS, text

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --dim: #667085; --line: #d5dae3; --paper: #fff; --a: #0b6bcb;
  --b: #c2410c; --human: #8a94a6; --good: #15803d; --bad: #b91c1c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --dim: #98a2b3; --line: #333b49; --paper: #12161d;
  --a: #5aa9f5; --b: #fb923c; --human: #7b8494; --good: #4ade80; --bad: #f87171; } }
body { margin: 2rem auto; max-width: 68rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 2.2rem 0 .3rem; }
p, figcaption { color: var(--dim); margin: .2rem 0 .6rem; }
figure { margin: 0; } .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(28rem, 1fr)); gap: 2rem; }
@media (max-width: 32rem) { .plots { grid-template-columns: 1fr; } }
svg { width: 100%; height: auto; } svg text { fill: var(--dim); font-size: 11px; } svg .value { fill: var(--ink); }
table { border-collapse: collapse; } td, th { padding: .15rem 1.4rem .15rem 0; text-align: right; font-weight: normal; }
td:first-child, th:first-child { text-align: left; } th[scope=rowgroup] { font-weight: 600; padding-top: .8rem; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin: 0 .3em 0 1em; }
""".strip()
COLOURS = ("var(--a)", "var(--b)")


def render(trials: Sequence[tuple[str, Trial]]) -> str:
    """The whole page."""
    keys = "".join(
        f'<span class="key" style="background:{colour}"></span>{escape(name)}'
        for colour, (name, _) in zip(COLOURS, trials, strict=False)
    )
    figures = [
        _figure(
            "Gap",
            "From the true end of the caller's turn to the first audible sample of the answer; grey: between people "
            "(mean 200 ms).",
            histogram([trial.score.answers.gaps for _, trial in trials], COLOURS),
        ),
        _figure(
            "Endpointing",
            "Pauses taken for the end against the time until the end is recognised, at every degree of patience; "
            "grey: a fixed silence after a detector that hears perfectly.",
            curve([trial.curve for _, trial in trials], trials[0][1].plain, COLOURS),
        ),
        *(
            _figure(f"Overlaps: {name}" if len(trials) > 1 else "Overlaps", "", confusion(trial.score.overlaps))
            for name, trial in trials
        ),
        *(
            _figure(f"Waterfall: {name}" if len(trials) > 1 else "Waterfall", "Mean of all answers.", waterfall(hops))
            for name, trial in trials
            if (hops := trial.score.services.mean_hops())
        ),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Vivavoce: scores</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>\n{_STYLE}\n</style></head><body>\n'
        f"<h1>Scores</h1>\n<p>{trials[0][1].score.calls} calls {keys}</p>\n"
        f'<div class="plots">{"".join(figures)}</div>\n<h2>All figures</h2>\n{_table(trials)}\n</body></html>\n'
    )


def _figure(title: str, caption: str, drawing: str) -> str:
    return f"<figure><h2>{escape(title)}</h2><figcaption>{escape(caption)}</figcaption>{drawing}</figure>\n"


def _table(trials: Sequence[tuple[str, Trial]]) -> str:
    metrics = [trial.metrics() for _, trial in trials]
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name, _ in trials)
    rows = [f"<tr><th></th>{heads}</tr>"]
    for title, group in ROWS:
        rows.append(f'<tr><th scope="rowgroup">{escape(title)}</th></tr>')
        for key, label, unit in group:
            cells = "".join(f"<td>{escape(text(found[key], unit))}</td>" for found in metrics)
            rows.append(f"<tr><td>{escape(label)}</td>{cells}</tr>")
    return f"<table>{''.join(rows)}</table>"
