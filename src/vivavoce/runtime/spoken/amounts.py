"""English: numbers with something to them, such as money, units, times, dates, codes. Plain ones stay digits, which
every voice reads."""

from __future__ import annotations

import re
from itertools import pairwise

from .mapping import Edit, Rule

_NUMBER = r"\d{1,20}(?:,\d{3}){0,6}(?:\.\d{1,20})?"
_MONEY = {
    "$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny"), "¥": ("yen", ""), "₹": ("rupee", "paisa"),
}  # fmt: skip
_PLURALS = {
    "yen": "yen", "penny": "pence", "paisa": "paise", "foot": "feet", "hertz": "hertz", "kilohertz": "kilohertz",
    "megahertz": "megahertz", "gigahertz": "gigahertz",
}  # fmt: skip
_SCALES = {"k": "thousand", "K": "thousand", "m": "million", "M": "million", "bn": "billion", "B": "billion"}
_MONTHS = "January February March April May June July August September October November December".split()
_FRACTIONS = {
    "1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter", "3/4": "three quarters",
    "½": "one half", "⅓": "one third", "⅔": "two thirds", "¼": "one quarter", "¾": "three quarters",
    "1/8": "one eighth", "⅛": "one eighth", "⅕": "one fifth", "1/5": "one fifth", "1/10": "one tenth",
}  # fmt: skip
_UNITS = {
    "km": "kilometer", "cm": "centimeter", "mm": "millimeter", "µm": "micrometer", "mi": "mile", "ft": "foot",
    "kg": "kilogram", "mg": "milligram", "µg": "microgram", "lb": "pound", "lbs": "pound", "oz": "ounce",
    "ml": "milliliter", "mL": "milliliter", "ms": "millisecond", "sec": "second", "secs": "second", "min": "minute",
    "mins": "minute", "hr": "hour", "hrs": "hour", "kB": "kilobyte", "KB": "kilobyte", "MB": "megabyte",
    "GB": "gigabyte", "TB": "terabyte", "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz",
    "kW": "kilowatt", "MW": "megawatt", "kWh": "kilowatt hour", "mAh": "milliamp hour", "dB": "decibel", "px": "pixel",
    "mph": "mile per hour", "km/h": "kilometer per hour", "kmh": "kilometer per hour", "m/s": "meter per second",
    "kbps": "kilobit per second", "Mbps": "megabit per second", "Gbps": "gigabit per second", "kcal": "kilocalorie",
    "fps": "frame per second", "rpm": "revolution per minute", "km²": "square kilometer", "m²": "square meter",
    "m³": "cubic meter", "tsp": "teaspoon", "tbsp": "tablespoon", "sq ft": "square foot",
}  # fmt: skip
_LETTERS = {"m": "meter", "g": "gram", "h": "hour", "s": "second", "L": "liter", "l": "liter", "V": "volt", "W": "watt"}
"""Units of one letter: only with a blank before them."""


def _several(number: str, name: str) -> str:
    """The name of so many: "1 mile per hour", "2 miles per hour"."""
    if number == "1":
        return name
    head, per, rest = name.partition(" per ")
    first, blank, last = head.rpartition(" ")
    return first + blank + _PLURALS.get(last, last + "s") + per + rest


def _money(m: re.Match[str]) -> str:
    number, scale = m["number"], m["scale"]
    name, coin = _MONEY[m["sign"]]
    name = f"{m['land']} {name}" if m["land"] else name
    if scale or m["low"]:
        low = f"{m['low']} to " if m["low"] else ""
        return f"{low}{number}{f' {_SCALES.get(scale, scale)}' if scale else ''} {_several('', name)}"
    whole, _, part = number.partition(".")
    if len(part) != 2 or not coin:
        return f"{number} {_several(number, name)}"
    coins = f"{int(part)} {_several(str(int(part)), coin)}"
    if not int(whole.replace(",", "")):
        return coins
    rest = "" if part == "00" else f" and {coins}" if part[0] == "0" else f" {part}"
    return f"{whole} {_several(whole, name)}{rest}"


def _money_after(m: re.Match[str]) -> str:
    return f"{m.group(1)} {_several(m.group(1), _MONEY[m.group(2)][0])}"


def _unit(m: re.Match[str]) -> str:
    number, unit = m.group(1), m.group(2)
    return f"{number} {_several(number, _UNITS.get(unit) or _LETTERS[unit])}"


