"""The few words that decide about turns, as data, and pure functions over them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_NOT_WORD = re.compile(r"[^\w' ]+", re.UNICODE)
_FINISHED = re.compile(r"[.!?…。！？][\"')\]]*$")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Normalised words and phrases of one language."""

    backchannels: frozenset[str]
    """Said while listening; they claim no turn."""
    fillers: frozenset[str]
    """Hesitations; they mean neither yes nor no."""
    stops: frozenset[str]
    """Phrases that ask for the floor at once."""
    trailing: frozenset[str]
    """Last words after which more is coming."""


ENGLISH = Lexicon(
    backchannels=frozenset(
        "yeah|yep|yes|yup|ok|okay|right|sure|mhm|mm|hmm|hm|aha|ah|oh|wow|nice|cool|great|good|exactly|true|really|"
        "indeed|alright|uh huh|mm hmm|mm hm|i see|got it|go on|i know|of course|that's right|makes sense|all right|"
        "sounds good".split("|")
    ),
    fillers=frozenset("um uh er erm hmm hm mm ah eh huh".split()),
    stops=frozenset(
        "stop|wait|hold on|hang on|no|shut up|be quiet|quiet|excuse me|pause|enough|never mind|cancel|"
        "one moment|one second|just a moment".split("|")
    ),
    trailing=frozenset(
        (
            "and but or so because if when while although though since unless that which who whose where then than as "
            "the a an my your his her its our their this these some any to of in on at for from with without by about "
            "into i'm it's is are was were am be can could would should will i we he she they um uh er erm like well "
            "also plus between"
        ).split()
    ),
)


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """Lower case, no punctuation, single spaces: two texts that sound alike become equal."""
    return " ".join(_NOT_WORD.sub(" ", text.lower().replace("’", "'").replace("-", " ")).split())


@lru_cache(maxsize=4096)
def content_words(lexicon: Lexicon, text: str) -> int:
    """How many words of a normalised text are neither backchannel nor filler."""
    # Two blanks between words, so that a phrase said twice is found twice.
    padded = f" {text.replace(' ', '  ')} "
    for phrase in sorted(lexicon.backchannels):
        if " " in phrase:
            padded = padded.replace(f" {phrase.replace(' ', '  ')} ", " ")
    return sum(1 for w in padded.split() if w not in lexicon.backchannels and w not in lexicon.fillers)


@lru_cache(maxsize=4096)
def may_become_backchannel(lexicon: Lexicon, text: str) -> bool:
    """Does the normalised text end on the beginning of a longer backchannel, as "i" of "i see", and mean nothing
    else?"""
    words = [w for w in text.split() if w not in lexicon.fillers]
    for n in range(len(words)):
        begun = " ".join(words[n:]) + " "
        if any(phrase.startswith(begun) for phrase in lexicon.backchannels):
            return not content_words(lexicon, " ".join(words[:n]))
    return False


@lru_cache(maxsize=4096)
def asks_to_stop(lexicon: Lexicon, text: str) -> bool:
    """Does the normalised text begin (after hesitations) by claiming the floor?"""
    words = [w for w in text.split() if w not in lexicon.fillers]
    head = " ".join(words[:4]) + " "
    return any(head.startswith(stop + " ") for stop in lexicon.stops)


@lru_cache(maxsize=4096)
def trails_off(lexicon: Lexicon, text: str) -> bool:
    """Does the normalised text end on a word after which more is coming?"""
    last = text.rpartition(" ")[2]
    return last in lexicon.trailing


def looks_finished(text: str) -> bool:
    """Does the text as written end a sentence?"""
    return bool(_FINISHED.search(text.rstrip())) and not text.rstrip().endswith("...")


@lru_cache(maxsize=1024)
def overlap(words: str, said: str) -> float:
    """Share of the words of one normalised text that occur in another; 0.0 for fewer than three words."""
    mine = words.split()
    if len(mine) < 3:
        return 0.0
    theirs = set(said.split())
    return sum(1 for w in mine if w in theirs) / len(mine)
