"""`vivavoce serve`: conversations for clients of OpenAI's Realtime protocol."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import sys
import tempfile
import webbrowser
from collections.abc import Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..core.errors import BadInput
from ..providers.base import Llm
from . import embedded, webrtc
from .capacity import tell_capacity
from .duet.persona import personas
from .engines import choose_models, open_engines, voices_of
from .prices import load_prices
from .settings import Listed, add_agent_arguments, add_prices_option, check_agent, complete, engines_of, policy_of
from .worker import Place, again, count_of, take_place

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from ..runtime.engines import Engines
    from .agent.agent import Agent
    from .agent.run import Models
    from .http import Tls
    from .realtime import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Site:
    """Where it is served, and to whom."""

    keys: tuple[str, ...]
    tls: Tls | None
    place: Place | None
    """Among several workers; None for one that is alone."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("app", nargs="?", type=Path, metavar="APP.py", help="a file that makes an Agent, or several")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="port (default %(default)s; 0 for a free one)")
    parser.add_argument("--open", action="store_true", help="show the page in this machine's browser")
    parser.add_argument("--keys", type=Path, metavar="FILE", help="file of API keys, one a line; or VIVAVOCE_API_KEYS")
    parser.add_argument(
        "--allow-origin", dest="allow_origins", action=Listed, default=(), metavar="URL", help="a site that may call"
    )
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate (PEM), with --tls-key")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="private key (PEM)")
    parser.add_argument("--tls-self-signed", action="store_true", help="make a certificate for this run")
    parser.add_argument("--model", default="", help="name that clients are shown (default: the model that answers)")
    add_agent_arguments(parser)
    add_prices_option(parser)
    parser.add_argument(
        "--max-session", type=int, default=24 * 3600, metavar="SECONDS", help="longest session (default %(default)s)"
    )
    parser.add_argument("--record", type=Path, metavar="DIR", help="record every session in a directory of its own")
    parser.add_argument(
        "--persona", dest="personas", action=Listed, default=(), metavar="FILE", help="who may talk in duets, too"
    )
    add_load_arguments(parser)
    webrtc.add_arguments(parser)


def add_load_arguments(parser: argparse.ArgumentParser) -> None:
    """How many calls, and who carries them."""
    parser.add_argument(
        "--max-connections", type=int, default=100, metavar="N", help="connections at once (default %(default)s)"
    )
    parser.add_argument(
        "--workers", default="1", metavar="N", help="processes that serve the port, or auto (default %(default)s)"
    )
    parser.add_argument(
        "--admit",
        choices=("measured", "always"),
        default="measured",
        help="refuse new calls when those that are there would suffer (default), or never",
    )
    parser.add_argument(
        "--no-self-test", dest="self_test", action="store_false", help="do not measure how many calls fit"
    )


def run(args: argparse.Namespace) -> int:
    place = take_place(os.environ)
    keys = _prepared(args, place)
    if place is None and count_of(args.workers) > 1:
        return _supervise(args, keys, again(args.argv))
    if args.app is not None:
        from .agent.load import load_agents

        _serve_these(args, load_agents(args.app), keys, place)
        return 0
    models, about = choose_models(engines_of(args))
    print(about, file=sys.stderr)
    with _tls(args, place) as tls:
        run_loop(_serve(args, models, Site(keys, tls, place)))
    return 0


def serve_agents(args: argparse.Namespace, agents: Sequence[Agent]) -> None:
    """Serve agents of a program; the first answers to every name that no other has. Raises BadInput.

    With several workers each of them is this program, run once more.
    """
    place = take_place(os.environ)
    keys = _prepared(args, place)
    if place is not None or count_of(args.workers) == 1:
        _serve_these(args, agents, keys, place)
    elif code := _supervise(args, keys, again()):
        raise SystemExit(code)


def _serve_these(args: argparse.Namespace, agents: Sequence[Agent], keys: tuple[str, ...], place: Place | None) -> None:
    from .agent.run import everybody, models_of

    known, env = everybody(agents), dict(os.environ)
    complete(known.values(), args)
    models, notes = models_of(list(known.values()), env)
    for note in notes:
        print(note, file=sys.stderr)
    with _tls(args, place) as tls:
        run_loop(_serve_agents(args, known, models, env, Site(keys, tls, place)))


def _supervise(args: argparse.Namespace, keys: tuple[str, ...], command: Sequence[str]) -> int:
    """Have workers serve; the exit code."""
    from .workers import Workers

    async def main() -> int:
        async def ready(url: str, page: bool) -> None:
            _ready(url, keys, tls, page, args.open)
            if args.self_test:
                await tell_capacity(count, lambda: workers.calls, _say)

        workers = Workers(command, count, host=args.host, port=args.port, keys=keys, tls=tls, say=_say, on_ready=ready)
        return await workers.run()

    count = count_of(args.workers)
    with _tls(args, None) as tls:
        return run_loop(main())


def _prepared(args: argparse.Namespace, place: Place | None) -> tuple[str, ...]:
    """The API keys, when all that can be checked beforehand was. Raises BadInput."""
    from . import http

    http.require_packages()
    _check(args)
    if place is not None:
        return place.orders.keys
    keys, warning = http.read_keys(os.environ, args.keys)
    if warning:
        print(warning, file=sys.stderr)
    return keys


def run_loop(main: Coroutine[Any, Any, T]) -> T:
    """Run a server on the fastest loop there is."""
    factory = None
    if importlib.util.find_spec("uvloop") is not None:
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)


