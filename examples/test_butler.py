"""How to test an agent: `pytest test_butler.py`. It needs no key, no network and no sound."""

from butler import agent


def test_the_weather_is_looked_up(simulate):
    call = simulate(agent, "what is the weather in Paris")
    assert call.called("get_weather", city="Paris")
    assert "raining in Paris" in call.turns[-1].heard


def test_a_spoken_call_is_answered_in_time(simulate):
    call = simulate(agent, "what is the weather in Paris", spoken=True)
    assert call.turns[-1].gap_ms < 2_000


def test_what_the_model_makes_of_the_weather(simulate, script):
    model = script(script.call("get_weather", city="Oslo"), "Wet. As ever.")
    call = simulate(agent, "Oslo, please", llm=model)
    assert call.tools[0].output == "It is raining in Oslo."
    assert call.said == "Good evening. Wet. As ever."
    assert "butler" in model.asked[0].instructions


def test_who_interrupts_hears_only_a_part(simulate, script):
    model = script("It is a long story, and I shall tell it from the very beginning to its end.", "As you wish.")
    call = simulate(agent, "please tell me a story", "no wait, that is enough", llm=model, spoken=True, cut_in=1.5)
    story = next(turn for turn in call.turns if turn.interrupted)
    assert story.agent.startswith(story.heard)
