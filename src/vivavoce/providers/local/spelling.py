"""Text to the phonemes that neural voices were trained on: espeak-ng's, with punctuation, sentence by sentence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

Clauses = Callable[[str], Iterable[tuple[str, str]]]
"""`Espeak.phonemes`: IPA, and the text that was read for it."""

_STOP = re.compile(r"[.,;:!?…–—]")
_STOPS = {"…": ".", "–": ",", "—": ","}
"""What voices do not know, and what they know instead."""
_ABBREVIATION = re.compile(r"\b(?:dr|mr|mrs|ms|prof|st)\.\s*\S?$", re.IGNORECASE)
_LANGUAGE = re.compile(r"\([a-z]{2,3}(?:-[a-z0-9]+)*\)")
"""How espeak-ng marks a word of another language."""
_LONGEST = 300
"""Phonemes after which a sentence is cut at its next clause."""
_MOST = 400
"""Phonemes of one piece at most. Kokoro has room for 510, and sherpa-onnx ends its process over one too many."""


def sentences(clauses: Clauses, text: str) -> Iterator[str]:
    """The phonemes of each sentence, as soon as it is known; nothing for a text without words."""
    said = ""
    for ipa, read in clauses(text):
        ipa = _LANGUAGE.sub("", ipa).strip()
        if not ipa:
            continue
        stop = _stop(read)
        said += (" " if said else "") + unicodedata.normalize("NFD", ipa) + stop
        if stop in (".", "?", "!") or len(said) > _LONGEST:
            yield from _pieces(said)
            said = ""
    if said:
        yield from _pieces(said)


def _pieces(said: str) -> Iterator[str]:
    while len(said) > _MOST:
        at = said.rfind(" ", 1, _MOST) + 1 or _MOST
        yield said[:at].rstrip()
        said = said[at:]
    yield said


def _stop(read: str) -> str:
    """The punctuation that ends a clause."""
    if _ABBREVIATION.search(read):
        return ""
    stops: list[str] = _STOP.findall(read)
    if stops:
        return _STOPS.get(stops[-1], stops[-1])
    return "." if "\n\n" in read else ""
