"""Words out of text, and how much two wordings are alike. Recognised speech is often wrong, so likeness is graded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from ...core.lexicon import ENGLISH, normalise

_CONTRACTIONS = {
    "i'm": "i am", "you're": "you are", "he's": "he is", "she's": "she is", "it's": "it is", "that's": "that is",
    "we're": "we are", "they're": "they are", "what's": "what is", "who's": "who is", "where's": "where is",
    "how's": "how is", "when's": "when is", "there's": "there is", "here's": "here is", "name's": "name is",
    "don't": "do not", "doesn't": "does not", "didn't": "did not", "can't": "can not", "cannot": "can not",
    "won't": "will not", "isn't": "is not", "aren't": "are not", "wasn't": "was not", "couldn't": "could not",
    "i'll": "i will", "you'll": "you will", "i've": "i have", "you've": "you have", "i'd": "i would",
    "let's": "let us", "gonna": "going to", "wanna": "want to", "gimme": "give me", "lemme": "let me",
    "goodbye": "good bye", "ok": "okay", "hallo": "hello",
}  # fmt: skip
FILLERS = ENGLISH.fillers | {"please"}
"""Words that say nothing here."""
STOP_WORDS = frozenset(
    """
    a an the and or but so if then than as of in on at to from for with without by about into up down out over
    i you he she it we they me him her us them my your his its our their mine yours this that these those there here
    is are was were am be been being do does did done have has had can could will would shall should may might must
    not no yes yeah okay oh just really very too also only again now please what who where when why how which
    some any all more most much many few lot lots one thing things something anything im like know think say said
    tell told got get give let go going want need would make made well um uh hey hello hi
    """.split()
)
ADJECTIVES = frozenset(
    """
    new old good bad nice big small little great best whole first last next terrible favorite beautiful young long
    short hot cold happy sad hard easy very really
    """.split()
)
"""Common words before a noun that do not name the thing."""
_QUESTION_STARTS = frozenset(
    """
    what who whom whose where when why how which is are was were am do does did can could will would shall should
    have has may might
    """.split()
)
_SUFFIXES = ("ations", "ation", "ingly", "ings", "ing", "edly", "ies", "ied", "es", "ed", "ly", "s")
_REMARK = re.compile(r"(?:(?:\w+ )?the )?weather (?:is|was) (?!in |like )\w")
_HAS_VOWEL = re.compile(r"[aeiouy]|[^\x00-\x7f]")
_PIECE = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|\d+(?:\.\d+)?")
_SOUNDS = (
    (re.compile(r"^(kn|gn|pn)"), "n"),
    (re.compile(r"^wr"), "r"),
    (re.compile(r"^x"), "s"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"gh(?!$)|gh$"), ""),
    (re.compile(r"c(?=[eiy])"), "s"),
    (re.compile(r"tch|ch|sh|dge|ge$|tion|sion"), "j"),
    (re.compile(r"ck|c|q|x|g"), "k"),
    (re.compile(r"th|d"), "t"),
    (re.compile(r"z"), "s"),
    (re.compile(r"v"), "f"),
    (re.compile(r"b"), "p"),
    (re.compile(r"(?<=.)[aeiouyhw]"), ""),
    (re.compile(r"^[aeiou]"), "a"),
    (re.compile(r"(.)\1+"), r"\1"),
)


def clean(text: str) -> tuple[str, ...]:
    """Normalised words with contractions spelled out and hesitations dropped."""
    words: list[str] = []
    for word in normalise(text.replace("_", " ")).split():
        words.extend(_CONTRACTIONS.get(word, word.strip("'")).split())
    return tuple(w for w in words if w and w not in FILLERS)


def pieces(text: str) -> tuple[str, ...]:
    """The words as written, without punctuation, for values that keep their spelling."""
    return tuple(_PIECE.findall(text))


def is_question(words: tuple[str, ...]) -> bool:
    return bool(words) and words[0] in _QUESTION_STARTS and words[:2] != ("do", "not")


def is_remark(words: Sequence[str]) -> bool:
    """Something told about the weather, as in "the weather is nice": nobody asks for it."""
    return not is_question(tuple(words)) and _REMARK.match(" ".join(words)) is not None


def is_gibberish(words: Sequence[str]) -> bool:
    """Nothing a person could have meant: no words, or mostly things without a vowel."""
    wordlike = sum(1 for w in words if w.isdigit() or (len(w) < 24 and _HAS_VOWEL.search(w)))
    return wordlike * 2 <= len(words)


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A crude stem: equal for the usual endings of one English word."""
    if len(word) <= 3:
        return word
    base = word[:-2] if word.endswith("'s") else word
    for suffix in _SUFFIXES:
        if base.endswith(suffix) and len(base) - len(suffix) >= 3 and not base.endswith("ss"):
            base = base[: -len(suffix)] + ("y" if suffix in ("ies", "ied") else "")
            break
    if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "ls":
        base = base[:-1]
    return base[:-1] if len(base) > 3 and base.endswith("e") else base


@lru_cache(maxsize=8192)
def sound(word: str) -> str:
    """A rough key of how a word sounds: consonants, with voiced and unvoiced ones alike."""
    key = re.sub(r"[^a-z]", "", word)
    for pattern, replacement in _SOUNDS:
        key = pattern.sub(replacement, key)
    return key


@lru_cache(maxsize=65536)
def alike(a: str, b: str) -> float:
    """From 0 (different) to 1 (the same word): same stem, same sound, or spelled nearly alike."""
    if a == b:
        return 1.0
    if stem(a) == stem(b):
        return 0.95
    key = sound(a)
    if len(key) >= 2 and key == sound(b) and (len(key) > 2 or _spelled_alike(a, b) >= 0.6):
        return 0.8
    if min(len(a), len(b)) >= 5 and _spelled_alike(a, b) >= 0.8:
        return 0.7
    return 0.0


def _spelled_alike(a: str, b: str) -> float:
    return SequenceMatcher(None, a, b).ratio()


def content(words: Iterable[str]) -> list[str]:
    """The words that carry a topic, in order, each once."""
    return list(dict.fromkeys(w for w in words if w not in STOP_WORDS and len(w) > 1))


def coverage(wanted: Sequence[str], given: Sequence[str], weights: Mapping[str, float], rest: float) -> float:
    """Weighted share of `wanted` words found in `given`, 0 to 1; words without a weight count `rest`."""
    total = sum(weights.get(w, rest) for w in wanted)
    if total == 0:
        return 0.0
    return sum(weights.get(w, rest) * max((alike(w, g) for g in given), default=0.0) for w in wanted) / total
