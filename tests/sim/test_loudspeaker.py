"""The agent's voice comes back to a caller without a headset: late, first unknown, and gone soon after it stops."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace
from tests.sim.clip_kit import CLIPS

from vivavoce.core.units import in_samples
from vivavoce.sim.cast import CastCaller, Stock
from vivavoce.sim.clips import WINDOW, Clip, Heard, Room, load, rooms
from vivavoce.sim.loudspeaker import APART, Loudspeaker
from vivavoce.sim.people import Word
from vivavoce.sim.world import World


def heard(n: int, echo: int, p: int = 240) -> Heard:
    return Heard(bytes([p] * n), bytes(n), bytes([echo] * n))


ROOM = Room("attic", "espeak:somebody", -10.0, 100, first=heard(40, 128), later=heard(40, 255), tail=heard(3, 100))


def at_home(clip: Clip, echo: int = 0) -> Clip:
    return replace(clip, id=f"{clip.id} at home", room="attic", over=heard(len(clip.p), echo))


STOCK = Stock(tuple(at_home(clip) for clip in CLIPS), {"attic": ROOM})


def world() -> World:
    return World(1, stock=STOCK)


def speaker() -> Loudspeaker:
    found = world().loudspeaker
    assert found is not None
    return found


def test_the_first_reply_comes_back_unknown_and_later_ones_known() -> None:
    back, told = speaker(), []
    for n in range(40):
        back.follow(n * WINDOW, audible=n < 5 or n >= 20)
        sound = back.alone(n * WINDOW)
        told.append(None if sound is None else round(sound.echo * 255))
    assert told == [128] * 5 + [100] * 3 + [None] * 12 + [255] * 20


def test_a_short_break_is_still_the_same_reply() -> None:
    back = speaker()
    for n in range(APART // WINDOW):
        back.follow(n * WINDOW, audible=n in (0, APART // WINDOW - 1))
    assert back.stretches == 1


def test_of_a_long_reply_the_middle_is_heard_again() -> None:
    back = speaker()
    for n in range(400):
        back.follow(n * WINDOW, audible=True)
        sound = back.alone(n * WINDOW)
        assert sound is not None
        assert (sound.start, sound.p) == (n * WINDOW, 240 / 255)


def test_a_clip_is_heard_over_the_voice_only_while_that_comes_back() -> None:
    back, clip = speaker(), at_home(CLIPS[0], echo=77)
    assert back.over(clip, 0, 0) is None
    back.follow(0, audible=True)
    sound = back.over(clip, 2, WINDOW)
    assert sound is not None
    assert round(sound.echo * 255) == 77
    assert back.over(CLIPS[0], 0, 0) is None


@pytest.mark.parametrize(("echo", "passes"), [(178, True), (179, False)])
def test_what_is_surely_echo_is_kept_from_the_recogniser(echo: int, passes: bool) -> None:
    back = speaker()
    back.room = replace(ROOM, first=heard(40, echo))
    for n in range(10):
        back.follow(n * WINDOW, audible=True)
        sound = back.alone(n * WINDOW)
        assert sound is not None
        back.judged(sound)
    assert back.passes(Word("hello", WINDOW, 5 * WINDOW)) is passes


def test_the_agents_own_words_come_back_where_nothing_is_known_yet() -> None:
    """In the first reply of this room they reach the recogniser, in all others they do not."""
    said = []
    for seed in range(12):
        one = World(seed, stock=STOCK, keep_log=True).run()
        replies = {
            word.strip(".,?!").lower() for rows in one.tts.truth.values() for row in rows for word in row[0].split()
        }
        caller = {word.text for sound in one.caller.utterances for word in sound.words}
        words = {word.text for word in one.stt.said}
        assert words <= replies | caller
        said.append(bool(words - caller))
        assert one.checks.tally.finish().metrics()["heard_text_errors"] == 0
    assert any(said)


def test_callers_with_a_loudspeaker_have_clips_that_were_heard_over_it() -> None:
    stock = Stock((*CLIPS, *STOCK.clips), STOCK.rooms)
    for seed in range(20):
        caller = CastCaller(stock, Random(seed))
        at_home = caller.room is not None
        for now in range(0, 60_000, 32):
            caller.step(now, in_samples(now), agent=now % 10_000 < 4_000)
        assert caller.utterances
        assert {sound.clip.room == "attic" for sound in caller.utterances if sound.clip} == {at_home}


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_shipped_rooms_are_whole_and_their_clips_are_heard_twice(split: str) -> None:
    found = rooms(split)  # type: ignore[arg-type]
    assert len(found) == 3
    for room in found.values():
        for part in (room.first, room.later, room.tail):
            assert len(part.p) == len(part.quiet) == len(part.echo) > 20
        voiced = [echo for p, echo in zip(room.later.p, room.later.echo, strict=True) if p >= 128]
        assert sum(echo >= 178 for echo in voiced) > 0.9 * len(voiced), room.name
    at_home = [clip for clip in load(split) if clip.room]  # type: ignore[arg-type]
    assert {clip.room for clip in at_home} == set(found)
    assert {clip.kind for clip in at_home} == {"turn", "interruption", "backchannel", "aside", "tic"}
    for clip in at_home:
        assert clip.over is not None
        assert len(clip.over.p) == len(clip.over.quiet) == len(clip.over.echo) == len(clip.p)
    assert not {clip.id for clip in load(split) if clip.over and not clip.room}  # type: ignore[arg-type]
