from datetime import date, datetime

import pytest

from vivavoce.providers.scripted.numbers import find_numbers, say_date, say_number, say_time, say_year


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("seven", [7]),
        ("twenty one", [21]),
        ("seven eight", [7, 8]),
        ("twenty twenty", [20, 20]),
        ("one hundred and five", [105]),
        ("a hundred", [100]),
        ("two thousand three hundred and forty five", [2345]),
        ("one million", [1_000_000]),
        ("three point one four", [3.14]),
        ("half an hour", [0.5]),
        ("12 and 3.5", [12, 3.5]),
        ("five and six", [5, 6]),
        ("a dog and a cat", []),
    ],
)
def test_numbers_are_found(words, values):
    assert [n.value for n in find_numbers(words.split())] == values


@pytest.mark.parametrize("value", [0, 7, 13, 20, 45, 100, 101, 119, 999, 1000, 1005, 12_345, 1_000_001])
def test_a_spoken_number_is_understood_again(value):
    assert [n.value for n in find_numbers(say_number(value).split())] == [value]


@pytest.mark.parametrize(
    ("value", "said"),
    [(-3, "minus three"), (2.5, "two point five"), (1 / 3, "zero point three three"), (56.0, "fifty six")],
)
def test_numbers_are_said(value, said):
    assert say_number(value) == said


@pytest.mark.parametrize(
    ("hour", "minute", "said"),
    [
        (0, 0, "midnight"),
        (12, 0, "noon"),
        (9, 0, "nine o'clock in the morning"),
        (15, 25, "three twenty five in the afternoon"),
        (21, 5, "nine oh five in the evening"),
        (0, 30, "twelve thirty in the morning"),
    ],
)
def test_times_are_said(hour, minute, said):
    assert say_time(datetime(2026, 1, 1, hour, minute)) == said


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 11, 21), "Saturday, the twenty first of November"),
        (date(2026, 1, 3), "Saturday, the third of January"),
        (date(2026, 5, 30), "Saturday, the thirtieth of May"),
    ],
)
def test_dates_are_said(day, said):
    assert say_date(day) == said


def test_years_are_said():
    assert [say_year(y) for y in (1999, 2000, 2005, 2026)] == [
        "nineteen ninety nine",
        "two thousand",
        "two thousand and five",
        "twenty twenty six",
    ]
