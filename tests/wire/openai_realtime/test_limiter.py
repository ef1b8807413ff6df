"""How many responses a session may ask for."""

from vivavoce.wire.openai_realtime.limiter import Limiter


def test_so_many_at_once_and_no_more():
    limiter = Limiter(limit=3)
    assert [limiter.take(100) for _ in range(5)] == [True, True, True, False, False]


def test_it_fills_again_with_time_and_never_over_its_limit():
    limiter = Limiter(limit=60)
    while limiter.take(0):
        pass
    assert not limiter.take(0.9)
    assert limiter.take(1.0)
    assert [limiter.take(1_000) for _ in range(61)].count(True) == 60


def test_a_clock_that_goes_back_gives_nothing():
    limiter = Limiter(limit=1)
    assert limiter.take(50)
    assert not limiter.take(10)


def test_what_clients_are_shown():
    limiter = Limiter(limit=120)
    assert limiter.shown(0) == [{"name": "requests", "limit": 120, "remaining": 120, "reset_seconds": 0.0}]
    limiter.take(0)
    assert limiter.shown(0) == [{"name": "requests", "limit": 120, "remaining": 119, "reset_seconds": 0.5}]
    assert limiter.shown(0.25)[0]["reset_seconds"] == 0.25
