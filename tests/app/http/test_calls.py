"""`POST /v1/realtime/calls` and what goes with it, with calls that only wait."""

from __future__ import annotations

import asyncio
import json

import pytest
from starlette.testclient import TestClient

from vivavoce.app.http.calls import MOST_OFFER_BYTES
from vivavoce.app.http.connections import Connections
from vivavoce.app.http.errors import BadSession
from vivavoce.transports.webrtc.peer import BadOffer

URL = "/v1/realtime/calls"
OFFER = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
SDP = {"Content-Type": "application/sdp"}


class Waiting:
    """A call that goes on until somebody ends it."""

    def __init__(self, ident):
        self.id, self.answer = ident, "v=0 answer"
        self.over = asyncio.Event()

    async def run(self):
        await self.over.wait()

    async def close(self, code=1000, reason=""):
        self.over.set()

    def drop(self):
        self.over.set()


class Peers:
    def __init__(self):
        self.asked = []
        self.calls = {}
        self.error = None

    async def answer(self, opening, offer, given):
        self.asked.append((opening, offer, given))
        if self.error is not None:
            raise self.error
        call = Waiting(f"rtc_{len(self.asked)}")
        self.calls[call.id] = call
        return call

    async def hang_up(self, call_id, owner):
        call = self.calls.pop(call_id, None) if owner == "key_1" else None
        if call is not None:
            call.over.set()
        return call is not None


@pytest.fixture
def served(make):
    peers = Peers()
    served = make(peer_calls=peers, connections=Connections(2))
    served.peers = peers
    with TestClient(served.app, headers={"Authorization": f"Bearer {served.key}"}) as client:
        served.client = client
        yield served
        for call in peers.calls.values():
            client.portal.call(call.close)


def error_of(response):
    return response.json()["error"]


def test_a_bare_offer(served):
    response = served.client.post(f"{URL}?model=viva", content=OFFER, headers=SDP)
    assert response.status_code == 201
    assert response.text == "v=0 answer"
    assert response.headers["content-type"].startswith("application/sdp")
    assert response.headers["location"] == "/v1/realtime/calls/rtc_1"
    ((opening, offer, given),) = served.peers.asked
    assert (opening.model, opening.kind, offer, given) == ("viva", "realtime", OFFER, {})
    assert served.client.get("/healthz").json()["calls"] == 1


@pytest.mark.parametrize("kind", ["application/json", None])
def test_a_form_with_a_session(served, kind):
    session = json.dumps({"type": "realtime", "model": "other", "instructions": "Hi."})
    fields = {"sdp": (None, OFFER, "application/sdp" if kind else None), "session": (None, session, kind)}
    assert served.client.post(URL, files=fields).status_code == 201
    ((opening, offer, given),) = served.peers.asked
    assert (opening.model, offer, given["instructions"]) == ("other", OFFER, "Hi.")


def test_a_client_secret_brings_its_session(served):
    session = {"type": "realtime", "instructions": "Bound."}
    value = served.client.post("/v1/realtime/client_secrets", json={"session": session}).json()["value"]
    response = served.client.post(URL, content=OFFER, headers={**SDP, "Authorization": f"Bearer {value}"})
    assert response.status_code == 201
    assert served.peers.asked[0][0].session == session


def test_hanging_up(served):
    served.client.post(URL, content=OFFER, headers=SDP)
    assert served.client.post(f"{URL}/rtc_1/hangup").status_code == 200
    again = served.client.post(f"{URL}/rtc_1/hangup")
    assert (again.status_code, error_of(again)["code"]) == (404, "call_id_not_found")


@pytest.mark.parametrize("action", ["accept", "reject", "refer"])
def test_telephone_actions(served, action):
    response = served.client.post(f"{URL}/rtc_1/{action}", json={})
    assert error_of(response)["code"] == "invalid_call"


@pytest.mark.parametrize(
    ("request_", "status", "code", "param"),
    [
        ({"content": b"\xff\xfe", "headers": SDP}, 400, "invalid_offer", "sdp"),
        ({"content": b"x" * (MOST_OFFER_BYTES + 1), "headers": SDP}, 413, "request_too_large", None),
        ({"content": b"{}", "headers": {"Content-Type": "application/json"}}, 400, "invalid_content_type", None),
        ({"content": b"--", "headers": {"Content-Type": "multipart/form-data"}}, 400, "invalid_multipart", "sdp"),
        ({"files": {"session": (None, "{}")}}, 400, "missing_required_parameter", "sdp"),
        ({"files": {"sdp": (None, OFFER), "session": (None, "{")}}, 400, "invalid_json", "session"),
        ({"files": {"sdp": (None, OFFER), "session": (None, "[]")}}, 400, "invalid_type", "session"),
    ],
)
def test_requests_that_cannot_be_read(served, request_, status, code, param):
    response = served.client.post(URL, **request_)
    assert response.status_code == status
    assert (error_of(response)["code"], error_of(response)["param"]) == (code, param)
    assert served.peers.asked == []


@pytest.mark.parametrize(
    ("error", "code", "param"),
    [
        (BadOffer("the offer has no audio"), "invalid_offer", "sdp"),
        (BadSession("invalid_value", "No.", "session.audio"), "invalid_value", "session.audio"),
    ],
)
def test_what_cannot_be_answered(served, error, code, param):
    served.peers.error = error
    response = served.client.post(URL, content=OFFER, headers=SDP)
    assert response.status_code == 400
    assert (error_of(response)["code"], error_of(response)["param"]) == (code, param)
    assert served.client.get("/healthz").json()["calls"] == 0


def test_without_a_key(served):
    response = TestClient(served.app).post(URL, content=OFFER, headers=SDP)
    assert response.status_code == 401


def test_more_calls_than_there_is_room_for(served):
    answers = [served.client.post(URL, content=OFFER, headers=SDP) for _ in range(3)]
    assert [response.status_code for response in answers] == [201, 201, 429]
    assert answers[2].headers["retry-after"] == "5"
    served.client.post(f"{URL}/rtc_1/hangup")
    assert served.client.post(URL, content=OFFER, headers=SDP).status_code == 201


def test_without_the_extra(make):
    served = make()
    headers = {**SDP, "Authorization": f"Bearer {served.key}"}
    response = TestClient(served.app).post(URL, content=OFFER, headers=headers)
    assert (response.status_code, error_of(response)["code"]) == (501, "webrtc_unavailable")
