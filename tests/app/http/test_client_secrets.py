from __future__ import annotations

import pytest
from starlette.testclient import TestClient

URL = "/v1/realtime/client_secrets"


class Time:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def served(make):
    served = make(now=Time())
    served.client = TestClient(served.app, headers={"Authorization": f"Bearer {served.key}"})
    return served


def test_defaults(served):
    response = served.client.post(URL)
    assert response.status_code == 200
    body = response.json()
    assert body["value"].startswith("ek_")
    assert body["expires_at"] == 1_600
    session = body["session"]
    assert session.pop("id").startswith("sess_")
    assert session == {
        "object": "realtime.session",
        "type": "realtime",
        "expires_at": 0,
        "model": "viva",
        "instructions": "be brief",
    }
    assert response.headers["cache-control"] == "no-store"


def test_a_secret_brings_its_session_and_safety_identifier_to_every_conversation(served):
    session = {"type": "transcription", "model": "ears", "include": None}
    asked = {"session": session, "expires_after": {"anchor": "created_at", "seconds": 10}}
    body = served.client.post(URL, json=asked, headers={"OpenAI-Safety-Identifier": "user-7"}).json()
    assert body["expires_at"] == 1_010
    assert body["session"]["object"] == "realtime.transcription_session"
    browser = TestClient(served.app)
    offered = ["realtime", f"openai-insecure-api-key.{body['value']}"]
    for _ in range(2):
        with browser.websocket_connect("/v1/realtime", offered) as socket:
            socket.send_text("a")
            assert socket.receive_text() == "echo a"
    opening = served.handler.openings[1]
    assert opening.session == session
    assert (opening.model, opening.kind, opening.owner) == ("ears", "transcription", "key_1")
    assert opening.safety_id == "user-7"
    served.keys.secrets._now.now = 1_010.0
    response = browser.get("/v1/models", headers={"Authorization": f"Bearer {body['value']}"})
    assert response.status_code == 401


def test_a_client_secret_makes_no_other(served):
    value = served.client.post(URL).json()["value"]
    response = TestClient(served.app).post(URL, headers={"Authorization": f"Bearer {value}"})
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "insufficient_permissions"
    assert TestClient(served.app).post(URL).status_code == 401


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ([], None),
        ({"session": 3}, "session"),
        ({"session": {"type": "odd"}}, "session.type"),
        ({"expires_after": 60}, "expires_after"),
        ({"expires_after": {"anchor": "now"}}, "expires_after.anchor"),
        ({"expires_after": {"seconds": 9}}, "expires_after.seconds"),
        ({"expires_after": {"seconds": 7201}}, "expires_after.seconds"),
        ({"expires_after": {"seconds": True}}, "expires_after.seconds"),
        ({"expires_after": {"seconds": 60.0}}, "expires_after.seconds"),
        ({"expires_after": {"seconds": "60"}}, "expires_after.seconds"),
    ],
)
def test_what_is_wrong_is_named(served, body, param):
    response = served.client.post(URL, json=body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_no_json_is_refused(served, body):
    response = served.client.post(URL, content=body)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_json"


def test_a_body_that_is_too_large_is_refused(served):
    response = served.client.post(URL, content=b" " * ((1 << 20) + 1))
    assert response.status_code == 413
    assert served.client.post(URL, content=b" " * (1 << 20)).status_code == 200
