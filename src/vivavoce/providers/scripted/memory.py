"""What was said so far, read out of the history each time: the responder keeps no state of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ...core.commands import Item, Message
from .understand import STOP_WORDS, alike, clean, content, is_question, pieces

_NAME = re.compile(
    r"\b(?:(?:my|mine) name (?:is|his|as|was|this|it's)|my name's|call me|i am called|i'm called|name is actually)\s+"
    r"([^\W\d_][\w'-]*(?:\s+[A-Z][\w'-]*)?)",
    re.IGNORECASE,
)
_I_AM_NAME = re.compile(r"^(?:(?:hello|hi|hey)[,.!]?\s+)?(?:i am|i'm|this is)\s+([^\W\d_][\w'-]*)[.!]?$", re.IGNORECASE)
_REMEMBER = re.compile(
    r"\b(?:remember|note|keep in mind|don't forget|do not forget)\s+(?:that\s+)?(?!me\b|my name\b|what\b|when\b)(.+)",
    re.IGNORECASE | re.DOTALL,
)
NAME_QUESTION = "What is it?"
_NOT_NAMES = STOP_WORDS | set(
    "fine good well tired happy sad back ready done sorry bored sure hungry here sick late okay great busy lost "
    "called named afraid alone listening talking asking looking trying calling actually it your".split()
)
_SWAP = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "am": "are",
    "your": "my", "yours": "mine", "yourself": "myself", "we": "you", "our": "your", "us": "you",
}  # fmt: skip
_SUBJECT_BEFORE = frozenset(
    "did do does can could will would shall should are were if that and but when because".split()
)
_MOST_WORDS = 14
"""Longest quotation of the caller's words; more is tiring to hear."""


def user_texts(items: Sequence[Item]) -> list[str]:
    """What the user said, oldest first."""
    return [i.text for i in items if isinstance(i, Message) and i.role == "user" and i.text.strip()]


def agent_texts(items: Sequence[Item]) -> list[str]:
    """What was heard of the agent, oldest first."""
    return [i.text for i in items if isinstance(i, Message) and i.role == "agent" and i.text.strip()]


def name_in(text: str) -> str | None:
    """The name a user gives in this utterance."""
    hit = _NAME.search(text) or _I_AM_NAME.search(text.strip())
    if hit is None or hit[1].split()[0].lower() in _NOT_NAMES:
        return None
    return " ".join(part[0].upper() + part[1:] for part in hit[1].split())


def fact_in(text: str) -> str | None:
    """What the user asks to remember in this utterance, in the user's words."""
    if is_question(clean(text)):
        return None
    hit = _REMEMBER.search(text)
    return hit[1].strip(" .!?") if hit and hit[1].strip(" .!?") else None


def name_given(text: str, heard_before: str) -> str | None:
    """The name a user gives, also as the bare answer to our question for it."""
    name = name_in(text)
    words = pieces(text)
    bare = heard_before.endswith(NAME_QUESTION) and len(words) <= 2
    if name is None and bare and words and not any(w.lower() in _NOT_NAMES for w in words):
        return " ".join(w[0].upper() + w[1:] for w in words)
    return name


def known_name(items: Sequence[Item]) -> str | None:
    """The last name given."""
    name, heard = None, ""
    for item in items:
        if isinstance(item, Message) and item.role == "agent":
            heard = item.text
        elif isinstance(item, Message):
            name, heard = name_given(item.text, heard) or name, ""
    return name


def known_facts(texts: Sequence[str]) -> list[str]:
    return [f for t in texts if (f := fact_in(t))]


def recollect(question: tuple[str, ...], texts: Sequence[str]) -> str | None:
    """The user's earlier statement that best fits a question about it, newest first; None when none does."""
    topics = content(question)
    focus = [b for a, b in pairwise(question) if a in ("my", "our") and b in topics]
    if not topics:
        return None
    best: tuple[float, str] | None = None
    for text in reversed(texts):
        words = clean(fact_in(text) or text)
        if is_question(words) or len(words) < 3:
            continue
        if focus and not any(alike(focus[0], w) for w in words):
            continue
        share = sum(max((alike(t, w) for w in words), default=0.0) for t in topics) / len(topics)
        if share >= 0.5 and (best is None or share > best[0]):
            best = (share, fact_in(text) or text)
    return best[1] if best else None


def mirror(text: str) -> str:
    """The user's words said back, "my dog" as "your dog"; long ones lose their beginning."""
    words = list(pieces(text))
    if len(words) > _MOST_WORDS:
        words = _last_clause(words)
    out: list[str] = []
    lowered = [w.lower().replace("’", "'") for w in words]
    for i, (word, low) in enumerate(zip(words, lowered, strict=True)):
        out.append(_swapped(word, low, lowered[i - 1] if i else "", lowered[i + 1] if i + 1 < len(words) else ""))
    return " ".join(out)


def _last_clause(words: list[str]) -> list[str]:
    tail = words[-_MOST_WORDS:]
    for i, word in enumerate(tail[:-4]):
        if word.lower() in ("and", "but", "so", "because", "when", "then"):
            return tail[i + 1 :]
    return tail


def _swapped(word: str, low: str, before: str, after: str) -> str:
    if low == "you":
        object_here = before and before not in _SUBJECT_BEFORE and (not after or after in STOP_WORDS - _VERBS)
        return "me" if object_here else "I"
    if low in _SWAP:
        return _SWAP[low]
    if low == "are" and before == "you":
        return "am"
    if low == "was" and before == "i":
        return "were"
    for short, long in (("i'm", "you are"), ("i've", "you have"), ("i'll", "you will"), ("i'd", "you would"),
                        ("you're", "I am"), ("you've", "I have"), ("you'll", "I will")):  # fmt: skip
        if low == short:
            return long
    return word


_VERBS = frozenset(
    "are were can could will would shall should do did have had know think say said tell told get got give let go "
    "want need make made not".split()
)


def quote(text: str) -> str:
    """The user's words as heard, cut to a length that can be listened to."""
    words = pieces(text)
    cut = words if len(words) <= _MOST_WORDS else words[:_MOST_WORDS]
    return " ".join(cut) + (", and so on" if len(words) > _MOST_WORDS else "")
