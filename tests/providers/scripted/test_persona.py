import pytest

from vivavoce.providers.scripted.persona import Persona, read_persona


@pytest.mark.parametrize(
    ("instructions", "persona"),
    [
        ("", Persona("Viva")),
        ("Be brief.", Persona("Viva")),
        ("You are Ann.", Persona("Ann", True)),
        ("Your name is Max Power. Be nice.", Persona("Max Power", True)),
        ("You are a curt British butler. Keep answers short.", Persona("Viva", False, "a curt British butler")),
        ("You are Ann, a patient librarian who loves books.", Persona("Ann", True, "a patient librarian")),
        ("You are a helpful assistant named Bob.", Persona("Bob", True, "a helpful assistant")),
        (
            "You're the receptionist of a hotel, and you are polite.",
            Persona("Viva", False, "the receptionist of a hotel"),
        ),
        ("Call the tool called Weather.", Persona("Viva")),
    ],
)
def test_name_and_role_are_read(instructions, persona):
    assert read_persona(instructions, "Viva") == persona
