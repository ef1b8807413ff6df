from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect
from tests.app.http.conftest import KEY

from vivavoce.app.http.connections import Connections
from vivavoce.app.http.door import Brake

BEARER = {"Authorization": f"Bearer {KEY}"}


def opened(served, url="/v1/realtime?model=viva", headers=BEARER, offered=None):
    """One short conversation; how it was opened, and the chosen subprotocol."""
    with TestClient(served.app).websocket_connect(url, offered, headers=headers) as socket:
        socket.send_text("a")
        assert socket.receive_text() == "echo a"
    return served.handler.openings[-1], socket.accepted_subprotocol


def refused(served, url="/v1/realtime", headers=BEARER, offered=None):
    with (
        pytest.raises(WebSocketDenialResponse) as response,
        TestClient(served.app).websocket_connect(url, offered, headers=headers),
    ):
        pass
    error = response.value.json()["error"]
    assert set(error) == {"message", "type", "code", "param"}
    return response.value.status_code, error, response.value.headers


@pytest.mark.parametrize(
    ("url", "model", "kind", "call_id"),
    [
        ("/v1/realtime?model=a", "a", "realtime", None),
        ("/v1/realtime", "", "realtime", None),
        ("/openai/v1/realtime?model=a", "a", "realtime", None),
        ("/openai/realtime?api-version=2025&deployment=b", "b", "realtime", None),
        ("/v1/realtime?intent=transcription", "", "transcription", None),
        ("/v1/realtime?call_id=rtc_here", "", "realtime", "rtc_here"),
    ],
)
def test_what_the_address_says(make, url, model, kind, call_id):
    opening, _ = opened(make(), url)
    assert (opening.model, opening.kind, opening.call_id) == (model, kind, call_id)
    assert (opening.session, opening.owner, opening.safety_id) == ({}, "key_1", "")


@pytest.mark.parametrize("headers", [BEARER, {"api-key": KEY}])
def test_keys_in_headers(make, headers):
    opening, subprotocol = opened(make(), headers=headers | {"OpenAI-Safety-Identifier": "u"})
    assert opening.safety_id == "u"
    assert subprotocol is None


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["realtime", f"openai-insecure-api-key.{KEY}"], "realtime"),
        ([f"openai-insecure-api-key.{KEY}", "openai-agents-sdk.1", "realtime"], "realtime"),
        ([f"openai-insecure-api-key.{KEY}"], None),
    ],
)
def test_keys_in_subprotocols_and_the_one_that_is_chosen(make, offered, chosen):
    assert opened(make(), headers={}, offered=offered)[1] == chosen


@pytest.mark.parametrize(
    ("headers", "code"),
    [({}, None), ({"Authorization": "Bearer wrong"}, "invalid_api_key"), ({"api-key": "ek_1"}, "invalid_api_key")],
)
def test_without_a_good_key_nobody_comes_in(make, headers, code):
    status, error, _ = refused(make(), headers=headers)
    assert (status, error["code"]) == (401, code)
    response = TestClient(make().app).get("/v1/models", headers=headers)
    assert (response.status_code, response.json()["error"]) == (401, error)


def test_guessing_is_braked(make):
    served = make(brake=Brake(most=1, now=lambda: 0.0))
    assert refused(served, headers={})[0] == 401
    status, error, headers = refused(served)
    assert (status, error["code"], headers["retry-after"]) == (429, "rate_limit_exceeded", "2")


def test_an_unknown_call_is_not_attached_to(make):
    status, error, _ = refused(make(), "/v1/realtime?call_id=rtc_gone")
    assert status == 404
    message = "No session found for the provided call_id"
    assert error == {
        "message": message,
        "type": "invalid_request_error",
        "code": "call_id_not_found",
        "param": "",
    }


@pytest.mark.parametrize(
    ("url", "headers", "offered", "code"),
    [
        ("/v1/realtime?intent=odd", {}, None, "invalid_intent"),
        ("/v1/realtime?model=a", {"OpenAI-Beta": "realtime=v1"}, None, "beta_api_shape_disabled"),
        ("/v1/realtime?model=a", {}, ["realtime", "openai-beta.realtime-v1"], "beta_api_shape_disabled"),
    ],
)
def test_faults_that_are_told_over_the_socket(make, url, headers, offered, code):
    served = make()
    with TestClient(served.app).websocket_connect(url, offered, headers=BEARER | headers) as socket:
        event = json.loads(socket.receive_text())
        assert (event["type"], event["error"]["code"]) == ("error", code)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert (closed.value.code, closed.value.reason) == (4000, f"invalid_request_error.{code}")
    assert served.handler.openings == []


