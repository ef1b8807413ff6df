"""The life of one answer: speculative -> live -> done, cut or failed; or discarded before anybody could hear it.

```
 SPECULATIVE --promote--> LIVE --all heard--> DONE
      |                    |--interrupted---> CUT      (closed when the player says how much was heard)
      +--discard--> DISCARDED  +--provider-> FAILED
```
A reply is audible when samples of it have been played; that is derived, not a state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .clauses import Clauses
from .commands import Generate
from .heard import Ledger
from .history import Voice
from .marks import Marks
from .notices import Ending, Origin


class State(Enum):
    SPECULATIVE = "speculative"
    LIVE = "live"
    DONE = "done"
    CUT = "cut"
    FAILED = "failed"
    DISCARDED = "discarded"


OVER = frozenset({State.DONE, State.CUT, State.FAILED, State.DISCARDED})
ENDINGS = {State.DONE: Ending.DONE, State.CUT: Ending.CUT, State.FAILED: Ending.FAILED}


@dataclass(frozen=True, slots=True)
class Basis:
    """What an answer answers. Two equal bases ask for the same answer."""

    words: str
    """The caller's words, normalised."""
    revision: int
    """Of the history before them."""


@dataclass(slots=True)
class Reply:
    id: int
    origin: Origin
    basis: Basis
    state: State
    turn: int = 0
    """The caller's turn it answers; 0 for none."""
    parent: Reply | None = None
    """The reply whose tool results it goes on from."""
    child: Reply | None = None
    item: str = ""
    ref: str = ""
    """What its asker calls it."""
    speaker: str = ""
    """Which agent of several speaks."""
    aside: bool = False
    """Beside the conversation: not in line for the floor, not in the history."""
    spoken: bool = True
    """False for words only."""
    client_plays: bool = False
    """The caller's client has audio of it that is not played yet, and may report how far it came."""
    interruptible: bool = True
    rounds: int = 0
    """Tool rounds behind it."""
    asked: Generate | None = None
    """What a language model was asked for it, the first time."""
    running: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Attempts that may still answer: the engine, and when it was asked."""
    tried: set[int] = field(default_factory=set)
    """Language models that were asked."""
    attempt: int | None = None
    """The attempt that answers; None before any did."""
    text: str = ""
    text_done: bool = False
    clauses: Clauses = field(default_factory=Clauses)
    ledger: Ledger = field(default_factory=Ledger)
    retried: dict[int, int] = field(default_factory=dict)
    """How often the synthesis of a part was tried again."""
    audio_at: int | None = None
    """When its first audio was there."""
    sealed: bool = False
    released: bool = False
    held: bool = False
    ducked: bool = False
    stop_at: int | None = None
    """Sample at which it is to end early (finish the sentence first)."""
    ending: State = State.CUT
    """What it becomes when it reaches `stop_at`."""
    played: int = 0
    sent: int = 0
    """Samples given to the caller's transport."""
    short: str = ""
    """Why the model ended it early."""
    failure: str = ""
    reported: int | None = None
    """What the caller's client said it played: outranks `played`."""
    settled: bool = False
    """The player has said its last about this reply."""
    reported_on: bool = False
    """The exchange that it ends has been reported."""
    marks: Marks = field(default_factory=Marks)
    whys: list[str] = field(default_factory=list)

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def audible(self) -> bool:
        return self.released and self.played > 0 and not self.over

    @property
    def complete(self) -> bool:
        """All text and all audio exist."""
        return self.text_done and self.ledger.complete

    @property
    def heard_samples(self) -> int:
        """Once it is over."""
        if self.reported is not None:
            return self.reported
        return self.sent if self.client_plays else self.played

    @property
    def finished(self) -> bool:
        """Complete, and every sample was played."""
        return self.complete and self.played >= self.ledger.samples

    def heard_text(self) -> tuple[str, bool]:
        """The words heard, and whether that is exact."""
        if self.state is State.DONE and self.reported is None:
            return self.text.strip(), True
        if not self.spoken:
            # Words that are not spoken are read as they come.
            return self.text.strip(), True
        heard = self.ledger.heard(self.id, self.heard_samples)
        return heard.text, heard.exact

    def voice(self) -> Voice:
        """The history's view: what was heard, or what is being said while it still may be heard whole."""
        if not self.over and self.reported is None:
            return Voice(self.text.strip(), False)
        heard, _ = self.heard_text()
        return Voice(heard, heard != self.text.strip())

    def remaining(self) -> int | None:
        """Samples still to be played; None while that is not known."""
        return self.ledger.samples - self.played if self.complete else None
