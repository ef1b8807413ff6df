"""Our own events: what watchers are told of a conversation, without being told of what was never said."""

from __future__ import annotations

import json

import pytest

from vivavoce.core import commands as c
from vivavoce.core import events as e
from vivavoce.core import notices as n
from vivavoce.core.commands import Why
from vivavoce.core.events import WordEnd
from vivavoce.wire.watching import Watching

OPENED = c.Tell(n.ReplyOpened(7, n.Origin.TURN, "item_1"), Why.TURN_OVER)
MS = 24


class Watched:
    def __init__(self):
        self.watching = Watching()
        self.told = []

    def __call__(self, event=None, *commands, now=0):
        self.told += [json.loads(text) for text in self.watching.handled(now, event or e.Tick(), commands)]

    def of(self, kind):
        return [message for message in self.told if message["type"] == kind]


@pytest.fixture
def watched():
    return Watched()


def speak(watched, part=0, text="It rains. "):
    watched(None, c.Speak(7, part, text, Why.CLAUSE))


def test_words_come_with_their_times_in_the_reply(watched):
    watched(None, OPENED)
    speak(watched)
    speak(watched, 1, "Stay in.")
    watched(e.ReplyAudio(7, 0, 300 * MS, (WordEnd(2, 100 * MS), WordEnd(9, 280 * MS))))
    watched(e.ReplyAudioEnded(7, 0))
    watched(e.ReplyAudio(7, 1, 200 * MS, (WordEnd(4, 90 * MS),)))
    watched(e.ReplyAudio(7, 1, 100 * MS, (WordEnd(8, 290 * MS),)))
    words = [word for message in watched.of("reply.words") for word in message["words"]]
    assert [(w["text"], w["start_ms"], w["end_ms"]) for w in words] == [
        ("It", 0, 100),
        (" rains.", 100, 280),
        ("Stay", 300, 390),
        (" in.", 390, 590),
    ]
    assert all(message["exact"] and message["item_id"] == "item_1" for message in watched.of("reply.words"))


def test_words_without_times_get_the_length_of_their_part(watched):
    watched(None, OPENED)
    speak(watched)
    watched(e.ReplyAudio(7, 0, 300 * MS))
    assert watched.of("reply.words") == []
    watched(e.ReplyAudioEnded(7, 0))
    (message,) = watched.of("reply.words")
    assert message["words"] == [{"text": "It rains. ", "start_ms": 0, "end_ms": 300}]
    assert not message["exact"]


def test_an_early_answer_is_told_when_it_is_one(watched):
    speak(watched)
    watched(None, c.Cancel(7, Why.FASTER, attempt=1))
    watched(e.ReplyAudio(7, 0, 300 * MS, (WordEnd(9, 280 * MS),)))
    assert watched.told == []
    watched(None, OPENED)
    assert [message["type"] for message in watched.told] == ["reply.opened", "reply.words"]


def test_an_early_answer_that_is_thrown_away_is_never_told(watched):
    speak(watched)
    watched(None, c.Cancel(7, Why.WORDS_CHANGED))
    watched(e.ReplyAudio(7, 0, 300 * MS, (WordEnd(9, 280 * MS),)))
    watched(e.Played(7, 0, True))
    assert watched.told == []


def test_playing_is_told_ten_times_a_second_and_at_the_end(watched):
    watched(None, OPENED)
    for frame in range(1, 12):
        watched(e.Played(7, frame * 480))
    watched(e.Played(7, 11 * 480 + 100, True))
    assert [message["ms"] for message in watched.of("reply.playing")] == [100, 200, 224]


def test_decisions_about_the_voice_have_their_reasons(watched):
    watched(None, OPENED)
    watched(e.Played(7, 4_800))
    watched(None, c.Duck(7, -12.0, Why.SOUND_OVER_AGENT), c.Hold(7, Why.SPEECH_OVER_AGENT), now=340)
    watched(None, c.Resume(7, Why.BACKCHANNEL), c.Flush(7, 9_600, Why.STOP_WORD))
    told = watched.of("agent.voice")
    assert [message["action"] for message in told] == ["duck", "hold", "resume", "stop"]
    assert told[0] == {
        "at_ms": 340,
        "type": "agent.voice",
        "reply": 7,
        "action": "duck",
        "why": "SOUND_OVER_AGENT",
        "says": "sound over the agent's voice",
    }


def test_what_was_never_heard_does_not_stop(watched):
    watched(None, OPENED, c.Flush(7, 0, Why.SPEECH_BEFORE_VOICE))
    assert watched.of("agent.voice") == []


def test_a_turn_from_its_first_words_to_its_report(watched):
    report = n.TurnReport(
        1, 7, n.Origin.TURN, "hi", "It rains. ", "It", True, True, 400, 3, (("stt_final", 400),), (), None, ("because",)
    )
    watched(
        None,
        c.Tell(n.UserStarted(1, 0, "item_0"), Why.SPEECH),
        c.Tell(n.FloorChanged(n.Floor.USER), Why.SPEECH),
        c.Tell(n.UserSaid(1, "h", False), Why.SPEECH),
        c.Tell(n.UserSaid(1, "hi", True), Why.SILENCE),
        c.Tell(n.UserTurned(1, "item_0", "hi", 0, 9), Why.SILENCE),
        OPENED,
        c.Tell(n.ReplyClosed(7, n.Ending.CUT, "It rains. ", "It", True, 2_400), Why.INTERRUPTED),
        c.Tell(report, Why.INTERRUPTED),
    )
    assert [message["type"] for message in watched.told] == [
        "floor",
        "user.words",
        "user.words",
        "reply.opened",
        "reply.closed",
        "report",
    ]
    assert [m["item_id"] for m in watched.of("user.words")] == ["item_0", "item_0"]
    closed, told = watched.of("reply.closed")[0], watched.of("report")[0]
    assert (closed["ending"], closed["heard"], closed["ms"], closed["item_id"]) == ("cut", "It", 100, "item_1")
    assert (told["hops"], told["gap_ms"], told["why"]) == ({"stt_final": 400}, 400, ["because"])


def test_a_cough_and_tools(watched):
    watched(
        None,
        c.Tell(n.UserDropped(1, "uh-huh"), Why.BACKCHANNEL),
        c.Tell(n.ToolStarted(7, "call_1", "weather", "{}"), Why.CALLED),
        c.Tell(n.ToolSettled("call_1", "weather", "rain", True), Why.TOOL_RESULT),
        c.Tell(n.ToolSettled("call_2", "weather", "no", False), Why.TIMEOUT),
    )
    assert watched.of("user.dropped")[0]["why"] == "the caller is only listening aloud"
    assert [message["state"] for message in watched.of("tool")] == ["started", "done", "failed"]


def test_nothing_is_kept_of_what_is_over(watched):
    watched(None, OPENED)
    speak(watched)
    watched(None, c.Tell(n.ReplyClosed(7, n.Ending.DONE, "a", "a", True, 1), Why.ENDED))
    watched(e.ReplyAudio(7, 0, 300 * MS))
    watched(e.ReplyAudioEnded(7, 0))
    watched(e.Played(7, 480))
    assert not watched.watching._replies
