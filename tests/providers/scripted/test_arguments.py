import pytest

from vivavoce.providers.scripted.arguments import fill, fill_answer

STRING = {"type": "string"}
INTEGER = {"type": "integer"}


def one(name, schema, text, trigger=(), needed=True):
    return fill({name: schema}, text, set(trigger), {name} if needed else set()).get(name)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("city", "weather in paris", "Paris"),
        ("city", "what's the weather like in New York tomorrow?", "New York"),
        ("location", "is it raining in the hague right now", "Hague"),
        ("origin", "a train from rome to milan", "Rome"),
        ("destination", "a train from rome to milan", "Milan"),
        ("recipient", "send an email to john saying i will be late", "John"),
        ("body", "send an email to john saying i will be late", "i will be late"),
        ("query", "search for cheap flights in may", "cheap flights in may"),
        ("day", "a table for four on friday", "friday"),
        ("time", "book a table at seven pm for two", "seven pm"),
        ("order_id", "what about order 4711", "4711"),
        ("orderId", "order a b one two three", "AB123"),
        ("city", "what is the weather", None),
    ],
)
def test_strings(name, text, value):
    assert one(name, STRING, text) == value


def test_optional_strings_need_more_than_a_preposition():
    assert one("label", STRING, "set a timer for five minutes", needed=False) is None
    assert one("label", STRING, "set a timer called eggs", needed=False) == "eggs"


@pytest.mark.parametrize(
    ("name", "schema", "text", "value"),
    [
        ("minutes", INTEGER, "set a timer for five minutes", 5),
        ("minutes", INTEGER, "half an hour", 30),
        ("seconds", INTEGER, "two minutes", 120),
        ("duration", {"type": "integer", "description": "in seconds"}, "one hour", 3600),
        ("hours", {"type": "number"}, "ninety minutes", 1.5),
        ("hours", {"type": "number"}, "two and a half hours", 2.5),
        ("minutes", INTEGER, "ninety seconds", None),
        ("count", INTEGER, "no number here", None),
        ("people", {"type": ["integer", "null"]}, "a table for four", 4),
        ("people", {"anyOf": [{"type": "integer"}, {"type": "null"}]}, "a table for four", 4),
    ],
)
def test_numbers_and_units(name, schema, text, value):
    assert one(name, schema, text) == value


def test_two_numbers_go_to_two_parameters():
    declared = {"adults": INTEGER, "children": INTEGER}
    assert fill(declared, "two adults and three children", set(), set(declared)) == {"adults": 2, "children": 3}
    assert fill(declared, "three children and two adults", set(), set(declared)) == {"adults": 2, "children": 3}


@pytest.mark.parametrize(
    ("text", "value"), [("the living room light", "living room"), ("the kitchens", "kitchen"), ("the garden", None)]
)
def test_choices(text, value):
    assert one("room", {"type": "string", "enum": ["kitchen", "living room"]}, text) == value


@pytest.mark.parametrize(("text", "value"), [("turn it on", True), ("switch it off", False), ("the light", None)])
def test_flags(text, value):
    assert one("on", {"type": "boolean"}, text) is value


@pytest.mark.parametrize(
    ("name", "schema", "answer", "value"),
    [
        ("city", STRING, "um in london please", "London"),
        ("city", STRING, "the city is Paris", "Paris"),
        ("city", STRING, "it's new york, thanks", "New York"),
        ("minutes", INTEGER, "ten", 10),
        ("minutes", INTEGER, "for", 4),
        ("minutes", INTEGER, "no idea", None),
        ("order_id", STRING, "it is a b one two three", "AB123"),
        ("express", {"type": "boolean"}, "yes please", True),
        ("express", {"type": "boolean"}, "no", False),
        ("express", {"type": "boolean"}, "banana", None),
        ("size", {"enum": ["small", "large"]}, "a large one", "large"),
    ],
)
def test_answers_to_a_question_for_one_value(name, schema, answer, value):
    assert fill_answer(name, schema, answer) == value
