"""`vivavoce duet`: two agents talk with each other, without a pause, and a person may cut in."""

from .command import add_arguments, run

__all__ = ["add_arguments", "run"]