def _check(args: argparse.Namespace) -> None:
    """Raises BadInput."""
    if not 0 <= args.port <= 65_535:
        raise BadInput(f"--port must be from 0 to 65535, not {args.port}")
    if args.max_session < 1 or args.max_connections < 1:
        raise BadInput("--max-session and --max-connections must be at least 1")
    webrtc.ports_of(args.udp_ports, 1, count_of(args.workers))
    check_agent(args)
    load_prices(args.prices)
    personas(args.personas)
    voices = embedded.voices()
    if args.voice not in ("", *voices) and not args.tts:
        raise BadInput(f"unknown voice {args.voice!r}; fix: choose one of {', '.join(voices)}")
    if args.tls_self_signed and (args.tls_cert or args.tls_key):
        raise BadInput("--tls-self-signed makes its own certificate; fix: leave --tls-cert and --tls-key out")
    if args.record is not None:
        _check_folder(args.record)


def _check_folder(folder: Path) -> None:
    """Raises BadInput where nothing can be written, before anybody calls."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInput(f"cannot record into {folder}: {error.strerror}; fix: give another folder") from None


def _tls(args: argparse.Namespace, place: Place | None) -> AbstractContextManager[Tls | None]:
    from . import http

    if place is not None:
        return nullcontext(place.tls)
    if args.tls_self_signed:
        return http.self_signed(args.host)
    return nullcontext(http.load(args.tls_cert, args.tls_key))


async def _serve(args: argparse.Namespace, llms: Sequence[Llm], site: Site) -> None:
    """One agent, as the options describe it."""
    from ..runtime.engines import AgentConfig
    from .realtime import Settings

    llm = llms[0]
    async with open_engines(engines_of(args), llms) as engines:
        settings = Settings(
            args.model or llm.model,
            args.instructions,
            voices_of(engines.tts, args.voice),
            (*args.expect, *embedded.expected(llm)),
            policy_of(args),
            args.max_session,
            args.record,
            AgentConfig(
                "", "", speed=args.speed, greeting=args.greeting, max_tokens=args.max_tokens, language=args.language
            ),
            personas=personas(args.personas),
            prices=load_prices(args.prices),
        )
        await _until_stopped(args, engines, settings, site)


async def _serve_agents(
    args: argparse.Namespace,
    agents: dict[str, Agent],
    models: Models,
    env: dict[str, str],
    site: Site,
) -> None:
    from .agent.run import served
    from .realtime import Settings

    async with served(agents, models, env) as found:
        first = next(iter(found))
        engines = found[first].engines
        settings = Settings(
            first,
            agents[first].full_instructions(),
            found[first].voices,
            (*args.expect, *embedded.expected(engines.llm)),
            most_s=args.max_session,
            record=args.record,
            personas=personas(args.personas),
            prices=load_prices(args.prices),
            agents=found,
        )
        await _until_stopped(args, engines, settings, site)


async def _until_stopped(args: argparse.Namespace, engines: Engines, settings: Settings, site: Site) -> None:
    from . import http
    from .http.page import routes
    from .load import load_of
    from .realtime import RealtimeCalls

    place = site.place
    peer, note = webrtc.peers(args, *((place.orders.worker, place.orders.workers) if place else (1, 1)))
    browsers_ice = webrtc.browsers_ice(args)
    if note:
        _say(note)
    load = load_of(args.max_connections, args.admit == "measured", place)
    calls = RealtimeCalls(engines, replace(settings, peer=peer, mark=load.mark), _say)
    async with load.carried(calls) as found:
        app = http.make_app(
            found.handle,
            found,
            http.Keys(site.keys, load.vault),
            check_session=calls.check,
            models=tuple(settings.agents) or (settings.model,),
            allow_origins=list(args.allow_origins),
            connections=load.connections,
            brake=load.brake,
            routes=routes(),
            peer_calls=found if peer is not None else None,
            ice_servers=browsers_ice,
            part=place is not None,
        )
        if place is not None:
            await load.serve(app, place, peer is not None)
        else:
            await _alone(args, app, site, peer is not None)


async def _alone(args: argparse.Namespace, app: Starlette, site: Site, page: bool) -> None:
    """One process is all there is."""
    from . import http

    testing: list[asyncio.Task[None]] = []

    def ready(url: str) -> None:
        _ready(url, site.keys, site.tls, page, args.open)
        if args.self_test:
            testing.append(asyncio.create_task(tell_capacity(1, lambda: len(app.state.connections), _say)))

    try:
        await http.serve(app, host=args.host, port=args.port, tls=site.tls, on_ready=ready)
    finally:
        for task in testing:
            task.cancel()
        await asyncio.gather(*testing, return_exceptions=True)


def _ready(url: str, keys: tuple[str, ...], tls: Tls | None, page: bool, show: bool) -> None:
    if page:
        _say(f"Talk at {url}/")
    wires = "WebSocket and WebRTC" if page else "WebSocket"
    _say(f"Realtime server at {url}/v1 (OpenAI Realtime over {wires}); Ctrl-C stops it.")
    _say("An API key is needed." if keys else "Open to programs on this machine: no API key is configured.")
    if tls is not None:
        _say(f"TLS certificate {tls.cert}, SHA-256 {tls.fingerprint}")
    if show and page and _has_display():
        webbrowser.open(url)


def _has_display() -> bool:
    """Else a browser for terminals would take this one over."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
