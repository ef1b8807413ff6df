"""The whole tuning surface. Every value has a unit and a meaning; presets are data."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from typing import Any

from .errors import PolicyError
from .events import Turns
from .lexicon import ENGLISH, Lexicon


class Yielding(Enum):
    """How the agent gives way to a real interruption."""

    AT_ONCE = "at_once"
    FINISH_SENTENCE = "finish_sentence"
    NEVER = "never"


class InterruptedBy(Enum):
    """What makes sound over the agent's voice an interruption."""

    MEANING = "meaning"
    """Its words and its length, weighed by `barge_in.judge`."""
    VOICE = "voice"
    """Any voice, at once: for callers whose client stops the agent as soon as it hears of speech."""


@dataclass(frozen=True, slots=True)
class HearingPolicy:
    """Voice activity with hysteresis, counted in samples."""

    start_p: float = 0.5
    """Speech probability from which a window counts as voice."""
    stop_p: float = 0.35
    """Probability below which a window counts as silence once somebody speaks."""
    min_speech_ms: int = 64
    """Voice shorter than this is no speech."""
    hangover_ms: int = 96
    """Silence after which speech has stopped. Not the end of the turn: see `endpoint`."""
    prefix_ms: int = 300
    """Audio before the onset that belongs to the turn."""
    echo_p: float = 0.7
    """Echo probability from which a window does not count as the caller's voice."""
    doubt_p: float = 0.3
    """Echo probability from which voice may be the agent's own: it can pause the agent, and not stop it."""


@dataclass(frozen=True, slots=True)
class EndpointPolicy:
    """When the caller's turn is over. All silences count from the true end of speech."""

    patience: float = 1.0
    """How much longer than usual the agent waits where more may be coming. The first of the two settings to turn."""
    eagerness: float = 1.0
    """How much sooner than usual it answers where the words sound finished. The second."""
    min_ms: int = 200
    """Never answer sooner, however finished the words sound."""
    finished_ms: int = 260
    """Silence that ends a turn whose words sound finished."""
    silence_ms: int = 500
    """Silence that ends a turn when nothing else is known."""
    dictating_ms: int = 1_200
    """Silence to wait within a number or a spelled word."""
    trailing_ms: int = 1_500
    """Silence to wait when the words trail off ("and", "um", "to the")."""
    max_ms: int = 1_800
    """Silence that always ends a turn."""
    ready_ms: int = 1_000
    """Silence up to which a turn stays open while its early answer is being made: it could not be heard sooner."""
    score_weight: float = 2.5
    """How many times longer, or shorter, the wait gets at most on what a turn model says; 1 to ignore it."""
    pace_weight: float = 1.5
    """How many times longer it gets at most for a caller who makes long pauses; 1 to treat all alike."""
    finalise_after_ms: int = 200
    """Silence after which the recogniser is asked for final words; at once where they sound finished."""
    falling_ms: int = 60
    """Quiet after which words that sound finished are taken as such, before it is known that speech has stopped: final
    words are asked for, and an early answer."""
    words_timeout_ms: int = 1_000
    """How long after that request the final words may take before the turn goes on without them."""
    score_after_ms: int = 200
    """Silence after which a turn model is asked: sooner it knows little."""
    score_every_ms: int = 300
    """How often it is asked again during silence."""
    answer: bool = True
    """Answer a turn that is over; False only records it."""
    stall_ms: int = 1_000
    """When no audio arrives at all for this long, the missing audio counts as silence."""


@dataclass(frozen=True, slots=True)
class BargeInPolicy:
    """What sound over the agent's voice does. Durations are of the caller's voice unless said otherwise."""

    yielding: Yielding = Yielding.AT_ONCE
    """How the agent gives way: `at_once`, `finish_sentence` or `never`."""
    interrupted_by: InterruptedBy = InterruptedBy.MEANING
    """What makes it an interruption: `meaning` or `voice`."""
    duck_after_ms: int = 30
    """Voice after which the agent speaks lower."""
    duck_db: float = -9.0
    """How much lower."""
    hold_after_ms: int = 640
    """Voice without any words after which the agent pauses."""
    stop_after_ms: int = 900
    """Voice without any words after which the agent stops."""
    hold_wordless_ms: int = 1_500
    """... and after which it pauses where the recogniser tells words as they come, so that none means no speech."""
    stop_wordless_ms: int = 3_000
    """... or stops."""
    stop_after_without_stt_ms: int = 500
    """Voice after which the agent stops where no recogniser will ever tell the words."""
    min_words: int = 1
    """Words that are no backchannel, from which an interruption is real."""
    min_speech_ms: int = 300
    """Those words count only together with at least this much voice."""
    lone_word_ms: int = 450
    """... and a single one that may still change only pauses the agent, together with this much: recognisers guess."""
    resume_after_ms: int = 200
    """Silence after which sound that meant nothing is forgotten and the voice is restored."""
    sentence_cap_ms: int = 2_500
    """With `finish_sentence`: never go on longer than this."""
    answer_window_ms: int = 700
    """A "yes" this close to the end of the agent's words is an answer, not a backchannel."""
    echo_words: float = 0.75
    """Share of the caller's words found in what the agent just said, from which they are its own echo. Needs 3
    words."""


