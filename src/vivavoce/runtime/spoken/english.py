"""English: the words for addresses, signs and abbreviations. The order of the rules is the order they are tried in."""

from __future__ import annotations

import re

from .amounts import AMOUNTS
from .mapping import Rule

CODE = "some code"
"""Said instead of a block of code."""
_TLDS = "com|org|net|edu|gov|io|ai|dev|app|info|biz|co|uk|de|fr|es|eu|nl|ch|ca|au|jp|us|tv|xyz|online|shop|tech|cloud"
_FILES = (
    "py|js|ts|json|jsonl|toml|yaml|yml|md|txt|csv|pdf|png|jpg|jpeg|gif|svg|html|css|sh|exe|zip|wav|mp3|mp4|docx|xlsx"
)
_SIGNS = {".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", "+": "plus", ":": "colon", "~": "tilde"}
_PATH = 40
"""Longer paths are not read out."""

_SYMBOLS = {
    "→": "to", "⇒": "to", "⟶": "to", "➔": "to", "➜": "to", "⟹": "to", "↦": "to", "->": "to", "=>": "to",
    "←": "from", "≈": "is about", "≠": "is not", "≤": "is at most", "≥": "is at least", "<=": "is at most",
    ">=": "is at least", "!=": "is not", "==": "equals", "±": "plus or minus", "×": "times", "÷": "divided by",
    "√": "the root of", "∞": "infinity", "§": "section", "Σ": "the sum of", "∑": "the sum of",
}  # fmt: skip
"""Said wherever they are; the dash of "->" would be read as such."""
_POWERS = {"²": " squared", "³": " cubed", "^2": " squared", "^3": " cubed"}
_ABBREVIATIONS = {
    "e.g.": "for example", "i.e.": "that is", "vs.": "versus", "vs": "versus", "approx.": "approximately",
    "w/o": "without", "w/": "with", "Dr.": "Doctor", "Prof.": "Professor", "Inc.": "Incorporated", "Ltd.": "Limited",
    "Jan.": "January", "Feb.": "February", "Mar.": "March", "Apr.": "April", "Aug.": "August", "Sept.": "September",
    "Sep.": "September", "Oct.": "October", "Nov.": "November", "Dec.": "December", "No.": "number", "no.": "number",
    "Nos.": "numbers", "Fig.": "figure", "fig.": "figure", "p.": "page", "pp.": "pages", "Vol.": "volume",
    "vol.": "volume", "Ch.": "chapter", "ch.": "chapter",
}  # fmt: skip
"""Which of these need what after them is in the rules."""
_DAYS = {name[:3]: name for name in "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()}
_PER = {"mo": "month", "yr": "year", "wk": "week", "hr": "hour", "h": "hour", "kg": "kilogram", "lb": "pound"}
_PERIODS = "month|year|week|day|night|hour|minute|second|person|user|seat|mo|yr|wk|hr|h|kg|lb"


def _spell(text: str) -> str:
    """An address, sign by sign where it has signs."""
    return " ".join(re.sub(r"[./@_+:~-]", lambda m: f" {_SIGNS[m.group()]} ", text).split())


def _url(m: re.Match[str]) -> str:
    """Host and a short path. What follows a question mark is for machines."""
    address = m.group()
    end = address.rstrip(".,;:!?'*")
    bare = re.sub(r"(?i)^(?:https?://|mailto:)?(?:www\.)?", "", end)
    bare = re.split(r"[?#&%=,;!'()\[\]|*]", bare, maxsplit=1)[0].strip("/")
    host, _, path = bare.partition("/")
    said = _spell(host if len(path) > _PATH else bare)
    return said + address[len(end) :] if any(map(str.isalnum, said)) else address


def _abbreviation(m: re.Match[str]) -> str:
    return _ABBREVIATIONS[m.group()]


def _et_cetera(m: re.Match[str]) -> str:
    """Its full stop stays where it may end a sentence too."""
    rest = m.string[m.end() : m.end() + 2]
    return "et cetera" if rest[:1] in (",", ";", ")", "?", "!") or rest[1:].islower() else "et cetera."


def _symbol(m: re.Match[str]) -> str:
    return f" {_SYMBOLS[m.group(1)]} "


def _words(*names: str) -> str:
    return "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))


_ADDRESSES: tuple[Rule, ...] = (
    (re.compile(r"(?i)(?<![\w@])(?:https?://|www\.)[^\s<>\"”]{1,2000}(?<![)\]])"), _url),
    (
        re.compile(
            r"(?i)(?<![\w.+-])(?:mailto:)?[\w+-]{1,64}(?:\.[\w+-]{1,64}){0,8}@(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}\b"
        ),
        lambda m: _spell(re.sub(r"(?i)^mailto:", "", m.group())),
    ),
    (
        re.compile(
            rf"(?i)(?<![\w.@/-])(?:[a-z0-9-]{{1,63}}\.){{1,6}}(?:{_TLDS})\b(?![\w@-])(?!\.\w)(?:/[^\s<>\"”)\]]{{0,500}})?"
        ),
        _url,
    ),
    (re.compile(rf"(?<=\w)\.({_FILES})\b(?!\.?\w)"), lambda m: f" dot {m.group(1)}"),
    (re.compile(r"(?<![\w@])@(?=[A-Za-z])"), "at "),
)

_REST: tuple[Rule, ...] = (
    (re.compile(r"(?<![\w.])(e\.g\.|i\.e\.),?(?=\s)"), lambda m: _ABBREVIATIONS[m.group(1)] + ","),
    (re.compile(r"(?<![\w.])(e\.g\.|i\.e\.)"), _abbreviation),
    (re.compile(rf"(?<=[\w%])/({_PERIODS})(?![\w/])"), lambda m: f" per {_PER.get(m.group(1), m.group(1))}"),
    (re.compile(rf"\b({'|'.join(_DAYS)})[–-]({'|'.join(_DAYS)})\b"), lambda m: f"{_DAYS[m[1]]} to {_DAYS[m[2]]}"),
    (re.compile(r"(?<![\w./])[Ee]tc\.?(?!\w)"), _et_cetera),
    (re.compile(r"(?<![\w.])(vs\.|vs|approx\.)(?=\s)"), _abbreviation),
    (re.compile(r"(?<![\w.])(w/o|w/)(?=\s)"), _abbreviation),
    (re.compile(r"(?<![\w.])(Dr\.|Prof\.)(?= [A-Z])"), _abbreviation),
    (re.compile(r"(?<![\w.])([a-z]{1,12},? )St\.(?= [A-Z])"), lambda m: f"{m.group(1)}Saint"),
    (re.compile(r"(?<=\w )(Inc\.|Ltd\.)(?= [a-z])"), _abbreviation),
    (
        re.compile(rf"(?<![\w.])({_words(*(a for a in _ABBREVIATIONS if a[:1].isalpha() and a[-1] == '.'))})(?= ?\d)"),
        _abbreviation,
    ),
    (re.compile(r"(?<![\w#])#(?=\d)"), "number "),
    (re.compile(r"(?<![\w#])([CF])#(?!\w)"), lambda m: f"{m.group(1)} sharp"),
    (re.compile(r"(?<![\w+])C\+\+(?![\w+])"), "C plus plus"),
    (re.compile(r"(?<![\w+])([A-D])\+(?![\w+])"), lambda m: f"{m.group(1)} plus"),
    (re.compile(rf"[ \t]?({_words(*_SYMBOLS)})[ \t]?"), _symbol),
    (re.compile(r"(?<=\w)(?:[²³]|\^[23](?!\d))"), lambda m: _POWERS[m.group()]),
    (re.compile(r"(?<=[\w)])\^(?=[\w(])"), " to the power of "),
    (re.compile(r"[ \t]?&+[ \t]?"), " and "),
    (re.compile(r"(?<=\S) \+ (?=\S)|(?<=\d)\+(?=\d)"), " plus "),
    (re.compile(r"(?<=\d)\+(?!\w)"), " or more"),
    (re.compile(r"(?<=\S) = (?=\S)|(?<=[\w)])=(?=[\w(-])"), " equals "),
    (re.compile(r"(?<=\S) < (?=\S)|(?<=\d)<(?=\d)"), " is less than "),
    (re.compile(r"(?<=\S) > (?=\S)|(?<=\d)>(?=\d)"), " is greater than "),
    (re.compile(r"(?<!\w)<(?=\d)"), "less than "),
    (re.compile(r"(?<!\w)>(?=\d)"), "more than "),
    (re.compile(r"(?<!\w)~(?=\d)"), "about "),
    (re.compile(r"(?<![\w.+)])\+(?=\d)"), "plus "),
    (re.compile(r"\b(t|tb)sp\b"), lambda m: "teaspoon" if m[1] == "t" else "tablespoon"),
)

RULES: tuple[Rule, ...] = (*_ADDRESSES, *AMOUNTS, *_REST)

PLAIN = re.compile(r"\w\.\w|\b(?:[Ee]tc|vs|approx|Dr|Prof|Inc|Ltd|St)\b")
"""What a text without digits and signs must not contain to be plain."""
