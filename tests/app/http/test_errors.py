from __future__ import annotations

import json

import pytest

from vivavoce.app.http.errors import Refused, error_event, make_id


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (401, "invalid_request_error"), (429, "rate_limit_error"), (503, "server_error")],
)
def test_the_error_body_is_openais(status, kind):
    body = Refused(status, "some_code", "It is so.", "a.b").body()
    assert body == {"error": {"message": "It is so.", "type": kind, "param": "a.b", "code": "some_code"}}


def test_the_error_event_has_every_field_of_the_protocol_and_an_id_of_its_own():
    first, second = (json.loads(error_event("invalid_intent", "No.")) for _ in range(2))
    assert first["event_id"] != second["event_id"]
    assert first["event_id"].startswith("event_")
    error = {"type": "invalid_request_error", "code": "invalid_intent", "message": "No.", "param": None}
    assert first == {"type": "error", "event_id": first["event_id"], "error": error | {"event_id": None}}


def test_ids_are_made_of_the_letters_that_are_chosen():
    assert make_id("sess_", 3, lambda letters: letters[10]) == "sess_aaa"
