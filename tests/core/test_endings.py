"""How replies end, what is reported of an exchange, and what the end of the call does to tools."""

import pytest
from script import Script

from vivavoce.core.commands import Role, Usage
from vivavoce.core.events import CallEnded, Say, StopAsked, ToolSpec, Used
from vivavoce.core.notices import Ending, Origin, ReplyClosed, TurnReport

STORY = "Once upon a time there was a keeper who spoke with the sea. Every night he sang. The end."
PRICES = {("m", "tokens"): 0.5}
TOOLS = (ToolSpec("book"), ToolSpec("search", on_interrupt="abandon"))


def usage(tokens, model="m"):
    return Usage(Role.LLM, model, (("tokens", float(tokens)),))


def asked(**known):
    c = Script(prices=PRICES, tools=TOOLS, **known)
    c.asks("tell me a story")
    return c


def report(c):
    (found,) = c.find(TurnReport)
    return found


@pytest.mark.parametrize("chars", [10, 25, 40])
def test_a_cut_reply_closes_with_what_was_heard_to_the_sample(chars):
    c = asked()
    c.answers(STORY)
    c.silence(chars * 60)
    c.post(StopAsked())
    c.silence(50)
    (closed,) = c.find(ReplyClosed)
    assert closed.ending is Ending.CUT
    assert closed.exact
    assert closed.samples == c.tracks[1].played
    words = STORY[: closed.samples // 1_440]
    assert closed.heard == (words if STORY[len(words)] == " " else words.rpartition(" ")[0]).strip()


def test_without_word_times_it_says_so():
    c = asked()
    c.llm(STORY)
    c.tts(exact=False)
    c.silence(1000)
    c.post(StopAsked())
    c.silence(50)
    (closed,) = c.find(ReplyClosed)
    assert not closed.exact
    assert STORY.startswith(closed.heard)
    assert closed.heard
    assert not report(c).heard_exact


def test_a_reply_that_was_never_released_closes_at_once():
    c = asked()
    c.llm(STORY)
    c.post(StopAsked())
    c.saw("Flush 1 @0 ASKED", "Cancel 1 ASKED", "closed 1 cut ''", "report 1 1")


# -- reports -----------------------------------------------------------------------------------------------------------


def test_cost_and_usage_of_an_exchange():
    c = asked()
    c.post(Used(usage(3), 1))
    c.answers("It is noon.")
    c.post(Used(usage(1), 1))
    c.post(Used(usage(5), None))
    c.plays(1)
    r = report(c)
    assert r.usage == (("llm:m:tokens", 4.0),)
    assert r.cost == pytest.approx(2.0)
    assert c.c.context.meter.call.cost == pytest.approx(4.5)


def test_an_unpriced_exchange_has_no_cost():
    c = asked()
    c.post(Used(usage(3, "mystery"), 1))
    c.answers("It is noon.")
    c.plays(1)
    assert report(c).cost is None


def test_tool_rounds_belong_to_one_exchange():
    c = asked()
    c.post(Used(usage(1), 1))
    c.llm("One moment.", end=False)
    c.calls("book", "c1")
    c.llm("")
    c.tts()
    c.tool("c1")
    c.post(Used(usage(2), 2))
    c.answers("It is booked.")
    c.plays(3)
    r = report(c)
    assert (r.turn, r.reply, r.origin) == (1, 2, Origin.TURN)
    assert r.agent_text == r.heard_text == "One moment. It is booked."
    assert r.cost == pytest.approx(1.5)
    assert r.why == ("EARLY_WORDS", "WORDS_HELD", "ENDED", "TOOL_RESULT", "ENDED")


def test_an_interrupted_exchange_says_so():
    c = asked()
    c.answers(STORY)
    c.plays(1)
    c.hears("stop")
    c.silence(50)
    r = report(c)
    assert r.interrupted
    assert r.agent_text == STORY
    assert STORY.startswith(r.heard_text)
    assert len(r.heard_text) < len(STORY)
    assert r.why[-1] == "STOP_WORD"


def test_nothing_heard_means_no_gap():
    c = asked()
    c.post(StopAsked())
    assert report(c).gap_ms is None
    assert report(c).hops == ()


def test_what_the_agent_says_unasked_belongs_to_no_turn():
    c = Script()
    c.post(Say("This call is recorded."))
    c.tts()
    c.plays(2)
    r = report(c)
    assert (r.turn, r.origin, r.user_text, r.gap_ms) == (0, Origin.SAY, "", None)


def test_the_gap_counts_from_the_last_voice_to_the_first_audible_sample():
    c = asked()
    decided = c.now
    c.answers("It is noon.")
    c.plays(1)
    r = report(c)
    end_of_voice = 30 * 32
    first_frame = next(now for now, event, _ in c.log if type(event).__name__ == "Played")
    assert r.gap_ms == first_frame - end_of_voice
    assert decided <= first_frame
    assert dict(r.hops)["turn_decided"] > 0
    # What was not the required silence was the model's and the voice's time.
    assert r.overhead_ms <= r.gap_ms - 500


def test_every_exchange_is_reported_once_whatever_happens():
    c = Script(tools=TOOLS, greeting="Hello.")
    c.tts()
    c.plays(1)
    c.asks("book it")
    c.llm("One moment please.", end=False)
    c.calls("book", "c1")
    c.llm("")
    c.tts()
    c.plays(0.3)
    c.asks("no wait")
    c.tool("c1")
    c.answers("Very well.")
    c.plays(2)
    c.fails(Role.LLM)
    c.asks("and now")
    c.fails(Role.LLM, reply=c.reply)
    c.tts()
    c.plays(6)
    c.rests()
    c.post(CallEnded())
    c.laws.at_end()
    reports = [r.reply for r in c.find(TurnReport)]
    assert sorted(reports) == sorted(set(reports))
    text = " ".join(r.agent_text for r in c.find(TurnReport))
    assert all(closed.text in text for closed in c.find(ReplyClosed))


# -- the end of the call -----------------------------------------------------------------------------------------------


def test_a_tool_that_still_runs_at_the_end_is_settled_but_not_stopped():
    c = asked()
    c.calls("book", "c1")
    c.llm("")
    c.post(CallEnded())
    c.saw("RunTool c1", "settled c1 failed 'the call ended before it answered'", "report 1 1", "EndCall caller")
    c.never("CancelTool")
    c.laws.at_end()


def test_but_one_that_is_to_be_abandoned_is_stopped():
    c = asked()
    c.calls("search", "c1")
    c.llm("")
    c.post(CallEnded())
    c.saw("CancelTool c1", "settled c1 failed", "EndCall caller")
    c.laws.at_end()


def test_a_reply_that_is_heard_at_the_end_closes_with_what_was_heard():
    c = asked()
    c.answers(STORY)
    c.plays(1)
    c.post(CallEnded())
    c.saw("Flush 1 @980 CALL_OVER", "closed 1 cut 'Once upon a time'", "report 1 1", "EndCall caller")
    c.laws.at_end()
