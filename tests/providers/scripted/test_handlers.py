import pytest
from scripted_talk import Talk


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("what time is it", "It is three twenty five in the afternoon."),
        ("what's the date?", "Today is Saturday, the twenty first of November."),
        ("what year is it", "It is the year twenty twenty six."),
        ("seven times eight", "Seven times eight is fifty six."),
        ("count to three", "One, two, three."),
        ("what is my name", "You have not told me your name yet. What is it?"),
        ("what did i say", "You have not said anything before this."),
        ("what did you say", "I have not said anything yet."),
    ],
)
def test_answers_that_are_always_the_same(said, answer):
    assert Talk().say(said) == answer


def test_it_remembers_what_it_was_told():
    talk = Talk()
    assert talk.say("my name is ann") == "Nice to meet you, Ann. I will remember that."
    assert talk.say("remember that my dog is called rex") == "I will remember that your dog is called rex."
    assert talk.say("what is my name") == "Your name is Ann."
    assert talk.say("what did i tell you") == "You told me that your name is Ann, and that your dog is called rex."
    assert talk.say("what is the name of my dog") == "Earlier you told me: your dog is called rex."
    talk.say("my keys are on the table")
    assert talk.say("where are my keys") == "Earlier you told me: your keys are on the table."
    assert talk.say("no my name is eve") == "All right, Eve it is."


def test_it_asks_for_the_name_and_takes_a_bare_one():
    talk = Talk()
    talk.say("what is my name")
    assert "Bob" in talk.say("bob")
    assert talk.say("what's my name") == "Your name is Bob."


def test_it_says_what_it_is_and_how_to_get_a_model():
    said = Talk().say("who are you")
    assert "small scripted responder, not a language model" in said
    assert "VIVAVOCE_LLM" in said
    assert "Ollama" in said
    assert "VIVAVOCE_LLM" in Talk().say("are you a language model")


def test_it_plays_the_part_its_instructions_give():
    butler = Talk(instructions="You are a curt British butler.")
    assert butler.say("hello").startswith("Hello, I am a curt British butler.")
    assert butler.say("who are you").startswith("I am a curt British butler, played by a small script.")
    assert Talk(instructions="You are Ann.").say("what is your name").startswith("I am Ann, a small scripted responder")


def test_repeat_gives_the_words_that_were_heard():
    talk = Talk()
    talk.say("tell me a story", heard=6)
    heard = talk.items[-1].text
    assert talk.say("what did you say") == f"I said: {heard}"
    assert talk.say("say that again") == f"I said: {heard}"


def test_statements_are_said_back_so_that_the_user_hears_what_was_understood():
    talk = Talk()
    assert "your boss was shouting at you" in talk.say("my boss was shouting at me")
    assert "your sister lives in rome" in talk.say("my sister lives in rome")


def test_questions_beyond_the_script_are_refused_honestly():
    said = Talk().say("who is the president of france")
    assert "who is the president of france" in said
    assert "sorry" in said or "not" in said or "no answer" in said


def test_wishes_beyond_the_script_are_refused():
    for seed in range(6):
        said = Talk(seed=seed).say("can you book a table for me")
        assert "book a table for" in said
        assert "not" in said or "no way" in said


def test_yes_accepts_an_offer_and_no_declines_it():
    for seed in range(20):
        talk = Talk(seed=seed)
        if talk.say("i am sad").endswith("Would a joke help?"):
            break
    else:
        pytest.fail("no seed offers a joke")
    assert talk.say("yes") in _jokes()
    talk = Talk(seed=seed)
    talk.say("i am sad")
    assert talk.say("no thanks") not in _jokes()


def _jokes():
    from vivavoce.providers.scripted.lines import LINES

    return {*LINES["joke"], *(f"{j} Do you want another one?" for j in LINES["joke"])}


def test_another_one_is_another_of_the_same_kind():
    talk = Talk()
    talk.say("tell me a joke")
    assert talk.say("another one") in _jokes()
    talk.say("tell me a story")
    assert talk.say("another one").endswith("That was my story.")


@pytest.mark.parametrize("said", ["uh huh", "mm hmm", "okay"])
def test_listening_aloud_is_no_misunderstanding(said):
    answer = Talk().say(said)
    assert not any(w in answer for w in ("again", "once more", "catch"))


@pytest.mark.parametrize("said", ["", "um", "xkcd bzzt grrk", "the"])
def test_what_is_not_understood_is_asked_for_again(said):
    answer = Talk().say(said)
    assert any(w in answer.lower() for w in ("again", "once more", "another way", "one more time"))


def test_stop_is_answered_in_one_breath():
    assert len(Talk().say("stop").split()) <= 2
