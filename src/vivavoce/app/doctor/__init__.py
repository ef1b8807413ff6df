"""`vivavoce doctor`: is everything there, how fast is it, and what would make it faster."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from rich.console import Console

from ...core.commands import Role
from ...core.errors import BadInput
from ...providers.base import Llm
from ...providers.catalogue import make_stt, make_tts, make_turn
from ...providers.llm.build import public_name
from ..agent.names import EngineNames
from ..engines import choose_models, voices_of
from ..recording import load
from ..settings import add_agent_arguments, check_agent, engines_of, policy_of
from . import facts, measure, shown
from .report import Report

_CLOSE_S = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="measure nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_agent_arguments(parser)
    parser.set_defaults(app=None)


def run(args: argparse.Namespace) -> int:
    """Returns 0 when a call is possible, else 1. Raises BadInput for settings that cannot be."""
    check_agent(args)
    env = dict(os.environ)
    with Console(stderr=True).status("looking around") as status:
        report = examined(args, env, status.update)
    if args.json:
        print(measure.hidden(json.dumps(report.as_json(), indent=2), env))
    else:
        console = Console(highlight=False)
        for line in shown.lines(report):
            line.plain = measure.hidden(line.plain, env)
            console.print(line, soft_wrap=True)
    return 1 if report.problems else 0


def examined(args: argparse.Namespace, env: Mapping[str, str], tell: Callable[[str], None]) -> Report:
    """Everything there is to know. `tell` is given what goes on."""
    names, policy = engines_of(args), policy_of(args)
    report = Report(facts.engines(names, env), facts.parts(args.configured), facts.versions(), policy)
    tell("looking for language models")
    chosen, llm = _models(names, env)
    taken = {engine.name for engine in chosen}
    others = [engine for engine in facts.models(env) if engine.name not in taken]
    report = replace(report, engines=[*report.engines, *chosen, *others])
    if args.quick:
        if llm is not None:
            asyncio.run(llm.close())
        return report
    return replace(report, measured=asyncio.run(_measured(args, report, llm, env, tell)))


def _models(names: EngineNames, env: Mapping[str, str]) -> tuple[list[facts.Engine], Llm | None]:
    """The chosen language models, and the first one, if it can be used. Not from a running loop."""
    chosen: list[facts.Engine] = []
    found: list[Llm] = []
    for name in names.llm or ("",):
        try:
            (llm,), about = choose_models(EngineNames(llm=(name,) if name else ()), env)
        except BadInput as error:
            chosen.append(facts.Engine(Role.LLM, public_name(str(name)), str(error), chosen=True))
        else:
            chosen.append(facts.Engine(Role.LLM, llm.model, chosen=True, note="" if name else about))
            found.append(llm)
    first = found[0] if found and not chosen[0].needs else None
    for llm in found:
        if llm is not first:
            asyncio.run(llm.close())
    return chosen, first


async def _measured(
    args: argparse.Namespace, report: Report, llm: Llm | None, env: Mapping[str, str], tell: Callable[[str], None]
) -> list[measure.Measured]:
    """The first chosen engine of each role, one after the other, as each would disturb the next."""
    first = {engine.role: engine for engine in reversed(report.engines) if engine.chosen}
    pcm = load(facts.recording()).pcm

    async def stt() -> dict[str, Any]:
        async with _open(make_stt(first[Role.STT].name, env)) as engine:
            return await measure.recogniser(engine, pcm, report.policy)

    async def model() -> dict[str, Any]:
        assert llm is not None
        async with _open(llm) as engine:
            return await measure.model(engine, report.policy, args.instructions, args.max_tokens)

    async def tts() -> dict[str, Any]:
        async with _open(make_tts(first[Role.TTS].name, env)) as engine:
            return await measure.synthesiser(engine, voices_of(engine, args.voice)[0], args.speed)

    async def turn() -> dict[str, Any]:
        async with _open(make_turn(first[Role.TURN].name, env)) as engine:
            return await measure.turn_model(engine, pcm)

    Work = Callable[[], Awaitable[dict[str, Any]]]
    work: dict[Role, Work] = {Role.STT: stt, Role.LLM: model, Role.TTS: tts, Role.TURN: turn}
    found = []
    for role, one in work.items():
        if role in first and not first[role].needs:
            tell(f"measuring the {shown.ROLES[role]} {first[role].name}")
            found.append(await measure.tried(role, first[role].name, one, measure.LIMIT_S))
    return found


@asynccontextmanager
async def _open(engine: Any) -> AsyncIterator[Any]:
    """Ready for use, and closed at the end, whatever it does then."""
    try:
        if hasattr(engine, "start"):
            await engine.start()
        yield engine
    finally:
        async with asyncio.timeout(_CLOSE_S):
            await engine.close()
