"""Speech probabilities in, "speech started" and "speech stopped" out. Hysteresis, counted in samples."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .events import UserSound
from .policy import HearingPolicy
from .units import in_samples


class Edge(Enum):
    STARTED = "started"
    STOPPED = "stopped"


def sure_samples(sound: UserSound, policy: HearingPolicy) -> int:
    """How much of a voiced window is certainly not the agent's own voice."""
    return sound.samples if sound.echo < policy.doubt_p else 0


@dataclass(slots=True)
class Hearing:
    """One caller's voice activity. All positions in caller samples."""

    position: int = 0
    """End of the last window consumed."""
    speaking: bool = False
    onset: int = 0
    """Start of the first window of the current or last speech."""
    end: int = 0
    """End of the last audible voice: the true end of speech once it has stopped."""
    sure: int = 0
    """Samples of the current or last speech that are certainly not the agent's."""
    _voiced: int = 0
    _below: int = 0

    def voiced(self, sound: UserSound, policy: HearingPolicy) -> bool:
        """Does this window hold the caller's voice? Decided alike here and for barge-in."""
        bar = policy.stop_p if self.speaking else policy.start_p
        return sound.p >= bar and sound.quiet < sound.samples and sound.echo < policy.echo_p

    def push(self, sound: UserSound, voiced: bool, policy: HearingPolicy) -> Edge | None:
        """Take one window; the edge it causes, if any."""
        self.position = sound.start + sound.samples
        if voiced:
            self._below = 0
            if self._voiced == 0 and not self.speaking:
                self.onset = sound.start
                self.sure = 0
            self.sure += sure_samples(sound, policy)
            self._voiced += sound.samples
            self.end = self.position - sound.quiet
            if not self.speaking and self._voiced >= in_samples(policy.min_speech_ms):
                self.speaking = True
                return Edge.STARTED
            return None
        self._below += sound.samples
        if not self.speaking:
            self._voiced = 0
        elif self._below >= in_samples(policy.hangover_ms):
            self.speaking = False
            self._voiced = 0
            return Edge.STOPPED
        return None

    def pass_over(self, sound: UserSound) -> None:
        """Take a silent window while nobody speaks."""
        self.position = sound.start + sound.samples
        self._below += sound.samples
        self._voiced = 0

    def forget(self) -> None:
        """Drop speech in progress; the position stays."""
        self.speaking = False
        self._voiced = 0
        self._below = 0