@dataclass(frozen=True, slots=True)
class ReplyPolicy:
    """Answering."""

    spoken: bool = True
    """Answers are spoken; False for words only."""
    speculate: bool = True
    """Start an answer on words that may still change; nobody hears it before the turn is over."""
    speculate_after_ms: int = 90
    """Silence after which the words so far are worth an early answer."""
    speculate_short_ms: int = 120
    """... and at once, when speech has stopped, if the words are final up to so shortly before its end."""
    max_speculations: int = 3
    """Early answers per turn."""
    llm_timeout_ms: int = 10_000
    """Silence of a language model after which it has failed."""
    tts_timeout_ms: int = 5_000
    """Silence of a synthesiser that owes audio after which it has failed."""
    playout_timeout_ms: int = 3_000
    """A released reply of which nothing more is played for this long has lost its listener."""
    flush_timeout_ms: int = 500
    """How long a cut reply may take to say how much of it was heard."""
    apology: str = "Sorry, I lost my thread for a moment. Could you say that again?"
    """Spoken when an answer failed, or when long speech gave no words because the recogniser failed; empty for
    silence."""
    first_clause_words: int = 3
    """Words from which the first clause may be spoken at a comma."""
    first_clause_max_words: int = 22
    """Words after which it is spoken wherever that is, then twice as many, and so on; 0 for never. 1 or 2 answer
    soonest, for synthesisers that keep the melody from one request to the next."""
    clause_words: int = 22
    """Words after which a later clause is cut at the next chance."""
    prebuffer_ms: int = 400
    """Longest wait for more audio before a reply sounds; how long it really is follows from how unevenly the
    synthesiser delivered lately. 0 for never."""
    max_queue: int = 16
    """Replies that may wait for the floor; more are refused and reported."""
    continue_after_tools: bool = True
    """Answer again by itself once all tools of a reply have answered; False when a client asks for it."""
    filler_after_ms: int = 600
    """How long a tool may run in silence before its filler is said."""
    max_tool_rounds: int = 8
    """Tool calls in a row that one turn may cause."""


@dataclass(frozen=True, slots=True)
class EnginesPolicy:
    """What is done about engines that fail or are slow. Without a second engine of a kind only `dead_air_ms` counts."""

    rest_ms: int = 30_000
    """How long an engine that failed is left alone while another can stand in."""
    first_token_ms: int = 4_000
    """A language model that gives nothing for so long has failed, if there is another one to ask."""
    hedge: bool = False
    """Ask the next language model too when the first is slower than 19 of 20 of its answers were."""
    hedge_least_ms: int = 300
    """Never sooner than this."""
    hedge_first_ms: int = 1_500
    """... and after so long while its usual time is not known."""
    dead_air_ms: int = 12_000
    """An answer of which there is no sound after so long is given up, and the agent apologises; 0 for never."""


@dataclass(frozen=True, slots=True)
class DuetPolicy:
    """Two agents who talk with each other."""

    gap_ms: int = 0
    """Silence between their answers."""
    natural: bool = False
    """Instead, as people pause: about 200 ms, now shorter, now longer, at times a little before the end."""
    overlap: bool = True
    """An answer is made while the one before it is heard; False to begin when that is over."""
    eager: bool = False
    """It is begun before all words of the one before it are there; made again if they say more and there is time."""
    eager_chars: int = 120
    """... as soon as so much of it is certain."""
    longest_chars: int = 1_200
    """Where an answer that does not end is cut; 0 for never."""


