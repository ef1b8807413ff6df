"""Settings as users write them on a command line: who speaks, with which engines, and how calls are tuned."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import BadInput, PolicyError
from ..core.policy import PRESETS, Policy, changed
from . import embedded
from .agent.names import VARIABLES, EngineNames
from .config.load import add_option

if TYPE_CHECKING:
    from .agent.agent import Agent

_OF_THE_AGENT = ("model", "instructions", "voice", "speed", "greeting", "language", "max_tokens", "preset", "policy")
"""Options that describe an agent."""


class Listed(argparse.Action):
    """An option that may be repeated. Its first use on a command line replaces what is configured."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, value: Any, option: str | None = None) -> None:
        before = getattr(namespace, self.dest)
        setattr(namespace, self.dest, (value,) if before is self.default else (*before, value))


def add_agent_arguments(parser: argparse.ArgumentParser, greeting: str = "") -> None:
    """What `talk` and `serve` have in common."""
    add_option(parser)
    for role, what in (("llm", "language model"), ("stt", "recogniser"), ("tts", "synthesiser")):
        parser.add_argument(
            f"--{role}", action=Listed, default=(), metavar="NAME", help=f"the {what}, if none is named"
        )
    parser.add_argument("--turn", default="", metavar="NAME", help="the turn model, as smart-turn (default: none)")
    parser.add_argument("--instructions", default=embedded.INSTRUCTIONS, help="what the model is told")
    parser.add_argument("--greeting", default=greeting, help="the agent's first words; empty for none")
    parser.add_argument("--voice", default="", help="the agent's voice (default: one of the synthesiser)")
    parser.add_argument("--speed", type=float, default=1.0, help="of the voice, 0.5 to 2 (default %(default)g)")
    parser.add_argument("--language", default="en", metavar="CODE", help="of what is spoken (default %(default)s)")
    parser.add_argument("--expect", action=Listed, default=(), metavar="WORDS", help="a phrase callers may well say")
    parser.add_argument("--max-tokens", type=int, metavar="N", help="longest answer of the model")
    parser.add_argument(
        "--preset", choices=tuple(PRESETS), default="browser", help="the policy to start from (default %(default)s)"
    )
    parser.add_argument("--policy", action="append", default=[], metavar="KEY=VALUE", help="change one setting")


def add_prices_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prices", type=Path, metavar="FILE", help="what engines cost, where our table is wrong")


def engines_of(args: argparse.Namespace) -> EngineNames:
    return EngineNames.of(*(_joined(getattr(args, role)) for role in VARIABLES))


def policy_of(args: argparse.Namespace) -> Policy:
    """Raises PolicyError."""
    return changed(changed(PRESETS[args.preset], args.configured.policy), policy_settings(args.policy))


def complete(agents: Iterable[Agent], args: argparse.Namespace) -> None:
    """Give agents what they do not say themselves: engines, and a policy where theirs is the usual one."""
    names, policy = engines_of(args), policy_of(args)
    known = {variable: ",".join(getattr(names, role)) for role, variable in VARIABLES.items()}
    for agent in agents:
        agent.engines = agent.engines.otherwise(known)
        if agent.policy is PRESETS["browser"]:
            agent.policy = policy


def check_agent(args: argparse.Namespace) -> None:
    """Raises BadInput for what cannot be, and for options that the agents of a file would not heed."""
    if not 0.5 <= args.speed <= 2.0:
        raise BadInput(f"--speed must be from 0.5 to 2, not {args.speed:g}")
    if args.max_tokens is not None and args.max_tokens < 1:
        raise BadInput(f"--max-tokens must be at least 1, not {args.max_tokens}")
    if args.app is not None:
        for name in _OF_THE_AGENT:
            if name in args.usual and getattr(args, name) != args.usual[name]:
                option = f"--{name.replace('_', '-')}"
                raise BadInput(f"{option} describes an agent, and {args.app} does that; fix: say it there")


def policy_settings(pairs: Sequence[str]) -> dict[str, str]:
    """`["a.b=1"]` as a mapping. Raises PolicyError for anything that is no KEY=VALUE."""
    settings = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key.strip():
            raise PolicyError(f"{pair!r} is no policy setting; write KEY=VALUE, as barge_in.stop_after_ms=200")
        settings[key.strip()] = value
    return settings


def _joined(names: str | Iterable[str]) -> str:
    return names if isinstance(names, str) else ",".join(names)
