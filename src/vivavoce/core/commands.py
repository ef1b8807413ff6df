"""Everything the core can ask for: a closed union, each with the reason why, idempotent by id."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .notices import Notice


class Role(Enum):
    """What a provider is for."""

    VAD = "vad"
    STT = "stt"
    LLM = "llm"
    TTS = "tts"
    S2S = "s2s"
    TURN = "turn"
    TOOL = "tool"
    TRANSPORT = "transport"


@dataclass(frozen=True, slots=True)
class Message:
    """One utterance in the history."""

    id: str
    role: str
    """`user`, `agent` or `system`."""
    text: str
    interrupted: bool = False
    """True on an agent's message of which the rest was never heard."""
    images: tuple[str, ...] = ()
    """`data:` URLs of pictures that the caller shows."""


@dataclass(frozen=True, slots=True)
class Call:
    """The model called a tool."""

    id: str
    call: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Result:
    """What the tool answered; follows its `Call`."""

    id: str
    call: str
    output: str


Item = Message | Call | Result


@dataclass(frozen=True, slots=True)
class Usage:
    """Metered use: `amounts` maps a unit to a quantity, as ('input_tokens', 812) or ('characters', 40)."""

    role: Role
    model: str
    amounts: tuple[tuple[str, float], ...]


class Why(Enum):
    """The reason of a command; the log of a call reads as an argument."""

    # the caller's turn
    SPEECH = "speech began"
    SILENCE = "silence long enough"
    FINISHED = "the words sound finished"
    SCORED = "the turn model has a say"
    TRAILING_OFF = "the words trail off, so we wait"
    DICTATING = "a number is being said, so we wait"
    PREPARING = "there is nothing to say yet"
    WAITING_FOR_WORDS = "the recogniser still owes words"
    WORDS_LATE = "the recogniser did not answer in time"
    LONGEST_WAIT = "the longest wait is over"
    STALLED = "no more audio arrives"
    COMMITTED = "the caller committed the turn"
    TYPED = "the caller typed"
    NO_WORDS = "sound without words"
    CLEARED = "the input was cleared"
    REMOTE = "the remote engine decided"
    KEY = "the caller pressed a key"
    # answering
    EARLY_WORDS = "partial words look complete"
    WORDS_CHANGED = "the words changed after an early start"
    WORDS_HELD = "the early answer fits the final words"
    TURN_OVER = "the turn is over"
    ASKED = "somebody asked for it"
    GREETING = "the call begins"
    CLAUSE = "a clause is complete"
    FIRST_AUDIO = "audio is ready and the floor is free"
    COMPLETE = "all of its audio exists"
    NEXT_IN_LINE = "the reply before it is over"
    TOOL_RESULT = "a tool answered"
    TOOL_SLOW = "a tool takes long"
    IDLE = "nobody has spoken for long"
    ENDED = "all of it was heard"
    # overlap
    SOUND_OVER_AGENT = "sound over the agent's voice"
    SPEECH_OVER_AGENT = "speech over the agent's voice"
    SPEECH_BEFORE_VOICE = "the caller speaks before the reply is audible"
    WORDS = "words over the agent's voice"
    STOP_WORD = "the caller said stop"
    LONG_SPEECH = "long speech over the agent's voice"
    BACKCHANNEL = "the caller is only listening aloud"
    NOISE = "it was no speech"
    ECHO = "it was the agent's own voice"
    MAYBE_ECHO = "it may be the agent's own voice"
    UNINTERRUPTIBLE = "this reply may not be interrupted"
    VOICE = "voice alone is enough here"
    REPORTED = "the caller's client stopped playing it"
    SENTENCE_END = "the sentence is over"
    SENTENCE_CAP = "the sentence is too long to finish"
    QUIET_AGAIN = "the caller fell silent"
    INTERRUPTED = "the caller took the floor"
    # tools
    CALLED = "the model called it"
    APPROVED = "somebody allowed it"
    DENIED = "somebody forbade it"
    PROMOTED = "the answer that called it is now live"
    TIMEOUT = "it took too long"
    # the end, and failures
    FAILED = "a provider failed"
    RETRY = "a provider failed, and one retry is allowed"
    NEXT_ENGINE = "another engine stands in for one that failed"
    HEDGE = "the engine is slower than it usually is"
    FASTER = "another engine answered first"
    DEAD_AIR = "the caller has heard nothing for too long"
    APOLOGY = "the caller must not be left in silence"
    BUDGET = "the budget is spent"
    HANG_UP = "the call is to end"
    TRANSFER = "the caller is passed on"
    HANDED_OFF = "another agent takes over"
    DUET = "the other agent's words are complete"
    EAGER = "enough of the other agent's words is certain"
    REVISED = "there is time for an answer to all that was said"
    STEERED = "there is something to be known before the next answer"
    CALL_OVER = "the call is over"
    LATE = "it arrived for something that is over"
    LIMIT = "a limit was reached"


