"""Engines of Deepgram, through its own SDK."""
