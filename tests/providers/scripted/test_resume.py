import pytest
from scripted_talk import Talk

from vivavoce.core.commands import Message
from vivavoce.providers.scripted.lines import STORIES
from vivavoce.providers.scripted.resume import unheard

FULL = "One two three, four five six. Seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen."


@pytest.mark.parametrize(
    ("heard", "rest"),
    [
        ("", FULL),
        ("One two", FULL),
        ("One two three,", FULL[15:]),
        ("one two three four", FULL[15:]),
        ("One two three, four five six. Sev", FULL[30:]),
        ("One two three, four five six. Seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
         "fourteen fifteen sixteen seventeen."),
        (FULL, ""),
        ("Something else", None),
        (FULL + " And more", None),
    ],
)  # fmt: skip
def test_the_rest_begins_near_the_clause_that_was_cut(heard, rest):
    assert unheard(FULL, heard) == rest


@pytest.mark.parametrize("seed", range(5))
def test_a_story_interrupted_many_times_is_told_to_its_end(seed):
    talk = Talk(seed=seed)
    full = talk.say("tell me a long story", heard=15)
    heard = [" ".join(full.split()[:15])]
    for _ in range(30):
        before = len(talk.items)
        rest = talk.say("go on", heard=25)
        if len(rest.split()) <= 25:
            break
        heard.append(talk.items[before + 1].text)
    heard.append(rest)
    story = next(s for s in STORIES if s[0] in full)
    assert all(any(s.split()[-1] in h for h in heard) for s in story)
    assert heard[-1].endswith("That was my story.")


def test_other_talk_in_between_does_not_lose_the_place():
    talk = Talk()
    talk.say("tell me a story", heard=30)
    assert talk.say("wait").split()[-1].endswith((".", "time."))
    assert talk.say("what time is it").startswith("It is three twenty five")
    assert talk.say("continue").endswith("That was my story.")
    assert talk.say("go on") == "That was all of it, really."


def test_it_offers_to_go_on_and_a_yes_accepts():
    talk = Talk()
    talk.say("tell me a story", heard=30)
    assert talk.say("what time is it").endswith("Shall I go on?")
    assert talk.say("yes please").endswith("That was my story.")


def test_a_short_interrupted_answer_does_not_hide_a_long_one():
    talk = Talk()
    talk.say("tell me a story", heard=30)
    talk.say("sorry", heard=2)
    assert talk.say("go on").endswith("That was my story.")


def test_a_reply_of_which_nothing_was_heard_is_told_from_the_beginning():
    talk = Talk()
    full = talk.say("tell me a story", heard=0)
    assert full in talk.say("go on")


def test_nothing_to_go_on_with():
    assert "Shall I tell you a story?" in Talk().say("go on")
    talk = Talk()
    talk.items.append(Message("1", "agent", "Words from another script", interrupted=True))
    assert talk.say("go on") == "I have lost my place, sorry. Please ask me again."


def test_a_story_is_known_again_though_the_wording_around_it_changed():
    talk = Talk()
    cut = " ".join(" ".join(STORIES[0]).split()[:40])
    talk.items.append(Message("1", "agent", f"Well then: {cut}", interrupted=True))
    assert talk.say("go on").endswith(STORIES[0][-1])
