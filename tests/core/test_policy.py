import pytest

from vivavoce.core.errors import BadInput, PolicyError
from vivavoce.core.events import Turns
from vivavoce.core.policy import BROWSER, PRESETS, Yielding, changed, keys


def test_a_key_is_changed_and_nothing_else():
    policy = changed(BROWSER, {"barge_in.min_words": 2})
    assert policy.barge_in.min_words == 2
    before, after = keys(BROWSER), keys(policy)
    assert {k for k in before if before[k] != after[k]} == {"barge_in.min_words"}
    assert changed(BROWSER, {}) == BROWSER


@pytest.mark.parametrize(
    ("key", "raw", "value"),
    [
        ("barge_in.min_words", "2", 2),
        ("barge_in.min_words", " 2 ", 2),
        ("barge_in.duck_db", "-6", -6.0),
        ("barge_in.duck_db", 0, 0.0),
        ("hearing.start_p", "0.6", 0.6),
        ("hearing.start_p", 1, 1.0),
        ("reply.speculate", "off", False),
        ("reply.speculate", "Yes", True),
        ("reply.speculate", False, False),
        ("reply.apology", "", ""),
        ("idle.prompts", "Hello?|Still there?", ("Hello?", "Still there?")),
        ("idle.prompts", ["Hello?"], ("Hello?",)),
        ("turns", "manual", Turns.MANUAL),
        ("turns", Turns.REMOTE, Turns.REMOTE),
        ("barge_in.yielding", "FINISH_SENTENCE", Yielding.FINISH_SENTENCE),
        ("limits.budget", "0.25", 0.25),
    ],
)
def test_values_may_be_text(key, raw, value):
    assert keys(changed(BROWSER, {key: raw}))[key] == value


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"barge_in.min_word": 2}, "unknown policy key 'barge_in.min_word'; did you mean 'barge_in.min_words'?"),
        ({"turn": "manual"}, "unknown policy key 'turn'; did you mean 'turns'?"),
        ({"zzz": 1}, "unknown policy key 'zzz'; the keys are turns, hearing.start_p, "),
        ({"barge_in": 1}, "unknown policy key 'barge_in'"),
        ({"lexicon": 1}, "unknown policy key 'lexicon'"),
        ({"barge_in.min_words": "two"}, "policy key 'barge_in.min_words' needs a whole number, not 'two'"),
        ({"barge_in.min_words": None}, "policy key 'barge_in.min_words' needs a whole number, not None"),
        ({"hearing.start_p": "high"}, "policy key 'hearing.start_p' needs a number, not 'high'"),
        ({"reply.speculate": "maybe"}, "policy key 'reply.speculate' needs true or false, not 'maybe'"),
        ({"idle.prompts": 3}, "policy key 'idle.prompts' needs texts separated by |, not 3"),
        ({"turns": "mine"}, "policy key 'turns' needs 'local' or 'manual' or 'remote', not 'mine'"),
        ({"endpoint.min_ms": "-1"}, "policy key 'endpoint.min_ms' needs a value from 0 up, not '-1'"),
        ({"hearing.start_p": "nan"}, "policy key 'hearing.start_p' needs a value from 0 up, not 'nan'"),
        ({"limits.budget": "inf"}, "policy key 'limits.budget' needs a value from 0 up, not 'inf'"),
        *(
            (
                {"barge_in.duck_db": raw},
                f"policy key 'barge_in.duck_db' needs a finite number of decibels up to 0, not {raw!r}",
            )
            for raw in ("nan", "inf", "-inf", "0.5", 6.0, float("nan"))
        ),
    ],
)
def test_messages_say_what_is_wrong_and_what_would_do(settings, message):
    with pytest.raises(PolicyError) as caught:
        changed(BROWSER, settings)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, BadInput)


def test_the_first_wrong_key_changes_nothing():
    before = keys(PRESETS["browser"])
    with pytest.raises(PolicyError):
        changed(BROWSER, {"barge_in.min_words": 2, "nonsense.key": 1})
    assert keys(PRESETS["browser"]) == before


@pytest.mark.parametrize("name", PRESETS)
def test_presets_make_sense(name):
    p = PRESETS[name]
    assert p.hearing.stop_p < p.hearing.start_p
    e = p.endpoint
    assert e.min_ms <= e.silence_ms <= e.max_ms
    assert e.min_ms <= e.trailing_ms <= e.max_ms
    b = p.barge_in
    assert b.duck_after_ms < b.hold_after_ms < b.stop_after_ms
    assert b.duck_db < 0
    # Every value, written as text, is read back as itself.
    for key, value in keys(p).items():
        raw = "|".join(value) if isinstance(value, tuple) else getattr(value, "value", str(value))
        assert keys(changed(p, {key: raw}))[key] == value
