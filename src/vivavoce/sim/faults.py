"""What goes wrong in a simulated call, drawn from its seed: losses, stalls, duplicates, late events, deaths."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Faults:
    """Chances per occasion. All zero for a call in good health."""

    window_loss: float = 0.0
    """An audio window never arrives."""
    input_stall: float = 0.0
    """The caller's audio stops arriving for a while and then comes in a burst."""
    duplicate: float = 0.0
    """A provider's event is delivered twice."""
    llm_death: float = 0.0
    llm_stall: float = 0.0
    tts_death: float = 0.0
    tts_stall: float = 0.0
    tts_mute: float = 0.0
    """A synthesis ends without any audio."""
    stt_stall: float = 0.0
    """Final words never come."""
    stt_late: float = 0.0
    """Final words come after the deadline."""
    tool_failure: float = 0.0
    tool_hang: float = 0.0
    playout_stall: float = 0.0
    slow_cancel: float = 0.0
    """A cancelled provider goes on for a while."""

    @property
    def any(self) -> bool:
        return self != NONE


NONE = Faults()


def draw(rng: Random) -> Faults:
    """Half of all calls are healthy; the others have a few faults each."""
    if rng.random() < 0.5:
        return NONE
    names = rng.sample(list(Faults.__dataclass_fields__), rng.randint(1, 4))
    return Faults(**{name: rng.choice((0.02, 0.1, 0.3)) for name in names})
