"""What msgspec says of a wrong value, in the protocol's own words."""

import msgspec
import pytest

from vivavoce.wire.openai_realtime.refusal import missing, refused


@pytest.mark.parametrize(
    ("said", "root", "code", "param", "message"),
    [
        (
            "Expected `str`, got `int` - at `$.audio`",
            "",
            "invalid_value",
            "audio",
            "Invalid value for 'audio': expected",
        ),
        (
            "Expected `str`, got `int` - at `$.a[0].b`",
            "session",
            "invalid_value",
            "session.a[0].b",
            "Invalid value for",
        ),
        ("Expected `int` <= 3 - at `$`", "session", "invalid_value", "session", "Invalid value for 'session'"),
        ("Expected `object`, got `array`", "", "invalid_value", None, "Invalid value: expected"),
        (
            "Object contains unknown field `x`",
            "session",
            "unknown_parameter",
            "session.x",
            "Unknown parameter: 'session.x'",
        ),
        ("Object contains unknown field `x` - at `$.a`", "", "unknown_parameter", "a.x", "Unknown parameter: 'a.x'"),
        ("Object missing required field `x`", "", "missing_required_parameter", "x", "Missing required parameter: 'x'"),
        (
            "Object missing required field `x` - at `$.a`",
            "session",
            "missing_required_parameter",
            "session.a.x",
            "Missing",
        ),
        (
            "Expected `str`, got `int` - at `$.metadata[...]`",
            "response",
            "invalid_value",
            "response.metadata",
            "Invalid",
        ),
    ],
)
def test_the_field_at_fault_is_named(said, root, code, param, message):
    refusal = refused(msgspec.ValidationError(said), root)
    assert (refusal.code, refusal.param) == (code, param)
    assert refusal.message.startswith(message)
    assert refusal.message.endswith(".")
    assert refusal.kind == "invalid_request_error"


def test_something_required_is_not_there():
    assert (missing("item.role").code, missing("item.role").param) == ("missing_required_parameter", "item.role")
