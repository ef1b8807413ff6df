"""Marks inside a line, in every language."""

import pytest

from vivavoce.runtime.spoken import Hygiene

ROWS = [
    # Emphasis: the marks go, the words stay, stage directions too.
    ("**Bold**, *soft*, __strong__, _soft_, ***both***, ~~gone~~.", "Bold, soft, strong, soft, both, gone."),
    ("*laughs* Well.", "laughs Well."),
    ("**Note. This", "Note. This"),
    ("matters.** Yes", "matters. Yes"),
    ("un*frigging*believable", "un frigging believable"),
    ("snake_case and __init__", "snake case and init"),
    ("a\\*b \\_c\\_", "a b c"),
    # Code in a line, links, images.
    ("Use `foo_bar()` here.", "Use foo bar() here."),
    ("See [the docs](https://x.y/z_(a)) now.", "See the docs now."),
    ('See [a, b](http://x.y/z, w "title").', "See a, b."),
    ("See [the docs][1] now.", "See the docs now."),
    ("[**bold** link](http://x.y)", "bold link"),
    ("![a cat](cat.png) is here.", "a cat is here."),
    ("Look ![](cat.png) here.", "Look here."),
    # Citations.
    ("So it is [1], and so [2, 3] too.[4]", "So it is, and so too."),
    ("A fact[^1] and [[1]](https://x.com/a) more【1†source】.", "A fact and more."),
    ("[optional] words", "[optional] words"),
    # Tags and entities.
    ("<b>bold</b> text<br>more<br/>", "bold text more"),
    ('<a href="http://x.y">here</a> <!-- not here -->', "here "),
    ("a <T> b", "a <T> b"),
    ("&quot;Hi&quot;&nbsp;there", '"Hi" there'),
    # Emoji, with everything that hangs on them.
    ("Hi 😀👍🏽 there 👨\u200d👩\u200d👧\u200d👦! 🇩🇪", "Hi there!"),
    ("Hi😀there", "Hi there"),
    ("😀 Hi ❤️", " Hi"),
    ("1️⃣ one", "1 one"),
    ("✅ done ⭐⭐⭐", " done"),
    ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f won", " won"),
    ("Vivavoce™ and ACME®", "Vivavoce and ACME"),
    # Punctuation.
    ("Well!!! Really?!?!", "Well! Really?"),
    ("Hm..... so……", "Hm... so..."),
    ("no -- yes --- maybe", "no — yes — maybe"),
    ("“Hi”, it’s „so‘", '"Hi", it\'s "so\''),
    ("a,, b", "a, b"),
    ("serve --port so--so", "serve port so—so"),
    ("So :-) it is ;). Note: (a)", "So it is. Note: (a)"),
    ("one • two | three", "one, two, three"),
]


@pytest.mark.parametrize(("written", "spoken"), ROWS)
@pytest.mark.parametrize("language", ["en", "en-GB", "de", "xx"])
def test_marks(written: str, spoken: str, language: str) -> None:
    assert Hygiene(language).say(written).text == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Siehe https://www.beispiel.de/hilfe oder www.x.de.", "Siehe beispiel.de/hilfe oder x.de."),
        ("A → B", "A, B"),
        ("5-10 km für $3.50 & 20 % am 21.11.2026", "5-10 km für $3.50 & 20 % am 21.11.2026"),
    ],
)
def test_other_languages_get_no_english_words(written: str, spoken: str) -> None:
    assert Hygiene("de").say(written).text == spoken
