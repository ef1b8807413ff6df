from script import Script

from vivavoce.core.commands import Role
from vivavoce.core.events import ProviderFailed


def test_final_words_are_asked_for_once_in_a_silence_and_not_waited_for_for_ever():
    c = Script(stt_ms=None)
    c.hears("tell me the time")
    c.silence(1_400)
    c.saw("FinishWords 1", "Report stt timeout", "turned 1 'tell me the time' WORDS_LATE")
    assert sum(line.startswith("FinishWords") for line in c.lines) == 1


def test_what_was_asked_of_a_recogniser_that_failed_is_asked_of_the_next_one():
    c = Script(stt_ms=None, engines=(1, 1, 2))
    c.hears("tell me the time")
    c.silence(320)
    c.saw("FinishWords 1")
    c.post(ProviderFailed(Role.STT, "gone", "the line is dead"))
    c.saw("Listen 1", "FinishWords 1")
    assert c.c.listening.transcribing.engine == 1
