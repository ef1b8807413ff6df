"""A small statistical language model out of the phrases somebody expects to hear. Pure: text in, ARPA text out.

Trigrams with interpolated Witten-Bell smoothing, written as the back-off model that is equal to it. Every word of the
vocabulary may follow every other, at a price, so phrases combine and bend.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

START, END = "<s>", "</s>"
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*'?|\d+")
_LOG_ZERO = -99.0

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def words(text: str) -> list[str]:
    """The words of a text as they are spoken: lower case, digits as number words, no punctuation."""
    spoken: list[str] = []
    for word in _WORD.findall(text.lower().replace("’", "'")):
        spoken += number(word) if word.isdigit() else [word]
    return spoken


def number(digits: str) -> list[str]:
    """Digits as words: up to 9999 as a number, longer ones (or with a leading zero) digit by digit."""
    if len(digits) > 4 or (len(digits) > 1 and digits[0] == "0"):
        return [_ONES[int(digit)] for digit in digits]
    value = int(digits)
    if value >= 1000:
        return [*number(str(value // 1000)), "thousand", *(number(str(value % 1000)) if value % 1000 else [])]
    if value >= 100:
        return [_ONES[value // 100], "hundred", *(number(str(value % 100)) if value % 100 else [])]
    if value >= 20:
        return [_TENS[value // 10 - 2], *([_ONES[value % 10]] if value % 10 else [])]
    return [_ONES[value]]


def arpa(phrases: Iterable[tuple[list[str], int]]) -> str:
    """The model of weighted phrases (words, how often they count). Empty phrases are passed over.

    Raises `ValueError` when no words are left.
    """
    counts = _count(phrases)
    if not counts[0]:
        raise ValueError("a language model needs at least one word")
    probabilities, backoffs = _smooth(counts)
    return _write(probabilities, backoffs)


Gram = tuple[str, ...]
Counts = tuple[Counter[Gram], Counter[Gram], Counter[Gram]]


def _count(phrases: Iterable[tuple[list[str], int]]) -> Counts:
    counts: Counts = (Counter(), Counter(), Counter())
    for phrase, weight in phrases:
        if not phrase:
            continue
        padded = [START, *phrase, END]
        for at in range(len(padded)):
            for order in range(1, 4):
                gram = tuple(padded[at : at + order])
                if len(gram) == order and gram != (START,):
                    counts[order - 1][gram] += weight
    return counts


def _smooth(counts: Counts) -> tuple[list[dict[Gram, float]], list[dict[Gram, float]]]:
    """Interpolated Witten-Bell: P(w|h) = (c(hw) + T(h) P(w|h')) / (c(h) + T(h)), where T counts distinct followers."""
    total = sum(counts[0].values())
    kinds = len(counts[0])
    uniform = 1.0 / kinds
    unigrams = {gram: (n + kinds * uniform) / (total + kinds) for gram, n in counts[0].items()}
    probabilities = [unigrams]
    backoffs: list[dict[Gram, float]] = []
    for order in (1, 2):
        followers: defaultdict[Gram, int] = defaultdict(int)
        totals: Counter[Gram] = Counter()
        for gram, n in counts[order].items():
            followers[gram[:-1]] += 1
            totals[gram[:-1]] += n
        lower = probabilities[-1]
        higher = {
            gram: (n + followers[gram[:-1]] * lower[gram[1:]]) / (totals[gram[:-1]] + followers[gram[:-1]])
            for gram, n in counts[order].items()
        }
        probabilities.append(higher)
        backoffs.append({h: followers[h] / (totals[h] + followers[h]) for h in followers})
    return probabilities, backoffs


def _write(probabilities: list[dict[Gram, float]], backoffs: list[dict[Gram, float]]) -> str:
    tables: list[Mapping[Gram, float]] = [{(START,): 0.0, **probabilities[0]}, *probabilities[1:]]
    lines = ["\\data\\", *(f"ngram {order}={len(table)}" for order, table in enumerate(tables, 1))]
    for order, table in enumerate(tables, 1):
        lines += ["", f"\\{order}-grams:"]
        for gram in sorted(table):
            backoff = backoffs[order - 1].get(gram) if order < 3 else None
            tail = f" {_log(backoff)}" if backoff is not None else (" 0.0000" if order < 3 else "")
            lines.append(f"{_log(table[gram])} {' '.join(gram)}{tail}")
    return "\n".join([*lines, "", "\\end\\", ""])


def _log(probability: float) -> str:
    return f"{math.log10(probability) if probability > 0 else _LOG_ZERO:.4f}"
