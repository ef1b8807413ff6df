"""Engines of OpenAI, through its own SDK."""
