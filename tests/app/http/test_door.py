from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from vivavoce.app.http.door import Brake, Door, given_key, network
from vivavoce.app.http.errors import Refused
from vivavoce.app.http.keys import Keys
from vivavoce.core.errors import BadInput


class Time:
    now = 50.0

    def __call__(self):
        return self.now


def connection(headers=None, offered=(), host="192.0.2.1"):
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "websocket", "headers": raw, "subprotocols": list(offered), "client": (host, 1)}
    return HTTPConnection(scope)


@pytest.mark.parametrize(
    ("headers", "offered", "key"),
    [
        ({}, (), None),
        ({"Authorization": "Bearer abc"}, (), "abc"),
        ({"Authorization": "bearer  abc "}, (), "abc"),
        ({"Authorization": "Basic abc"}, (), None),
        ({"Authorization": "Bearer "}, (), None),
        ({"api-key": "abc"}, (), "abc"),
        ({}, ("realtime", "openai-insecure-api-key.aBc"), "aBc"),
        ({}, ("openai-insecure-api-key.aBc", "openai-project.x", "realtime"), "aBc"),
        ({}, ("OpenAI-Insecure-API-Key.abc",), None),
        ({}, ("openai-insecure-api-key.",), None),
    ],
)
def test_where_a_key_is_found(headers, offered, key):
    assert given_key(connection(headers, offered)) == key


@pytest.mark.parametrize(
    ("origin", "fine"),
    [
        ("http://localhost", True),
        ("https://localhost:3000", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:5173", True),
        ("https://app.example", True),
        ("http://app.example", False),
        ("https://evil.example", False),
        ("http://localhost.evil.example", False),
        ("http://localhost:3000@evil.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_which_pages_reach_an_open_server(origin, fine):
    door = Door(Keys(), ["https://App.example/"])
    if fine:
        door.check_origin([origin])
    else:
        with pytest.raises(Refused) as refused:
            door.check_origin([origin])
        assert refused.value.status == 403


def test_several_origins_must_all_be_fine():
    with pytest.raises(Refused):
        Door(Keys()).check_origin(["http://localhost", "https://evil.example"])


def test_no_origin_is_fine_and_so_is_any_with_keys_or_where_all_are_allowed():
    Door(Keys()).check_origin([])
    Door(Keys(["k"])).check_origin(["https://evil.example"])
    Door(Keys(), ["*"]).check_origin(["https://evil.example"])


@pytest.mark.parametrize("origin", ["example.org", "https://example.org/path", ""])
def test_an_origin_that_is_none_is_refused(origin):
    with pytest.raises(BadInput, match="fix:"):
        Door(Keys(), [origin])


async def test_guessing_is_braked_for_the_address_that_guesses():
    time = Time()
    door = Door(Keys(["good"]), brake=Brake(most=2, per_s=0.5, now=time))
    good, bad = {"Authorization": "Bearer good"}, {"Authorization": "Bearer bad"}

    async def status(headers, host="192.0.2.1"):
        try:
            await door.admit(connection(headers, host=host))
        except Refused as refused:
            return refused.status, refused.headers.get("Retry-After")
        return 200, None

    assert [(await status(good))[0] for _ in range(5)] == [200] * 5
    assert await status(bad) == (401, None)
    assert await status({}) == (401, None)
    assert await status(bad) == (429, "2")
    assert await status(good) == (429, "2")
    assert await status(good, "192.0.2.2") == (200, None)
    time.now += 2.1
    assert await status(bad) == (401, None)
    assert (await status(good))[0] == 429


def test_the_brake_forgets_the_address_it_has_not_heard_of_for_longest():
    brake = Brake(most=1, now=Time(), addresses=2)
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        brake.failed(address)
    assert brake.wait_s("192.0.2.1") == 0
    assert brake.wait_s("192.0.2.2") > 0
    assert len(brake._left) == 2


def test_addresses_of_one_network_are_one_client():
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9")
    assert network("2001:db8:1:2::1") != network("2001:db8:1:3::1")
    assert network("::ffff:192.0.2.1") == "192.0.2.1"
    assert network("fe80::1%eth0") == network("fe80::2")
    assert network("testclient") == "testclient"
