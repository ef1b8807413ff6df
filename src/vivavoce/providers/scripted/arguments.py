"""Arguments of a tool out of what was said, by type and by the name of the parameter."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from ...core.lexicon import normalise
from .numbers import UNITS, Found, find_numbers, sound_alikes_as_numbers
from .understand import STOP_WORDS, alike, clean, pieces, stem

_PLACE = frozenset("city place location town country region address where destination origin area".split())
_PERSON = frozenset("name person contact recipient who whom customer guest user".split())
_DATE = frozenset("date day when weekday".split())
_CODE = frozenset("id number code reference zip postcode phone pin".split())
_AFTER: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (frozenset({"origin", "from", "source", "departure"}), ("from",)),
    (frozenset({"destination", "to", "target", "recipient"}), ("to", "for")),
    (_PLACE, ("in", "at", "near", "for", "from", "to", "of")),
    (_PERSON, ("to", "for", "with", "called", "named", "is", "call")),
    (frozenset("subject title headline".split()), ("about", "called", "titled")),
    (frozenset("message text body content note".split()), ("saying", "that", "about", "note")),
    (
        frozenset("query topic question term keyword search".split()),
        ("about", "for", "saying", "that", "called", "on", "of"),
    ),
)
_ANY = ("in", "for", "about", "called", "named", "of", "to", "on", "at", "with", "is")
_NAMING = ("called", "named", "saying")
_ENDS = frozenset(
    "today tomorrow tonight now please yesterday right and then in at for from to on with about next this "
    "saying that telling called named titled".split()
)
"""Words that end a value taken from the middle of a sentence."""
_LEAD_INS = re.compile(
    r"^(?:(?:um+|uh+|er+|oh|well|okay|so|yes|yeah|please|maybe|just|it is|it's|that is|that's|i mean|i think|i said|"
    r"make it|let's say|the answer is|is|in|at|for|to|from|about|near|on|the)\b[\s,]*)+",
    re.IGNORECASE,
)
_TRAILERS = re.compile(r"[\s,]*(?:\b(?:please|thanks|thank you|i think|today|now)\b[\s,.!?]*)+$", re.IGNORECASE)
_DAYS = ("today", "tomorrow", "tonight", "yesterday", "monday", "tuesday", "wednesday", "thursday", "friday",
         "saturday", "sunday")  # fmt: skip
_CLOCK = re.compile(
    r"\bat (?P<at>(?:half past |quarter (?:past|to) )?[\w:]+(?: (?:thirty|fifteen|forty five))?(?: (?:[ap]m|o'clock))?)"
    r"|(?P<clock>[\w:]+ (?:[ap]m|o'clock))"
)
_JOINT = re.compile(r"(?<=[a-z])(?=[A-Z])|_")
_HAS_DIGIT = re.compile(r"\d")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_YES = frozenset("yes yeah yep sure on true enable enabled with okay correct".split())
_NO = frozenset("no nope off false disable disabled without not never".split())


def _name_words(name: str) -> set[str]:
    return set(normalise(_JOINT.sub(" ", name)).split())


def required(parameters: Mapping[str, object]) -> tuple[str, ...]:
    names = parameters.get("required")
    return tuple(str(n) for n in names) if isinstance(names, list | tuple) else ()


def fill(
    declared: Mapping[str, Mapping[str, object]], text: str, trigger: set[str], needed: Collection[str]
) -> dict[str, object]:
    """Values for the declared parameters that `text` holds. `trigger`: stems of the tool's name; `needed`:
    the parameters without which it can not be called, for which more is taken as a value."""
    arguments: dict[str, object] = {}
    words = clean(text)
    taken: set[int] = set()
    for name, schema in declared.items():
        value = _value(name, schema, text, words, trigger, taken, name in needed)
        if value is not None:
            arguments[name] = value
    return arguments


def _value(
    name: str,
    schema: Mapping[str, object],
    text: str,
    words: tuple[str, ...],
    trigger: set[str],
    taken: set[int],
    needed: bool,
) -> object:
    choices = schema.get("enum")
    if isinstance(choices, list):
        return _choice(choices, words)
    kind = _kind(schema)
    if kind in ("number", "integer"):
        return _number(name, schema, words, taken, kind)
    if kind == "boolean":
        return _flag(name, words)
    return _string(name, text, trigger, needed) if kind == "string" else None


def _kind(schema: Mapping[str, object]) -> str:
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        return next((str(k) for k in kind if k != "null"), "string")
    if "type" not in schema and isinstance(options := schema.get("anyOf"), list):
        kinds = [str(o.get("type")) for o in options if isinstance(o, Mapping)]
        return next((k for k in kinds if k != "null"), "string")
    return str(kind)


def fill_answer(name: str, schema: Mapping[str, object], answer: str) -> object:
    """The value in an answer to the question for this one parameter; None when there is none."""
    words = clean(answer)
    choices = schema.get("enum")
    if isinstance(choices, list):
        return _choice(choices, words)
    kind = _kind(schema)
    if kind in ("number", "integer"):
        for reading in (words, sound_alikes_as_numbers(words)):
            value = _number(name, schema, reading, set(), kind)
            if value is not None:
                return value
        return None
    if kind == "boolean":
        return True if _YES & set(words) else False if _NO & set(words) else None
    if _name_words(name) & _CODE and (code := _code(words)):
        return code
    label = rf"^(?:the )?{re.escape(name.replace('_', ' '))} (?:is|should be) "
    bare = _TRAILERS.sub("", _LEAD_INS.sub("", re.sub(label, "", answer.strip(), flags=re.IGNORECASE)))
    return _spelled(name, bare) or None


def _choice(choices: Sequence[object], words: Sequence[str]) -> object:
    best: tuple[float, object] = (0.0, None)
    for choice in choices:
        parts = clean(str(choice))
        if not parts:
            continue
        likeness = sum(max((alike(p, w) for w in words), default=0.0) for p in parts) / len(parts)
        if likeness > best[0]:
            best = (likeness, choice)
    return best[1] if best[0] >= 0.7 else None


def _number(
    name: str, schema: Mapping[str, object], words: tuple[str, ...], taken: set[int], kind: str
) -> int | float | None:
    """The number that belongs to this parameter: the one before its unit, else the first one left over."""
    numbers = [n for n in find_numbers(words) if n.start not in taken]
    if not numbers:
        return None
    wanted = {stem(w) for w in clean(f"{name} {schema.get('description', '')}")}
    chosen, factor = numbers[0], 1.0
    for found in numbers:
        unit = stem(words[found.end]) if found.end < len(words) else ""
        if unit and unit in wanted:
            chosen, factor = found, 1.0
            break
        if (scale := _scale(unit, wanted)) is not None:
            chosen, factor = found, scale
    taken.add(chosen.start)
    value = _with_fractions(chosen, words) * factor
    if value == int(value):
        return int(value)
    return None if kind == "integer" else value


def _with_fractions(found: Found, words: Sequence[str]) -> float:
    tail = tuple(words[found.end : found.end + 3])
    return found.value + (0.5 if tail == ("and", "a", "half") else 0.0)


def _scale(unit: str, wanted: set[str]) -> float | None:
    """What a duration said in `unit` is multiplied by to give the declared unit of time."""
    said = next((s for u, s in _SECONDS.items() if stem(u) == unit), None)
    declared = next((s for u, s in _SECONDS.items() if stem(u) in wanted or stem(u + "s") in wanted), None)
    return said / declared if said and declared else None


def _flag(name: str, words: Sequence[str]) -> bool | None:
    own = {stem(w) for w in _name_words(name)} - {"is", "has", "with", "use"}
    about = any(stem(w) in own for w in words)
    if not about and not {"on", "off"} & set(words):
        return None
    return not _NO & set(words)


def _string(name: str, text: str, trigger: set[str], needed: bool) -> str | None:
    name_words = _name_words(name)
    raw = pieces(text)
    low = tuple(normalise(p) for p in raw)
    if name_words & _DATE:
        return next((w for w in low if w in _DAYS), None)
    if name_words & _CODE:
        return _code(clean(text))
    if "time" in name_words:
        hit = _CLOCK.search(" ".join(low))
        return (hit["at"] or hit["clock"]) if hit else None
    leads = next((after for names, after in _AFTER if names & name_words), _ANY if needed else _NAMING)
    whole = not name_words & (_PLACE | _PERSON)
    for lead in (*sorted(name_words - {"name", "text"}), *leads):
        for at in range(len(low) - 1):
            if low[at] == lead and (value := _run(raw, low, at + 1, trigger, whole)) and _says_something(value):
                return _spelled(name, value)
    return None


def _code(words: Sequence[str]) -> str | None:
    """The longest run of digits, spelled numbers and single letters, as in "a b one two"; one letter is none."""
    best = ""
    run = ""
    for word in (*words, ""):
        if word.isdigit() or (len(word) == 1 and word.isalpha()) or (len(word) > 2 and _HAS_DIGIT.search(word)):
            run += word.upper()
        elif word in UNITS:
            run += str(UNITS.index(word))
        else:
            best = max(best, run, key=len)
            run = ""
    return best if _HAS_DIGIT.search(best) else None


def _says_something(value: str) -> bool:
    """More than everyday words, and more than a number with its unit."""
    words = clean(value)
    numbers = {i for n in find_numbers(words) for i in range(n.start, n.end + 1)}
    return any(w not in STOP_WORDS for i, w in enumerate(words) if i not in numbers)


def _run(raw: Sequence[str], low: Sequence[str], start: int, trigger: set[str], whole: bool) -> str:
    """The words from `start` to the end of the phrase, or to the end of all when the value is free text."""
    while start < len(low) and low[start] in ("the", "a", "an", "is", "my", "that"):
        start += 1
    end = start
    while end < len(low) and (whole or low[end] not in _ENDS) and stem(low[end]) not in trigger:
        end += 1
    while end > start and low[end - 1] in ("please", "now", "today", "tomorrow", "tonight"):
        end -= 1
    return " ".join(raw[start:end])


def _spelled(name: str, value: str) -> str:
    """Recognisers write small letters; places and people have capitals."""
    bare = value.strip(" .,!?;:\"'")
    proper = bool(_name_words(name) & (_PLACE | _PERSON))
    return " ".join(w[0].upper() + w[1:] for w in bare.split()) if proper and bare.islower() else bare
