"""Vivavoce beside other frameworks."""

from pathlib import Path

DRIVER = Path(__file__).with_name("drive.py")
"""What connects ours to the harness."""
