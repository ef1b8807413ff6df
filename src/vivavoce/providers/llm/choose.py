"""Which language model answers: the one that was named, else one on this machine, else the script."""

from __future__ import annotations

from collections.abc import Mapping

from ..base import Llm, ProviderError
from ..scripted import MODEL as SCRIPT
from ..scripted import ScriptedLlm
from .build import require
from .failures import INSTALL
from .local import DEFAULT_PORTS, find_local_server
from .model import PydanticLlm

VARIABLE = "VIVAVOCE_LLM"
KEY_VARIABLE = "VIVAVOCE_LLM_KEY"
"""The key for a server named by its address; a vendor's own models take the vendor's own variable."""
_SCRIPT_IS = "the embedded responder answers, which is a small script and not a language model"


async def choose_llm(env: Mapping[str, str], candidates: Mapping[str, int] = DEFAULT_PORTS) -> tuple[Llm, str]:
    """The model to use and a sentence for people that says which and why. `candidates`: ports to look for servers on.

    Raises `ProviderError` when the named model can not be built; it is never replaced by another.
    """
    named = env.get(VARIABLE, "").strip()
    if named == SCRIPT:
        return ScriptedLlm(), f"{VARIABLE} asks for {SCRIPT}: {_SCRIPT_IS}."
    if named:
        chosen = PydanticLlm(named, api_key=env.get(KEY_VARIABLE))
        return chosen, f"{chosen.model} answers, as {VARIABLE} says."
    server = await find_local_server(candidates)
    if server is None:
        return ScriptedLlm(), f"No language model was found, so {_SCRIPT_IS}. {_advice(env)}"
    try:
        require()
    except ProviderError:
        return ScriptedLlm(), f"{server.name} serves {server.model} here, but {_SCRIPT_IS}. {INSTALL}"
    llm = PydanticLlm(f"{server.url}#{server.model}", api_key=env.get(KEY_VARIABLE))
    return llm, f"{server.model} answers, found on {server.name} at {server.url}; {VARIABLE} would choose another."


def _advice(env: Mapping[str, str]) -> str:
    if env.get("OPENAI_API_KEY"):
        return f"There is an OPENAI_API_KEY: to use it, set {VARIABLE}=openai:gpt-5-mini."
    return f"Set {VARIABLE}=PROVIDER:MODEL and the provider's key, or run Ollama on this machine."
