"""Which engine of a role is asked, as failures and answers come in."""

from vivavoce.core.lineup import ENOUGH, Lineup


def test_the_first_until_it_fails_and_again_after_its_rest():
    lineup = Lineup(3)
    assert lineup.best(0, 100) == 0
    lineup.failed(0, 10)
    assert lineup.best(50, 100) == 1
    lineup.failed(1, 20)
    assert lineup.best(50, 100) == 2
    lineup.failed(2, 30)
    assert lineup.best(50, 100) == 0
    assert lineup.best(115, 100) == 0
    lineup.failed(0, 115)
    assert lineup.best(116, 100) == 1


def test_an_answer_makes_good_for_a_failure():
    lineup = Lineup(2)
    lineup.failed(0, 10)
    lineup.answered(0, 300)
    assert lineup.best(11, 100) == 0


def test_the_next_is_one_that_was_not_tried_the_healthy_first():
    lineup = Lineup(3)
    lineup.failed(1, 10)
    assert lineup.next({0}, 20, 100) == 2
    assert lineup.next({0, 2}, 20, 100) == 1
    assert lineup.next({0, 1, 2}, 20, 100) is None


def test_the_usual_time_is_known_after_some_answers():
    lineup = Lineup(2)
    for n in range(ENOUGH):
        assert lineup.p95(0) is None
        lineup.answered(0, 100 * n)
    assert lineup.p95(0) == 100 * (ENOUGH - 1)
    assert lineup.p95(1) is None
