"""Engines of Cartesia, through its own SDK."""
