"""Long conversations over the Realtime protocol, on a virtual clock: what is remembered is what was heard."""

from bench.conversation import WORDS, converse


def test_the_model_remembers_what_was_heard_word_for_word() -> None:
    outcome = converse(24)
    assert outcome.interruptions >= 5
    assert outcome.shown == outcome.heard
    assert outcome.remembered == [text for text in outcome.heard if text]
    lengths = {len(text.split()) for text in outcome.heard}
    assert len(lengths) >= 5, "the interruptions fall in different places"
    assert max(lengths) == len(WORDS)
