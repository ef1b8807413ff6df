import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.core.marks import ORDER, Marks


def test_hops_of_an_ordinary_answer():
    marks = Marks(
        {
            "user_end": 1000,
            "vad_off": 1100,
            "stt_final": 1300,
            "turn_decided": 1500,
            "llm_request": 1500,
            "llm_first_token": 1700,
            "first_speakable": 1750,
            "tts_request": 1750,
            "tts_first_byte": 1850,
            "released": 1850,
            "first_audible": 1900,
        },
        silence_ms=500,
    )
    assert marks.gap_ms == 900
    assert dict(marks.hops())["llm_first_token"] == 200
    # 1000-1500 silence, 1500-1750 model, 1750-1850 voice: only the last 50 ms are nobody's.
    assert marks.overhead_ms() == 50


def test_what_was_done_ahead_of_time_is_a_negative_hop():
    marks = Marks({"user_end": 0, "turn_decided": 500, "llm_request": 100, "first_audible": 560})
    assert marks.hops() == (("turn_decided", 500), ("llm_request", -400), ("first_audible", 460))


def test_the_first_time_counts():
    marks = Marks()
    marks.set("vad_off", 10)
    marks.set("vad_off", 20)
    assert marks.at == {"vad_off": 10}


@pytest.mark.parametrize("missing", ["user_end", "first_audible"])
def test_nothing_heard_or_nobody_spoke_means_no_gap(missing):
    marks = Marks({name: n for n, name in enumerate(ORDER) if name != missing})
    assert marks.gap_ms is None
    assert marks.hops() == ()
    assert marks.overhead_ms() is None


def test_overlapping_services_are_counted_once():
    marks = Marks(
        {
            "user_end": 0,
            "stt_final": 400,
            "llm_request": 200,
            "first_speakable": 700,
            "tts_request": 600,
            "tts_first_byte": 900,
            "first_audible": 1000,
        },
        silence_ms=300,
    )
    assert marks.overhead_ms() == 100


times = st.integers(0, 5_000)


@given(st.dictionaries(st.sampled_from(ORDER), times), times, times, times)
def test_hops_always_sum_to_the_gap_and_overhead_is_a_part_of_it(at, user_end, gap, silence_ms):
    marks = Marks({**at, "user_end": user_end, "first_audible": user_end + gap}, silence_ms)
    assert marks.gap_ms == gap
    assert sum(ms for _, ms in marks.hops()) == gap
    assert [name for name, _ in marks.hops()] == [n for n in ORDER[1:] if n in marks.at]
    assert 0 <= marks.overhead_ms() <= gap


@given(st.dictionaries(st.sampled_from(ORDER), times), times)
def test_more_required_silence_never_means_more_overhead(at, silence_ms):
    at = {**at, "user_end": 0, "first_audible": 5_000}
    assert Marks(at, silence_ms + 100).overhead_ms() <= Marks(at, silence_ms).overhead_ms()
