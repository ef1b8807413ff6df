"""One turn of the caller: its place in the audio and its words, attached by media time."""

from __future__ import annotations

from dataclasses import dataclass, field

from .events import UserWords
from .marks import Marks


@dataclass(slots=True)
class Turn:
    """Positions in caller samples (16 kHz)."""

    id: int
    start: int
    """Prefix padding included."""
    end: int
    """True end of the last speech so far."""
    item: str
    """What it is called in the history if it is committed."""
    speaking: bool = True
    over_agent: bool = False
    """It began over the agent's voice and has not (yet) become an interruption."""
    harmless: bool = False
    """Judged to be no interruption; only late words can change that."""
    echo: bool = False
    """Its words so far are the agent's own."""
    kept: bool = False
    """Somebody was told that it is committed: it is recorded also without words."""
    until: int = 0
    """Where it was committed by name: words that begin later are not its own."""
    voiced: int = 0
    sure: int = 0
    """Voiced samples that are certainly not the agent's own voice."""
    told: int | None = None
    """Voiced samples when the first words of it that may still change were told."""
    segments: dict[int, UserWords] = field(default_factory=dict)
    text: str = ""
    """All its words so far, in the order of the audio."""
    finish_asked: int = -1
    """Position up to which final words were asked for; -1 for never."""
    owed: bool = False
    """The recogniser has not answered that yet."""
    given_up: bool = False
    """It never did."""
    score: float | None = None
    scored_at: int = -1
    """Silence (ms) at which the turn model was last asked; -1 for never in this silence."""
    speculations: int = 0
    marks: Marks = field(default_factory=Marks)

    @property
    def settled(self) -> bool:
        """All words of it are final."""
        return not self.owed and all(w.final for w in self.segments.values())

    def certain(self, short: int) -> bool:
        """Its words are final, up to `short` samples before its end at the least."""
        ends = [words.end for words in self.segments.values() if words.text]
        return self.settled and bool(ends) and max(ends) >= self.end - short

    def resumed(self) -> None:
        """The caller goes on speaking."""
        self.speaking = True
        self.harmless = False
        self.score = None
        self.scored_at = -1
        self.given_up = False
        self.marks.at.pop("vad_off", None)
        self.marks.at.pop("stt_final", None)

    def told_amid(self, more: int) -> bool:
        """Words were told while the caller spoke: `more` samples of voice followed."""
        return self.told is not None and self.voiced - self.told >= more

    def forget_guesses(self) -> int:
        """Drop words that are not final, as nobody will ever settle them; from where on they must be heard again."""
        self.segments = {n: words for n, words in self.segments.items() if words.final}
        self._read()
        return max((words.end for words in self.segments.values()), default=self.start)

    def hear(self, words: UserWords) -> bool:
        """Attach words; True when they change the text or settle it."""
        before, owed = self.text, self.owed
        if self.told is None and words.text and not words.final:
            self.told = self.voiced
        self.segments[words.segment] = words
        self._read()
        if words.final:
            self.owed = False
        return self.text != before or self.owed != owed

    def _read(self) -> None:
        rows = sorted(self.segments.values(), key=lambda w: (w.start, w.segment))
        self.text = " ".join(w.text for w in rows if w.text)
