"""What counts as giving way, as surviving, and as dead air."""

from vivavoce.sim.people import Truth
from vivavoce.sim.score.overlaps import Overlaps

from .talk import sound, talk


def test_an_interruption_is_yielded_to_within_two_seconds() -> None:
    said = [sound("interruption", (1_000, 2_000))]
    assert Overlaps.of(talk(said, "0-1400!")).stops == [400]
    late = Overlaps.of(talk(said, "0-3001"))
    assert (late.interruptions, late.yielded) == (1, 0)


def test_a_turn_that_goes_on_over_the_agent_is_an_interruption_too() -> None:
    found = Overlaps.of(talk([sound("turn", (0, 1_000), (1_500, 3_000))], "1300-1700!"))
    assert (found.interruptions, found.yielded, found.stops) == (1, 1, [200])


def test_an_agent_told_never_to_yield_is_not_scored_for_it() -> None:
    from msgspec.structs import replace

    stubborn = replace(talk([sound("interruption", (1_000, 2_000))], "0-5000"), yields=False)
    assert Overlaps.of(stubborn).interruptions == 0


def test_a_backchannel_survives_unless_the_agent_stops_for_it_within_a_second() -> None:
    said = [sound("backchannel", (1_000, 1_300))]
    for agent, kept in (("0-5000", 1), ("0-1500!", 0), ("0-1500", 1), ("0-2100!", 1)):
        found = Overlaps.of(talk(said, agent))
        assert (found.met[Truth.BACKCHANNEL], found.kept[Truth.BACKCHANNEL]) == (1, kept), agent


def test_a_stop_that_an_interruption_caused_is_not_held_against_a_cough() -> None:
    found = Overlaps.of(talk([sound("tic", (1_000, 1_200)), sound("interruption", (1_300, 2_000))], "0-1700!"))
    assert (found.kept[Truth.TIC], found.yielded, found.false_stops) == (1, 1, 0)


def test_dead_air_lasts_until_somebody_speaks() -> None:
    cough = sound("tic", (1_000, 1_300))
    paused = Overlaps.of(talk([cough], "0-1500! 1900-4000"))
    assert (paused.false_stops, paused.resumed, paused.dead_air_ms) == (1, 1, 400)
    stopped = Overlaps.of(talk([cough, sound("turn", (5_000, 6_000))], "0-1500! 6300-7000"))
    assert (stopped.resumed, stopped.dead_air_ms) == (0, 3_500)


def test_a_stop_without_any_sound_of_the_caller_is_the_agents_own() -> None:
    cough = sound("tic", (1_000, 1_300))
    for agent, own, silence in (
        ("0-1500!", 0, 0),
        ("0-1500", 0, 0),
        ("0-3299!", 0, 0),
        ("0-3300! 3700-4000", 1, 400),
        ("0-900!", 1, 0),
    ):
        found = Overlaps.of(talk([cough], agent))
        assert (found.unprovoked, found.unprovoked_ms) == (own, silence), agent
    answered = Overlaps.of(talk([cough, sound("turn", (5_000, 6_000))], "0-4000! 6300-7000"))
    assert (answered.unprovoked, answered.unprovoked_ms) == (1, 1_000)


def test_in_the_agents_silence_the_error_is_an_answer() -> None:
    before = sound("turn", (0, 1_000))
    for agent, kept in (("1300-2000", 1), ("1300-2000 5000-6000", 0), ("1300-2000 7000-8000", 1)):
        found = Overlaps.of(talk([before, sound("aside", (4_000, 4_500))], agent))
        assert (found.met[Truth.ASIDE], found.kept[Truth.ASIDE]) == (1, kept), agent


def test_where_an_answer_was_due_anyway_nothing_is_counted() -> None:
    found = Overlaps.of(talk([sound("turn", (0, 1_000)), sound("tic", (1_100, 1_200))], "1300-2000"))
    assert not found.met


def test_the_figures() -> None:
    said = [sound("interruption", (1_000, 2_000)), sound("backchannel", (6_000, 6_300))]
    metrics = Overlaps.of(talk(said, "0-1400! 5000-6400!")).metrics()
    assert (metrics["R_Y"], metrics["S_BC"], metrics["L_Y_ms"]) == (1.0, 0.0, 400)
    assert (metrics["barge_in_precision"], metrics["barge_in_f1"]) == (0.5, 0.6667)
    assert metrics["false_stops_per_minute"] == round(60_000 / 2_800, 4)
    assert metrics["S_VT"] is None
