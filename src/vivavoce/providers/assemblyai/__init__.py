"""Engines of AssemblyAI, through its own SDK."""
