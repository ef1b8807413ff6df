import pytest

from vivavoce.providers.llm.thoughts import Thoughts


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Hello.", "Hello."),
        ("<think>secret</think>Hi.", "Hi."),
        ("Hi <think>secret</think>there", "Hi there"),
        ("<think>a<think>b</think>Hi.", "Hi."),
        ("<think></think>Hi.", "Hi."),
        ("</think>Hi.", "Hi."),
        ("a < b and <thin ice", "a < b and <thin ice"),
        ("five <", "five <"),
        ("<think>never ends", ""),
        ("<think>x</think>one<think>y</think>two", "onetwo"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_thoughts_are_left_out_however_they_are_cut(text, spoken, size):
    thoughts = Thoughts()
    pieces = [thoughts.feed(text[i : i + size]) for i in range(0, len(text), size)]
    assert "".join(pieces) + thoughts.finish() == spoken


def test_plain_words_are_never_held_back():
    thoughts = Thoughts()
    assert [thoughts.feed(w) for w in ("Hello", " there", ".")] == ["Hello", " there", "."]
