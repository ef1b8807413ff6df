import pytest

from vivavoce.providers.llm.calls import Calls


def places(*fragments):
    calls = Calls()
    return [calls.place(*fragment) for fragment in fragments]


@pytest.mark.parametrize(
    ("fragments", "expected"),
    [
        ([(0, "a", "f"), (0, None, None), (1, "b", "g"), (1, None, None), (0, None, None)], [0, 0, 1, 1, 0]),
        ([(0, "a", "f"), (0, "b", "f"), (0, "c", "g")], [0, 1, 2]),
        ([(None, "a", "f"), (None, None, None), (None, "b", "g"), (None, None, None)], [0, 0, 1, 1]),
        ([(0, "a", "f"), (0, "a", "f"), (0, "a", None)], [0, 0, 0]),
        ([(0, "a", "f"), (0, "x", None), (0, "y", "")], [0, 0, 0]),
        ([(0, None, "f"), (0, None, None), (1, None, "g")], [0, 0, 1]),
        ([(None, None, "f"), (None, None, None), (None, None, "g")], [0, 0, 1]),
        ([(0, "a", "f"), (1, "b", "g"), (None, "a", None)], [0, 1, 0]),
        ([(3, None, None)], [0]),
    ],
)
def test_fragments_belong_together(fragments, expected):
    assert places(*fragments) == expected
