"""Engines of ElevenLabs, through its own SDK."""
