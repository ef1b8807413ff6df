"""Everything that can happen to a conversation: a closed union of small frozen nouns.

Units: `start`, `end`, `at` of the caller's audio are samples at 16 kHz since the start of the call; `samples` of a
reply are samples at 24 kHz since the start of that reply (or of that part of it, where said).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .commands import Item, Role, Usage


class Turns(Enum):
    """Who decides that the caller's turn is over."""

    LOCAL = "local"
    MANUAL = "manual"
    REMOTE = "remote"


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What the core must know of a tool before it may run it."""

    name: str
    read_only: bool = False
    """True when running it twice or for nothing harms nobody: only such tools run for a speculative reply."""
    timeout_ms: int = 30_000
    on_interrupt: str = "finish"
    """`finish`: runs on when the caller interrupts. `abandon`: cancelled, and the row says so. `block`: while it
    runs the agent cannot be interrupted."""
    runs: str = "here"
    """`here`: the engine runs it. `caller`: the caller's client does, however long it takes, and creates a `Result`."""
    approval: bool = False
    """It waits until `ToolApproved` allows it."""
    answered: bool = False
    """What it gives is answered at once, also where clients ask for answers (`reply.continue_after_tools`)."""
    filler: str = ""
    """Said when it takes long and nothing else is being said."""


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The first event of every call."""

    tools: tuple[ToolSpec, ...] = ()
    greeting: str = ""
    """Spoken first, if not empty."""
    has_stt: bool = True
    """False when nothing will ever report the caller's words (a native speech engine without transcripts)."""
    has_turn_score: bool = False
    """True when a turn model answers `ScoreTurn`."""
    native: bool = False
    """One engine hears and speaks: replies come as audio with a transcript, nothing is sent to a synthesiser."""
    client_plays: bool = False
    """The caller's client is given audio ahead of time and plays it by itself. Until it reports otherwise, all that it
    was given counts as heard."""
    ids: str = ""
    """Part of the name of every item, so that items of different calls have different names."""
    llms: int = 1
    """Language models that stand in for each other, the first choice first."""
    ttss: int = 1
    """Synthesisers."""
    stts: int = 1
    """Recognisers."""


@dataclass(frozen=True, slots=True)
class UserSound:
    """One window of the caller's audio, judged by a voice activity detector."""

    start: int
    samples: int
    p: float
    """Probability of speech, 0 to 1."""
    quiet: int = 0
    """Trailing samples of the window below speech level; `samples` when the whole window is quiet."""
    echo: float = 0.0
    """Probability that this sound is the agent's own voice coming back, 0 to 1; 0.5 while nobody can tell."""


@dataclass(frozen=True, slots=True)
class UserWords:
    """What the recogniser makes of one stretch of the caller's audio. A later one replaces it by `segment`."""

    segment: int
    """Numbered by the recogniser; a new number begins after each final."""
    text: str
    final: bool
    """True when `text` will not change. An empty final text says: nothing was said up to `end`."""
    start: int
    end: int
    times: tuple[tuple[int, int], ...] = ()
    """Where each word of `text` begins and ends, if the recogniser tells."""


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """The caller pressed a key of their telephone."""

    digit: str
    """0 to 9, *, #, A to D."""
    at: int
    """Where its tone began."""


@dataclass(frozen=True, slots=True)
class TurnScore:
    """Probability `p` that the turn is over: a turn model's answer to `ScoreTurn`, or what a recogniser thinks."""

    turn: int
    """As in `ScoreTurn`; 0, of a recogniser that judges by itself, for the turn that is open."""
    p: float


class RemoteTurn(Enum):
    """What a remote engine (or a recogniser with turn events of its own) said about the caller's turn."""

    STARTED = "started"
    STOPPED = "stopped"
    COMMITTED = "committed"


@dataclass(frozen=True, slots=True)
class RemoteTurned:
    kind: RemoteTurn
    at: int
    """Caller samples."""


@dataclass(frozen=True, slots=True)
class RemoteReplied:
    """A remote engine began an answer on its own; `ref` is its name there. Answered by `Bind`."""

    ref: str


@dataclass(frozen=True, slots=True)
class ReplyText:
    """A delta of the model's answer."""

    reply: int
    text: str
    attempt: int = 0
    """As in the `Generate` that it answers."""


@dataclass(frozen=True, slots=True)
class ReplyTextEnded:
    """The model finished its answer (text and tool calls)."""

    reply: int
    short: str = ""
    """Why it ended before its end: `length` for the limit of tokens, `filter` for the vendor's content filter."""
    attempt: int = 0
    """As in the `Generate` that it answers."""


@dataclass(frozen=True, slots=True)
class WordEnd:
    """`text[:chars]` of a part has been spoken once `samples` samples of that part have been played."""

    chars: int
    samples: int


@dataclass(frozen=True, slots=True)
class ReplyAudio:
    """`samples` more samples of a part of a reply are ready to play; the samples themselves went to the playout."""

    reply: int
    part: int
    samples: int
    words: tuple[WordEnd, ...] = ()
    """Positions from the start of the part; may run ahead of the audio."""
    lead: int = 0
    """Samples of silence before the first audible one, in the first audio of a part."""
    attempt: int = 0
    """As in the `Speak` that it answers."""


@dataclass(frozen=True, slots=True)
class ReplyAudioEnded:
    """No more audio will come for this part of the reply."""

    reply: int
    part: int
    attempt: int = 0
    """As in the `Speak` that it answers."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The first `samples` samples of the reply were handed to a transport whose client plays by itself."""

    reply: int
    samples: int


@dataclass(frozen=True, slots=True)
class Played:
    """The caller has heard the first `samples` samples of the reply."""

    reply: int
    samples: int
    final: bool = False
    """True after a flush: nothing more of this reply will ever be played."""


