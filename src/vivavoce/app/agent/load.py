"""`app.py` as users write it: the agents in it."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path

from ...core.errors import BadInput, VivavoceError
from .agent import Agent


def load_agents(path: Path) -> list[Agent]:
    """The agents that a file defines, in order, but those to whom others hand the caller last; of those that hand the
    caller to each other, who has a greeting comes first.

    Raises BadInput naming the file, the cause and the fix.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file; fix: give a Python file that makes an Agent")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise BadInput(f"{path}: no Python file; fix: give one that ends in .py")
    module = importlib.util.module_from_spec(spec)
    # As when it is run itself: what stands beside it can be imported, and pickles and type hints find it.
    sys.path.insert(0, str(path.parent.resolve()))
    sys.modules.setdefault(path.stem, module)
    try:
        spec.loader.exec_module(module)
    except VivavoceError as error:
        raise BadInput(f"{path}: {error}") from error
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        raise BadInput(f"{path} cannot be run: {where}: {type(error).__name__}: {error}") from error
    agents = list(dict.fromkeys(value for value in vars(module).values() if isinstance(value, Agent)))
    if not agents:
        raise BadInput(f"{path} makes no Agent; fix: write agent = Agent('You are ...') in it")
    later = {other for agent in agents for other in agent.handoffs.values()}
    return sorted(agents, key=lambda agent: (agent in later, agent in later and not agent.greeting))
