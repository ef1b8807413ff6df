"""What an engine must be able to do, one Protocol per role. Adapters report facts as core events and decide nothing.

Audio is int16 mono numpy. Recognisers and detectors get 16 kHz, synthesisers give their own rate.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..core.commands import Item, Usage
from ..core.events import Event, WordEnd

Pcm = NDArray[np.int16]
Post = Callable[[Event], None]
"""Puts an event into the session's inbox; call it from the session's loop only; never blocks."""
Busy = Callable[[int], None]
"""Called with +1 when work begins outside the event loop and with -1 when its result has arrived."""


class Vad(Protocol):
    """A voice activity detector with the memory of one call."""

    window: int
    """Samples (16 kHz) per judgement."""

    def __call__(self, pcm: Pcm) -> float:
        """Probability of speech in exactly `window` samples."""
        ...


Judged = Callable[[float | Exception], None]
"""Takes the probability of speech, or why there is none. Raises nothing."""


@runtime_checkable
class SharingVad(Protocol):
    """A detector that judges windows of several calls in one go."""

    def ask(self, pcm: Pcm, judged: Judged) -> None:
        """Judge the next window together with those of other calls that are there before the event loop comes round
        again. `judged` is called once for each window, in order, at once or from the loop."""
        ...

    def settle(self) -> None:
        """Judge now what still waits: something is to come after it."""
        ...


class Vads(Protocol):
    """One shared model; `open` gives each call its own state."""

    def open(self) -> Vad: ...


class SttCall(Protocol):
    """A recogniser listening to one call. Posts `UserWords`, `Used` and `ProviderFailed`."""

    def feed(self, start: int, pcm: Pcm) -> None:
        """Audio from sample `start` on (16 kHz). Returns at once; overflow is a posted `ProviderFailed`."""
        ...

    def finish(self, upto: int) -> None:
        """Finalise up to `upto`: a final `UserWords` follows, with empty text if nothing was said."""
        ...

    async def close(self) -> None: ...


class Stt(Protocol):
    model: str

    async def open(self, post: Post, expect: Sequence[str] = ()) -> SttCall:
        """`expect`: phrases the agent is likely to hear, best first."""
        ...

    async def close(self) -> None: ...


class TurnScorer(Protocol):
    """A model that tells from the sound whether the caller's turn is over."""

    model: str

    async def score(self, pcm: Pcm) -> float:
        """Probability, 0 to 1, from at most the last 8 s of the caller's audio at 16 kHz. Raises `ProviderError`."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as a model is told of it. `parameters` is a JSON schema object."""

    name: str
    description: str
    parameters: dict[str, object]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to a language model."""

    instructions: str
    items: tuple[Item, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or the name of the tool that must be called."""
    max_tokens: int | None = None
    """Longest answer; None for as long as the model likes."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    call: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CutShort:
    """The model ended before its end: `length` for the limit of tokens, `filter` for the vendor's content filter."""

    reason: str


LlmOutput = TextDelta | ToolCall | CutShort | Usage


class Llm(Protocol):
    model: str

    def stream(self, ask: Ask) -> AsyncIterator[LlmOutput]:
        """Deltas as they come; closing the iterator closes the connection. Raises `ProviderError`."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Speech:
    """A piece of synthesised audio at the synthesiser's rate; `words` positions are at that rate too, counted from
    the start of the utterance, and may run ahead of the audio."""

    pcm: Pcm
    words: tuple[WordEnd, ...] = ()


class Tts(Protocol):
    model: str
    rate: int
    voices: tuple[str, ...]

    def speak(self, text: str, voice: str, speed: float = 1.0, before: str = "") -> AsyncIterator[Speech | Usage]:
        """Audio as it is made; closing the iterator cancels. `before` is what the same reply says before `text`, for
        the melody; it is not spoken. Raises `ProviderError`."""
        ...

    async def close(self) -> None: ...


class ProviderError(Exception):
    """A provider stalled, died or refused. `code` is stable and short; the message is for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
