"""How an English word that no dictionary has is probably said: letters to ARPAbet by longest match. Pure.

Meant for names and made-up words in a recogniser's vocabulary, where a rough guess beats never hearing the word.
"""

from __future__ import annotations

_VOWELS = frozenset("aeiouy")

_ANYWHERE = {
    "tion": "SH AH N",
    "sion": "ZH AH N",
    "ture": "CH ER",
    "eigh": "EY",
    "ough": "AO",
    "augh": "AO",
    "igh": "AY",
    "tch": "CH",
    "dge": "JH",
    "sch": "SH",
    "chr": "K R",
    "eau": "OW",
    "air": "EH R",
    "ear": "IH R",
    "eer": "IH R",
    "our": "AO R",
    "oor": "AO R",
    "ure": "Y UH R",
    "qu": "K W",
    "ch": "CH",
    "sh": "SH",
    "th": "TH",
    "ph": "F",
    "gh": "G",
    "ck": "K",
    "ng": "NG",
    "nk": "NG K",
    "wh": "W",
    "kn": "N",
    "wr": "R",
    "ps": "P S",
    "ar": "AA R",
    "er": "ER",
    "ir": "ER",
    "or": "AO R",
    "ur": "ER",
    "ai": "EY",
    "ay": "EY",
    "au": "AO",
    "aw": "AO",
    "ea": "IY",
    "ee": "IY",
    "ei": "IY",
    "ey": "IY",
    "eu": "Y UW",
    "ew": "UW",
    "ie": "IY",
    "oa": "OW",
    "oe": "OW",
    "oi": "OY",
    "oo": "UW",
    "ou": "AW",
    "ow": "OW",
    "oy": "OY",
    "ue": "UW",
    "ui": "UW",
    "aa": "AA",
    "a": "AE",
    "b": "B",
    "c": "K",
    "d": "D",
    "e": "EH",
    "f": "F",
    "g": "G",
    "h": "HH",
    "i": "IH",
    "j": "JH",
    "k": "K",
    "l": "L",
    "m": "M",
    "n": "N",
    "o": "AA",
    "p": "P",
    "q": "K",
    "r": "R",
    "s": "S",
    "t": "T",
    "u": "AH",
    "v": "V",
    "w": "W",
    "x": "K S",
    "y": "IY",
    "z": "Z",
}
_AT_START = {"kn": "N", "gn": "N", "ps": "S", "pn": "N", "wr": "R", "x": "Z", "y": "Y", "mc": "M AH K"}
_AT_END = {"a": "AH", "o": "OW", "i": "IY", "u": "UW", "es": "Z", "le": "AH L", "ed": "D", "mb": "M", "gn": "N"}
_LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW", "y": "AY"}
_LONGEST = max(map(len, _ANYWHERE))


def pronounce(word: str) -> str:
    """ARPAbet phones for a lower-case word of the letters a to z and apostrophes.

    Raises `ValueError` when there is nothing to pronounce.
    """
    letters = "".join(c for c in word if c in "abcdefghijklmnopqrstuvwxyz")
    if not letters:
        raise ValueError(f"{word!r} has no letters")
    phones: list[str] = []
    at = 0
    while at < len(letters):
        sound, taken = _next(letters, at)
        for phone in sound.split():
            # A doubled consonant is one sound.
            if not (phones and phones[-1] == phone and phone[0] not in "AEIOU"):
                phones.append(phone)
        at += taken
    return " ".join(phones or ["AH"])


def _next(letters: str, at: int) -> tuple[str, int]:
    """The sound of the letters from `at` on, and how many letters it takes."""
    rest = letters[at:]
    if at > 0 and rest in _AT_END:
        return _AT_END[rest], len(rest)
    if at == 0:
        for size in (2, 1):
            if len(letters) > size and rest[:size] in _AT_START:
                return _AT_START[rest[:size]], size
    if _silent_e(letters, at):
        return "", 1
    if rest[0] in _LONG and _lengthened(rest):
        return _LONG[rest[0]], 1
    if rest[0] in "cg" and rest[1:2] in ("e", "i", "y"):
        return {"c": "S", "g": "JH"}[rest[0]], 1
    for size in range(min(_LONGEST, len(rest)), 0, -1):
        if rest[:size] in _ANYWHERE:
            return _ANYWHERE[rest[:size]], size
    raise AssertionError(f"no rule for {rest!r}")


def _silent_e(letters: str, at: int) -> bool:
    return letters[at] == "e" and at == len(letters) - 1 and any(c in _VOWELS for c in letters[:at])


def _lengthened(rest: str) -> bool:
    """A vowel, one consonant, a last e: as in name, time, tone."""
    return len(rest) == 3 and rest[2] == "e" and rest[1] not in _VOWELS and rest[1] not in "rx"
