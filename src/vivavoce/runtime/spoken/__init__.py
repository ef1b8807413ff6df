"""What a model wrote, as a voice should say it, and the way back to the written words."""

from .hygiene import Hygiene
from .mapping import Spoken

__all__ = ["Hygiene", "Spoken"]
