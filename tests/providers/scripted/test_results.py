import pytest

from vivavoce.providers.scripted.results import read_out


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ('{"city": "Paris", "temperature_c": 21, "wind_kmh": 5.5}',
         "The city is Paris. The temperature is 21 degrees. The wind is 5.5 kilometers per hour."),
        ('{"conditions": "light rain", "umbrella": true, "note": null}',
         "The conditions are light rain. The umbrella is yes. The note is not known."),
        ('{"ok": true}', "Done."),
        ("ok", "Done."),
        ("", "Done."),
        ("null", "Done."),
        ("[]", "Done."),
        ("false", "The weather says no."),
        ("42", "The weather says 42."),
        ('"sunny"', "The weather says sunny."),
        ("Timer set for 5 minutes.", "Timer set for 5 minutes."),
        ('{"error": "no such city"}', "That did not work. The weather says: no such city."),
        ('{"error": {"code": 7, "message": "try later"}}', "That did not work. The weather says: try later."),
        ('{"ok": false, "message": "closed"}', "That did not work. The weather says: closed."),
        ("Error: timed out", "That did not work. The weather says: timed out."),
        ('{"days": ["Monday", "Tuesday"]}', "The days: Monday, Tuesday."),
        ('{"place": {"name": "Rome", "id": 3}}', "The place: name Rome, id 3."),
        ('[{"name": "A"}, {"name": "B"}]', "There are 2. The name is A. The name is B."),
    ],
)  # fmt: skip
def test_results_are_read_out(output, said):
    assert read_out("get_weather", output) == said


def test_long_results_are_cut():
    said = read_out("search", "word " * 500)
    assert said.endswith("And there is more.")
    assert len(said.split()) < 80
