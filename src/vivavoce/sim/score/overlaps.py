"""What the agent did about sound over its voice, and about sound that was not for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ..people import Truth
from .dialogue import NEVER, Dialogue, Sound, Voice
from .sums import Sums, mean_ms, percentile, rate

YIELD_MS = 2_000
"""A real interruption silences the agent within this time of its onset."""
SURVIVE_MS = 1_000
"""A sound that does not must not silence it within this time of its onset."""
ANSWER_MS = 2_000
"""Nor is it answered within this time of its end, when the agent was silent."""


@dataclass(slots=True)
class Overlaps(Sums):
    """A stretch of sound that begins while the agent is audible is, by truth, a backchannel, a tic, speech to somebody
    else, noise, or else a real interruption."""

    interruptions: int = 0
    yielded: int = 0
    stops: list[int] = field(default_factory=list)
    """From the onset to the agent's last audible sample, of those it yielded to."""
    met: Counter[Truth] = field(default_factory=Counter)
    """Harmless sounds by kind: over the agent's voice, and (but for backchannels) in its silence."""
    kept: Counter[Truth] = field(default_factory=Counter)
    """... that did not silence it, or were not answered."""
    false_stops: int = 0
    """Times the agent gave way to a backchannel, tic or noise over its voice."""
    resumed: int = 0
    """... and spoke again within 1 s of the end of that sound."""
    dead_air_ms: int = 0
    """Silence after them, until the agent or the caller speaks."""
    unprovoked: int = 0
    """Times the agent's voice was cut though the caller made no sound: it heard itself, if anything."""
    unprovoked_ms: int = 0
    """Silence after those."""
    agent_ms: int = 0
    """The agent's audible speech."""

    @classmethod
    def of(cls, dialogue: Dialogue) -> Overlaps:
        counts = cls(agent_ms=sum(v.end - v.start for v in dialogue.voices))
        for sound in dialogue.sounds:
            if sound.claims:
                counts._interruptions(dialogue, sound)
            else:
                counts._harmless(dialogue, sound)
        for voice in dialogue.voices:
            if voice.cut and not any(s.start < voice.end and s.end > voice.end - YIELD_MS for s in dialogue.sounds):
                counts._unprovoked(dialogue, voice)
        return counts

    def _interruptions(self, dialogue: Dialogue, sound: Sound) -> None:
        for onset, _ in sound.spans if dialogue.yields else ():
            voice = dialogue.audible(onset)
            if voice is None:
                continue
            self.interruptions += 1
            if voice.end - onset <= YIELD_MS:
                self.yielded += 1
                self.stops.append(voice.end - onset)

    def _harmless(self, dialogue: Dialogue, sound: Sound) -> None:
        voice = dialogue.audible(sound.start)
        if voice is None:
            kept = _left_alone(dialogue, sound)
            if kept is not None and sound.kind is not Truth.BACKCHANNEL:
                self._judged(sound.kind, kept)
            return
        claimed = min((s.start for s in dialogue.sounds if s.claims and s.end > sound.start), default=NEVER)
        gave_way = voice.cut and voice.end - sound.start <= SURVIVE_MS and not claimed <= voice.end
        self._judged(sound.kind, not gave_way)
        if gave_way and sound.kind is not Truth.ASIDE:
            self._false_stop(dialogue, sound, voice, claimed)

    def _judged(self, kind: Truth, kept: bool) -> None:
        self.met[kind] += 1
        self.kept[kind] += kept

    def _false_stop(self, dialogue: Dialogue, sound: Sound, voice: Voice, claimed: int) -> None:
        self.false_stops += 1
        self.resumed += _again(dialogue, voice) <= sound.end + 1_000
        self.dead_air_ms += _silence(dialogue, voice, claimed)

    def _unprovoked(self, dialogue: Dialogue, voice: Voice) -> None:
        self.unprovoked += 1
        self.unprovoked_ms += _silence(dialogue, voice, dialogue.next_claim(voice.end))

    def metrics(self) -> dict[str, Any]:
        wrongly = self.false_stops
        precision = rate(self.yielded, self.yielded + wrongly)
        recall = rate(self.yielded, self.interruptions)
        both = (precision or 0) + (recall or 0)
        return {
            "interruptions": self.interruptions,
            "R_Y": recall,
            "L_Y": None if not self.stops else round(sum(self.stops) / len(self.stops) / 1000, 3),
            "L_Y_ms": mean_ms(self.stops),
            "stop_p95_ms": percentile(self.stops, 95),
            "backchannels": self.met[Truth.BACKCHANNEL],
            "S_BC": self._survival(Truth.BACKCHANNEL),
            "tics": self.met[Truth.TIC],
            "S_VT": self._survival(Truth.TIC),
            "asides": self.met[Truth.ASIDE],
            "S_ND": self._survival(Truth.ASIDE),
            "noises": self.met[Truth.NOISE],
            "S_noise": self._survival(Truth.NOISE),
            "barge_in_precision": precision,
            "barge_in_recall": recall,
            "barge_in_f1": round(2 * (precision or 0) * (recall or 0) / both, 4) if both else None,
            "false_stops_per_minute": rate(wrongly * 60_000, self.agent_ms),
            "resume_ok": rate(self.resumed, wrongly),
            "dead_air_ms": self.dead_air_ms,
            "self_stops": self.unprovoked,
            "self_stops_per_minute": rate(self.unprovoked * 60_000, self.agent_ms),
            "self_dead_air_ms": self.unprovoked_ms,
        }

    def _survival(self, kind: Truth) -> float | None:
        return rate(self.kept[kind], self.met[kind])


def _again(dialogue: Dialogue, voice: Voice) -> int:
    """When the agent is next heard."""
    return next((v.start for v in dialogue.voices if v.start >= voice.end), NEVER)


def _silence(dialogue: Dialogue, voice: Voice, claimed: int) -> int:
    """How long it was silent after its voice was cut, until it or the caller spoke; 0 when nobody did any more."""
    until = min(_again(dialogue, voice), claimed)
    return until - voice.end if until < NEVER else 0


def _left_alone(dialogue: Dialogue, sound: Sound) -> bool | None:
    """Was sound in the agent's silence left without an answer? None when an answer to a turn was due anyway."""
    before = [s for s in dialogue.sounds if s.claims and s.start < sound.start]
    if before:
        last = before[-1]
        if last.end > sound.start or not any(last.end <= v.end <= sound.start for v in dialogue.voices):
            return None
    if dialogue.next_claim(sound.end) <= sound.end + ANSWER_MS:
        return None
    return not any(sound.start < v.start <= sound.end + ANSWER_MS for v in dialogue.voices)
