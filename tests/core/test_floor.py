import pytest

from vivavoce.core.floor import floor_of
from vivavoce.core.notices import Floor


@pytest.mark.parametrize(
    ("user", "agent", "floor"),
    [
        (False, False, Floor.NOBODY),
        (True, False, Floor.USER),
        (False, True, Floor.AGENT),
        (True, True, Floor.BOTH),
    ],
)
def test_who_is_heard_has_the_floor(user, agent, floor):
    assert floor_of(user, agent) is floor