def _degrees(m: re.Match[str]) -> str:
    scale = {"C": " Celsius", "F": " Fahrenheit"}.get(m.group(2) or "", "")
    return f"{m.group(1)} {_several(m.group(1), 'degree')}{scale}"


def _date(year: str, month: str, day: str) -> str | None:
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return f"{_MONTHS[int(month) - 1]} {int(day)}, {year}"


def _slashed(m: re.Match[str]) -> str | None:
    """Which is the day is certain only when one of them is no month; then nobody guesses."""
    first, sign, second, year = m.groups()
    if int(first) > 12 or sign == ".":
        return _date(year, second, first)
    if int(second) > 12:
        return _date(year, first, second)
    return f"{int(first)} slash {int(second)} slash {year}"


def _time(m: re.Match[str]) -> str | None:
    hour, minute, half = m.group(1), m.group(2), m.group(3)
    if int(hour) > 24 or int(minute or 0) > 59:
        return None
    after = f" {half.upper()}M" if half else ""
    if not minute or (minute == "00" and half):
        return f"{int(hour)}{after}"
    if minute == "00":
        return f"{int(hour)} o'clock" if 1 <= int(hour) <= 12 else f"{int(hour)} hundred"
    return f"{int(hour)} oh {int(minute)}{after}" if minute[0] == "0" else f"{int(hour)}:{minute}{after}"


def _grouped(digits: str) -> str:
    """One by one, with pauses, since nobody keeps seven in a row in mind."""
    if len(digits) <= 5:
        return " ".join(digits)
    step = 3 if len(digits) in (6, 9) else 4
    cuts = [0, *range(len(digits) % step or step, len(digits) + 1, step)]
    return ", ".join(" ".join(digits[a:b]) for a, b in pairwise(cuts))


def _digits(m: re.Match[str]) -> str:
    """A telephone number, in the groups that it is written in."""
    return ("plus " if m.group()[0] == "+" else "") + ", ".join(map(_grouped, re.findall(r"\d+", m.group())))


def _spelled(m: re.Match[str]) -> list[Edit]:
    """Few digits, but after a word that says what they are."""
    return [(m.start(1), m.end(1), " ".join(m[1]))]


def _code(m: re.Match[str]) -> str | None:
    """A long run of digits, unless it is a round number."""
    digits = m.group()
    round_ = digits.endswith("00" if len(digits) < 7 else "000") and len(digits) <= 12
    if digits[0] != "0" and (round_ or len(digits) < 6):
        return None
    return _grouped(digits)


def _version(m: re.Match[str]) -> str:
    """With two numbers it reads like a decimal; four without a "v" are an address."""
    parts = m.group(2).split(".")
    sign = "." if len(parts) < 3 else " dot " if len(parts) == 4 and not m.group(1) else " point "
    return ("version " if m.group(1) else "") + sign.join(parts)


def _mixed(m: re.Match[str]) -> str:
    fraction = _FRACTIONS[m.group(2)]
    return f"{m.group(1)} and {'a half' if fraction == 'one half' else fraction}"


def _out_of(m: re.Match[str]) -> str | None:
    if m.group() in ("24/7", "9/11", "50/50"):
        return f"{m.group(1)} {m.group(2)}"
    return _FRACTIONS.get(m.group()) or f"{m.group(1)} out of {m.group(2)}"


_PARTS = "|".join(sorted(map(re.escape, _FRACTIONS), key=len, reverse=True))
_NAMES = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_EDGE = r"(?<![\w.,:/$€£¥₹-])"
_CLOCK = r"\d{1,2}(?::\d\d)?(?:\s?[AaPp]\.?[Mm]\b)?"

