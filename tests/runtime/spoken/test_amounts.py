"""Numbers with something to them, in English."""

import pytest

from vivavoce.runtime.spoken import Hygiene


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        # Plain numbers stay as they are.
        ("3, 3.5, 1,234,567 and 100000", "3, 3.5, 1,234,567 and 100000"),
        ("in 2026, the 1990s, 1st, 42.", "in 2026, the 1990s, 1st, 42."),
        ("1\u202f234\u202f567", "1,234,567"),
        # Money.
        ("$3.50, $1, $0.50, $0.01, $3.00", "3 dollars 50, 1 dollar, 50 cents, 1 cent, 3 dollars"),
        (
            "$3 million, $2.5M, $10k, $1bn",
            "3 million dollars, 2.5 million dollars, 10 thousand dollars, 1 billion dollars",
        ),
        ("€1,500.00, £2.05, ¥500, 3 €", "1,500 euros, 2 pounds and 5 pence, 500 yen, 3 euros"),
        ("$5-10, $5-$10, $5–10 million", "5 to 10 dollars, 5 dollars to 10 dollars, 5 to 10 million dollars"),
        ("£1.20 or -$5.", "1 pound 20 or minus 5 dollars."),
        ("US$5 and $PATH and US$", "5 US dollars and $PATH and US$"),
        ("$9.99/mo, 5 €/kg, 3 GB/day", "9 dollars 99 per month, 5 euros per kilogram, 3 gigabytes per day"),
        ("1 1/2 tsp, 2 tbsp, 1 tsp", "1 and a half teaspoon, 2 tablespoons, 1 teaspoon"),
        # Percent, degrees, units.
        ("50%, 3.5 %, 5-10%", "50 percent, 3.5 percent, 5 to 10 percent"),
        ("20°C, 72 °F, 1°, -5 degrees", "20 degrees Celsius, 72 degrees Fahrenheit, 1 degree, minus 5 degrees"),
        ("5 km, 1 km, 3.5kg, 60 mph", "5 kilometers, 1 kilometer, 3.5 kilograms, 60 miles per hour"),
        ("16 MB, 200ms, 5 m, 5 ft, 3 kWh", "16 megabytes, 200 milliseconds, 5 meters, 5 feet, 3 kilowatt hours"),
        ("5-km, 100 km/h, 20 m², 5 GHz", "5 kilometers, 100 kilometers per hour, 20 square meters, 5 gigahertz"),
        ("10m, 5G, 4K, B12", "10m, 5G, 4K, B12"),
        # Times.
        ("10:30, 14:05, 9:00, 14:00", "10:30, 14 oh 5, 9 o'clock, 14 hundred"),
        ("9am, 10:30pm, 9:00 AM, 9 a.m.", "9 AM, 10:30 PM, 9 AM, 9 a.m."),
        ("25:70, 3:1, 99am", "25:70, 3:1, 99am"),
        # Dates; nobody guesses which of two is the day.
        ("2026-11-21, 21/11/2026, 11/21/2026", "November 21, 2026, November 21, 2026, November 21, 2026"),
        ("21.11.2026, 03/04/2026", "November 21, 2026, 3 slash 4 slash 2026"),
        ("2026-11-21T10:30, 2026-13-45", "November 21, 2026 10:30, 2026-13-45"),
        # Ranges.
        ("5-10, 5–10, 1990-1995, 5 – 10", "5 to 10, 5 to 10, 1990 to 1995, 5 to 10"),
        ("9am-5pm, 9:00-17:00, 5-10 km", "9 AM to 5 PM, 9 o'clock to 17 hundred, 5 to 10 kilometers"),
        ("A 5-year plan, F-16, COVID-19, GPT-4o", "A 5-year plan, F-16, COVID-19, GPT-4o"),
        # Fractions.
        ("1/2 cup, 2 1/2 cups, 3/4, ½, 2½", "one half cup, 2 and a half cups, three quarters, one half, 2 and a half"),
        ("4/5 stars, 24/7, 50/50, and/or", "4 out of 5 stars, 24 7, 50 50, and/or"),
        ("1920x1080", "1920 by 1080"),
        # Telephone numbers and codes: digit by digit, in groups.
        ("+1 555 123 4567", "plus 1, 5 5 5, 1 2 3, 4 5 6 7"),
        ("(555) 123-4567 or 555-123-4567", "5 5 5, 1 2 3, 4 5 6 7 or 5 5 5, 1 2 3, 4 5 6 7"),
        ("020 7946 0958, +44 20 7946 0958", "0 2 0, 7 9 4 6, 0 9 5 8, plus 4 4, 2 0, 7 9 4 6, 0 9 5 8"),
        ("555-1234", "5 5 5, 1 2 3 4"),
        ("code 483920, 007", "code 4 8 3, 9 2 0, 0 0 7"),
        ("12345678, 1234567", "1 2 3 4, 5 6 7 8, 1 2 3, 4 5 6 7"),
        ("4111111111111111", "4 1 1 1, 1 1 1 1, 1 1 1 1, 1 1 1 1"),
        ("Card 4111 1111 1111 1111", "Card 4 1 1 1, 1 1 1 1, 1 1 1 1, 1 1 1 1"),
        ("Tel. 030/1234567", "Tel. 0 3 0, 1 2 3, 4 5 6 7"),
        ("The code is 4821, PIN: 042, code 404.", "The code is 4 8 2 1, PIN: 0 4 2, code 4 0 4."),
        ("code 12.5 and code 10:30", "code 12.5 and code 10:30"),
        ("1000000 and 120000", "1000000 and 120000"),
        # Versions.
        ("1.2.3, v2.0, v3, 192.168.0.1", "1 point 2 point 3, version 2.0, version 3, 192 dot 168 dot 0 dot 1"),
    ],
)
def test_numbers(written: str, spoken: str) -> None:
    assert Hygiene().say(written).text == spoken