def test_an_open_server_is_closed_to_pages_of_other_sites(make):
    served = make(keys=(), allow_origins=["https://app.example"])
    evil = {"Origin": "https://evil.example"}
    assert refused(served, headers=evil)[:1] == (403,)
    response = TestClient(served.app).post("/v1/realtime/client_secrets", headers=evil)
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "origin_not_allowed"
    for origin in ("http://localhost:3000", "https://app.example"):
        assert opened(served, headers={"Origin": origin})[0].owner == "anyone"
    assert opened(served, headers={})[0].owner == "anyone"
    assert opened(make(), headers=BEARER | evil)[0].owner == "key_1"


@pytest.mark.parametrize(
    ("keys", "origin", "allowed"),
    [
        ((KEY,), "https://evil.example", "*"),
        ((), "http://localhost:3000", "http://localhost:3000"),
        ((), "https://app.example", "https://app.example"),
        ((), "https://evil.example", None),
    ],
)
def test_cors(make, keys, origin, allowed):
    client = TestClient(make(keys=keys, allow_origins=["https://app.example"]).app)
    names = "authorization,content-type,x-openai-agents-sdk,openai-safety-identifier,api-key"
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": names}
    response = client.options("/v1/realtime/client_secrets", headers=asked)
    assert response.status_code == (200 if allowed else 403)
    assert response.headers.get("access-control-allow-origin") == allowed
    response = client.get("/v1/models", headers={"Origin": origin} | BEARER)
    assert response.headers.get("access-control-allow-origin") == allowed
    assert response.headers.get("access-control-expose-headers") == ("Location" if allowed else None)


def test_models_and_health(make):
    client = TestClient(make().app)
    models = client.get("/v1/models", headers=BEARER).json()
    assert models["object"] == "list"
    assert models["data"] == [{"id": "viva", "object": "model", "created": 0, "owned_by": "vivavoce"}]
    assert client.get("/healthz").json() == {"status": "ok", "calls": 0}


@pytest.mark.parametrize("prefix", ["/v1", "/openai/v1"])
def test_ice_servers_are_told_to_those_who_may_call(make, prefix):
    servers = [{"urls": "stun:s:1"}, {"urls": "turn:t:2", "username": "ada", "credential": "hush"}]
    served = make(ice_servers=servers)
    client, url = TestClient(served.app), f"{prefix}/realtime/ice_servers"
    for headers in ({}, {"Authorization": "Bearer sk-wrong"}):
        response = client.get(url, headers=headers)
        assert response.status_code == 401
        assert "hush" not in response.text
    secret = client.post("/v1/realtime/client_secrets", headers=BEARER, json={}).json()["value"]
    for key in (KEY, secret):
        response = client.get(url, headers={"Authorization": f"Bearer {key}"})
        assert response.json() == {"ice_servers": servers}
        assert response.headers["cache-control"] == "no-store"
    assert TestClient(make(keys=()).app).get(url).json() == {"ice_servers": []}
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert TestClient(make(keys=(), ice_servers=servers).app).get(url, headers=elsewhere).status_code == 403


def test_unknown_addresses_and_methods(make):
    client = TestClient(make().app)
    response = client.get("/v1/nothing")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "unknown_url")
    response = client.delete("/v1/models")
    assert (response.status_code, response.json()["error"]["code"]) == (405, "method_not_allowed")
    assert refused(make(), "/v1/other")[0] == 404


def test_there_is_room_for_so_many(make):
    served = make(connections=Connections(1))
    client = TestClient(served.app)
    with client.websocket_connect("/v1/realtime", headers=BEARER) as socket:
        assert client.get("/healthz").json()["calls"] == 1
        status, error, headers = refused(served)
        assert (status, error["code"], headers["retry-after"]) == (503, "server_overloaded", "5")
        socket.close()
    assert opened(served)


def test_a_handler_that_fails_says_so_and_no_more(make, caplog):
    async def fail(opening, socket):
        raise ValueError("inner detail")

    with TestClient(make(handler=fail).app).websocket_connect("/v1/realtime", headers=BEARER) as socket:
        event = socket.receive_text()
        assert json.loads(event)["error"]["type"] == "server_error"
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 1011
    assert "inner detail" not in event
    assert "inner detail" in caplog.text


def test_a_handler_that_returns_ends_the_connection(make):
    async def done(opening, socket):
        await socket.send("bye")

    with TestClient(make(handler=done).app).websocket_connect("/v1/realtime", headers=BEARER) as socket:
        assert socket.receive_text() == "bye"
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 1000


def test_a_server_that_cannot_deny_in_http_refuses_plainly(make):
    async def plain(scope, receive, send):
        await served.app(scope | {"extensions": {}}, receive, send)

    served = make()
    with pytest.raises(WebSocketDisconnect), TestClient(plain).websocket_connect("/v1/realtime"):
        pass