@dataclass(frozen=True, slots=True)
class Generate:
    """Ask the language model (or the native speech engine) for an answer to `items`."""

    reply: int
    items: tuple[Item, ...]
    speculative: bool
    why: Why
    instructions: str | None = None
    """Replaces the agent's instructions for this reply only."""
    ref: str = ""
    """The asker's name for it."""
    engine: int = 0
    """Which of the session's language models."""
    attempt: int = 0
    """How often this reply was asked for before; attempts may run side by side, and the first to answer counts."""
    speaker: str = ""
    """Which agent of several is asked; empty for the one there is."""


@dataclass(frozen=True, slots=True)
class Speak:
    """Synthesise one part of a reply; parts are numbered from 0, and made and played in order.

    It replaces whatever was asked for of this reply from that part on: after a failure the core asks again for the
    part that failed and for those behind it.
    """

    reply: int
    part: int
    text: str
    why: Why
    attempt: int = 0
    """How often this part was asked for before: what comes late of an earlier attempt counts for nothing."""
    engine: int = 0
    """Which of the session's synthesisers."""
    speaker: str = ""
    """As in `Generate`."""


@dataclass(frozen=True, slots=True)
class Release:
    """The reply may be heard from now on."""

    reply: int
    why: Why
    aside: bool = False
    """Beside the conversation: whoever asked for it gets its audio, and nobody waits until it is over."""
    pause_ms: int = 0
    """Silence before it, after the last sample of the reply before."""


@dataclass(frozen=True, slots=True)
class Seal:
    """All audio of the reply exists: when it is played out, the next one may follow at the very next sample."""

    reply: int
    why: Why
    trim: bool = False
    """Silence at its end counts as played, and is left out."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Pause the reply; keep its audio."""

    reply: int
    why: Why


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on at the exact held sample, at full level: undoes `Hold` and `Duck`."""

    reply: int
    why: Why


@dataclass(frozen=True, slots=True)
class Duck:
    """Lower the voice by `db` (negative)."""

    reply: int
    db: float
    why: Why


@dataclass(frozen=True, slots=True)
class Flush:
    """Nothing of this reply is to be played past `samples`; if that is already past, stop now.

    Answered by a final `Played` with the position truly reached, if the reply had been released.
    """

    reply: int
    samples: int
    why: Why


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop generating and synthesising this reply. Correctness does not wait for it: it only saves money."""

    reply: int
    why: Why
    attempt: int | None = None
    """Only this request to a language model; None for everything."""


@dataclass(frozen=True, slots=True)
class Bind:
    """From now on the remote engine's answer `ref` is reply `reply`."""

    reply: int
    ref: str
    why: Why


@dataclass(frozen=True, slots=True)
class FinishWords:
    """The recogniser is to finalise what it heard up to `upto`; answered by a final `UserWords`, empty if need be."""

    turn: int
    upto: int
    why: Why


@dataclass(frozen=True, slots=True)
class Listen:
    """From now on this recogniser hears the caller, beginning with the audio from `since` on."""

    engine: int
    since: int
    """Caller samples; as much of it as is still kept."""
    why: Why


@dataclass(frozen=True, slots=True)
class ScoreTurn:
    """Ask the turn model about the audio up to `upto`; answered by `TurnScore`."""

    turn: int
    upto: int
    why: Why


@dataclass(frozen=True, slots=True)
class RunTool:
    reply: int
    call: str
    name: str
    arguments: str
    why: Why


@dataclass(frozen=True, slots=True)
class CancelTool:
    call: str
    why: Why


@dataclass(frozen=True, slots=True)
class Become:
    """From the next answer on the agent of this name speaks."""

    agent: str
    why: Why


@dataclass(frozen=True, slots=True)
class Tell:
    """Let the outside know; changes nothing inside."""

    notice: Notice
    why: Why


@dataclass(frozen=True, slots=True)
class Report:
    """Something went wrong that an operator should see."""

    role: Role
    code: str
    detail: str
    why: Why


@dataclass(frozen=True, slots=True)
class EndCall:
    reason: str
    why: Why


Command = (
    Generate
    | Speak
    | Release
    | Seal
    | Hold
    | Resume
    | Duck
    | Flush
    | Cancel
    | Bind
    | FinishWords
    | Listen
    | ScoreTurn
    | RunTool
    | CancelTool
    | Become
    | Tell
    | Report
    | EndCall
)
