"""What engines can do, as data: nobody asks an engine for its name to decide anything."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SttProfile:
    """A recogniser. It may also know less than this for some of its models."""

    partials: bool = True
    """Words come while the caller speaks."""
    word_times: bool = False
    """It tells where each word begins and ends (`UserWords.times`)."""
    turns: bool = False
    """It judges by itself whether the turn is over (`TurnScore` of turn 0)."""
    phrases: int = 0
    """Most expected phrases that it makes use of."""
    languages: tuple[str, ...] = ()
    """BCP 47, lower case; empty when it depends on the model. The first is the default."""


@dataclass(frozen=True, slots=True)
class TtsProfile:
    """A synthesiser."""

    streams: bool = True
    """The first audio comes before all of it is made."""
    word_times: bool = False
    """It tells when each word has been spoken (`Speech.words`)."""
    slowest: float = 1.0
    fastest: float = 1.0
    """Range of `speed`; both 1 when it cannot be changed."""
    languages: tuple[str, ...] = ()
    """BCP 47, lower case; empty when it depends on the model or the voice."""


@dataclass(frozen=True, slots=True)
class TurnProfile:
    """A turn model."""

    hears_s: int
    """Seconds of sound that it judges by, at most."""
    languages: tuple[str, ...] = ()
    """BCP 47, lower case; empty for many."""


Profile = SttProfile | TtsProfile | TurnProfile
