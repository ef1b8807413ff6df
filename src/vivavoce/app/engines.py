"""From names to open engines: those that an agent, the environment or a file asks for, else the embedded ones."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from ..core.commands import Role
from ..core.errors import BadInput
from ..providers.base import Llm, ProviderError, Tts
from ..runtime.clock import busy
from ..runtime.engines import Engines
from . import embedded
from .agent.names import NONE, EngineNames, Own

EMBEDDED = EngineNames(stt=("offline:pocketsphinx",), tts=("offline:espeak",), turn=(NONE,))


def choose_models(names: EngineNames, env: Mapping[str, str] | None = None) -> tuple[tuple[Llm, ...], str]:
    """The language models of that name, or the one that is found here, or the script; and a sentence that says which.

    Raises BadInput for one that cannot be used. Must not be called from a running loop.
    """
    env = os.environ if env is None else env
    if not names.llm:
        llm, about = embedded.choose_model({key: value for key, value in env.items() if key != "VIVAVOCE_LLM"})
        return (llm,), about
    chosen = [
        (name.engine, "") if isinstance(name, Own) else embedded.choose_model({**env, "VIVAVOCE_LLM": name})
        for name in names.llm
    ]
    found = [llm for llm, _ in chosen]
    if names.llm == (env.get("VIVAVOCE_LLM"),):
        return tuple(found), chosen[0][1]
    return tuple(found), f"{found[0].model} answers{_spares(found)}."


def _spares(found: Sequence[Any]) -> str:
    return f"; {', '.join(one.model for one in found[1:])} when it fails" if len(found) > 1 else ""


def works_here(names: EngineNames, llms: Sequence[Llm]) -> bool:
    """Is nothing reached over a network, so that time may be virtual?"""
    from ..providers.catalogue import choose

    wanted = [(Role.STT, name) for name in names.stt] + [(Role.TTS, name) for name in names.tts]
    wanted += [(Role.TURN, name) for name in names.turn if name != NONE]
    own = [name.engine for _, name in wanted if isinstance(name, Own)]
    try:
        rows = [choose(role, name).row for role, name in wanted if isinstance(name, str)]
    except ProviderError as error:
        raise BadInput(error.detail) from error
    return all(row.local for row in rows) and all(one.model.startswith(("offline:", "test:")) for one in (*llms, *own))


def voices_of(tts: Tts, first: str = "") -> tuple[str, ...]:
    """The voices of a synthesiser, the one that is wanted first; it may know more voices than it lists."""
    usual = embedded.VOICE if embedded.VOICE in tts.voices else next(iter(tts.voices), "")
    own = first or usual
    return (own, *(voice for voice in tts.voices if voice != own))


@asynccontextmanager
async def open_engines(
    names: EngineNames, llms: Sequence[Llm], ears: bool = True, env: Mapping[str, str] | None = None
) -> AsyncIterator[Engines]:
    """Engines ready to be used, closed again at the end. `ears=False` leaves recognisers and turn models out, for typed
    turns. A user's own engine is used as it is; it is closed at the end too, and may be used again after that.

    Raises BadInput for a name that nobody has, a missing package or a missing key, before anything is opened.
    """
    from ..providers.catalogue import make_stt, make_tts, make_turn

    env = os.environ if env is None else env
    vads = embedded.detectors()
    async with AsyncExitStack() as stack:
        for llm in llms:
            stack.push_async_callback(llm.close)
        try:
            stts = [_made(make_stt, name, env) for name in names.stt or EMBEDDED.stt] if ears else []
            ttss = [_made(make_tts, name, env) for name in names.tts or EMBEDDED.tts]
            turns = [_made(make_turn, name, env) for name in names.turn or EMBEDDED.turn if ears and name != NONE]
            engines: list[Any] = [*stts, *ttss, *turns]
            for engine in engines:
                stack.push_async_callback(engine.close)
            # Nobody's first words are to wait for a process.
            await asyncio.gather(*(engine.start() for engine in engines if hasattr(engine, "start")))
        except ProviderError as error:
            raise BadInput(error.detail) from error
        yield Engines(
            vads,
            llms[0],
            ttss[0],
            stts[0] if stts else None,
            turns[0] if turns else None,
            spare_llms=tuple(llms[1:]),
            spare_ttss=tuple(ttss[1:]),
            spare_stts=tuple(stts[1:]),
        )


def _made(make: Callable[..., Any], name: str | Own, env: Mapping[str, str]) -> Any:
    """Raises ProviderError."""
    return name.engine if isinstance(name, Own) else make(name, env, busy)
