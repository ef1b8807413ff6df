"""The sounds of simulated callers: generated, measured, and written as numbers. Definitions and sources: README.md."""