AMOUNTS: tuple[Rule, ...] = (
    (re.compile(r"(?<=\d)[\u202f\u2009\u00a0](?=\d{3}(?!\d))"), ","),
    # Dates, before anything takes their dashes and slashes.
    (re.compile(r"(?<![\w/.-])(\d{4})-(\d\d)-(\d\d)(?![\w/-])"), lambda m: _date(*m.groups())),
    (re.compile(r"(?<![\w/.-])(\d{4}-\d\d-\d\d)T(?=\d\d:\d\d)"), lambda m: f"{m.group(1)} "),
    (re.compile(r"(?<![\w/.-])(\d{1,2})([/.])(\d{1,2})\2(\d{4})(?![\w/-])"), _slashed),
    # Telephone numbers.
    (re.compile(r"(?<![\w.+-])\+\d{1,4}(?:[ .-]?\(?\d{1,5}\)?){1,6}(?![\w-])"), _digits),
    (re.compile(r"(?<![\w.+-])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])"), _digits),
    (re.compile(r"(?<![\w.+-])(?:0\d{2,4}[ /-]\d{3,4}[ -]?\d{3,4}|\d{3}-\d{4})(?![\w-])"), _digits),
    (re.compile(r"(?<![\w.-])\d{4}(?: \d{4}){2,4}(?![\w-])"), _digits),
    (re.compile(r"(?i)\b(?:pin|code|extension|ext\.)(?: number)?(?: is|:)? (\d{3,5})(?![\w%]|[.,:/-]\w)"), _spelled),
    # Ranges and money.
    (re.compile(r"(?<=\d) ?[–-] ?(?=[$€£¥₹]\d)"), " to "),
    (
        re.compile(
            rf"(?P<land>\b(?:US|CA|AU|NZ|HK))?(?P<sign>[$€£¥₹])\s?(?:(?P<low>{_NUMBER})\s?[–-]\s?)?(?P<number>{_NUMBER})"
            r"(?:\s?(?P<scale>[kKmMB]|bn|thousand|million|billion|trillion)\b)?(?![\w.]?\d)"
        ),
        _money,
    ),
    (re.compile(rf"{_EDGE}({_NUMBER})\s?([$€£¥₹])(?!\w)"), _money_after),
    (re.compile(r"(?<=\d) [–—] (?=\d)"), " to "),
    (re.compile(r"(?<=\d) [−-] (?=\d)"), " minus "),
    (
        re.compile(
            rf"(?<![\w.,/-])({_CLOCK}|{_NUMBER}%?)[–-](?={_CLOCK}(?![\w-])|{_NUMBER}(?![\w-]|[.]\d)|{_NUMBER}[a-z])"
        ),
        lambda m: f"{m.group(1)} to ",
    ),
    (re.compile(r"(?<![\w)–—−-])[−-](?=\d)"), "minus "),
    # Times of day.
    (re.compile(r"(?<![\w.:,])(\d{1,2})(?::(\d\d))?(?<!\d\d\d)\s?([AaPp])[Mm]\b"), _time),
    (re.compile(r"(?<![\w.:,])(\d{1,2}):(\d\d)(?![\w:])()"), _time),
    # Fractions, formulas.
    (re.compile(r"(?<![\w.,/-])(\d{1,4}) ?([½⅓⅔¼¾⅛⅕])"), _mixed),
    (re.compile(rf"(?<![\w.,/-])(\d{{1,4}}) ({_PARTS})(?![\w/])"), _mixed),
    (re.compile(r"[½⅓⅔¼¾⅛⅕]"), lambda m: _FRACTIONS[m.group()]),
    (re.compile(r"(?<![\w.,/-])(\d{1,3})/(\d{1,3})(?![\w/-])"), _out_of),
    (re.compile(r"(?<=\d\d\d)[x×](?=\d\d\d)"), " by "),
    (re.compile(r"(?<=\d)\*\*(?=\d)"), " to the power of "),
    (re.compile(r"(?<=\d) ?[x×*·] ?(?=\d)|(?<=\w) [×*·] (?=\w)"), " times "),
    (re.compile(r"(?<=\d) / (?=\d)"), " divided by "),
    # Units.
    (re.compile(rf"{_EDGE}({_NUMBER})\s?°\s?([CF])?(?!\w)"), _degrees),
    (re.compile(r"(?<=\d)\s?%"), " percent"),
    (re.compile(rf"{_EDGE}({_NUMBER})[ \u00a0-]?({_NAMES})(?![\w/²³])"), _unit),
    (re.compile(rf"{_EDGE}({_NUMBER})[ \u00a0]([mghslLVW])(?![\w/'’²³])"), _unit),
    # Versions and codes.
    (re.compile(r"(?<![\w.])([vV])?(\d{1,9}(?:\.\d{1,9}){2,9})(?![\w])"), _version),
    (re.compile(r"(?<![\w.])([vV])(\d{1,9}(?:\.\d{1,9})?)(?!\w)"), _version),
    (re.compile(r"(?<![\w.,/$€£¥₹-])(?:0\d{2,}|\d{6,})(?![\w/-]|[.,]\d)"), _code),
)
