"""Recordings that a user gives, checked before anything else happens."""

from __future__ import annotations

from pathlib import Path

from ..audio.frame import Framer
from ..audio.levels import Activity
from ..audio.pcm import AudioError, Pcm, peak_dbfs
from ..audio.wav import load_mono
from ..core.errors import BadInput
from ..core.events import UserSound
from ..core.hearing import Edge, Hearing
from ..core.policy import HearingPolicy
from ..core.units import IN_RATE
from ..providers.base import Vads
from ..transports.wav import Recording

RECORDINGS = Path(__file__).parent / "recordings"
"""Recorded human speech that comes with the package."""
MAX_MINUTES = 60
SILENT_DBFS = -60.0


def load(path: Path) -> Recording:
    """A recording of any format and rate, as 16 kHz mono. Raises BadInput naming the file, the cause and the fix."""
    try:
        pcm = load_mono(path.read_bytes(), IN_RATE)
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; fix: check the path") from None
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; fix: name a WAV file that may be read") from None
    except AudioError as error:
        raise BadInput(f"{path}: {error}") from None
    if len(pcm) > MAX_MINUTES * 60 * IN_RATE:
        raise BadInput(f"{path}: longer than {MAX_MINUTES} minutes; fix: cut it into turns")
    if peak_dbfs(pcm) < SILENT_DBFS:
        raise BadInput(f"{path}: only silence; fix: record it again with the microphone on")
    return Recording(path.stem, pcm)


def require_speech(path: str, pcm: Pcm, vads: Vads) -> None:
    """Raises BadInput when the detector hears nobody speak."""
    vad = vads.open()
    framer, activity, hearing, policy = Framer(vad.window, IN_RATE), Activity(), Hearing(), HearingPolicy()
    for frame in framer.push(pcm):
        sound = UserSound(frame.start, vad.window, vad(frame.pcm), activity.push(frame.pcm))
        if hearing.push(sound, hearing.voiced(sound, policy), policy) is Edge.STARTED:
            return
    raise BadInput(f"{path}: nobody speaks in it; fix: give a recording of speech")
