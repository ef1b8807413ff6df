"""Turn-taking of the shipped policy with simulated callers, `vivavoce score --simulated 300`, beside its goals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vivavoce.app.score.table import text
from vivavoce.core.policy import BROWSER, changed
from vivavoce.sim.trial import Terms, converse, hold

Row = tuple[str, str, str]
OTHERS = {
    "gap, the first clause after two words": {"reply.first_clause_max_words": 2},
    "gap without early answers": {"reply.speculate": False},
}


def measure(quick: bool) -> Iterator[Row]:
    """Rows of (what, figure, bound)."""
    terms = Terms(dialogues=30 if quick else 300)
    yield from rows(f"{terms.dialogues} simulated calls", hold(BROWSER, terms).metrics())
    for what, settings in OTHERS.items():
        yield _gap(what, converse(changed(BROWSER, settings), terms, 0, terms.dialogues).metrics())


def rows(calls: str, m: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of one policy's metrics (docs/metrics.md)."""
    ticks = m["on_200_ms_ticks"]
    yield _gap(f"{calls}: gap", m)
    yield "pauses inside turns taken for the end", _share(m["false_cutoffs"]), "5 %"
    yield "latency at 5 % of those", f"{m['lat_at_5']} ms", "-"
    yield "L_R; on the board's ticks of 200 ms", f"{m['L_R']:.2f} s; {ticks['L_R']:.2f} s", "0.6 s"
    for name, bound in (("R_Y", "95 %"), ("S_BC", "90 %"), ("S_VT", "90 %"), ("I_A", "5 %")):
        yield f"{name}; on ticks", f"{_share(m[name])}; {_share(ticks[name])}", bound
    yield "dead air after sounds that meant nothing", f"{m['dead_air_ms'] / m['audio_minutes']:.0f} ms a minute", "0 ms"
    yield "words of heard-text error", f"{m['heard_text_errors']} in {m['heard_exact']} replies", "0"
    waste = m["speculation_waste_tokens"] / m["turns"]
    used = f"{_share(m['speculation_hit'])}, {waste:.0f} tokens a turn"
    yield "early answers used; thrown away", used, "-"


def _gap(what: str, m: Mapping[str, Any]) -> Row:
    return f"{what}, median / p95", f"{m['gap_p50_ms']} / {m['gap_p95_ms']} ms", "320 / 600 ms"


def _share(value: float | None) -> str:
    return "none" if value is None else text(value, "%")
