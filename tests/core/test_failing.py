"""What a failure says of itself; retries and apologies are told in test_speaking."""

from script import Script, telling

from vivavoce.core.commands import Role
from vivavoce.core.events import ReplyAsked, ReplyAudio, ReplyAudioEnded
from vivavoce.core.notices import ReplyClosed


def test_a_failed_reply_says_what_failed():
    c = Script({"reply.apology": ""})
    c.asks("what time is it")
    c.fails(Role.LLM, "refused", reply=c.reply)
    (closed,) = c.find(ReplyClosed)
    assert closed.failure == "refused"
    c.saw("closed 1 failed ''")
    c.never("opened 2")


def test_a_failed_aside_disturbs_nobody():
    c = telling()
    c.post(ReplyAsked(ref="x", aside=True, items=()))
    c.fails(Role.LLM, reply=c.reply)
    c.saw("opened 2 asked", "closed 2 failed")
    c.never("opened 3")
    c.plays(8)
    c.saw("closed 1 done")


def test_a_silent_model_of_an_aside_is_given_up_too():
    c = Script()
    c.post(ReplyAsked(ref="x", aside=True, items=()))
    c.wait(11_000)
    c.saw("Report llm timeout", "closed 1 failed")
    assert not c.c.speaking.asides


def test_the_late_end_of_a_failed_synthesis_does_not_end_the_next_one():
    c = Script()
    c.asks("what time is it")
    c.llm("It is noon.")
    c.fails(Role.TTS, reply=1, part=0)
    c.post(ReplyAudio(1, 0, 2_400, attempt=1))
    c.post(ReplyAudioEnded(1, 0))
    c.post(ReplyAudio(1, 0, 9_999))
    c.not_since("Seal")
    c.post(ReplyAudio(1, 0, 2_400, attempt=1))
    c.post(ReplyAudioEnded(1, 0, attempt=1))
    c.saw("Speak 1.0 'It is noon.' RETRY", "Seal 1", "made 1 'It is noon.' 200")
