"""The clips that are shipped keep what `Clip` promises."""

from collections import Counter
from itertools import pairwise

import pytest

from vivavoce.sim.clips import WINDOW, load

SPLITS = ("train", "test")
LEAST = {
    "train": {"turn": 1200, "interruption": 250, "backchannel": 120, "tic": 120, "aside": 60, "noise": 80},
    "test": {"turn": 800, "interruption": 150, "backchannel": 80, "tic": 80, "aside": 40, "noise": 50},
}
WINDOW_MS = WINDOW // 16


def clips():
    return [clip for split in SPLITS for clip in load(split)]


def text(clip):
    return " ".join(word.strip(",.?").lower() for word, _, _ in clip.words)


def shared(key, wanted=lambda clip: True):
    train, test = ({key(clip) for clip in load(split) if wanted(clip)} for split in SPLITS)
    assert train
    assert test
    return train & test


def test_no_voice_and_no_recording_is_on_both_sides():
    def person(clip):
        return clip.voice.split("#")[0]

    assert not shared(person, lambda clip: ":" in clip.voice and not clip.voice.startswith("made:"))


def test_no_text_is_on_both_sides_but_what_two_people_called():
    both = shared(text, lambda clip: bool(clip.words) and not clip.voice.startswith("hedgewars"))
    assert not both


def test_every_clip_has_its_own_name():
    assert len({clip.id for clip in clips()}) == len(clips())


@pytest.mark.parametrize("split", SPLITS)
def test_there_is_enough_of_every_kind(split):
    counts = Counter(clip.kind for clip in load(split))
    assert not {kind: counts[kind] for kind, least in LEAST[split].items() if counts[kind] < least}


@pytest.mark.parametrize("split", SPLITS)
def test_four_to_five_and_a_half_turns_of_ten_have_a_hold(split):
    turns = [clip for clip in load(split) if clip.kind == "turn"]
    assert 0.40 < sum(len(clip.spans) > 1 for clip in turns) / len(turns) < 0.55


def test_spans_are_sorted_and_what_is_between_those_of_a_turn_is_a_hold():
    for clip in clips():
        assert all(start < end for start, end in clip.spans), clip.id
        gaps = [later[0] - earlier[1] for earlier, later in pairwise(clip.spans)]
        assert all(200 <= gap <= 5000 for gap in gaps), (clip.id, gaps)


def test_words_are_in_order_and_within_a_span():
    for clip in clips():
        assert [word[1] for word in clip.words] == sorted(word[1] for word in clip.words), clip.id
        for word, start, end in clip.words:
            assert word
            assert start < end, (clip.id, word)
            assert any(low <= start and end <= high for low, high in clip.spans), (clip.id, word)


def test_only_tics_and_noise_have_no_words():
    for clip in clips():
        assert bool(clip.words) == (clip.kind not in ("tic", "noise")), clip.id


def test_only_the_last_word_ends_a_sentence():
    for clip in clips():
        assert not [word for word, _, _ in clip.words[:-1] if word[-1] in ".?!"], clip.id
        assert not clip.words or clip.words[-1][0][-1] in ".?", clip.id


def test_the_windows_cover_the_sound_and_the_second_after_it():
    for clip in clips():
        assert len(clip.p) == len(clip.quiet), clip.id
        assert clip.spans[0][0] >= 200, clip.id
        assert clip.spans[-1][1] + 1000 - WINDOW_MS <= len(clip.p) * WINDOW_MS, clip.id
        assert max(clip.quiet) <= 128, clip.id


def test_the_detector_hears_clean_turns_and_the_quiet_after_them():
    """Were spans and windows not of the same sound, this would be a matter of luck."""
    inside, after = Counter(), Counter()
    for clip in clips():
        if clip.kind == "turn" and clip.condition == "clean":
            for number, p in enumerate(clip.p):
                at = number * WINDOW_MS
                if any(start <= at and at + WINDOW_MS <= end for start, end in clip.spans):
                    inside[p >= 128] += 1
                elif at > clip.spans[-1][1] + 200:
                    after[p >= 128] += 1
    assert inside[True] > 0.9 * inside.total()
    assert after[True] < 0.01 * after.total()
