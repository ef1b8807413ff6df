"""Opening a recorded call, for the commands that look at one."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import BadInput
from ..wire.capture import Capture, CaptureError, decode

NAME = "capture.jsonl"


def load(path: Path) -> Capture:
    """The capture in a folder, or the file itself. Raises BadInput naming the file, the cause and the fix."""
    file = path / NAME if path.is_dir() else path
    try:
        return decode(file.read_bytes())
    except FileNotFoundError:
        raise BadInput(f"{file}: no such recording; fix: give the folder that --record wrote") from None
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}; fix: give the folder that --record wrote") from None
    except CaptureError as error:
        raise BadInput(f"{file}: {error}") from None
