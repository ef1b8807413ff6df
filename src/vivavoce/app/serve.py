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
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import BadInput
from ..providers.base import Llm
from . import embedded, webrtc
from .duet.persona import personas
from .engines import choose_models, open_engines, voices_of
from .prices import load_prices
from .settings import Listed, add_agent_arguments, add_prices_option, check_agent, complete, engines_of, policy_of

if TYPE_CHECKING:
    from ..runtime.engines import Engines
    from .agent.agent import Agent
    from .agent.run import Models
    from .http import Tls
    from .realtime import Settings


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
    parser.add_argument(
        "--max-connections", type=int, default=100, metavar="N", help="connections at once (default %(default)s)"
    )
    parser.add_argument("--record", type=Path, metavar="DIR", help="record every session in a directory of its own")
    parser.add_argument(
        "--persona", dest="personas", action=Listed, default=(), metavar="FILE", help="who may talk in duets, too"
    )
    webrtc.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    if args.app is not None:
        from .agent.load import load_agents

        serve_agents(args, load_agents(args.app))
        return 0
    keys = _prepared(args)
    models, about = choose_models(engines_of(args))
    print(about, file=sys.stderr)
    with _tls(args) as tls:
        run_loop(_serve(args, models, keys, tls))
    return 0


def serve_agents(args: argparse.Namespace, agents: Sequence[Agent]) -> None:
    """Serve agents of a program; the first answers to every name that no other has. Raises BadInput."""
    from .agent.run import everybody, models_of

    keys = _prepared(args)
    known, env = everybody(agents), dict(os.environ)
    complete(known.values(), args)
    models, notes = models_of(list(known.values()), env)
    for note in notes:
        print(note, file=sys.stderr)
    with _tls(args) as tls:
        run_loop(_serve_agents(args, known, models, env, keys, tls))


def _prepared(args: argparse.Namespace) -> tuple[str, ...]:
    """The API keys, when all that can be checked beforehand was. Raises BadInput."""
    from . import http

    http.require_packages()
    _check(args)
    keys, warning = http.read_keys(os.environ, args.keys)
    if warning:
        print(warning, file=sys.stderr)
    return keys


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run a server on the fastest loop there is."""
    factory = None
    if importlib.util.find_spec("uvloop") is not None:
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)


def _check(args: argparse.Namespace) -> None:
    """Raises BadInput."""
    if not 0 <= args.port <= 65_535:
        raise BadInput(f"--port must be from 0 to 65535, not {args.port}")
    if args.max_session < 1 or args.max_connections < 1:
        raise BadInput("--max-session and --max-connections must be at least 1")
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


def _tls(args: argparse.Namespace) -> AbstractContextManager[Tls | None]:
    from . import http

    if args.tls_self_signed:
        return http.self_signed(args.host)
    return nullcontext(http.load(args.tls_cert, args.tls_key))


async def _serve(args: argparse.Namespace, llms: Sequence[Llm], keys: tuple[str, ...], tls: Tls | None) -> None:
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
        await _until_stopped(args, engines, settings, keys, tls)


async def _serve_agents(
    args: argparse.Namespace,
    agents: dict[str, Agent],
    models: Models,
    env: dict[str, str],
    keys: tuple[str, ...],
    tls: Tls | None,
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
        await _until_stopped(args, engines, settings, keys, tls)


async def _until_stopped(
    args: argparse.Namespace, engines: Engines, settings: Settings, keys: tuple[str, ...], tls: Tls | None
) -> None:
    from . import http
    from .http.page import routes
    from .realtime import RealtimeCalls

    peer, note = webrtc.peers(args)
    browsers_ice = webrtc.browsers_ice(args)
    if note:
        _say(note)
    calls = RealtimeCalls(engines, replace(settings, peer=peer), _say)
    app = http.make_app(
        calls.handle,
        calls,
        http.Keys(keys),
        check_session=calls.check,
        models=tuple(settings.agents) or (settings.model,),
        allow_origins=list(args.allow_origins),
        most_connections=args.max_connections,
        routes=routes(),
        peer_calls=calls if peer is not None else None,
        ice_servers=browsers_ice,
    )

    def ready(url: str) -> None:
        _ready(url, keys, tls, peer is not None)
        if args.open and peer is not None and _has_display():
            webbrowser.open(url)

    await http.serve(app, host=args.host, port=args.port, tls=tls, on_ready=ready)


def _ready(url: str, keys: tuple[str, ...], tls: Tls | None, page: bool) -> None:
    if page:
        _say(f"Talk at {url}/")
    wires = "WebSocket and WebRTC" if page else "WebSocket"
    _say(f"Realtime server at {url}/v1 (OpenAI Realtime over {wires}); Ctrl-C stops it.")
    _say("An API key is needed." if keys else "Open to programs on this machine: no API key is configured.")
    if tls is not None:
        _say(f"TLS certificate {tls.cert}, SHA-256 {tls.fingerprint}")


def _has_display() -> bool:
    """Else a browser for terminals would take this one over."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