@dataclass(frozen=True, slots=True)
class ToolAsked:
    """The model calls a tool."""

    reply: int
    call: str
    name: str
    arguments: str
    """JSON object, as the model wrote it."""
    attempt: int = 0
    """As in the `Generate` that it answers."""


@dataclass(frozen=True, slots=True)
class ToolApproved:
    """Somebody decided about a call that waits for approval."""

    call: str
    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ToolDone:
    call: str
    output: str
    ok: bool = True


@dataclass(frozen=True, slots=True)
class ProviderFailed:
    """A provider stalled, died or refused. Never the end of the call by itself."""

    role: Role
    code: str
    """Stable and short, such as `timeout`, `died`, `refused`, `overflow`."""
    detail: str = ""
    reply: int | None = None
    part: int | None = None
    attempt: int = 0
    """Of a language model: as in the `Generate` that it answers."""


@dataclass(frozen=True, slots=True)
class Used:
    """Metered use of a provider, whether or not it served anybody."""

    usage: Usage
    reply: int | None = None


@dataclass(frozen=True, slots=True)
class TurnCommitted:
    """Push-to-talk released (or the protocol's commit): the caller's turn ends here."""

    answer: bool = True
    """False: only record the turn; a later `ReplyAsked` answers it."""
    item: str = ""
    """The name that the caller's client was told for the turn; with a name it is recorded even without words."""


@dataclass(frozen=True, slots=True)
class InputCleared:
    """Forget the caller's audio since the last committed turn."""


@dataclass(frozen=True, slots=True)
class TextTurn:
    """The caller typed a whole turn."""

    text: str
    answer: bool = True


@dataclass(frozen=True, slots=True)
class ReplyAsked:
    """Answer now, from the history as it stands."""

    instructions: str | None = None
    ref: str = ""
    """The asker's name for the answer; comes back in `ReplyOpened`, `ReplyRefused` and `Generate`."""
    items: tuple[Item, ...] | None = None
    """Answer these instead of the history."""
    aside: bool = False
    """Beside the conversation: it takes no floor, waits for nobody, and leaves nothing in the history."""
    spoken: bool | None = None
    """False for words only; None for what the policy says."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Stop whatever is being said or prepared, or only what is named here."""

    reply: int = 0
    ref: str = ""
    """As in `ReplyAsked`, also while that still waits."""


@dataclass(frozen=True, slots=True)
class Say:
    """Speak these words, without a model, after what is being said now."""

    text: str
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class HangUpAsked:
    """End the call, by default after the last word has been heard."""

    after_speech: bool = True
    reason: str = "asked"


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """Pass the caller on to `to`, after the last word has been heard; the call is over for us."""

    to: str


@dataclass(frozen=True, slots=True)
class HandedOff:
    """From the next answer on the agent of this name speaks."""

    agent: str


@dataclass(frozen=True, slots=True)
class EnginesChanged:
    """The agent that speaks now has engines of its own: how many of each stand in for each other."""

    llms: int = 1
    ttss: int = 1
    stts: int = 0
    """Recognisers, the first of which is to take over; 0 where the call keeps those that it has."""


@dataclass(frozen=True, slots=True)
class DuetBegun:
    """Two agents talk with each other from now on, about what the history holds; the caller listens. While two talk
    already, these take their seats."""

    first: str
    second: str
    turns: int = 0
    """Answers after which it ends; 0 for no end."""
    answers: str = "other"
    """Who answers a caller that cuts in: `same` (who was interrupted) or `other`."""
    turn_cost: float = 0.0
    """Money that an answer is expected to cost, as far as it is known before."""
    prices: tuple[tuple[str, str, float], ...] = ()
    """What they bring along: model, unit, money per unit."""


@dataclass(frozen=True, slots=True)
class ItemCreated:
    """Put an item into the history, at the end or after `after` (`root`: at the start). A message after itself is there
    already, and has more words now."""

    item: Item
    after: str | None = None


@dataclass(frozen=True, slots=True)
class ItemDeleted:
    item: str


@dataclass(frozen=True, slots=True)
class HeardReported:
    """The caller's client says how much of a reply it played: the truth from now on, also if less than `Played`. Of a
    reply that is complete it will play no more."""

    reply: int
    samples: int


@dataclass(frozen=True, slots=True)
class PolicySet:
    """From now on these settings hold."""

    settings: tuple[tuple[str, bool | int | float | str], ...]
    """Dotted keys of the policy. Raises PolicyError for an unknown key or an unusable value."""


@dataclass(frozen=True, slots=True)
class ToolsDeclared:
    """From now on these are the tools; calls under way keep what held for them."""

    tools: tuple[ToolSpec, ...]


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The line is gone. The last event of every call."""

    reason: str = "caller"


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; sent when `Conversation.deadline` is reached and no other event is waiting."""


Event = (
    CallStarted
    | UserSound
    | UserWords
    | TurnScore
    | RemoteTurned
    | RemoteReplied
    | ReplyText
    | ReplyTextEnded
    | ReplyAudio
    | ReplyAudioEnded
    | Sent
    | Played
    | ToolAsked
    | ToolApproved
    | ToolDone
    | ProviderFailed
    | Used
    | TurnCommitted
    | InputCleared
    | TextTurn
    | ReplyAsked
    | StopAsked
    | Say
    | HangUpAsked
    | TransferAsked
    | HandedOff
    | EnginesChanged
    | DuetBegun
    | ItemCreated
    | ItemDeleted
    | HeardReported
    | PolicySet
    | ToolsDeclared
    | CallEnded
    | Tick
    | DigitPressed
)