@dataclass(frozen=True, slots=True)
class IdlePolicy:
    """When nobody speaks."""

    prompt_after_ms: int = 0
    """Silence after which the agent says something; 0 for never."""
    prompts: tuple[str, ...] = ("Are you still there?",)
    """Said in turn; after the last one the call is left alone or ended."""
    ask: bool = False
    """Instead of `prompts` the model is asked to say something, each time after it has spoken."""
    hang_up_after_ms: int = 0
    """Silence that ends the call, after the last prompt if there are any; 0 for never."""


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """What ends a call from our side."""

    budget: float = 0.0
    """Money after which the call ends politely; 0 for none."""
    farewell: str = "I have to stop here. Goodbye."
    """Said when a limit ends the call."""
    hang_up_ms: int = 15_000
    """How long the last words may take before the call ends anyway."""
    call_ms: int = 0
    """Longest call; 0 for none."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that tunes a conversation."""

    turns: Turns = Turns.LOCAL
    """Who decides that the caller's turn is over."""
    hearing: HearingPolicy = field(default_factory=HearingPolicy)
    endpoint: EndpointPolicy = field(default_factory=EndpointPolicy)
    barge_in: BargeInPolicy = field(default_factory=BargeInPolicy)
    reply: ReplyPolicy = field(default_factory=ReplyPolicy)
    engines: EnginesPolicy = field(default_factory=EnginesPolicy)
    duet: DuetPolicy = field(default_factory=DuetPolicy)
    idle: IdlePolicy = field(default_factory=IdlePolicy)
    limits: LimitPolicy = field(default_factory=LimitPolicy)
    lexicon: Lexicon = ENGLISH


BROWSER = Policy()
PHONE = Policy(
    endpoint=EndpointPolicy(patience=1.2, min_ms=240),
    barge_in=BargeInPolicy(duck_after_ms=60, duck_db=-6.0, min_speech_ms=340),
)
HEADSET = Policy(
    endpoint=EndpointPolicy(eagerness=1.1),
    barge_in=BargeInPolicy(stop_after_ms=800, min_speech_ms=200),
)
DICTATION = Policy(endpoint=EndpointPolicy(patience=2.0, eagerness=0.5, max_ms=5_000))
DUET = Policy(endpoint=EndpointPolicy(silence_ms=200, min_ms=0, finished_ms=200, dictating_ms=200, trailing_ms=200))
PRESETS: Mapping[str, Policy] = {
    "browser": BROWSER,
    "phone": PHONE,
    "headset": HEADSET,
    "dictation": DICTATION,
    "duet": DUET,
}


def keys(policy: Policy = BROWSER) -> dict[str, Any]:
    """Every dotted key with its value, lexicon left out."""
    found: dict[str, Any] = {}
    for outer in fields(policy):
        value = getattr(policy, outer.name)
        if isinstance(value, Lexicon):
            continue
        if is_dataclass(value):
            found.update({f"{outer.name}.{f.name}": getattr(value, f.name) for f in fields(value)})
        else:
            found[outer.name] = value
    return found


def changed(policy: Policy, settings: Mapping[str, Any]) -> Policy:
    """The policy with dotted keys replaced; values may be text, as on a command line.

    Raises PolicyError for an unknown key (naming the nearest) or an unusable value (naming what is expected).
    """
    known = keys(policy)
    for key, raw in settings.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]!r}?" if near else f"; the keys are {', '.join(known)}"
            raise PolicyError(f"unknown policy key {key!r}{hint}")
        value = _parse(key, known[key], raw)
        room, _, name = key.rpartition(".")
        if room:
            policy = replace(policy, **{room: replace(getattr(policy, room), **{name: value})})
        else:
            policy = replace(policy, **{name: value})
    return policy


def _parse(key: str, old: Any, raw: Any) -> Any:
    """`raw` as a value of the type of `old`."""
    text = raw.strip() if isinstance(raw, str) else raw
    kind = type(old)
    try:
        if isinstance(old, Enum):
            return text if isinstance(text, kind) else kind(str(text).lower())
        if kind is bool:
            return _BOOLS[str(text).lower()]
        if kind is tuple:
            return tuple(text.split("|")) if isinstance(text, str) else tuple(str(x) for x in text)
        value = kind(text)
    except (ValueError, KeyError, TypeError):
        wanted = " or ".join(repr(m.value) for m in kind) if isinstance(old, Enum) else _WANTED[kind]
        raise PolicyError(f"policy key {key!r} needs {wanted}, not {raw!r}") from None
    if key.endswith("_db"):
        if not float("-inf") < value <= 0:
            raise PolicyError(f"policy key {key!r} needs a finite number of decibels up to 0, not {raw!r}")
    elif kind in (int, float) and not 0 <= value < 10**9:
        raise PolicyError(f"policy key {key!r} needs a value from 0 up, not {raw!r}")
    return value


_BOOLS = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}
_WANTED = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    tuple: "texts separated by |",
}
