"""The command `vivavoce duet`."""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...audio.pcm import Pcm
from ...core.conversation import Conversation
from ...core.errors import BadInput
from ...core.policy import PRESETS, Policy, changed
from ...runtime.clock import run as run_loop
from ...runtime.observe import Observer
from ...runtime.session import Session, Summary
from ...transports.base import Transport
from ..prices import load_prices
from ..recording import load
from ..settings import add_prices_option, policy_settings
from .costs import Costs
from .director import ORDERS, Director, read_topic
from .export import Sound
from .listener import Listener
from .persona import EMBEDDED, load_persona
from .plan import Plan
from .report import finish, printer
from .stage import Stage
from .troupe import Troupe, mind_of, two_names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    known = ", ".join(EMBEDDED)
    parser.add_argument("--topic", type=Path, required=True, metavar="FILE", help="what they talk about, as text")
    parser.add_argument("--a", default="optimist", metavar="PERSONA", help=f"who begins: a TOML file, or {known}")
    parser.add_argument("--b", default="skeptic", metavar="PERSONA", help="who answers")
    parser.add_argument("--turns", type=int, default=12, metavar="N", help="answers in all (default 12)")
    parser.add_argument("--gap", default="0", metavar="MS", help="silence between answers: ms, or natural (default 0)")
    parser.add_argument("--eager", action="store_true", help="begin an answer before all of the one before is there")
    parser.add_argument("--answers", choices=("other", "same"), default="other", help="who answers whoever cuts in")
    parser.add_argument("--budget", type=float, default=0.0, metavar="USD", help="stop politely before it costs more")
    add_prices_option(parser)
    parser.add_argument(
        "--cue",
        action="append",
        default=[],
        metavar="'S LINE'",
        help=f"after S s a moderator says LINE, or changes something: {ORDERS}",
    )
    parser.add_argument("--out", type=Path, metavar="FILE.wav", help="write the sound, each voice on its own side")
    parser.add_argument("--mixed", action="store_true", help="with --out: both voices in one")
    parser.add_argument("--transcript", type=Path, metavar="FILE", help="write the words: .md, or .vtt for captions")
    parser.add_argument("--realtime", action="store_true", help="take as long as the voices do")
    parser.add_argument("--speakers", action="store_true", help="hear it, and cut in by the microphone")
    parser.add_argument(
        "--in",
        dest="cuts",
        action="append",
        default=[],
        metavar="FILE.wav@S",
        help="a recording that cuts in after S s",
    )
    parser.add_argument("--expect", action="append", default=[], metavar="WORDS", help="a phrase that it may well say")
    parser.add_argument("--policy", action="append", default=[], metavar="KEY=VALUE", help="change one setting")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each answer, and a summary")


def run(args: argparse.Namespace) -> int:
    plan = _plan(args)
    for note in () if args.json else plan.notes():
        print(note, file=sys.stderr)
    costs, sound = Costs(), Sound()
    stage = Stage(printer(args.json, costs))
    realtime = args.realtime or args.speakers or not all(mind.here for mind in plan.minds)
    summary = run_loop(_play(args, plan, [costs, stage, sound]), realtime=realtime)
    finish(args, plan, stage.lines, sound, costs, summary)
    return 0


def _plan(args: argparse.Namespace) -> Plan:
    """Everything that can be known before anything is opened. Raises BadInput."""
    topic, policy, prices = read_topic(args.topic), _policy(args), load_prices(args.prices)
    cuts, cues = [_cut(text) for text in args.cuts], [_cue(text) for text in args.cue]
    agents = load_persona(args.a), load_persona(args.b)
    two_names(agents)
    minds = mind_of(agents[0], 0, dict(os.environ)), mind_of(agents[1], 1, dict(os.environ))
    plan = Plan(topic, policy, agents, minds, prices, args.turns, cuts, cues)
    plan.check()
    return plan


def _cut(text: str) -> tuple[float, Pcm]:
    """A recording, and when it cuts in. Raises BadInput."""
    name, mark, seconds = text.rpartition("@")
    at = _seconds(seconds)
    if not mark or at < 0:
        raise BadInput(f"--in is a recording and when it cuts in, as question.wav@7.5; not {text!r}")
    return at, load(Path(name)).pcm


def _cue(text: str) -> tuple[float, str]:
    """When a moderator says something, and what. Raises BadInput."""
    seconds, _, line = text.strip().partition(" ")
    at = _seconds(seconds)
    if at < 0 or not line.strip():
        raise BadInput(f"--cue is when a moderator says something, and what, as '20 Speak of cats now.'; not {text!r}")
    return at, line.strip()


def _seconds(text: str) -> float:
    """Below 0 for what is no number."""
    try:
        return float(text)
    except ValueError:
        return -1.0


def _policy(args: argparse.Namespace) -> Policy:
    """Raises BadInput."""
    if args.turns < 1:
        raise BadInput(f"--turns must be 1 or more, not {args.turns}")
    if not 0 <= args.budget < math.inf:
        raise BadInput(f"--budget is money in USD, 0 for none; not {args.budget:g}")
    settings: dict[str, Any] = {"limits.budget": args.budget, "duet.eager": args.eager}
    if args.gap == "natural":
        settings |= {"duet.natural": True}
    elif args.gap.isdecimal():
        settings |= {"duet.gap_ms": int(args.gap)}
    else:
        raise BadInput(f"--gap is a number of ms, or natural; not {args.gap!r}")
    return changed(PRESETS["browser"], settings | policy_settings(args.policy))


async def _play(args: argparse.Namespace, plan: Plan, observers: Sequence[Observer]) -> Summary:
    async with Troupe(expect=args.expect) as troupe:
        (first, second), (mind, other) = plan.agents, plan.minds
        ears = args.speakers or bool(plan.cuts)
        cast = await troupe.join(first, 0, mind, ears), await troupe.join(second, 1, other)
        assert cast[0].engines is not None
        transport: Transport = Listener(plan.cuts)
        if args.speakers:
            from ...transports.mic import open_microphone

            transport = open_microphone()
        session = Session(Conversation(plan.policy, {}), cast[0].engines, cast[0], transport, observers)
        director = Director(session, troupe, plan.agents, plan.prices, plan.turns, args.answers, plan.turn_cost)
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: director.begin(plan.topic, *cast))
        prompts = loop.create_task(_prompt(director, plan.cues, typed=args.speakers or args.realtime))
        try:
            return await session.run_until_left()
        finally:
            prompts.cancel()
            await asyncio.gather(prompts, return_exceptions=True)


async def _prompt(director: Director, cues: Sequence[tuple[float, str]], typed: bool) -> None:
    """What a moderator says: when it is due, and what is typed meanwhile."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    lines: asyncio.Queue[str] = asyncio.Queue()
    if typed and sys.stdin.isatty():
        threading.Thread(target=_read_lines, args=(loop, lines), name="moderator", daemon=True).start()
    waiting = sorted(cues)
    while True:
        try:
            async with asyncio.timeout(began + waiting[0][0] - loop.time() if waiting else None):
                line = await lines.get()
        except TimeoutError:
            line = waiting.pop(0)[1]
        try:
            await director.follow(line)
        except BadInput as error:
            print(f"moderator: {error}", file=sys.stderr)


def _read_lines(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str]) -> None:
    for line in sys.stdin:
        if line.strip():
            with suppress(RuntimeError):
                # The duet is over.
                loop.call_soon_threadsafe(lines.put_nowait, line)
