"""The error tree. Our own misuse raises; what a peer or a provider did is an event, never an exception.

VivavoceError
├── Misuse          the caller of the library broke a rule; the message says which
└── BadInput        what a user gave is wrong; one line with the cause and the fix
    └── PolicyError     an unknown policy key or an unusable value
"""

from __future__ import annotations


class VivavoceError(Exception):
    """Base of everything the package raises on purpose."""


class Misuse(VivavoceError):
    """A rule of the library was broken by the program that uses it."""


class BadInput(VivavoceError):
    """Something a user supplied cannot be used; the message is one line naming the cause and the fix."""


class PolicyError(BadInput):
    """An unknown policy key or an unusable value."""
