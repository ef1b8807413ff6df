"""How the caller's words sound at their end: over, open, or in the middle of something."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from .lexicon import Lexicon, ends_with, looks_finished, normalise, trails_off

_CLAUSE_WORDS = 6
"""A clause that begins with "if" or "when" is seldom longer; what it leads to comes after it."""
_ALL_DIGITS = 10
"""As many digits as most numbers have."""


class Asked(Enum):
    """What the agent's last words ask for."""

    NOTHING = "nothing"
    YES_NO = "yes_no"
    NUMBER = "number"
    """A number, a name to be spelled: something said in pieces."""
    OPEN = "open"


class Ending(Enum):
    FINISHED = "finished"
    OPEN = "open"
    """Nothing tells."""
    TRAILING = "trailing"
    """More is coming: "and", "um", "to the"."""
    DICTATING = "dictating"
    """Within a number or a spelled word."""


@lru_cache(maxsize=4096)
def asked(lexicon: Lexicon, said: str) -> Asked:
    """What the agent asked, from the words it was heard to say; NOTHING unless they end in a question."""
    if not said.rstrip().endswith("?"):
        return Asked.NOTHING
    question = said.rstrip()[:-1]
    words = normalise(question[max(question.rfind(mark) for mark in ".!?") + 1 :]).split()
    if any(word in lexicon.dictated for word in words):
        return Asked.NUMBER
    head = next((w for w in words if w not in lexicon.fillers), "")
    return Asked.YES_NO if head in lexicon.auxiliaries and "or" not in words else Asked.OPEN


@lru_cache(maxsize=4096)
def ending(lexicon: Lexicon, text: str, question: Asked) -> Ending:
    """How the words as the recogniser wrote them sound, after this question."""
    said = normalise(text)
    words = said.split()
    if not words:
        return Ending.OPEN
    spelled = _spelled(lexicon, words)
    if spelled[-1] and (question is Asked.NUMBER or spelled[-2:] == [True, True]):
        return _dictated(words, spelled)
    if words[0] in lexicon.subordinating and len(words) <= _CLAUSE_WORDS:
        return Ending.TRAILING
    if ends_with(said, lexicon.closings) or _briefly(lexicon, words):
        return Ending.FINISHED
    if trails_off(lexicon, said):
        hums = said in lexicon.backchannels and lexicon.fillers.issuperset(words)
        return Ending.FINISHED if hums and question is Asked.YES_NO else Ending.TRAILING
    if looks_finished(text):
        return Ending.FINISHED
    if question is Asked.YES_NO and words[0] in lexicon.replies and len(words) > 1:
        return Ending.FINISHED
    if question is Asked.OPEN and len(words) == 1:
        # One word is an answer; a few words are as often the beginning of one.
        return Ending.FINISHED
    return Ending.FINISHED if _asks(lexicon, words) else Ending.OPEN


def _briefly(lexicon: Lexicon, words: list[str]) -> bool:
    """ "Yes it is.", "No they aren't." """
    return len(words) == 3 and words[0] in lexicon.replies and words[-1] in lexicon.auxiliaries


def _dictated(words: list[str], spelled: list[bool]) -> Ending:
    """Words that end in digits or letters. A name that was said is spelled when its letters are there."""
    run = next((n for n, is_part in enumerate(reversed(spelled)) if not is_part), len(spelled))
    if "".join(words[-run:]) in words[:-run]:
        return Ending.FINISHED
    return Ending.OPEN if run >= _ALL_DIGITS else Ending.DICTATING


def _spelled(lexicon: Lexicon, words: list[str]) -> list[bool]:
    """Which words are digits, number words or single letters; "a" and "i" are where they follow one."""
    found: list[bool] = []
    for word in words:
        letter = len(word) == 1 and word.isalpha() and (word not in "ai" or (bool(found) and found[-1]))
        found.append(letter or word in lexicon.digits or word.isdecimal())
    return found


def _asks(lexicon: Lexicon, words: list[str]) -> bool:
    """Do the words make a question? The last clause counts."""
    start = max((n + 1 for n, w in enumerate(words) if w in lexicon.joining), default=0)
    clause = [w for w in words[start:] if w not in lexicon.fillers]
    return len(clause) >= 4 and (clause[0] in lexicon.questions or clause[0] in lexicon.auxiliaries)
