"""The makers of the simulated callers' sounds, without synthesisers: exact truth, and the same chance from one seed."""

from random import Random

import numpy as np
import pytest
from bench.material import rooms, texts
from bench.material.build import plans
from bench.material.conditions import PHONE_RATE, Company, Line, arrive, phone
from bench.material.join import RATE, Part, active_db, at_level, join, spread, tightened, voiced
from bench.material.measure import measure
from bench.material.recordings import cut
from bench.material.tics import NOISES, TICS
from bench.material.voices import VOICES

from vivavoce.audio.pcm import from_float


def tone(ms, hz=440.0, db=-20.0):
    t = np.arange(RATE * ms // 1000) / RATE
    return np.sqrt(2.0) * 10 ** (db / 20) * np.sin(2 * np.pi * hz * t)


def silence(ms):
    return np.zeros(RATE * ms // 1000)


def speech(seconds, seed):
    """Syllables of noise, five a second."""
    t = np.arange(RATE * seconds) / RATE
    return np.random.default_rng(seed).normal(size=t.size) * np.abs(np.sin(2.5 * np.pi * t)) ** 2


def whistle(rng, size):
    return tone(1000 + size * 1000 // RATE, 1000.0)[:size]


COMPANY = Company(whistle, whistle, whistle)


def test_joined_parts_have_exactly_their_pauses():
    first = np.concatenate((silence(70), tone(300), silence(110)))
    second = np.concatenate((silence(30), tone(500)))
    take = join([Part(first, [("one", 1120, 5920)], 450), Part(second, [("two", 480, 8480)], 0)])
    assert take.spans == [(0, 300), (750, 1250)]
    assert take.words == [("one", 0, 300), ("two", 750, 1250)]
    assert take.sound.size == RATE * 1250 // 1000


def test_a_gap_shorter_than_a_hold_is_part_of_a_span():
    take = join([Part(tone(300), [], 190), Part(tone(300), [], 200), Part(tone(300), [])])
    assert take.spans == [(0, 790), (990, 1290)]


def test_a_word_does_not_reach_into_a_pause():
    take = join([Part(tone(300), [("well,", 0, 4800)], 400), Part(tone(300), [("yes.", 0, 4800)])])
    (_, _, end), (_, start, _) = take.words
    assert (end, start) == (300, 700)


def test_a_part_without_voice_cannot_be_joined():
    with pytest.raises(ValueError, match="without voice"):
        join([Part(tone(300), []), Part(silence(300), [])])


def test_a_synthesiser_s_rest_is_shortened_with_the_words_after_it():
    sound = np.concatenate((tone(300), silence(400), tone(300)))
    part = tightened(Part(sound, [("one,", 0, 4800), ("two.", 11200, 16000)], 70), 150)
    assert part.sound.size == RATE * 750 // 1000
    assert part.words == [("one,", 0, 4800), ("two.", 7200, 12000)]
    assert part.pause_ms == 70
    assert join([part]).spans == [(0, 750)]


def test_words_are_spread_over_voice_only():
    words = spread(["a", "longer", "sentence"], [(0, 400), (900, 1300)])
    assert words[0][1] == 0
    assert words[-1][2] == 1300
    assert all((start >= 0 and end <= 400) or (start >= 900 and end <= 1300) for _, start, end in words)


def test_sentences_are_cut_at_the_long_pause_near_their_share_of_letters():
    spans = [(0, 500), (600, 1000), (1500, 2000), (2080, 2500)]
    assert cut(("Nine letters.", "Nine letters."), spans) == [(0, 1000), (1500, 2500)]
    with pytest.raises(ValueError, match="hold no 2"):
        cut(("One.", "Two."), [(0, 500)])


def test_a_telephone_passes_its_band_only():
    rng = np.random.default_rng(1)

    def level(hz):
        line = phone(tone(500, hz), rng)
        assert line.rate == PHONE_RATE
        return active_db(line.pcm[400:-400] / 32768.0)

    assert abs(level(1000.0) + 20.0) < 0.5
    assert level(100.0) < -45.0
    assert level(3900.0) < -45.0


@pytest.mark.parametrize(
    "condition", ["clean", "noisy", "phone", "phone_noisy", "television", "second_speaker", "loudspeaker"]
)
def test_every_condition_keeps_the_voice_in_its_place(condition):
    take = join([Part(tone(640), [])])
    line = arrive(take, condition, COMPANY, np.random.default_rng(3), -22.0)
    again = arrive(take, condition, COMPANY, np.random.default_rng(3), -22.0)
    assert np.array_equal(line.pcm, again.pcm)
    sound = line.pcm / 32768.0
    inside = sound[line.rate * 250 // 1000 : line.rate * 800 // 1000]
    outside = sound[line.rate * 900 // 1000 : line.rate * 1800 // 1000]
    assert active_db(inside) == pytest.approx(-22.0, abs=1.0)
    assert active_db(outside) < -30.0
    assert line.pcm.size >= line.rate * 1840 // 1000


def test_a_line_is_heard_by_a_sessions_own_ears():
    rng = np.random.default_rng(2)
    heard = measure(Line(from_float(np.concatenate((silence(640), 0.1 * rng.normal(size=RATE), silence(320)))), RATE))
    assert len(heard.p) == len(heard.quiet) == 61
    assert set(heard.quiet[:18]) == {128}
    assert heard.quiet[30] < 128
    assert max(heard.p[:18]) < 25
    assert not heard.echo


def test_what_comes_back_is_known_for_it_and_a_person_over_it_is_not(monkeypatch):
    agent, person = speech(20, 3), speech(2, 4)
    monkeypatch.setattr(rooms, "_voice", lambda split: at_level(agent, -20.0))
    place = rooms.PLACES["test"][0]
    heard = rooms.over(
        "test", place, np.concatenate((silence(640), 2 * at_level(person, -20.0))), np.random.default_rng(5)
    )
    assert len(heard.p) == len(heard.quiet) == len(heard.echo) == 82
    assert np.mean([echo >= 178 for echo in heard.echo[:18]]) > 0.8
    assert np.mean([echo >= 178 for echo in heard.echo[24:]]) < 0.3


@pytest.mark.parametrize("name", [*TICS, *NOISES])
def test_every_sound_without_words_is_audible_and_the_same_from_one_seed(name):
    make = {**TICS, **NOISES}[name]
    sound = make(np.random.default_rng(5))
    assert np.array_equal(sound, make(np.random.default_rng(5)))
    assert voiced(sound / np.abs(sound).max(), -40.0)
    assert sound.size < 6 * RATE


def test_a_line_is_parsed_into_what_is_said_in_one_breath():
    line = texts.parse("I'm~ | looking for a table + on Friday.")
    assert [(piece.text, piece.place, piece.drawn) for piece in line.pieces] == [
        ("I'm", "open", True),
        ("looking for a table", "complete", False),
        ("on Friday.", "", False),
    ]


@pytest.mark.parametrize("text", ["| yes.", "Yes, +", ""])
def test_a_pause_at_an_edge_is_refused(text):
    with pytest.raises(ValueError):
        texts.parse(text)


def test_what_is_said_is_the_line_whatever_the_pauses():
    line = texts.parse("I need a table | for two + on Friday + evening.")
    for seed in range(20):
        pieces = texts.perform(Random(seed), line, paused=True)
        assert " ".join(piece.text for piece in pieces) == "I need a table for two on Friday evening."
        assert any(piece.pause_ms for piece in pieces)
        assert not pieces[-1].pause_ms
    assert len(texts.perform(Random(0), line, paused=False)) == 1


def test_pauses_have_the_median_and_the_limits_that_are_published():
    rng = Random(1)
    lengths = sorted(texts.pause_ms(rng) for _ in range(4000))
    assert lengths[0] >= 200
    assert lengths[-1] <= 3000
    assert 430 < lengths[2000] < 470


def test_no_text_of_the_lists_is_on_both_sides():
    def said(split):
        sections = [*texts.turns(split).values(), *texts.others(split).values()]
        return {line.text.lower() for lines in sections for line in lines}

    assert not said("train") & said("test")


def test_no_voice_is_on_both_sides():
    train, test = ({voice.name for voice in VOICES[split]} for split in ("train", "test"))
    variants = ({name.partition("+")[2] for name in names if "+" in name} for names in (train, test))
    assert not train & test
    assert not set.intersection(*variants)


def test_every_plan_has_a_seed_of_its_own():
    seeds = {plan.seed() for split in ("train", "test") for plan in plans(split)}
    assert len(seeds) == sum(len(plans(split)) for split in ("train", "test"))
