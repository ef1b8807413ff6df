"""How soon, how often and how rightly turns are answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .dialogue import Dialogue, Sound, Voice
from .overlaps import YIELD_MS
from .sums import Sums, mean, mean_ms, percentile, rate

SHORT_MS = 1_000
"""Output shorter than this (at most three words of a person's pace) takes nobody's turn."""


@dataclass(slots=True)
class Answers(Sums):
    """A turn is eligible when it truly ended; it is answered by the first voice that begins after its last stretch
    did, lasts beyond its end, and comes before the caller takes the floor again."""

    turns: int = 0
    gaps: list[int] = field(default_factory=list)
    """First audible sample of the answer minus the true end of the turn; negative when they overlap."""
    begun_over: int = 0
    """Voices of the agent that began while the caller was speaking."""
    holds: int = 0
    cut_holds: int = 0
    """Holds in which the agent decided that the turn was over."""
    taken_holds: int = 0
    """Holds in which the agent spoke for `SHORT_MS` or longer: a take-over."""
    turn_scores: list[float] = field(default_factory=list)
    """EVA turn score of each turn: 0 for one without an answer."""
    waits: list[int] = field(default_factory=list)
    """From the true end of a turn to the decision that it was over."""

    @classmethod
    def of(cls, dialogue: Dialogue) -> Answers:
        counts = cls()
        for sound in dialogue.sounds:
            if sound.claims:
                counts._turn(dialogue, sound)
        return counts

    def _turn(self, dialogue: Dialogue, sound: Sound) -> None:
        self.turns += 1
        found, until = answer(dialogue, sound), dialogue.next_claim(sound.end)
        gap = found.start - sound.end if found else None
        if gap is not None:
            self.gaps.append(gap)
        over = sum(a < v.start < b for v in dialogue.voices for a, b in sound.spans)
        self.begun_over += over
        self.turn_scores.append(0.0 if over else eva(gap, sound.tool) * _yielding(dialogue, sound))
        decided = next((at for at in dialogue.ends if sound.spans[-1][0] < at < until), None)
        if decided is not None and dialogue.audible(sound.start) is None:
            self.waits.append(decided - sound.end)
        for a, b in sound.holds():
            if dialogue.audible(a) is None:
                self.holds += 1
                self.cut_holds += _fired(dialogue, a, b)
                self.taken_holds += any(a < v.start < b and v.end - v.start >= SHORT_MS for v in dialogue.voices)

    def metrics(self) -> dict[str, Any]:
        taken = rate(len(self.gaps), self.turns)
        return {
            "turns": self.turns,
            "R_R": taken,
            "L_R": _seconds(mean(self.gaps)),
            **{f"gap_p{q}_ms": percentile(self.gaps, q) for q in (50, 90, 95, 99)},
            "gap_mean_ms": mean_ms(self.gaps),
            "I_A": rate(self.begun_over, self.turns),
            "holds": self.holds,
            "false_cutoffs": rate(self.cut_holds, self.holds),
            "endpoint_p50_ms": percentile(self.waits, 50),
            "endpoint_p95_ms": percentile(self.waits, 95),
            "eva_turn": rate(sum(self.turn_scores), self.turns),
            "fdb_pause_takeover": rate(self.taken_holds, self.holds),
            "fdb_end_takeover": taken,
        }


def answer(dialogue: Dialogue, sound: Sound) -> Voice | None:
    """The agent's answer to a turn."""
    begun, until = sound.spans[-1][0], dialogue.next_claim(sound.end)
    return next((v for v in dialogue.voices if begun <= v.start < until and v.end > sound.end), None)


def _fired(dialogue: Dialogue, a: int, b: int) -> bool:
    """Did the agent take a hold for the end? Where its decisions are unknown, its voice tells."""
    return any(a < at < b for at in dialogue.ends or [v.start for v in dialogue.voices])


def _yielding(dialogue: Dialogue, sound: Sound) -> float:
    """1 when the agent gave way at once or did not have to, 0 when it took 2 s or more."""
    over = dialogue.audible(sound.start)
    if over is None or not dialogue.yields:
        return 1.0
    return max(0.0, min(1.0, 1.0 - (over.end - sound.start - 500) / (YIELD_MS - 500)))


def eva(gap_ms: int | None, tool: bool = False) -> float:
    """EVA turn score of a gap: 0 up to -500 ms, 1 from 500 to 2000 ms (3000 with a tool), 0 from 3500 (5000)."""
    if gap_ms is None:
        return 0.0
    late, last = (3_000, 5_000) if tool else (2_000, 3_500)
    return max(0.0, min(1.0, (gap_ms + 500) / 1_000, (last - gap_ms) / (last - late)))


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else round(ms / 1000, 3)
