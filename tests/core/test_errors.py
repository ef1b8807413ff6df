import pytest

from vivavoce.core.errors import BadInput, Misuse, PolicyError, VivavoceError


@pytest.mark.parametrize(
    ("error", "parent"),
    [(Misuse, VivavoceError), (BadInput, VivavoceError), (PolicyError, BadInput), (VivavoceError, Exception)],
)
def test_the_tree_is_the_one_that_is_drawn(error, parent):
    assert issubclass(error, parent)
    assert error.__mro__[1] is parent


def test_a_users_mistake_is_not_a_programmers():
    assert not issubclass(BadInput, Misuse)
    assert not issubclass(Misuse, BadInput)
