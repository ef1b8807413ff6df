"""Marks inside a line that mean the same in every language: markdown, tags, emoji, runs of punctuation."""

from __future__ import annotations

import re

from .mapping import Edit, Rule, kept

_TAGS = (
    "a|abbr|article|b|big|blockquote|body|br|button|center|cite|code|col|dd|del|details|div|dl|dt|em|figure|font|footer"
    "|form|h[1-6]|head|header|hr|html|i|img|input|ins|kbd|label|li|main|mark|nav|ol|option|p|pre|q|s|section|select"
    "|small|span|strong|style|sub|summary|sup|svg|table|tbody|td|textarea|tfoot|th|thead|title|tr|tt|u|ul|var|video"
)
_PICTURE = (
    r"(?:[\U0001F1E6-\U0001F1FF]{2}|[\U0001F000-\U0001FAFF\u2600-\u27BF\u2B05-\u2B07\u2B1B\u2B1C\u2B50\u2B55\u231A\u231B"
    r"\u23E9-\u23FA\u2328\u3030\u303D\u3297\u3299]"
    r"[\ufe0e\ufe0f\u20e3\U0001F3FB-\U0001F3FF\U000E0020-\U000E007F]{0,8}\u200d?)"
)
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&#39;": "'", "&nbsp;": " "}
_QUOTES = {"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "‚": ","}


def _loose(m: re.Match[str]) -> str:
    """Nothing, or a blank where two words would become one."""
    before, after = m.string[m.start() - 1 : m.start()], m.string[m.end() : m.end() + 1]
    return " " if before.isalnum() and after.isalnum() else ""


def _stars(m: re.Match[str]) -> str | None:
    """Emphasis goes; a star between numbers, or with blanks on both sides, is a sign of arithmetic."""
    before, after = m.string[m.start() - 1 : m.start()], m.string[m.end() : m.end() + 1]
    if (before.isdigit() and after.isdigit()) or (before.isspace() and after.isspace()):
        return None
    return _loose(m)


def _mark(m: re.Match[str]) -> str:
    return "?" if "?" in m.group() else "!"


def _picture(m: re.Match[str]) -> str | list[Edit]:
    return kept(m) if m.group(1) else _loose(m)


MARKDOWN: tuple[Rule, ...] = (
    (re.compile(r"<!--[^<>]{0,500}-->"), _loose),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!|>~$-])"), kept),
    (re.compile(r"\[(?!\d{1,3}\])([^\[\]\n]{1,300})\]\[[^\[\]\n]{0,50}\]"), kept),
    (re.compile(r"[ \t](?:[:;]'?-?[)(DPp|]|\^_\^)(?=\s|\Z|[.,!?])"), ""),
    # Citations: [1], [2, 3], [^1], [[1]](address), the brackets of retrieval tools.
    (re.compile(r"[ \t]?(?:\[\[?\^?\d{1,3}(?:[ ,–-]{1,2}\d{1,3}){0,9}\]\]?(?:\([^()\s]{0,300}\))?)(?![\w(])"), ""),
    (re.compile(r"[ \t]?【[^【】\n]{0,80}】"), ""),
    # Images and links keep their words.
    (re.compile(r"[ \t]?!\[\]\([^()\n]{0,500}\)"), _loose),
    (re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\n]{0,500}(?:\([^()\n]{0,100}\)[^()\n]{0,100})?\)"), _picture),
    (re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,500}|[\w.+-]{1,64}@[\w.-]{1,100})>"), kept),
    (re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]{{0,300}})?/?>", re.I), _loose),
    (re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#39);"), lambda m: _ENTITIES[m.group()]),
    (re.compile(r"`+"), ""),
    (re.compile(r"~~+"), ""),
    (re.compile(r"\*+"), _stars),
)
"""These come before addresses are read."""

MARKS: tuple[Rule, ...] = (
    (re.compile(r"_+"), _loose),
    (re.compile(rf"[ \t]{{0,2}}{_PICTURE}"), _loose),
    (re.compile(r"[\ufe0e\ufe0f\u20e3™®]"), ""),
    (re.compile(r"[’‘“”„‚]"), lambda m: _QUOTES[m.group()]),
    (re.compile(r"[!?]{2,}"), _mark),
    (re.compile(r"\.{4,}|…{2,}"), "..."),
    (re.compile(r",{2,}"), ","),
    (re.compile(r"(?<=\s)--(?=[A-Za-z])"), ""),
    (re.compile(r"-{2,}|—{2,}"), "—"),
    (re.compile(r"[ \t]?[•▪◦‣][ \t]?"), ", "),
    (re.compile(r"[ \t]?(?<!\|)\|+[ \t]?"), ", "),
)
"""These come after: an address may contain such a mark."""

ARROWS: tuple[Rule, ...] = ((re.compile(r"[ \t]?(?:[→⇒⟶➔➜⟹↦]|[-=]>)[ \t]?"), ", "),)
"""Where there is no word for them."""
