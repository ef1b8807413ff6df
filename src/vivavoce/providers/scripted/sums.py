"""Small sums and counting, understood from words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from .numbers import find_numbers, say_number, sound_alikes_as_numbers
from .understand import clean

_SYMBOLS = (
    (re.compile(r"(?<=\d)\s*[*×]\s*(?=\d)"), " times "),
    (re.compile(r"(?<=\d)\s*[x]\s*(?=\d)"), " times "),
    (re.compile(r"(?<=\d)\s*[/÷:]\s*(?=\d)"), " divided by "),
    (re.compile(r"(?<=\d)\s*\+\s*(?=\d)"), " plus "),
    (re.compile(r"(?<=\d)\s*[-−]\s*(?=\d)"), " minus "),
    (re.compile(r"(?<=\d)\s*%"), " percent"),
    (re.compile(r"(?<=\d)\.(?=\d)"), " point "),
)
_OPERATORS = {
    "plus": "plus", "times": "times", "time": "times", "minus": "minus", "less": "minus", "divided": "divided by",
    "over": "divided by", "multiplied": "times", "percent": "percent of",
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "square root of": math.sqrt,
    "square of": lambda x: x * x,
    "half of": lambda x: x / 2,
    "double of": lambda x: x * 2,
}
_LONGEST_COUNT = 30
_HUGE = 1e12


def sum_words(text: str) -> tuple[str, ...]:
    """Normalised words with arithmetic signs spelled out."""
    for pattern, word in _SYMBOLS:
        text = pattern.sub(word, text)
    return clean(text)


def half_a_sum(words: Sequence[str]) -> bool:
    """Numbers and a sign, but not enough to work out."""
    return any(w in ("plus", "minus", "times", "divided") for w in words) and bool(find_numbers(words))


def work_out(text: str) -> str | None:
    """The spoken result of a sum said in `text`; None when there is no sum in it."""
    words = sum_words(text)
    return _function_of_one(words) or _added(words) or _chain(words)


def _function_of_one(words: Sequence[str]) -> str | None:
    joined = " ".join(words)
    for phrase, function in _FUNCTIONS.items():
        head, found, tail = joined.partition(phrase)
        numbers = find_numbers(tail.split()) if found else []
        if numbers and numbers[0].start == 0 and not head.endswith("and "):
            value = numbers[0].value
            return f"The {phrase} {say_number(value)} is {say_number(function(value))}."
    numbers = find_numbers(words)
    if numbers and numbers[0].end < len(words) and words[numbers[0].end] == "squared":
        value = numbers[0].value
        return f"{say_number(value).capitalize()} squared is {say_number(value * value)}."
    return None


def _added(words: Sequence[str]) -> str | None:
    """ "add five and six", "the sum of five and six"; "and" would otherwise not be an operator."""
    starts = [i for i, w in enumerate(words) if w in ("add", "sum")]
    if not starts:
        return None
    numbers = find_numbers(words[starts[0] :])
    if len(numbers) < 2:
        return None
    a, b = numbers[0].value, numbers[1].value
    return f"{say_number(a).capitalize()} plus {say_number(b)} is {say_number(a + b)}."


def _chain(words: Sequence[str]) -> str | None:
    places = [i for i, w in enumerate(words) if w in _OPERATORS]
    if not places:
        return None
    first = _left_of(words, places[0])
    if first is None:
        return None
    values, operators = [first], []
    for place in places:
        value = _right_of(words, place)
        if value is None:
            break
        operators.append(_OPERATORS[words[place]])
        values.append(value)
    if not operators:
        return None
    said = say_number(values[0]) + "".join(f" {o} {say_number(v)}" for o, v in zip(operators, values[1:], strict=True))
    result = _evaluate(values, operators)
    if result is None:
        return "I can not divide by zero, and neither can anybody else."
    if abs(result) >= _HUGE:
        return "That is too big a number for me."
    about = "" if abs(result * 100 - round(result * 100)) < 1e-9 else "about "
    return f"{said.capitalize()} is {about}{say_number(result)}."


def _left_of(words: Sequence[str], place: int) -> float | None:
    for reading in (tuple(words[:place]), (*words[: place - 1], *sound_alikes_as_numbers(words[place - 1 : place]))):
        numbers = find_numbers(reading)
        if numbers and numbers[-1].end == place:
            return numbers[-1].value
    return None


def _right_of(words: Sequence[str], place: int) -> float | None:
    start = place + 1
    if start < len(words) and words[start] in ("by", "of"):
        start += 1
    rest = tuple(words[start:])
    for reading in (rest, (*sound_alikes_as_numbers(rest[:1]), *rest[1:])):
        numbers = find_numbers(reading)
        if numbers and numbers[0].start == 0:
            return numbers[0].value
    return None


def _evaluate(values: Sequence[float], operators: Sequence[str]) -> float | None:
    """Times and divided before plus and minus; None for a division by zero."""
    terms = [values[0]]
    for operator, value in zip(operators, values[1:], strict=True):
        if operator == "times":
            terms[-1] *= value
        elif operator == "percent of":
            terms[-1] *= value / 100
        elif operator == "divided by":
            if value == 0:
                return None
            terms[-1] /= value
        else:
            terms.append(value if operator == "plus" else -value)
    return sum(terms)


def count_aloud(words: Sequence[str]) -> str:
    """Counting as asked: to, from and to, or backwards; ten when no number was understood."""
    numbers = [int(n.value) for n in find_numbers(words)]
    down = any(w in ("backwards", "backward", "down") for w in words)
    if down:
        first, last = numbers[0] if numbers else 10, numbers[1] if len(numbers) > 1 else 0
    elif len(numbers) > 1:
        first, last = numbers[0], numbers[1]
    else:
        first, last = 1, numbers[0] if numbers else 10
    step = 1 if last >= first else -1
    span = list(range(first, last + step, step))
    said = ", ".join(say_number(n) for n in span[:_LONGEST_COUNT]).capitalize() + "."
    if len(span) > _LONGEST_COUNT:
        said += " And so on. I stop here, or we will be here all day."
    return said
