"""The command `vivavoce`. Each subcommand is a module with `add_arguments` and `run`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from .. import __version__
from ..core.errors import VivavoceError
from .config import load

COMMANDS = {
    "talk": "talk with the agent: microphone, recordings or text",
    "pull": "download a model that an engine on this machine needs",
    "serve": "serve applications that speak OpenAI's Realtime protocol",
    "duet": "let two agents talk with each other, without a pause",
    "bridge": "let two agents or Realtime servers call each other",
    "simulate": "play many synthetic calls and check every invariant",
    "score": "score how calls took and yielded turns, recorded or simulated",
    "tune": "search the endpointing settings for a stated aim",
    "replay": "play a recorded call's events again and compare every command",
    "explain": "print the timeline and the waterfalls of a recorded call",
    "config": "print the settings in force, and where each came from",
    "doctor": "tell whether everything is there, and how fast the engines are",
}
CONFIGURED = ("talk", "serve", "config", "doctor")
"""Those that heed `vivavoce.toml` and the environment."""


def parser(config: load.Config | None = None) -> argparse.ArgumentParser:
    """The whole command line, with what is configured as its defaults."""
    top = argparse.ArgumentParser(
        prog="vivavoce", description="Realtime voice conversation between people and machines."
    )
    top.add_argument("--version", action="version", version=f"vivavoce {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, text in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        module = importlib.import_module(f"vivavoce.app.{name}")
        module.add_arguments(sub)
        if name in CONFIGURED:
            load.apply(sub, name, config or load.Config())
        sub.set_defaults(run=module.run, refuse=sub.error)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Exit code 2 and one line on standard error for anything a user got wrong."""
    try:
        argv = sys.argv[1:] if argv is None else argv
        args, unknown = parser(_configured(argv)).parse_known_args(argv)
        if unknown:
            args.refuse(f"unrecognized arguments: {' '.join(unknown)}")
        args.argv = list(argv)
        return int(args.run(args))
    except VivavoceError as error:
        print(f"vivavoce: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("vivavoce: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _configured(argv: Sequence[str]) -> load.Config:
    """What is set outside the command line. Raises BadInput."""
    if not argv or argv[0] not in CONFIGURED:
        return load.Config()
    return load.load(os.environ, load.named_file(argv))


if __name__ == "__main__":
    sys.exit(main())
