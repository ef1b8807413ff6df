"""Numbers, times and dates between spoken words and values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_SMALL = {w: i for i, w in enumerate(UNITS)} | {w: 20 + 10 * i for i, w in enumerate(TENS)}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_HOMOPHONES = {"to": "two", "too": "two", "for": "four", "ate": "eight", "won": "one", "tree": "three", "nein": "nine"}
_DIGITS = re.compile(r"\d+(?:\.\d+)?$")
_LIMIT = 10**12
"""Larger values are read as digits."""


@dataclass(frozen=True, slots=True)
class Found:
    """A number in a word list: `words[start:end]` says `value`."""

    start: int
    end: int
    value: float


def find_numbers(words: Sequence[str]) -> list[Found]:
    """Every number said in a list of normalised words, left to right ("twenty one point five" is one of them)."""
    found: list[Found] = []
    i = 0
    while i < len(words):
        hit = _number_at(words, i)
        if hit is None:
            i += 1
        else:
            found.append(hit)
            i = hit.end
    return found


def _number_at(words: Sequence[str], start: int) -> Found | None:
    if _DIGITS.match(words[start]):
        return Found(start, start + 1, float(words[start]))
    if words[start] in ("half", "quarter") and start + 2 < len(words) and words[start + 1] in ("a", "an"):
        return Found(start, start + 2, 0.5 if words[start] == "half" else 0.25)
    total, current, i, last = 0, 0, start, 0
    while i < len(words):
        word = words[i]
        joins = word == "and" and i > start and i + 1 < len(words) and words[i + 1] in _SMALL and last >= 100
        if word in _SMALL and _may_follow(last, _SMALL[word]):
            current, last = current + _SMALL[word], _SMALL[word]
        elif word in _SCALES and (i > start):
            scale = _SCALES[word]
            if scale == 100:
                current *= scale
            else:
                total, current = total + current * scale, 0
            last = scale
        elif word == "a" and i == start and i + 1 < len(words) and words[i + 1] in _SCALES:
            current = 1
        elif not joins:
            break
        i += 1
    if i == start:
        return None
    return _with_decimals(words, Found(start, i, float(total + current)))


def _may_follow(last: int, value: int) -> bool:
    return last == 0 or last >= 100 or (last >= 20 and 0 < value < 10)


def _with_decimals(words: Sequence[str], whole: Found) -> Found:
    end = whole.end
    if end + 1 >= len(words) or words[end] != "point" or _SMALL.get(words[end + 1], 10) > 9:
        return whole
    digits = ""
    end += 1
    while end < len(words) and _SMALL.get(words[end], 10) <= 9:
        digits += str(_SMALL[words[end]])
        end += 1
    return Found(whole.start, end, float(f"{int(whole.value)}.{digits}"))


def sound_alikes_as_numbers(words: Sequence[str]) -> tuple[str, ...]:
    """The words with "to", "for" and such read as numbers: only for where a number must be."""
    return tuple(_HOMOPHONES.get(w, w) for w in words)


def say_number(value: float) -> str:
    """A number in words; at most two decimals."""
    rounded = round(value, 2)
    if rounded < 0:
        return "minus " + say_number(-rounded)
    if rounded >= _LIMIT:
        return f"{rounded:.3g}"
    if rounded == int(rounded):
        return _say_int(int(rounded))
    whole, _, decimals = f"{rounded:.2f}".rstrip("0").partition(".")
    return f"{_say_int(int(whole))} point " + " ".join(UNITS[int(d)] for d in decimals)


def _say_int(n: int) -> str:
    if n < 20:
        return UNITS[n]
    if n < 100:
        return TENS[n // 10 - 2] + (f" {UNITS[n % 10]}" if n % 10 else "")
    if n < 1000:
        return f"{UNITS[n // 100]} hundred" + (f" and {_say_int(n % 100)}" if n % 100 else "")
    for scale, name in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand")):
        if n >= scale:
            rest = n % scale
            link = " and " if 0 < rest < 100 else " "
            return f"{_say_int(n // scale)} {name}" + (link + _say_int(rest) if rest else "")
    raise AssertionError(n)


def say_ordinal(n: int) -> str:
    """Ordinal of a day of the month, 1 to 31."""
    if n <= 20:
        return _ORDINALS[n]
    return "thirtieth" if n == 30 else f"{TENS[n // 10 - 2]} {_ORDINALS[n % 10]}"


def say_time(now: datetime) -> str:
    """The time of day on a twelve hour clock, as people say it."""
    hour, minute = now.hour, now.minute
    if minute == 0 and hour in (0, 12):
        return "midnight" if hour == 0 else "noon"
    part = "in the morning" if hour < 12 else "in the afternoon" if hour < 18 else "in the evening"
    name = UNITS[hour % 12 or 12]
    if minute == 0:
        return f"{name} o'clock {part}"
    past = f"oh {UNITS[minute]}" if minute < 10 else _say_int(minute)
    return f"{name} {past} {part}"


def say_date(day: date) -> str:
    """Weekday, day and month."""
    return f"{day:%A}, the {say_ordinal(day.day)} of {day:%B}"


def say_year(year: int) -> str:
    high, low = divmod(year, 100)
    if high % 10 == 0 and low < 10:
        return _say_int(year)
    tail = "hundred" if low == 0 else f"oh {UNITS[low]}" if low < 10 else _say_int(low)
    return f"{_say_int(high)} {tail}"
