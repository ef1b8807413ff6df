"""A persona file: who speaks in a duet. TOML with name, instructions, voice, speed, llm, tts."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ...core.errors import BadInput
from ..agent.agent import Agent

HERE = Path(__file__).parent / "personas"
EMBEDDED = tuple(sorted(path.stem for path in HERE.glob("*.toml")))


class Persona(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a file may say."""

    name: str
    instructions: str
    voice: str = ""
    speed: float = 1.0
    llm: str = ""
    tts: str = ""
    max_tokens: int | None = 220


def load_persona(name: str) -> Agent:
    """An embedded persona by its name, or a file. Raises BadInput naming the file, the field and the fix."""
    path = HERE / f"{name}.toml" if name in EMBEDDED else Path(name)
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Persona)
    except FileNotFoundError:
        known = ", ".join(EMBEDDED)
        raise BadInput(f"{name}: no such persona; fix: name a TOML file, or one of {known}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{name} cannot be read as TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise BadInput(f"{name}: {error}; fields are {', '.join(Persona.__struct_fields__)}") from None
    return agent_of(found)


def personas(files: Sequence[str] = ()) -> dict[str, Agent]:
    """The embedded ones and those of these files, by the names of the files without their ending. Raises BadInput."""
    found = {name: load_persona(name) for name in EMBEDDED}
    return found | {Path(file).stem: load_persona(file) for file in files}


def agent_of(found: Persona) -> Agent:
    """Raises BadInput."""
    slug = "".join(c for c in found.name.replace(" ", "-") if c.isalnum() or c in "-_") or "persona"
    return Agent(
        found.instructions.strip(),
        name=slug,
        voice=found.voice,
        speed=found.speed,
        llm=found.llm,
        tts=found.tts,
        max_tokens=found.max_tokens,
        brief=False,
    )
