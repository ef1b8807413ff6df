"""The WebRTC options of `vivavoce serve`."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from vivavoce.app import webrtc
from vivavoce.core.errors import BadInput
from vivavoce.transports.webrtc.peer import IceServer, Network


def parsed(*args: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    webrtc.add_arguments(parser)
    return parser.parse_args(args)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The networks that peers were made for."""
    networks: list[Any] = []
    monkeypatch.setattr(webrtc, "make_peer", lambda backend: networks.append)
    return networks


def test_peers_are_made_for_the_network_that_was_asked_for(made: list[Any]) -> None:
    options = (
        "--ice-server",
        "stun:s:1",
        "--ice-server",
        "turn:ada:secret@t:2?transport=tcp",
        "--udp-ports",
        "4000-4100",
    )
    make, note = webrtc.peers(parsed(*options))
    assert make is not None
    assert note == ""
    make()
    servers = (IceServer("stun:s:1"), IceServer("turn:t:2?transport=tcp", "ada", "secret"))
    assert made == [Network(servers, (4000, 4100))] * 2


def test_off(made: list[Any]) -> None:
    assert webrtc.peers(parsed("--webrtc", "off")) == (None, "WebRTC is off.")
    assert made == []


def test_without_any_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(backend: str | None) -> Any:
        raise BadInput("not installed")

    monkeypatch.setattr(webrtc, "make_peer", missing)
    make, note = webrtc.peers(parsed())
    assert make is None
    assert "not installed" in note
    with pytest.raises(BadInput, match="not installed"):
        webrtc.peers(parsed("--webrtc", "aiortc"))
    with pytest.raises(BadInput, match="not installed"):
        webrtc.peers(parsed("--udp-ports", "4000-4100"))


@pytest.mark.parametrize("url", ["", "http://x", "stun:", "turn:t:2", "turn:ada@t:2"])
def test_ice_servers_that_are_none(url: str) -> None:
    with pytest.raises(BadInput, match="--ice-server"):
        webrtc.ice_server(url)


def test_what_browsers_are_told() -> None:
    assert webrtc.browsers_ice(parsed("--ice-server", "turn:ada:own@t:2")) == []
    given = ("--browser-ice-server", "stun:s:1", "--browser-ice-server", "turn:ada:secret@t:2?transport=tcp")
    assert webrtc.browsers_ice(parsed(*given)) == [
        {"urls": "stun:s:1"},
        {"urls": "turn:t:2?transport=tcp", "username": "ada", "credential": "secret"},
    ]


@pytest.mark.parametrize("url", ["http://x", "turn:t:2", "turn:ada:secret@t:2?transport=pigeon"])
def test_what_browsers_could_not_use(url: str) -> None:
    with pytest.raises(BadInput):
        webrtc.browsers_ice(parsed("--browser-ice-server", url))


@pytest.mark.parametrize("text", ["1", "80-90", "5000-4000", "5000-70000", "a-b"])
def test_ports_that_are_none(text: str) -> None:
    with pytest.raises(BadInput, match="--udp-ports"):
        webrtc.ports(text)


@pytest.mark.parametrize(
    ("text", "workers", "parts"),
    [
        ("", 2, [None, None]),
        ("50000-50999", 1, [(50_000, 50_999)]),
        ("50000-50999", 2, [(50_000, 50_499), (50_500, 50_999)]),
        ("50000-50010", 3, [(50_000, 50_002), (50_003, 50_006), (50_007, 50_010)]),
        ("50000-50001", 2, [(50_000, 50_000), (50_001, 50_001)]),
    ],
)
def test_each_worker_has_ports_of_its_own(text: str, workers: int, parts: list[Any]) -> None:
    assert [webrtc.ports_of(text, n + 1, workers) for n in range(workers)] == parts


def test_ports_for_some_workers_only_are_refused() -> None:
    with pytest.raises(BadInput, match="has 2 ports for 3 workers; fix: give each at least one"):
        webrtc.ports_of("50000-50001", 1, 3)
