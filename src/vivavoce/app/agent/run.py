"""Agents on a server: the page, and the endpoints of the protocols."""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from ...core.errors import BadInput
from ...providers.base import Llm
from ...runtime.engines import Engines
from ..config import load
from ..engines import choose_models, open_engines
from . import mcp
from .agent import Agent
from .names import EngineNames, Wanted
from .served import Cast, ServedAgent


def serve(agents: Sequence[Agent], options: Sequence[str] = ()) -> None:
    """Serve agents until Ctrl-C; `options` are those of `vivavoce serve`. Raises BadInput."""
    from .. import serve as command

    parser = argparse.ArgumentParser(prog="vivavoce serve")
    command.add_arguments(parser)
    load.apply(parser, "serve", load.load(os.environ, load.named_file(options)))
    try:
        command.serve_agents(parser.parse_args(list(options)), agents)
    except KeyboardInterrupt:
        return


def everybody(agents: Sequence[Agent]) -> dict[str, Agent]:
    """All agents and those to whom they may hand a caller, the first one first. Raises BadInput for two of one name."""
    found: dict[str, Agent] = {}
    for agent in agents:
        for name, other in agent.reachable().items():
            if found.setdefault(name, other) is not other:
                raise BadInput(f"two agents are called {name!r}; fix: give one of them another name")
    return found


def on_sides(sides: Mapping[str, Mapping[str, Agent]]) -> dict[str, Agent]:
    """The agents of several sides of a call, by names that differ even if two sides have agents of one name."""
    return {f"{side} {name}": agent for side, agents in sides.items() for name, agent in agents.items()}


def cast_of(found: Mapping[str, ServedAgent], side: str, agents: Mapping[str, Agent]) -> Cast:
    """Who may speak on one of these sides, the first one first."""
    return Cast({name: found[f"{side} {name}"] for name in agents}, next(iter(agents)))


Models = dict[EngineNames, tuple[Llm, ...]]


def models_of(agents: Sequence[Agent], env: dict[str, str]) -> tuple[Models, list[str]]:
    """The language models that the agents want, each opened once; and what to tell the user. Not from a running loop.

    Raises BadInput for one that cannot be used.
    """
    models: Models = {}
    notes: list[str] = []
    for agent in agents:
        names = agent.engines.otherwise(env)
        notes += agent.warnings()
        if names not in models:
            models[names], about = choose_models(names, env)
            notes.append(about)
    return models, notes


@asynccontextmanager
async def served(
    agents: dict[str, Agent], models: Models, env: dict[str, str], ears: bool = True
) -> AsyncIterator[dict[str, ServedAgent]]:
    """The agents with their engines and the tools of their MCP servers; agents that want the same ones share them.

    Raises BadInput.
    """
    async with AsyncExitStack() as stack:
        opened: dict[EngineNames, Engines] = {}
        hearing: dict[Wanted, Engines] = {}
        for names, llms in models.items():
            # A hand-off among those who share a recogniser must not make the caller unheard for a moment.
            known = hearing.get(names.stt)
            engines = await stack.enter_async_context(open_engines(names, llms, ears and known is None, env))
            if known is not None:
                engines = replace(engines, stt=known.stt, spare_stts=known.spare_stts)
            opened[names] = hearing[names.stt] = engines
        offers = await stack.enter_async_context(mcp.offered(place for one in agents.values() for place in one.mcp))
        found = {
            name: ServedAgent(agent, opened[agent.engines.otherwise(env)], mcp.tools_of(agent, offers))
            for name, agent in agents.items()
        }
        for one in found.values():
            one.check()
        yield found
