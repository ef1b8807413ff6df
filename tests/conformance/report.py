"""The report as plain text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .order import EVENT_TYPES
from .runner import Result

WIDE = 50


def line(result: Result) -> str:
    """One case."""
    return f"{result.name:<{WIDE}} {result.section:<6} {result.outcome}  {result.ms:>7}  {_short(result.note)}".rstrip()


def head() -> str:
    """The titles of the columns."""
    return f"{'case':<{WIDE}} {'sect.':<6} {'':4}  {'ms':>7}  note"


def failures(results: Iterable[Result]) -> str:
    """The exchange of every failed case, for whoever wants to know."""
    blocks = []
    for result in results:
        if result.outcome == "FAIL":
            text = "\n".join(f"    {row}" for row in result.transcript.splitlines())
            blocks.append(f"{result.name}: {result.note}\n{text}")
    return "\n\n".join(blocks)


def coverage(results: Iterable[Result]) -> str:
    """How many events of each type of GA came, and what came that GA does not know."""
    seen: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for result in results:
        seen += result.types
        unknown += result.unknown
    met = [kind for kind in sorted(EVENT_TYPES) if seen[kind]]
    rows = [f"server event types seen: {len(met)} of {len(EVENT_TYPES)}"]
    rows += [f"  {seen[kind]:>7}  {kind}" for kind in met]
    rows += [f"  {'never':>7}  {kind}" for kind in sorted(EVENT_TYPES - set(met))]
    rows += [f"  {count:>7}  {kind!r}  NOT OF GA" for kind, count in unknown.items()]
    return "\n".join(rows)


def breaches(results: Iterable[Result]) -> str:
    """Every breach of order and shape, by case."""
    found = list(results)
    rows = []
    for title, name in (("order", "order"), ("schema", "schema"), ("left open", "open")):
        count = sum(len(getattr(result, name)) for result in found)
        rows.append(f"{title} violations: {count}" if name != "open" else f"left open: {count}")
        rows += [f"  {result.name}: {_short(what, 300)}" for result in found for what in getattr(result, name)]
    return "\n".join(rows)


def verdict(results: Iterable[Result]) -> str:
    """One line."""
    found = list(results)
    count = Counter(result.outcome for result in found)
    seconds = sum(result.ms for result in found) / 1000
    word = "CONFORMS" if not count["FAIL"] and count["PASS"] else "DOES NOT CONFORM" if count["FAIL"] else "NOTHING RAN"
    passed, failed, skipped = (count[k] for k in ("PASS", "FAIL", "SKIP"))
    return f"{word}: {passed} passed, {failed} failed, {skipped} skipped in {seconds:.1f} s"


def _short(text: str, limit: int = 140) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
