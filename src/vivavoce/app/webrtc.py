"""The WebRTC side of `vivavoce serve`: which library, which STUN and TURN servers, which ports."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

from ..core.errors import BadInput
from ..transports.webrtc.choose import BACKENDS, make_peer
from ..transports.webrtc.line import check
from ..transports.webrtc.peer import IceServer, Network, Peer
from .settings import Listed

_ICE = re.compile(r"(?P<scheme>stun|stuns|turn|turns):(?:(?P<user>[^:@]+):(?P<secret>[^@]+)@)?(?P<rest>[^@]+)")
_PORTS = re.compile(r"(\d+)-(\d+)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--webrtc", choices=(*BACKENDS, "off"), help="the WebRTC library (default: the best installed)")
    parser.add_argument(
        "--ice-server",
        dest="ice_servers",
        action=Listed,
        default=(),
        metavar="URL",
        help="STUN or TURN server: stun:HOST:PORT, or turn:USER:PASSWORD@HOST:PORT",
    )
    parser.add_argument(
        "--browser-ice-server",
        dest="browser_ice_servers",
        action=Listed,
        default=(),
        metavar="URL",
        help="the same, for the browsers that call: only who may call is told",
    )
    parser.add_argument("--udp-ports", default="", metavar="FIRST-LAST", help="UDP ports for WebRTC (default: any)")


def peers(args: argparse.Namespace, worker: int = 1, workers: int = 1) -> tuple[Callable[[], Peer] | None, str]:
    """How to make peers; None and the reason when WebRTC is off. Raises BadInput."""
    network = Network(tuple(ice_server(url) for url in args.ice_servers), ports_of(args.udp_ports, worker, workers))
    if args.webrtc == "off":
        return None, "WebRTC is off."
    try:
        make = make_peer(args.webrtc)
    except BadInput as error:
        if args.webrtc is not None or args.ice_servers or args.udp_ports:
            raise
        return None, f"No WebRTC, so no page: {error}"
    # What the library cannot do is said now, and not to the first caller.
    make(network)
    return lambda: make(network), ""


def browsers_ice(args: argparse.Namespace) -> list[dict[str, str]]:
    """What the browsers that call are told, in their own words (RTCIceServer). Raises BadInput."""
    servers = [ice_server(url, "--browser-ice-server") for url in args.browser_ice_servers]
    check(Network(tuple(servers)))
    return [_for_browsers(server) for server in servers]


def _for_browsers(server: IceServer) -> dict[str, str]:
    known = {"urls": server.url, "username": server.username, "credential": server.credential}
    return {name: value for name, value in known.items() if value}


def ice_server(url: str, option: str = "--ice-server") -> IceServer:
    """One server as users write it. Raises BadInput."""
    found = _ICE.fullmatch(url)
    if found is None:
        raise BadInput(f"{option} is stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT")
    if found["scheme"].startswith("turn") and not found["user"]:
        raise BadInput(f"{option}: a TURN server needs its user and password, as in turn:USER:PASSWORD@HOST:PORT")
    return IceServer(f"{found['scheme']}:{found['rest']}", found["user"] or "", found["secret"] or "")


def ports_of(text: str, worker: int, workers: int) -> tuple[int, int] | None:
    """A worker's part of FIRST-LAST, which no other one touches. Workers count from 1. Raises BadInput."""
    whole = ports(text)
    if whole is None:
        return None
    first, count = whole[0], whole[1] - whole[0] + 1
    if count < workers:
        raise BadInput(f"--udp-ports {text} has {count} ports for {workers} workers; fix: give each at least one")
    return first + count * (worker - 1) // workers, first + count * worker // workers - 1


def ports(text: str) -> tuple[int, int] | None:
    """FIRST-LAST, or nothing for any. Raises BadInput."""
    if not text:
        return None
    found = _PORTS.fullmatch(text)
    if found is None or not 1024 <= int(found[1]) <= int(found[2]) <= 65_535:
        raise BadInput(f"--udp-ports is FIRST-LAST, from 1024 to 65535, not {text!r}")
    return int(found[1]), int(found[2])
