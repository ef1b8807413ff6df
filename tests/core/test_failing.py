"""What a failure says of itself; retries and apologies are told in test_speaking."""

from script import STORY, Script, telling

from vivavoce.core.commands import Role
from vivavoce.core.events import EnginesChanged, HandedOff, ReplyAsked, ReplyAudio, ReplyAudioEnded, UserWords
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


# -- engines that stand in ---------------------------------------------------------------------------------------------


def spoken(settings=None, **more):
    c = Script({"reply.speculate": "no", **(settings or {})}, **more)
    c.asks("what time is it")
    c.llm("It is noon. Anything else?")
    return c


def test_another_synthesiser_makes_the_part_that_failed_and_all_behind_it():
    c = spoken(engines=(1, 2, 1))
    c.saw("Speak 1.0 'It is noon.'", "Speak 1.1 ' Anything else?'")
    c.fails(Role.TTS, reply=1, part=0)
    c.saw("Speak 1.0 'It is noon.' by 1 NEXT_ENGINE", "Speak 1.1 ' Anything else?' by 1 NEXT_ENGINE")
    c.tts()
    c.plays(3)
    c.saw("closed 1 done")
    c.asks("and now")
    c.llm("Still noon.")
    c.saw("Speak 2.0 'Still noon.' by 1")


def test_each_synthesiser_is_tried_once_and_then_the_caller_hears_an_apology():
    c = spoken(engines=(1, 3, 1))
    for engine in (1, 2):
        c.fails(Role.TTS, reply=1, part=0)
        c.saw(f"Speak 1.0 'It is noon.' by {engine} NEXT_ENGINE")
    c.fails(Role.TTS, reply=1, part=0)
    c.saw("closed 1 failed", "opened 2 apology")


def test_another_recogniser_hears_what_the_first_one_had_not_settled():
    c = Script(engines=(1, 1, 2), stt_ms=None)
    c.hears("what time")
    turn = c.c.listening.turn
    c.fails(Role.STT)
    c.saw("Report stt died", f"Listen 1 @{turn.start // 16} NEXT_ENGINE")
    assert turn.text == ""
    c.post(UserWords(1_000_000, "what time is it", False, turn.start, c.at))
    c.silence(300)
    c.saw("FinishWords 1")
    c.post(UserWords(1_000_000, "what time is it", True, turn.start, c.at))
    c.silence(400)
    c.saw("turned 1 'what time is it'")


def test_words_that_were_asked_for_are_asked_of_the_other_one():
    c = Script(engines=(1, 1, 2), stt_ms=None)
    c.hears("what time is it")
    c.silence(250)
    c.saw("FinishWords 1")
    c.fails(Role.STT)
    c.saw("Listen 1", "FinishWords 1 NEXT_ENGINE")


def test_the_last_recogniser_goes_on_as_well_as_it_can():
    c = Script(engines=(1, 1, 2))
    c.fails(Role.STT)
    c.saw("Listen 1")
    c.fails(Role.STT)
    c.not_since("Listen")
    c.wait(1_100)
    c.saw("Listen 0")
    c = Script()
    c.fails(Role.STT)
    c.never("Listen")


def test_an_agent_with_a_recogniser_of_its_own_hears_with_it_what_is_not_settled():
    c = Script(stt_ms=None)
    c.hears("what time is it")
    c.silence(250)
    c.saw("FinishWords 1")
    turn = c.c.listening.turn
    c.post(HandedOff("billing"))
    c.post(EnginesChanged(llms=1, ttss=1, stts=2))
    c.saw(f"Listen 0 @{turn.start // 16} HANDED_OFF", "FinishWords 1 HANDED_OFF")
    c.fails(Role.STT)
    c.saw("Listen 1")


def test_an_agent_without_one_of_its_own_goes_on_with_the_recogniser_of_before():
    c = Script()
    c.hears("what time is it")
    c.post(EnginesChanged(llms=2, ttss=1))
    c.never("Listen")
    assert c.c.context.llms.count == 2


def pausing_while_it_fails():
    """The caller may mean it, so the agent pauses, and then the rest of its story cannot be spoken."""
    c = Script({"reply.speculate": "no"})
    c.asks("tell me a story")
    c.llm(f"{STORY} And then the ship was gone.")
    c.tts(limit=1)
    c.plays(0.5)
    c.hears("i the", ms=480)
    c.saw("Hold 1 WORDS")
    c.fails(Role.TTS, reply=1, part=1)
    c.fails(Role.TTS, reply=1, part=1, attempt=1)
    c.saw("Flush 1", "Cancel 1 FAILED", "opened 2 apology")
    return c


def test_a_reply_that_fails_while_it_pauses_ends_there():
    c = pausing_while_it_fails()
    held_at = c.tracks[1].played
    c.words[-1] = ("see", *c.words[-1][1:])
    c.hears(ms=4_000)
    c.saw("closed 1 failed")
    assert (c.tracks[1].dead, c.tracks[1].played) == (True, held_at)
    c.never("Report transport no_position")


def test_the_caller_for_whom_it_paused_is_answered_instead_of_an_apology():
    c = pausing_while_it_fails()
    c.hears("wrong city", ms=640)
    c.silence(700)
    c.saw("closed 2 cut ''", "turned 2 'i the wrong city'", "opened 3 turn")
