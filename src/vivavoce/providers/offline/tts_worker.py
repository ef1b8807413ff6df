"""The synthesiser's worker process: `python -m vivavoce.providers.offline.tts_worker`, spoken to by `tts`."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from .espeak import RATE, Espeak, Pcm
from .serving import Job, serve
from .timing import AUDIBLE, WordClock

_FADE = RATE // 500
_PAUSES_MS = {",": 60, ";": 120, ":": 120, ".": 195, "?": 195, "!": 230, "…": 195}
"""What espeak-ng itself puts after a clause within a text; it puts nothing after the last one."""


class Say(msgspec.Struct, frozen=True, tag=True):
    """Synthesise `text` (short: it is not interrupted for others), with the fields of a `voices.Voice`."""

    text: str
    accent: str
    variant: str
    language: str
    female: bool
    pitch: int
    lilt: int
    words_per_minute: int
    volume: int
    speed: float


class Sound(msgspec.Struct, frozen=True):
    """A part of the answer: int16 mono at 22 050 Hz, and (characters, samples) at which words have ended. Never has
    both empty, except in the last part of a text without words."""

    pcm: bytes = b""
    words: tuple[tuple[int, int], ...] = ()


class _Utterance:
    """Sends one text's audio, but for the last buffer with sound and the silence since: they wait for the next sound,
    which tells whether a word has ended in them. So the end of a word never goes out after its audio."""

    def __init__(self, text: str, job: Job) -> None:
        self._job = job
        self._clock = WordClock(text)
        self._held: list[Pcm] = []
        self._words: list[tuple[int, int]] = []

    def sink(self, pcm: Pcm, begins: list[tuple[int, int]]) -> bool:
        words = self._clock.push(pcm, begins)
        self._words += words
        if self._clock.begun and np.abs(pcm.astype(np.int32)).max() > AUDIBLE:
            self._flush()
        self._held.append(pcm)
        return self._job.cancelled

    def end(self, pause_ms: int) -> Sound:
        """The last part: what is held, faded out, and the pause that belongs after it."""
        if not self._clock.begun:
            return Sound()
        words = self._words + self._clock.finish()
        pcm = np.concatenate([*self._held, np.zeros(RATE * pause_ms // 1000, np.int16)])
        last = sum(map(len, self._held))
        fade = min(_FADE, last)
        tail = pcm[last - fade : last] * np.linspace(1.0, 0.0, fade)
        pcm[last - fade : last] = tail.astype(np.int16)
        return Sound(pcm.tobytes(), tuple(words))

    def _flush(self) -> None:
        if self._held or self._words:
            self._job.part(Sound(b"".join(pcm.tobytes() for pcm in self._held), tuple(self._words)))
            self._held.clear()
            self._words.clear()


def prepare() -> Callable[[Say, Job], Sound]:
    """Load espeak-ng; gives the handler of `Say`."""
    espeak = Espeak()

    def handle(say: Say, job: Job) -> Sound:
        espeak.voice(say.accent, say.variant, say.language, say.female)
        espeak.tune(round(say.words_per_minute * say.speed), say.pitch, say.lilt, say.volume)
        utterance = _Utterance(say.text, job)
        espeak.say(say.text, utterance.sink)
        return utterance.end(round(_pause_ms(say.text) / say.speed))

    return handle


def _pause_ms(text: str) -> int:
    bare = text.rstrip().rstrip("\"')]}»”’")
    return _PAUSES_MS.get(bare[-1:], 0)


if __name__ == "__main__":
    serve(Say, prepare)
