"""What was made and what the detector made of it, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from vivavoce.sim.clips import Clip

from .build import Built

_WINDOW_MS = 32
_GUARD_MS = 150
"""A window so near to voice does not count as outside."""
_SPEECH = 128


def report(split: str, built: Sequence[Built]) -> str:
    """Counts, pauses, and how the detector agrees with the truth."""
    clips = [one.clip for one in built]
    turns = [clip for clip in clips if clip.kind == "turn"]
    seconds = sum(len(clip.p) for clip in clips) * _WINDOW_MS / 1000
    texts = len({" ".join(word for word, _, _ in clip.words) for clip in clips if clip.words})
    voices = len({clip.voice for clip in clips})
    wordless = [clip for clip in clips if clip.kind in ("tic", "noise")]
    parts = [
        f"## {split}: {len(clips)} clips, {seconds / 3600:.1f} h, {texts} texts, {voices} voices and recordings\n",
        _row("kinds", Counter(clip.kind for clip in clips)),
        _row("habits of turns", Counter(clip.habit or "none" for clip in turns)),
        _row("asked before turns", Counter(clip.asked or "nothing" for clip in turns)),
        _row("conditions of turns", Counter(clip.condition for clip in turns)),
        _row("engines", Counter(clip.voice.partition(":")[0] for clip in clips)),
        _pauses(turns, built),
        _table("Detector, by kind", clips, lambda clip: clip.kind),
        _table("Detector, turns by condition", turns, lambda clip: clip.condition),
        _table("Detector, sounds without words", wordless, _sort),
    ]
    return "\n".join(parts)


def holds(clip: Clip) -> list[int]:
    """The pauses inside a clip, in ms."""
    return [later[0] - earlier[1] for earlier, later in zip(clip.spans, clip.spans[1:], strict=False)]


def agreement(clip: Clip) -> tuple[int, int, int, int]:
    """Windows within voice, those of them called speech, windows well outside, those called speech."""
    inside = called = outside = alarms = 0
    for number, p in enumerate(clip.p):
        start, end = number * _WINDOW_MS, (number + 1) * _WINDOW_MS
        if any(a <= start and end <= b for a, b in clip.spans):
            inside += 1
            called += p >= _SPEECH
        elif all(end <= a - _GUARD_MS or start >= b + _GUARD_MS for a, b in clip.spans):
            outside += 1
            alarms += p >= _SPEECH
    return inside, called, outside, alarms


def _sort(clip: Clip) -> str:
    """What kind of sound it is: for a game's voices, which of its sounds."""
    source, _, name = clip.voice.partition(":")
    return f"game:{name.rstrip('0123456789')}" if source.startswith("hedgewars") else clip.voice


def _row(what: str, counts: Counter[str]) -> str:
    return f"- {what}: " + ", ".join(f"{name} {count}" for name, count in counts.most_common())


def _pauses(turns: Sequence[Clip], built: Sequence[Built]) -> str:
    lengths = [length for clip in turns for length in holds(clip)]
    places = Counter(place for one in built if one.clip.kind == "turn" for place in one.places)
    paused = sum(len(clip.spans) > 1 for clip in turns)
    quantiles = ", ".join(f"p{q} {np.percentile(lengths, q):.0f}" for q in (5, 25, 50, 75, 95)) if lengths else ""
    share = f"{paused} of {len(turns)} ({paused / max(len(turns), 1):.0%})"
    put_in = _row("pauses that were put in, by place", places)
    return f"- turns with a hold: {share}; holds: {len(lengths)}, ms: {quantiles}\n{put_in}"


def _table(title: str, clips: Iterable[Clip], key: Callable[[Clip], str]) -> str:
    sums: dict[str, np.ndarray] = {}
    counts: Counter[str] = Counter()
    for clip in clips:
        name = key(clip)
        counts[name] += 1
        sums[name] = sums.get(name, np.zeros(4)) + np.array(agreement(clip))
    lines = [f"\n| {title} | clips | voice called speech | outside called speech |", "|---|---:|---:|---:|"]
    for name, (inside, called, outside, alarms) in sorted(sums.items()):
        lines.append(f"| {name} | {counts[name]} | {_share(called, inside)} | {_share(alarms, outside)} |")
    return "\n".join(lines)


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.1%}" if whole else "-"
