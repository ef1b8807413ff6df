"""The embedded responder: a small scripted brain for when no language model is connected, and named as that."""

from .phrases import expected_phrases
from .responder import MODEL, ScriptedLlm, respond

__all__ = ["MODEL", "ScriptedLlm", "expected_phrases", "respond"]
