import pytest

from vivavoce.providers.scripted.sums import count_aloud, half_a_sum, work_out


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("what is seven times eight", "Seven times eight is fifty six."),
        ("Nineteen plus four?", "Nineteen plus four is twenty three."),
        ("how much is ten divided by four please", "Ten divided by four is two point five."),
        ("what is two plus three times four", "Two plus three times four is fourteen."),
        ("ten percent of fifty", "Ten percent of fifty is five."),
        ("one hundred and five minus six", "One hundred and five minus six is ninety nine."),
        ("three minus ten", "Three minus ten is minus seven."),
        ("add five and six", "Five plus six is eleven."),
        ("the sum of two and three", "Two plus three is five."),
        ("the square root of sixteen", "The square root of sixteen is four."),
        ("half of fifty", "The half of fifty is twenty five."),
        ("twelve squared", "Twelve squared is one hundred and forty four."),
        ("2+2", "Two plus two is four."),
        ("12 * 12", "Twelve times twelve is one hundred and forty four."),
        ("10/4", "Ten divided by four is two point five."),
        ("one divided by three", "One divided by three is about zero point three three."),
        ("six divided by zero", "I can not divide by zero, and neither can anybody else."),
        ("999999 times 999999999", "That is too big a number for me."),
    ],
)
def test_sums_are_worked_out(text, answer):
    assert work_out(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("what his seven times ate", "Seven times eight is fifty six."),
        ("what is for plus to", "Four plus two is six."),
        ("seven time eight", "Seven times eight is fifty six."),
    ],
)
def test_sums_survive_misheard_numbers(text, answer):
    assert work_out(text) == answer


@pytest.mark.parametrize(
    "text", ["", "what time is it", "i have two dogs and three cats", "three plus", "i go over there"]
)
def test_other_words_are_no_sum(text):
    assert work_out(text) is None


def test_half_a_sum_is_noticed():
    assert half_a_sum("three plus".split())
    assert not half_a_sum("i have three dogs".split())


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("count to three", "One, two, three."),
        ("count from two to four", "Two, three, four."),
        ("count backwards from three", "Three, two, one, zero."),
        ("count down from five to three", "Five, four, three."),
        ("count for me", "One, two, three, four, five, six, seven, eight, nine, ten."),
    ],
)
def test_counting(text, answer):
    assert count_aloud(text.split()) == answer


def test_counting_ends_somewhere():
    said = count_aloud("count to one million".split())
    assert said.endswith("here all day.")
    assert len(said.split()) < 60
