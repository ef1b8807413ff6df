"""`vivavoce explain`: the timeline of a recorded call, and the waterfall of every exchange."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from ..core.commands import Command, Tell
from ..core.conversation import Conversation
from ..core.events import Event
from ..core.notices import TurnReport
from ..sim.timeline import lines
from ..wire.capture import Capture
from . import show
from .capture import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", type=Path, help="the folder that --record wrote")
    parser.add_argument("--all", action="store_true", help="also the events that caused nothing")
    parser.add_argument("--turns", action="store_true", help="only the waterfalls")


def run(args: argparse.Namespace) -> int:
    capture = load(args.dir)
    steps = list(_decided(capture))
    if not args.turns:
        for line in lines(steps, everything=args.all):
            print(line)
        print()
    for report in _reports(steps):
        _explain(report)
    return 0


def _decided(capture: Capture) -> Iterator[tuple[int, Event, list[Command]]]:
    """The call decided again: the commands themselves, not their text."""
    conversation = Conversation(capture.header.policy, capture.header.prices)
    for step in capture.steps:
        yield step.now, step.event, conversation.handle(step.now, step.event)


def _reports(steps: list[tuple[int, Event, list[Command]]]) -> Iterator[TurnReport]:
    for _, _, commands in steps:
        for command in commands:
            if isinstance(command, Tell) and isinstance(command.notice, TurnReport):
                yield command.notice


def _explain(report: TurnReport) -> None:
    what = f"turn {report.turn}" if report.turn else report.origin.value
    print(f"{what}: {show.turn_summary(report) or 'no gap'}")
    if report.user_text:
        print(f"    caller  {report.user_text}")
    if report.agent_text:
        unheard = report.agent_text.removeprefix(report.heard_text)
        print(f"    agent   {report.heard_text}" + (f" [not heard:{unheard}]" if report.interrupted else ""))
    for line in show.waterfall(report):
        print(line)
    print(f"    why     {', '.join(report.why)}\n")
