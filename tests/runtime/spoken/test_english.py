"""Addresses, signs and abbreviations in English."""

import pytest

from vivavoce.runtime.spoken import Hygiene


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        # Addresses.
        ("Go to https://www.example.com/help?x=1#y.", "Go to example dot com slash help."),
        ("See example.com/a. Next", "See example dot com slash a. Next"),
        ("See <https://example.com>, please.", "See example dot com, please."),
        ("(see https://example.com/a)", "(see example dot com slash a)"),
        ("at http://localhost:8000/docs now", "at localhost colon 8000 slash docs now"),
        ("https://example.com/" + "a" * 60, "example dot com"),
        ("https://my-shop.example.co.uk/x_y", "my dash shop dot example dot co dot uk slash x underscore y"),
        ("**https://example.com/a**", "example dot com slash a"),
        ("[https://example.com/a](https://example.com/a)", "example dot com slash a"),
        ("Mail ada@example.com.", "Mail ada at example dot com."),
        ("a.b-c_d+e@mail.example.org", "a dot b dash c underscore d plus e at mail dot example dot org"),
        ("mailto:ada@example.com", "ada at example dot com"),
        ("See main.py, config.toml.", "See main dot py, config dot toml."),
        ("Ask @ada.", "Ask at ada."),
        ("U.S. dollars, end.Next", "U.S. dollars, end.Next"),
        ("https://", "https://"),
        # Signs.
        ("A → B, a => b -> c", "A to B, a to b to c"),
        ("AT&T and R&D & co", "AT and T and R and D and co"),
        ("2 + 2 = 4, 1+1=2", "2 plus 2 equals 4, 1 plus 1 equals 2"),
        ("3 * 4, 3 × 4, 5*6, 3 x 4", "3 times 4, 3 times 4, 5 times 6, 3 times 4"),
        ("10 - 5, 8 / 2, 8 ÷ 2", "10 minus 5, 8 divided by 2, 8 divided by 2"),
        ("x², y³, 2^3, 2^10, 2**8", "x squared, y cubed, 2 cubed, 2 to the power of 10, 2 to the power of 8"),
        ("a < b, 5 > 3, <5, >3", "a is less than b, 5 is greater than 3, less than 5, more than 3"),
        ("a ≤ b, a >= b, 3 ± 1", "a is at most b, a is at least b, 3 plus or minus 1"),
        ("~5 and 10+ people", "about 5 and 10 or more people"),
        ("C++, C#, F#, A+ and #5", "C plus plus, C sharp, F sharp, A plus and number 5"),
        ("#hashtag and C-sharp", "#hashtag and C-sharp"),
        # Abbreviations.
        ("e.g. tea, e.g., tea (i.e. that)", "for example, tea, for example, tea (that is, that)"),
        ("tea, etc. and etc.", "tea, et cetera and et cetera."),
        ("tea, etc., and (etc.)", "tea, et cetera, and (et cetera)"),
        ("us vs. them, us vs them", "us versus them, us versus them"),
        ("approx. 5 w/o", "approximately 5 w/o"),
        ("tea w/ milk, w/o sugar", "tea with milk, without sugar"),
        ("Dr. Who met Mr. Smith, Prof. Ada.", "Doctor Who met Mr. Smith, Professor Ada."),
        ("in St. Louis, on Main St. Then", "in Saint Louis, on Main St. Then"),
        ("No. 5 on Nov. 21, p. 3, fig. 2", "number 5 on November 21, page 3, figure 2"),
        ("Mon-Fri 9-17, Mon - Fri, /etc/hosts", "Monday to Friday 9 to 17, Mon - Fri, /etc/hosts"),
        ("a && b, +5", "a and b, plus 5"),
        ("No. Not in Nov.", "No. Not in Nov."),
        # Left to the voice.
        ("Henry VIII, NASA, the U.S., 1st, 22nd", "Henry VIII, NASA, the U.S., 1st, 22nd"),
    ],
)
def test_words(written: str, spoken: str) -> None:
    assert Hygiene().say(written).text == spoken
